"""Other layouts as lines of labels: tags, tables, YAML blocks, boxed answers, labels in the middle of a line.

Only what a label of the reply marks is rewritten; running text stays as it is.
"""

import re
from collections.abc import Iterator

from vr_assets.parsing.labels import Labels

_TABLE = re.compile(r"(?:^[ ]*\|.*\|[ ]*(?:\n|\Z)){2,}", re.MULTILINE)
_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
_RULE_OF_A_TABLE = re.compile(r"[\s|:-]+")
_BLOCK = re.compile(r"^([ ]*(?:-[ ]+)?[\w ]+:)[ ]*([|>])[+-]?[ ]*\n((?:(?:[ ]+\S[^\n]*|[ ]*)(?:\n|\Z))+)", re.MULTILINE)
_LEAD_IN = (
    r"(?:(?:so|thus|therefore|hence),? )?(?:the )?(?:(?:final|correct|right|best) )?(?:answer|option|choice)(?: is)? ?:?[ ]*"
)
_BOXED_ALONE = re.compile(
    rf"(?:^|(?<=[^\d\s][.!?])[ ]+)[*_ ]*(?:{_LEAD_IN})?[*_]*\$*\\boxed\{{(?:\\text\{{)?([^{{}}]*)\}}?\}}\$*[*_ .]*$",
    re.IGNORECASE | re.MULTILINE,
)
# A line that is nothing but the verdict.
_SENTENCE = re.compile(
    rf"^[*_ ]*{_LEAD_IN}(?<=[ :])[*_ ]*((?:option )?[(\[]?[a-h][)\]]?|yes|no)[*_ ]*[.!]?[*_ ]*$", re.IGNORECASE | re.MULTILINE
)
_WORDS = re.compile(r"[^\W\d]{2}|[^\W\d]:")
_ASKED = re.compile(r"^[\s>#]*(?:(?P<number>\d{1,2}[.)]\s+)|(?P<bold>[*_]{2})){1,2}[^\n]{5,300}\?[*_]*\s*$")
_OPTION = re.compile(r"^\W*A[).:]")


def as_labels(text: str, labels: Labels) -> str:
    """A text with every field that it marks in another way on a line that begins with the field's label."""
    text = _BLOCK.sub(_unfolded, text)
    text = _TABLE.sub(lambda table: _untabled(table[0], labels), text)
    text = _untagged(text, labels)
    text = _broken_before_labels(text, labels)
    if "answer" in labels.names:
        text = _answers(text, labels)
    if "question" in labels.names:
        text = _questions(text, labels)
    return text


def _unfolded(block: re.Match[str]) -> str:
    """A YAML block: `|` keeps its lines, `>` makes one of them."""
    lines = [line.strip() for line in block[3].split("\n")]
    return f"{block[1]} {(' ' if block[2] == '>' else chr(10)).join(lines).strip()}\n"


def _untabled(table: str, labels: Labels) -> str:
    """Rows as blocks where the first row names fields; where the first column does, rows as fields; else as it is."""
    rows = [
        [_BREAK.sub("\n", cell).strip() for cell in line.strip().strip("|").split("|")]
        for line in table.strip().split("\n")
        if not _RULE_OF_A_TABLE.fullmatch(line)
    ]
    head = [_field(cell, labels) for cell in rows[0]]
    if len([name for name in head if name]) > 1 and all(len(row) == len(head) for row in rows):
        blocks = (_lines(zip(head, row, strict=True)) for row in rows[1:])
        return "\n\n".join(blocks) + "\n"
    if all(len(row) == 2 for row in rows) and sum(bool(_field(row[0], labels)) for row in rows) > 1:
        return _lines((_field(name, labels), value) for name, value in rows) + "\n"
    return table


def _lines(cells: Iterator[tuple[str, str]]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in cells if name)


def _field(cell: str, labels: Labels) -> str:
    name = re.sub(r"[\s_]+", " ", cell.strip(" *_`:")).lower()
    return name if name in labels.names else ""


def _untagged(text: str, labels: Labels) -> str:
    """`<answer>B</answer>` as a line; where there is one such tag, tags that only hold others go."""
    names = "|".join(re.escape(name).replace(r"\ ", "[ _-]") for name in labels.names if len(name) > 1)
    field = re.compile(rf"<({names})>((?:(?!</?(?:{names})>).)*)</\1>", re.IGNORECASE | re.DOTALL)
    told, count = field.subn(lambda tag: f"\n{tag[1].replace('_', ' ')}: {tag[2].strip()}\n", text)
    return re.sub(r"^\s*(?:</?\w+>\s*)+$", "", told, flags=re.MULTILINE) if count else text


def _broken_before_labels(text: str, labels: Labels) -> str:
    """A line break before bold labels inside a line, and before labels in capitals where all is on one line."""
    names = "|".join(re.escape(name).replace(r"\ ", "[ _-]") for name in labels.names)
    inside = re.compile(rf"(?<! )[ ]+(?=\*\*(?:{names})(?:[ ]?\d)?(?::\*\*|\*\*:))", re.IGNORECASE)
    text = "\n".join(
        inside.sub(lambda gap: "\n" if _WORDS.search(gap.string, 0, gap.start()) else gap[0], line) for line in text.split("\n")
    )
    if "\n" in text:
        return text
    capitals = "|".join(re.escape(name.upper()).replace(r"\ ", "[ _]") for name in labels.names if len(name) > 1)
    return re.sub(rf"(?<=\S)[ ]+(?=(?:{capitals}):)", "\n", text)


def _answers(text: str, labels: Labels) -> str:
    r"""`\boxed{B}` where it stands alone, and "The answer is B." where no label says answer, as the answer."""
    if r"\boxed" in text:
        text = _BOXED_ALONE.sub(r"\nanswer: \1", text)
    said = [found for line in text.split("\n") if (found := labels.match(line))]
    if any(name == labels.names["answer"] for name, _ in said) or not said:
        return text
    return _SENTENCE.sub(r"answer: \1", text)


def _questions(text: str, labels: Labels) -> str:
    """`**1. Does it stop?**` above an answer or options as a question."""
    lines = text.split("\n")
    following = ""
    for index, line in reversed(list(enumerate(lines))):
        if _ASKED.match(line) and labels.match(line) is None:
            found = labels.match(following)
            if _OPTION.match(following) or (found is not None and found[0] in ("answer", "options")):
                lines[index] = "question: " + re.sub(r"^[\s>#*_]*(?:\d{1,2}[.)]\s+)?", "", line).strip("*_ ")
        following = line if line.strip() else following
    return "\n".join(lines)
