"""What the servers answer: for each task a valid reply that depends on the request alone.

The same request gets the same bytes in every run; other prompts and other media get other words. Nothing is looked at, but for
preflight questions (`seeing`).
"""

import hashlib
import re
from collections.abc import Mapping

from pydantic import JsonValue

from vr_assets.settings import Task

GARBAGE = "I'm sorry, but I cannot see anything yet. Please provide the video."

_WHO = ("A white van", "A red lorry", "A cyclist in a dark jacket", "A forklift", "A worker in a yellow vest", "A silver car")
_DOES = ("turns left", "stops abruptly", "crosses the lane", "reverses slowly", "waits near the kerb", "drives straight on")
_WHERE = ("at the junction", "beside the loading bay", "next to the barrier", "on the wet road", "under the street lamp")
_THEN = ("Another vehicle brakes behind it.", "Nobody else is close.", "The view stays clear.", "A pedestrian looks up.")

# Which labels of a layout prompt give its task away, the most telling first. Tasks with equal labels get equal replies.
_LAYOUTS: tuple[tuple[tuple[str, ...], Task], ...] = (
    (("COLOUR:", "DIRECTION:"), Task.PREFLIGHT),
    (("COLOUR:", "BOX:"), Task.PREFLIGHT),
    (("OPTIONS:",), Task.MCQ),
    (("START:", "END:"), Task.TEMPORAL_LOCALIZATION),
    (("TIMESTAMP:",), Task.MOMENT),
    (("SCENE:", "EVENTS:", "ANALYSIS:"), Task.DESCRIPTION),
    (("SUITABLE:", "VERDICT:"), Task.SCREENING),
    (("SUITABLE:",), Task.SUITABLE),
    (("VERDICT: `Yes` if",), Task.JUDGE),
    (("VERDICT:",), Task.ANOMALY_OR_NORMAL),
    (("EXPLANATION:", "---"), Task.BCQ),
    (("EXPLANATION:",), Task.EVENT_VERIFICATION),
    (("QUESTION:",), Task.OPEN_QA),
    (("[start - end]",), Task.DENSE_CAPTION),
    (("REASON:", "ANSWER:"), Task.BLIND),
    (("CLEANED CAPTION:", "EXPRESSIONS:"), Task.EXPRESSIONS),
    (("| [box] |",), Task.GROUNDINGS),
)

# The same for the fields of a schema without a name.
_FIELDS: tuple[tuple[frozenset[str], Task], ...] = (
    (frozenset({"colour", "direction"}), Task.PREFLIGHT),
    (frozenset({"colour", "box"}), Task.PREFLIGHT),
    (frozenset({"items"}), Task.BCQ),
    (frozenset({"options"}), Task.MCQ),
    (frozenset({"start", "end"}), Task.TEMPORAL_LOCALIZATION),
    (frozenset({"timestamp"}), Task.MOMENT),
    (frozenset({"scene", "analysis"}), Task.DESCRIPTION),
    (frozenset({"suitable", "verdict"}), Task.SCREENING),
    (frozenset({"suitable"}), Task.SUITABLE),
    (frozenset({"verdict"}), Task.ANOMALY_OR_NORMAL),
    (frozenset({"explanation"}), Task.EVENT_VERIFICATION),
    (frozenset({"question"}), Task.OPEN_QA),
    (frozenset({"events"}), Task.DENSE_CAPTION),
    (frozenset({"cleaned_caption"}), Task.EXPRESSIONS),
    (frozenset({"boxes"}), Task.GROUNDINGS),
)

_CLOCK = r"(?:\d+:)?\d+:\d\d(?:\.\d+)?"
_DURATION = re.compile(
    rf"duration\D{{0,40}}?({_CLOCK}|\d+(?:\.\d+)?)|({_CLOCK}|\d+(?:\.\d+)?)(?: ?s| seconds)? long", re.IGNORECASE
)


def task_of_schema(name: str, schema: Mapping[str, JsonValue]) -> Task:
    """The task that a reply schema belongs to: by its name, else by its fields."""
    if name in set(Task):
        return Task(name)
    properties = schema.get("properties")
    fields = set(properties) if isinstance(properties, dict) else set()
    return next((task for telling, task in _FIELDS if telling <= fields), Task.GLOBAL_CAPTION)


def task_of_layout(prompt: str) -> Task:
    """The task that a layout prompt belongs to, by what is asked for after its last `## Reply`; where nothing is, a caption."""
    asked = prompt.rpartition("## Reply")[2]
    return next((task for labels, task in _LAYOUTS if all(label in asked for label in labels)), Task.GLOBAL_CAPTION)


