"""One reply in all the forms models give it: what any of them says must read the same."""

import json
import re
from collections.abc import Callable, Mapping

Fields = Mapping[str, str]


def _label(name: str) -> str:
    return name.replace("_", " ").upper()


def plain(fields: Fields) -> str:
    return "\n".join(f"{_label(name)}: {value}" for name, value in fields.items())


def bold(fields: Fields) -> str:
    return "\n\n".join(f"**{_label(name).title()}:** {value}" for name, value in fields.items())


def bold_with_colon_outside(fields: Fields) -> str:
    return "\n".join(f"**{_label(name).capitalize()}**: {value}" for name, value in fields.items())


def bold_whole_line(fields: Fields) -> str:
    return "\n".join(f"**{_label(name).title()}: {value}**" for name, value in fields.items())


def headings(fields: Fields) -> str:
    return "\n\n".join(f"### {_label(name)}\n\n{value}" for name, value in fields.items())


def lower_case_headings(fields: Fields) -> str:
    return "\n\n".join(f"## {name.replace('_', ' ')}\n{value}" for name, value in fields.items())


def numbered(fields: Fields) -> str:
    return "\n".join(f"{number}. {_label(name).title()}: {value}" for number, (name, value) in enumerate(fields.items(), start=1))


def numbered_labels(fields: Fields) -> str:
    return "\n".join(f"{_label(name).title()} 1: {value}" for name, value in fields.items())


def bullets(fields: Fields) -> str:
    return "\n".join(f"- **{_label(name).title()}**: {value}" for name, value in fields.items())


def value_below(fields: Fields) -> str:
    return "\n".join(f"{_label(name)}:\n{value}" for name, value in fields.items())


def label_alone(fields: Fields) -> str:
    return "\n\n".join(f"{_label(name)}\n{value}" for name, value in fields.items())


def dashes(fields: Fields) -> str:
    return "\n".join(f"**{_label(name)}** - {value}" for name, value in fields.items())


def lower_case(fields: Fields) -> str:
    return "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in fields.items())


def windows(fields: Fields) -> str:
    return "\r\n".join(f"{_label(name)} :\u00a0{value}  " for name, value in fields.items())


def full_width(fields: Fields) -> str:
    return "\n".join(f"{_label(name)}：{value}" for name, value in fields.items())


def bracketed(fields: Fields) -> str:
    return "\n".join(f"[{_label(name)}] {value}" for name, value in fields.items())


def quoted_block(fields: Fields) -> str:
    return "\n".join(f"> {line}" for line in plain(fields).split("\n"))


def fenced(fields: Fields) -> str:
    return f"```\n{plain(fields)}\n```"


def with_courtesies(fields: Fields) -> str:
    return f"Sure! Here is what you asked for:\n\n{plain(fields)}\n\nLet me know if you need anything else."


def after_thinking(fields: Fields) -> str:
    return f"<think>\nQUESTION: none yet. ANSWER: no.\n</think>\n{plain(fields)}"


def after_unopened_thinking(fields: Fields) -> str:
    return f"The user wants: QUESTION: something\n</think>\n\n{plain(fields)}<|im_end|>"


def rules_between(fields: Fields) -> str:
    return "\n---\n".join(f"{_label(name)}: {value}" for name, value in fields.items())


def emoji(fields: Fields) -> str:
    return "\n\n".join(
        f"{mark} **{_label(name).title()}:** {value}" for mark, (name, value) in zip("📌✅🔍💡🎯", fields.items(), strict=False)
    )


def in_tags(fields: Fields) -> str:
    return "<item>\n" + "\n".join(f"<{name}>{value}</{name}>" for name, value in fields.items()) + "\n</item>"


def table(fields: Fields) -> str:
    rows = (f"| {_label(name).title()} | {value.replace(chr(10), '<br>')} |" for name, value in fields.items())
    return "\n".join(["| Field | Value |", "|:---|:---|", *rows])


def yaml(fields: Fields) -> str:
    return "\n".join(f"{name}: |\n  " + value.replace("\n", "\n  ") for name, value in fields.items())


def bold_on_one_line(fields: Fields) -> str:
    return " ".join(f"**{_label(name).title()}:** {value}" for name, value in fields.items())


def escaped(fields: Fields) -> str:
    return plain(fields).replace("\n", "\\n")


def in_answer_tags(fields: Fields) -> str:
    return f"I will follow the form.\n\n<answer>\n{plain(fields)}\n</answer>"


LAYOUTS: tuple[Callable[[Fields], str], ...] = (
    plain, bold, bold_with_colon_outside, bold_whole_line, headings, lower_case_headings,
    numbered, numbered_labels, bullets, value_below, label_alone,
    dashes, lower_case, windows, full_width, bracketed, quoted_block, fenced, with_courtesies, after_thinking,
    after_unopened_thinking, rules_between, emoji, in_tags, table, yaml, bold_on_one_line, escaped, in_answer_tags,
)  # fmt: skip


def _dump(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _in_curly_quotes(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_in_curly_quotes(key)}: {_in_curly_quotes(part)}' for key, part in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_in_curly_quotes, value))}]"
    return f"“{json.dumps(value, ensure_ascii=False)[1:-1]}”" if isinstance(value, str) else json.dumps(value)


JSONS: dict[str, Callable[[object], str]] = {
    "bare": _dump,
    "on one line": json.dumps,
    "fenced": lambda value: f"```json\n{_dump(value)}\n```",
    "fenced without a language": lambda value: f"```\n{_dump(value)}\n```",
    "prose around": lambda value: f"Here is the JSON you asked for:\n\n{_dump(value)}\n\nI hope this helps!",
    "prose with braces": lambda value: f"Using the {{fields}} and [labels] as asked.\n{_dump(value)}",
    "list of one": lambda value: _dump([value]),
    "wrapped": lambda value: _dump({"response": value}),
    "wrapped twice": lambda value: _dump({"result": {"output": [value]}}),
    "after thinking": lambda value: f'<think>{{"draft": 1}}</think>{_dump(value)}',
    "told twice": lambda value: f"{_dump(value)}\n\nAgain:\n{_dump(value)}",
    "end token": lambda value: f"{_dump(value)}<|im_end|>",
    "windows": lambda value: _dump(value).replace("\n", "\r\n"),
    "Python": repr,
    "trailing commas": lambda value: re.sub(r"(?<=[^\s{\[,])\n(?=\s*[}\]])", ",\n", _dump(value)),
    "comments": lambda value: "// the reply\n" + _dump(value).replace("\n", " // as asked\n", 1),
    "curly quotes": _in_curly_quotes,
    "in a JSON string": lambda value: json.dumps(json.dumps(value)),
    "in a string of its wrapper": lambda value: json.dumps({"response": json.dumps(value)}),
    "tool call": lambda value: f"<tool_call>\n{json.dumps({'name': 'reply', 'arguments': value})}\n</tool_call>",
    "beside a status": lambda value: json.dumps({"status": "ok", "usage": {"tokens": 12}, "data": value}),
    "in answer tags": lambda value: f"<think>Hm.</think>\n<answer>\n{_dump(value)}\n</answer>",
    "remarks beside": lambda value: _dump({**value, "confidence": 0.9}) if isinstance(value, dict) else _dump(value),
}
