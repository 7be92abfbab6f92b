"""Labelled blocks of text: `QUESTION: ...`, `**Answer:** ...`, `### Reasoning`, in any of the ways models write labels."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from vr_assets.parsing.text import ORNAMENT

_SEPARATOR = re.compile(r"^\s*(?:[-*_=~]\s*){3,}$")
# "2. Answer:", "III. Analysis", "Part 2: Events".
_NUMBER = r"(?:\(?\d{1,2}[.):][ ]*|[ivx]{1,4}[.)][ ]+|(?:part|section)[ ]+\d[ ]*[:.)–—-][ ]*)"
_CLOSE = r"[ ]*[*_`\]]{0,3}"
# "### Item 2" above a block: it belongs to no value.
_BLOCK_HEADING = re.compile(
    r"\n\s*(?:\#{1,6}\s[^\n]*|(?:\*\*|__)[^\n*_]+(?:\*\*|__):?|[*_]{0,2}(?:item|pair|block|question|qa)\s*\#?\d+[*_:.\s]*)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Labels:
    """Names of fields in lower case with spaces, and the field each stands for."""

    names: Mapping[str, str]
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        names = "|".join(re.escape(name).replace(r"\ ", r"[ _-]+") for name in sorted(self.names, key=len, reverse=True))
        pattern = re.compile(
            rf"""^[ >]*(?:[-*+•·][ ]+)?(?P<heading>\#{{1,6}}[ ]*)?(?:{ORNAMENT}+[ ]*)?
            (?P<open>[*_`\[<【]{{1,3}})?[ ]*(?:{ORNAMENT}+[ ]*)?{_NUMBER}?(?P<inner>[*_`]{{1,3}})?
            (?P<label>{names})
            (?:[ ]?(?:\#|no\.?[ ]?)?[1-9]\d?(?!:\d)(?:(?=[ ]*[^\w\s.]|[ ]*$)|(?P<stop>\.(?=[ ]))))?
            (?:[ ]*\([^)\n]{{1,40}}\))?
            [ ]*(?P<close>[*_`\]>】]{{1,3}})?[ ]*
            (?:(?P<colon>[:：](?(close)|(?(open){_CLOSE}|(?(inner){_CLOSE}))))
            |(?P<dash>[-–—](?=[ ]))|(?P<alone>$)|(?<=[\]】])|(?(stop)|(?!)))[ ]*""",
            re.IGNORECASE | re.VERBOSE,
        )
        object.__setattr__(self, "pattern", pattern)

    def match(self, line: str) -> tuple[str, str] | None:
        """The field that a line begins, and what of its value is on the line; None for a line of running text.

        A colon makes a label. A dash or an end of line does so only after a word that is marked as one: by a heading,
        emphasis or capitals (alone on its line: one capital).
        """
        found = self.pattern.match(line)
        if found is None:
            return None
        label = found["label"]
        marked = bool(found["heading"] or found["open"] or found["inner"]) or (label.isupper() and len(label) > 1)
        colon = found["colon"] or (found["stop"] and len(label) > 1)
        if not (colon or marked or (found["alone"] is not None and label[0].isupper() and len(label) > 1)):
            return None
        return self.names[re.sub(r"[ _-]+", " ", label.lower())], line[found.end() :]


def read_blocks(text: str, labels: Labels) -> tuple[str, list[dict[str, str]]]:
    """The text before the first label, and blocks of label and value.

    A block ends where one of its labels comes again, so that separator lines may be missing, or stand between labels. A label
    that comes again with nothing between was an empty heading and begins no block.
    """
    before: list[str] = []
    blocks: list[dict[str, list[str]]] = []
    current: list[str] = before
    for line in text.split("\n"):
        if _SEPARATOR.match(line):
            continue
        label = labels.match(line)
        if label is None:
            current.append(line)
            continue
        name, value = label
        if not blocks or (name in blocks[-1] and any(part.strip() for part in blocks[-1][name])):
            blocks.append({})
        current = blocks[-1].setdefault(name, [])
        current.append(value)
    read = [{name: "\n".join(lines).strip() for name, lines in block.items()} for block in blocks]
    for block in read[:-1]:
        last = list(block)[-1]
        block[last] = _BLOCK_HEADING.sub("", block[last]).strip()
    return "\n".join(before).strip(), read