def duration_s(prompt: str) -> float:
    """The duration that a prompt states, in seconds; one second where it states none."""
    found = _DURATION.search(prompt)
    if found is None:
        return 1.0
    seconds = 0.0
    for part in (found[1] or found[2]).split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def clock(seconds: float) -> str:
    """`MM:SS.f`, rounded down."""
    tenths = int(seconds * 10 + 1e-6)
    return f"{tenths // 600:02}:{tenths // 10 % 60:02}.{tenths % 10}"


class Answers:
    """Replies in words drawn from a request's hash.

    Args:
        verdict: the answer to whether a video shows an anomaly.
    """

    def __init__(self, *, verdict: str = "Anomaly") -> None:
        self._verdict = verdict

    def fields(self, task: Task, prompt: str, *, seed: str) -> dict[str, JsonValue]:
        """The reply to a task under its reply schema."""
        words = _Words(f"{task}\0{prompt}\0{seed}")
        length = duration_s(prompt)
        open_reply: dict[str, JsonValue] = {
            "question": f"What happens {words.where()}?",
            "answer": words.sentence(),
            "reasoning": words.sentence(),
        }
        match task:
            case Task.SUITABLE:
                return {"reason": words.sentence(), "suitable": "Yes"}
            case Task.ANOMALY_OR_NORMAL:
                return {"reason": words.sentence(), "verdict": self._verdict}
            case Task.SCREENING:
                return {
                    "suitable_reason": words.sentence(),
                    "suitable": "Yes",
                    "verdict_reason": words.sentence(),
                    "verdict": self._verdict,
                }
            case Task.GLOBAL_CAPTION | Task.CHUNK_CAPTION | Task.CLIP_CAPTION | Task.VIDEO_CAPTION:
                return {"caption": f"{words.sentence()} {words.sentence()}"}
            case Task.DENSE_CAPTION:
                return {
                    "events": [
                        {"start": start, "end": end, "text": words.sentence()}
                        for start, end in (_stretch(length, 0.0, 0.4), _stretch(length, 0.5, 0.9))
                    ]
                }
            case Task.MOMENT:
                return {"reason": words.sentence(), "timestamp": clock(length * 0.5)}
            case Task.DESCRIPTION:
                return {"scene": words.sentence(), "events": words.sentence(), "analysis": words.sentence()}
            case Task.MCQ:
                options = words.different(4)
                right = words.draw(4)
                return {
                    "question": f"What is seen {words.where()}?",
                    "options": [{"letter": letter, "text": text} for letter, text in zip("ABCD", options, strict=True)],
                    "answer": "ABCD"[right],
                    "explanation": options[right],
                    "reasoning": words.sentence(),
                }
            case Task.BCQ:
                seen, unseen = words.different(2)
                return {"items": [_yes_no(words, seen, "Yes"), _yes_no(words, unseen, "No")]}
            case Task.EVENT_VERIFICATION:
                return _yes_no(words, words.different(1)[0], ("Yes", "No")[words.draw(2)])
            case Task.TEMPORAL_LOCALIZATION:
                start, end = _stretch(length, 0.3, 0.7)
                return {"question": open_reply["question"], "start": start, "end": end, "reasoning": words.sentence()}
            case Task.BLIND | Task.AGREEMENT:
                return {"reason": words.sentence(), "answer": _answer(prompt, words, length)}
            case Task.SUPPORT | Task.JUDGE:
                return {"reason": words.sentence(), "verdict": "Yes"}
            case Task.EXPRESSIONS:
                return _expressions(prompt)
            case Task.GROUNDINGS:
                return _groundings(prompt)
            case _:
                return open_reply


def _answer(prompt: str, words: "_Words", length_s: float) -> str:
    """To a question that is asked again, in the form that it asks for."""
    if "<options>" in prompt:
        return "ABCD"[words.draw(4)]
    if "Yes or No" in prompt or "No or Yes" in prompt:
        return ("Yes", "No")[words.draw(2)]
    if "with a start and an end" in prompt:
        return " - ".join(_stretch(length_s, 0.3, 0.7))
    return words.sentence()


