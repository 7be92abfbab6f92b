"""Samples as conversations: the lists that fine-tuning programs read. Each is a function of the samples."""

import json
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from vr_assets.records.release import Sample
from vr_assets.settings import ReleaseForm

Json = dict[str, JsonValue]


def conversation_file(form: ReleaseForm, samples: Sequence[Sample], *, with_reasoning: bool) -> tuple[str, bytes]:
    """The suffix of a file with all samples in one of these forms, and its content.

    Args:
        with_reasoning: answers begin with the reasoning in <think> tags, as tao-daft's loader writes them.
    """
    rows = [_ROWS[form](sample, answer(sample, with_reasoning=with_reasoning)) for sample in samples]
    if form is ReleaseForm.QWEN_VL:
        return "jsonl", lines(rows)
    return "json", ("[\n" + ",\n".join(map(_text, rows)) + "\n]\n").encode() if rows else b"[]\n"


def answer(sample: Sample, *, with_reasoning: bool) -> str:
    """What a model is to say."""
    if with_reasoning and sample.reasoning:
        return f"<think>\n{sample.reasoning}\n</think>\n\n{sample.answer}"
    return sample.answer


def lines(rows: Sequence[Mapping[str, JsonValue]]) -> bytes:
    return "".join(f"{_text(row)}\n" for row in rows).encode()


def _sharegpt(sample: Sample, said: str) -> Json:
    """Media in lists, and a tag for each in the question."""
    videos: list[JsonValue] = [sample.media] if sample.kind == "video" else []
    images: list[JsonValue] = [sample.media] if sample.kind == "image" else []
    return {"id": sample.id, **_turns(sample, said, tag=f"<{sample.kind}>"), "videos": videos, "images": images}


def _llava(sample: Sample, said: str) -> Json:
    """Its loader puts frames of a video where the tag of an image stands."""
    return {"id": sample.id, **_turns(sample, said, tag="<image>"), "data_source": sample.batch, sample.kind: sample.media}


def _qwen(sample: Sample, said: str) -> Json:
    return {"id": sample.id, sample.kind: sample.media, **_turns(sample, said, tag=f"<{sample.kind}>")}


_ROWS = {ReleaseForm.SHAREGPT: _sharegpt, ReleaseForm.LLAVA_VIDEO: _llava, ReleaseForm.QWEN_VL: _qwen}


def _turns(sample: Sample, said: str, *, tag: str) -> Json:
    return {
        "conversations": [
            {"from": "human", "value": f"{tag}\n{sample.question}"},
            {"from": "gpt", "value": said},
        ]
    }


def _text(row: Mapping[str, JsonValue]) -> str:
    return json.dumps(row, ensure_ascii=False)


def by_media(samples: Sequence[Sample]) -> Iterator[tuple[str, list[Sample]]]:
    """Media paths with their samples, in order."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.media, []).append(sample)
    return iter(found.items())
