"""Questions and answers as all forms but task files have them, captions among them: functions of what was chosen."""

import hashlib
from collections.abc import Iterator, Sequence

from vr_assets.export.release.choosing import ChosenImage, ChosenVideo
from vr_assets.records.base import format_clock
from vr_assets.records.release import Sample
from vr_assets.records.row import Provenance
from vr_assets.records.task_file import GROUNDING
from vr_assets.settings import ReleaseSettings, Split, Task

WHOLE = "Describe what happens in this video."
IN_ORDER = "List the events of this video in order, each with its start and its end."
STRETCH = "Describe what happens in this video from {start} to {end}."
INCIDENT = "Describe the incident that this video shows from {start} to {end}, in detail."
IN_FULL = (
    "Describe this video in full: the scene and who is in it, the events in order with their times, and what they amount to."
)
IMAGE = "Describe this image."

_Told = tuple[Task, str, str]


def samples(videos: Sequence[ChosenVideo], images: Sequence[ChosenImage], settings: ReleaseSettings) -> list[Sample]:
    """In the order of what was chosen."""
    return [
        *(sample for video in videos for sample in _of_video(video, settings)),
        *(sample for image in images for sample in _of_image(image, settings)),
    ]


def media_path(split: Split, file: str) -> str:
    """Where a media file lies below the version's folder."""
    return f"{split}/{file}"


def _of_video(video: ChosenVideo, settings: ReleaseSettings) -> Iterator[Sample]:
    for task_name, item in video.items:
        made_by = item.model, item.prompt_version
        yield _sample(video, item.item_index, task_name, item.question, item.answer, reasoning=item.reasoning, made_by=made_by)
    if settings.captions and video.with_captions:
        for place, (task, question, text) in enumerate(_captions(video)):
            source = _made_by(video.rows.provenance, task)
            name = hashlib.sha256(f"{video.batch.name}\0{video.rows.qa.video_id}\0{task}\0{place}".encode()).hexdigest()[:16]
            yield _sample(video, name, task, question, text, reasoning="", made_by=(source.model, source.prompt_hash))


def _captions(video: ChosenVideo) -> Iterator[_Told]:
    rows = video.rows
    if rows.captions:
        yield from _told(Task.GLOBAL_CAPTION, WHOLE, rows.captions.global_caption)
        yield from _told(Task.DENSE_CAPTION, IN_ORDER, rows.captions.dense_caption)
    for chunk in rows.chunks.chunk_captions if rows.chunks else ():
        yield from _told(Task.CHUNK_CAPTION, _between(STRETCH, chunk.timestamp_start, chunk.timestamp_end), chunk.caption)
    if rows.highlights and rows.highlights.highlight_chunk:
        shown = rows.highlights.highlight_chunk
        yield from _told(Task.CLIP_CAPTION, _between(INCIDENT, shown.timestamp_start, shown.timestamp_end), shown.caption)
    if rows.descriptions:
        yield from _told(Task.DESCRIPTION, IN_FULL, rows.descriptions.detailed_description)


def _told(task: Task, question: str, text: str) -> Iterator[_Told]:
    if text.strip():
        yield task, question, text.strip()


def _between(question: str, start_s: float, end_s: float) -> str:
    return question.format(start=format_clock(start_s, tenths=True), end=format_clock(end_s, tenths=True))


def _made_by(provenance: Sequence[Provenance], task: Task) -> Provenance:
    return next(source for source in provenance if source.task == task)


def _sample(
    video: ChosenVideo, name: str, task: str, question: str, answer: str, *, reasoning: str, made_by: tuple[str, str]
) -> Sample:
    media = video.media
    return Sample(
        id=name,
        task=str(task),
        split=video.split,
        media=media_path(video.split, video.file),
        kind="video",
        question=question,
        answer=answer,
        reasoning=reasoning,
        duration=media.duration_s,
        width=media.width_px,
        height=media.height_px,
        mode=str(video.rows.qa.mode),
        model=made_by[0],
        prompt_version=made_by[1],
        batch=video.batch.name,
    )


def _of_image(image: ChosenImage, settings: ReleaseSettings) -> Iterator[Sample]:
    media, first = image.media, image.items[0]
    told: list[tuple[str, str, str, str]] = [(item.item_index, GROUNDING, item.question, item.answer) for item in image.items]
    if settings.captions and image.row.cleaned_caption.strip():
        name = hashlib.sha256(f"{image.batch.name}\0{image.row.image_id}\0caption".encode()).hexdigest()[:16]
        told.append((name, "image_caption", IMAGE, image.row.cleaned_caption.strip()))
    for name, task, question, answer in told:
        yield Sample(
            id=name,
            task=task,
            split=image.split,
            media=media_path(image.split, image.file),
            kind="image",
            question=question,
            answer=answer,
            reasoning="",
            duration=0.0,
            width=media.width_px,
            height=media.height_px,
            mode="",
            model=first.model,
            prompt_version=first.prompt_version,
            batch=image.batch.name,
        )
