"""What a reply says, without thinking, chat-template tokens and markup around it."""

import html
import json
import re
from collections.abc import Container

from vr_assets.errors import ReplyError

_SNIPPET_CHARS = 90

# How models mark their thinking: DeepSeek, Qwen and most others write tags, Magistral brackets, Kimi triangles, gpt-oss
# (Harmony) and Gemma channels. Matched once each, in order of appearance.
_THINKING = re.compile(
    r"""
      <(?P<tag_end>/?)\s*(?P<tag>think|thinking|thoughts?|reasoning|reflection|scratchpad)\b[^<>]{0,80}?(?P<alone>/?)>
    | \[(?P<bracket_end>/?)THINK\]
    | ◁(?P<triangle_end>/?)think▷
    | (?P<final><\|channel\|>\s*final\s*(?:<\|constrain\|>\s*\w+\s*)?<\|message\|>)
    | <\|channel\|>\s*(?:analysis|commentary)\b[^<]{0,80}(?:<\|constrain\|>\s*\w+\s*)?<\|message\|>
    | <\|channel>\s*thought\b
    | (?P<channel_end><channel\|>)
    """,
    re.IGNORECASE | re.VERBOSE,
)

_TOKEN = r"(?:<\|[^<>|\n]{0,40}\|?>|<[^<>|\n]{1,40}\|>|</?s>|<(?:bos|eos|pad|start_of_turn|end_of_turn)>)"
_TOKENS_BEFORE = re.compile(rf"^(?:\s*{_TOKEN}(?:\s*(?:assistant|model)\b(?=\s*(?:\n|<)))?)+\s*", re.IGNORECASE)
_TOKENS_AFTER = re.compile(rf"{_TOKEN}(?:\s*{_TOKEN})*\s*$", re.IGNORECASE)
# A turn token with text after it: the model went on into another turn, and what follows is nobody's answer.
_NEXT_TURN = re.compile(
    r"<\|(?:im_start|im_end|start|end|return|call|channel|message|endoftext|end_of_text|eot_id|eom_id|start_header_id)\|>"
    r"|<(?:start_of_turn|end_of_turn)>",
    re.IGNORECASE,
)
_ROLE = re.compile(r"^(?:#+\s*)?(?:assistant|ai assistant)\s*:\s*", re.IGNORECASE)
_WRAPPER = re.compile(
    r"^\s*<(answer|output|response|result|final_answer|json|tool_call|function_call)>(.*)</\1>\s*$", re.IGNORECASE | re.DOTALL
)
_ANSWER_TAG = re.compile(r"<(answer|final_answer)>((?:(?!<\1>).)*)</\1>\s*$", re.IGNORECASE | re.DOTALL)
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*\\.(?:[^"\\]|\\.)*"', re.DOTALL)
# Before a small letter it may be a path or TeX.
_ESCAPED_LINE_BREAK = re.compile(r"\\n(?![a-z])")

_ANY_TOKEN = re.compile(_TOKEN, re.IGNORECASE)
_MEDIA_TAG = re.compile(
    r"<(?P<end>/?)\s*(?P<word>video|image|img|audio|vid|im|vision)"
    r"(?P<more>(?:[ _-]?(?:start|end|patch|pad|token|soft|\d)){0,12})\s*/?>",
    re.IGNORECASE,
)
_IN_A_SENTENCE = re.compile(r"[\w,;]\s$")

_SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\t\v\f]")
_INVISIBLE = re.compile(r"[\u200b\u2060\ufeff\u00ad\x00-\x08\x0e-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_LINE_BREAKS = re.compile(r"\r\n?|\u2028|\u2029|\u0085")

ORNAMENT = r"[\u2300-\u23ff\u25a0-\u27bf\u2b00-\u2bff\ufe0f\u20e3\u200d\U0001f000-\U0001faff]"
"""Pattern of one emoji, check mark or the like, that decorates a label or a bullet."""

_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,6}|#x[0-9a-f]{1,5});", re.IGNORECASE)
_BOXED = re.compile(r"\$*\\boxed\{(?:\\text\{)?([^{}]*)\}?\}\$*")
_ONE_BULLET = re.compile(r"^[-*+•]\s+(?=[^\n]*$)")
_WRAPPED = re.compile(r"^(\*{1,3}|_{1,3}|`{1,3})(?!\s)((?:(?!\1).)+?)(?<!\s)\1$", re.DOTALL)
_QUOTED = re.compile(r'^(?:"([^"]+)"|“([^“”]+)”)$', re.DOTALL)

_PREFACE = re.compile(
    r"^(?:(?:sure(?: thing)?|certainly|of course|okay|ok|absolutely)[!.,:]\s*)?"
    r"(?:(?:here(?:'s|’s| is| are)|below (?:is|are)|the following (?:is|are))\b[^\n]{0,160}:[ *]*\n|(?<=[!.,:])\s*\n)\s*",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"\n\s{0,9}\n[ *]*"
    r"(?:let me know|i hope (?:this|that)|would you like|feel free to|is there anything|if you (?:need|would like|have any))"
    r"[^\n]{0,200}$",
    re.IGNORECASE,
)


def strip_thinking(text: str, *, fields: Container[str] = ()) -> tuple[str, str]:
    """An answer without thinking, and the thinking.

    `<reasoning>` is thinking, but for a reply whose fields stand in tags, one of them `reasoning`.

    Tags may be closed; only opened (all that follows is thinking: the output ended before the answer); or only closed (all
    before is thinking: the server's template opened it). Harmony channels count as tags. Nested tags end at the first
    closing one, and a closing tag that is left over moves all before it into the thinking.
    """
    answer: list[str] = []
    thinking: list[str] = []
    inside = False
    at = 0
    for mark in _THINKING.finditer(text):
        if (mark["tag"] or "").lower() in fields:
            continue
        (thinking if inside else answer).append(text[at : mark.start()])
        at = mark.end()
        closes = any(mark[name] for name in ("tag_end", "bracket_end", "triangle_end", "channel_end"))
        if mark["alone"]:
            continue
        if mark["final"] or (closes and not inside):
            thinking += answer
            answer = []
        inside = not (closes or mark["final"])
    (thinking if inside else answer).append(text[at:])
    return "".join(answer).strip(), "\n".join(part.strip() for part in thinking if part.strip())


def spoken(text: str, *, fields: Container[str] = ()) -> str:
    """The answer in a reply: without thinking, chat-template tokens at its ends, odd spaces and CRLF; escaped text read.

    Args:
        fields: as for `strip_thinking`.

    Raises:
        ReplyError: nothing is left, or the reply runs on into another turn.
    """
    answer, thinking = strip_thinking(_plain_spaces(text), fields=fields)
    answer = _ROLE.sub("", _TOKENS_AFTER.sub("", _TOKENS_BEFORE.sub("", answer)))
    if wrapper := _WRAPPER.match(answer):
        answer = wrapper[2]
    answer = answer.strip()
    if not answer:
        raise ReplyError(f"only thinking and no answer: {snippet(thinking)}" if thinking else "the reply is empty")
    if run_on := _NEXT_TURN.search(answer):
        raise ReplyError(f"the reply runs on into another turn: {snippet(answer[run_on.start() :])}")
    return _unescaped(answer)


def tagged(answer: str) -> str | None:
    """What stands between answer tags at the end of a text, or None."""
    found = _ANSWER_TAG.search(answer)
    return found[2].strip() if found and found[2].strip() else None


def clean(value: str) -> str:
    """One value of a reply, as it may be written to data.

    Media placeholders and chat-template tokens are markup that a trainer would take for a picture or a turn. They are removed
    and not rejected: nothing the model saw is lost with them. Inside a sentence `<video>` leaves its word behind.
    """
    value = _plain_spaces(_ESCAPED_LINE_BREAK.sub("\n", value))
    value = without_markup(_BOXED.sub(r"\1", _ENTITY.sub(lambda entity: html.unescape(entity[0]), value)))
    value = re.sub(r"(?<=\S) {2,}", " ", value)
    value = re.sub(r" +(?=\n|$)", "", value)
    value = re.sub(r"\n{3,}", "\n\n", value).strip()
    return _unwrapped(_ONE_BULLET.sub("", value))


def without_markup(value: str) -> str:
    """Without media placeholders and chat-template tokens; all else as it stands."""
    replaced = 1
    while replaced:
        # Again until nothing is found: `<<video>video>` hides one tag in another.
        value, tokens = _ANY_TOKEN.subn("", value)
        value, media = _MEDIA_TAG.subn(_media_word, value)
        replaced = tokens + media
    return value


def without_fences(answer: str) -> str:
    """Without the lines that open and close a Markdown code block, and without the marks of a quote around the whole."""
    answer = re.sub(r"^\s*```[\w-]*\s*$\n?", "", answer, flags=re.MULTILINE).strip()
    lines = answer.split("\n")
    if all(line.startswith(">") for line in lines if line):
        answer = "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines)
    return answer


def without_courtesies(answer: str) -> str:
    """Without "Here is the caption:" before and "Let me know if ..." after."""
    return _CLOSING.sub("", _PREFACE.sub("", answer, count=1)).strip()


def unquoted(value: str) -> str:
    """Without quotes around the whole of it."""
    quoted = _QUOTED.match(value)
    return value if quoted is None else (quoted[1] or quoted[2]).strip()


def snippet(text: str) -> str:
    """The beginning of a text on one line, for messages."""
    line = " ".join(text.split())
    return repr(line if len(line) <= _SNIPPET_CHARS else line[: _SNIPPET_CHARS - 3] + "...")


def in_short(text: str) -> str:
    """The beginning of a model's words on one line, as a row can hold them: halves of characters are question marks."""
    line = " ".join(text.split()).encode("utf-8", "replace").decode()
    return line if len(line) <= _SNIPPET_CHARS else f"{line[: _SNIPPET_CHARS - 3]}..."


def _unescaped(answer: str) -> str:
    """A JSON string as its text, and a text whose line breaks are all escaped with its line breaks."""
    if _JSON_STRING.fullmatch(answer):
        try:
            return str(json.loads(answer, strict=False)).strip()
        except ValueError:
            return answer
    if "\n" in answer or answer.startswith(("{", "[")):
        return answer
    return answer.replace("\\n", "\n") if answer.count("\\n") > 1 else _ESCAPED_LINE_BREAK.sub("\n", answer)


def _plain_spaces(text: str) -> str:
    if _SURROGATE.search(text):
        # JSON escapes can spell half a character, which nothing can write; halves that belong together become one.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _LINE_BREAKS.sub("\n", text)
    return _INVISIBLE.sub("", _SPACES.sub(" ", text))


def _media_word(tag: re.Match[str]) -> str:
    if tag["end"] or not _IN_A_SENTENCE.search(tag.string, max(0, tag.start() - 2), tag.start()):
        return ""
    number = re.fullmatch(r"[ _-]?(\d+)?", tag["more"])
    if tag["word"].lower() not in ("video", "image", "audio") or number is None:
        return ""
    return tag["word"] + (f" {number[1]}" if number[1] else "")


def _unwrapped(value: str) -> str:
    """Without emphasis around the whole value, and without the half of a pair that a label kept."""
    while wrapped := _WRAPPED.match(value):
        value = wrapped[2].strip()
    for mark in ("***", "**", "__"):
        if value.count(mark) % 2:
            value = (value.removesuffix(mark) if value.endswith(mark) else value.removeprefix(mark)).strip()
    return value