def _expressions(prompt: str) -> dict[str, JsonValue]:
    """The caption as it is, and in it every noun with its article and one word before it."""
    found = re.search(r"<caption>\n(.*?)\n</caption>", prompt, re.DOTALL)
    caption = " ".join(found[1].split()) if found else ""
    phrases: list[JsonValue] = [
        {"text": one[0], "noun_chunk": one[0]} for one in re.finditer(r"\b(?:a|an|the|two) \w+ \w+", caption, re.IGNORECASE)
    ]
    return {"cleaned_caption": caption, "expressions": phrases}


BOX = (0.25, 0.125, 0.75, 0.5)
"""Where the server finds all that it is asked to ground: shares of the image, left, top, right, bottom."""


def _groundings(prompt: str) -> dict[str, JsonValue]:
    """The same box for every expression, in the convention that the prompt asks for; nothing for what is invisible."""
    found = re.search(r"<expressions>\n(.*?)\n</expressions>", prompt, re.DOTALL)
    asked = re.findall(r"^(\d+)\. (.*)$", found[1], re.MULTILINE) if found else []
    wide = high = float(m[1]) if (m := re.search(r"numbers from 0 to (\d+)", prompt)) else 1.0
    if pixels := re.search(r"which is (\d+) wide and (\d+) high", prompt):
        wide, high = float(pixels[1]), float(pixels[2])
    left, top, right, bottom = BOX[0] * wide, BOX[1] * high, BOX[2] * wide, BOX[3] * high
    box: list[JsonValue] = [top, left, bottom, right] if "[ymin" in prompt else [left, top, right, bottom]
    entries: list[JsonValue] = [
        {"number": number, "label": text, "box_2d": [] if "invisible" in text else box, "score": ""} for number, text in asked
    ]
    return {"boxes": entries}


def layout(task: Task, fields: Mapping[str, JsonValue]) -> str:
    """A reply as labelled blocks."""
    match task:
        case Task.GLOBAL_CAPTION | Task.CHUNK_CAPTION | Task.CLIP_CAPTION | Task.VIDEO_CAPTION:
            return str(fields["caption"])
        case Task.DENSE_CAPTION:
            return "\n".join(f"[{event['start']} - {event['end']}] {event['text']}" for event in _rows(fields["events"]))
        case Task.EXPRESSIONS:
            lines = [f"{one['text']} | {one['noun_chunk']}" for one in _rows(fields["expressions"])]
            return "\n".join([f"CLEANED CAPTION: {fields['cleaned_caption']}", "EXPRESSIONS:", *(lines or ["none"])])
        case Task.GROUNDINGS:
            return "\n".join(f"{one['number']}. {one['label']} | {one['box_2d'] or 'none'}" for one in _rows(fields["boxes"]))
        case Task.BCQ:
            return "\n---\n".join(_blocks(item) for item in _rows(fields["items"]))
        case _:
            return _blocks(fields)


def _blocks(fields: Mapping[str, JsonValue]) -> str:
    lines = []
    for name, value in fields.items():
        label = name.upper().replace("_", " ")
        if name == "options":
            lines.append("OPTIONS:\n" + "\n".join(f"{option['letter']}) {option['text']}" for option in _rows(value)))
        else:
            lines.append(f"{label}: {value}")
    return "\n".join(lines)


def _rows(value: JsonValue) -> list[dict[str, JsonValue]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _yes_no(words: "_Words", statement: str, answer: str) -> dict[str, JsonValue]:
    return {
        "question": f"Is it true that {statement.lower().rstrip('.')}?",
        "answer": answer,
        "explanation": words.sentence(),
        "reasoning": words.sentence(),
    }


def _stretch(length_s: float, start: float, end: float) -> tuple[str, str]:
    start_s = int(length_s * start * 10) / 10
    return clock(start_s), clock(max(start_s + 0.1, length_s * end))


class _Words:
    def __init__(self, seed: str) -> None:
        self._number = int.from_bytes(hashlib.sha256(seed.encode()).digest())

    def draw(self, choices: int) -> int:
        self._number, drawn = divmod(self._number, choices)
        return drawn

    def where(self) -> str:
        return _WHERE[self.draw(len(_WHERE))]

    def sentence(self) -> str:
        who, does = _WHO[self.draw(len(_WHO))], _DOES[self.draw(len(_DOES))]
        return f"{who} {does} {self.where()}. {_THEN[self.draw(len(_THEN))]}"

    def different(self, count: int) -> list[str]:
        who, where, first = _WHO[self.draw(len(_WHO))], self.where(), self.draw(len(_DOES))
        return [f"{who} {_DOES[(first + step) % len(_DOES)]} {where}." for step in range(count)]
