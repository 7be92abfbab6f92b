"""The intermediate files of TAO's annotation steps, for programs that read those. Paths are below the folder of the side."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue, TypeAdapter

from vr_assets.export.annotations import annotation
from vr_assets.export.release.choosing import ChosenImage, ChosenVideo
from vr_assets.export.release.conversations import lines
from vr_assets.records.base import Record
from vr_assets.records.timeline import TIMELINE
from vr_assets.settings import Mode

Json = dict[str, JsonValue]
_json = TypeAdapter[Json](Json)


def step_files(videos: Sequence[ChosenVideo], images: Sequence[ChosenImage]) -> Iterator[tuple[str, bytes]]:
    """Names and contents, only of steps that have rows. Parts of recordings and captions are what they are in the data set."""
    told: Mapping[str, list[Json]] = {
        "step_0_filter/filter_results.jsonl": [_filter(video) for video in videos],
        "step_1a_caption/captions.jsonl": [row for video in videos for row in _captions(video)],
        "step_1b_chunks/chunk_captions.jsonl": [row for video in videos for row in _chunks(video)],
        "step_1c_highlight/highlight_captions.jsonl": [row for video in videos for row in _highlight(video)],
        "step_2_description/descriptions.jsonl": [row for video in videos for row in _description(video)],
        "step_3_qa/qa_output.jsonl": [row for video in videos for row in _qa(video)],
        "step_0_expression_extraction/annotations.jsonl": [_expressed(image) for image in images],
        "step_1_grounding/annotations.jsonl": [_grounded(image) for image in images],
        "annotations.jsonl": [_grounded(image) for image in images],
    }
    return ((name, lines(rows)) for name, rows in told.items() if rows)


def _filter(video: ChosenVideo) -> Json:
    further = {name: value for name, value in video.rows.qa.fields.items() if name != TIMELINE}
    return {**further, "video": video.file, "is_valid": True, "mode": _mode(video)}


def _captions(video: ChosenVideo) -> Iterator[Json]:
    row = video.rows.captions
    if row and video.with_captions:
        length: Json = {"video": video.file, "video_length": video.media.duration_s, "mode": _mode(video)}
        yield {**length, "global_caption": row.global_caption, "dense_caption": row.dense_caption}


def _chunks(video: ChosenVideo) -> Iterator[Json]:
    row = video.rows.chunks
    if row and row.chunk_captions and video.with_captions:
        yield {"video": video.file, "mode": _mode(video), "chunk_captions": [_plain(chunk) for chunk in row.chunk_captions]}


def _highlight(video: ChosenVideo) -> Iterator[Json]:
    row = video.rows.highlights
    if row and row.highlight_chunk and video.with_captions:
        yield {"video": video.file, "mode": _mode(video), "highlight_chunk": _plain(row.highlight_chunk)}


def _description(video: ChosenVideo) -> Iterator[Json]:
    row = video.rows.descriptions
    if row and row.detailed_description and video.with_captions:
        told: Json = {"detailed_description": row.detailed_description, "prompt_key": row.prompt_key}
        yield {"video": video.file, "mode": _mode(video), **told}


def _qa(video: ChosenVideo) -> Iterator[Json]:
    """A row a question type of which all is released as the model gave it."""
    for qa_set in video.rows.qa.qa:
        if qa_set.qa_type in video.untouched:
            told: Json = {"qa_output": qa_set.raw_reply, "prompt_key": qa_set.prompt_key}
            yield {"video": video.file, "mode": _mode(video), **told}


def _mode(video: ChosenVideo) -> str:
    """There a video is one or the other; one that could not be told was annotated with the normal prompts."""
    return str(Mode.ANOMALY if video.rows.qa.mode is Mode.ANOMALY else Mode.NORMAL)


def _grounded(image: ChosenImage) -> Json:
    return {**annotation(image.row), "image_path": image.file}


def _expressed(image: ChosenImage) -> Json:
    told = _grounded(image)
    expressions = [{**_plain(expression), "instances": [], "grounded": "not_asked"} for expression in image.row.expressions]
    return {**told, "expressions": list[JsonValue](expressions), "pipeline_steps": ["expressions"]}


def _plain(record: Record) -> Json:
    return _json.validate_python(record.model_dump(mode="json"))
