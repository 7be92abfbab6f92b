"""video_captions: a row of conversations, with all its videos and images shown in order, answered in one call."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Generic, TypeVar

from vr_assets import batch
from vr_assets.backends.shown import InPlaceOf
from vr_assets.batch import Failed
from vr_assets.parsing.turns import Medium, first_human, said, tags
from vr_assets.parsing.video_captions import parse_answer, parse_video_caption
from vr_assets.records.batch import ConversationEntry
from vr_assets.records.call import Evidence, Media, Request
from vr_assets.records.conversation import CaptionedConversation, Conversation
from vr_assets.records.image import ImageMedia
from vr_assets.records.row import VideoMedia
from vr_assets.settings import Status, Task
from vr_assets.steps.evidence import watched
from vr_assets.steps.first_turns import Asked, asked_of
from vr_assets.steps.stage import Stage, next_row

F = TypeVar("F")

# What passes through beside these is a row's further fields.
READ_FIELDS = frozenset({"video", "image", "conversation"})


async def caption_conversations(manifest: Sequence[ConversationEntry], stage: Stage) -> list[CaptionedConversation]:
    """One call a row. Rows of the same media and prompt are one call, and each has its answer.

    Raises:
        SettingsError: the user's own prompt cannot be read.
    """
    asked = [asked_of(entry, stage.prompts, stage.settings.video_captions) for entry in manifest]
    rows = [_row(entry, one) for entry, one in zip(manifest, asked, strict=True)]
    by_row = {id(row): one for row, one in zip(rows, asked, strict=True)}
    return await stage.each(rows, CaptionedConversation, lambda row: _caption(stage, row, by_row[id(row)]))


def _row(entry: ConversationEntry, asked: Asked) -> Conversation:
    return Conversation(
        source=entry.source,
        videos=entry.videos,
        images=entry.images,
        conversation=asked.conversation,
        prompt=asked.prompt.schema_text,
        fields={name: value for name, value in entry.row.items() if name not in READ_FIELDS},
        status=Status.OK,
    )


async def _caption(stage: Stage, row: Conversation, asked: Asked) -> CaptionedConversation:
    videos = await batch.together([partial(_video, stage, path) for path in row.videos])
    images = await batch.together([partial(_image, stage, path) for path in row.images])
    missing = dict.fromkeys(one.reason for one in (*videos, *images) if isinstance(one, Failed))
    if missing:
        # What is left of a row would be another question.
        return next_row(CaptionedConversation, row, status=Status.FAILED, reason="; ".join(missing))
    shown_videos = [one for one in videos if not isinstance(one, Failed)]
    shown_images = [one for one in images if not isinstance(one, Failed)]
    media = _in_order(row, [one.media for one in shown_videos], [one.media for one in shown_images])
    subject = _Named(media[0], row.subject)
    request = Request(Task.VIDEO_CAPTION, asked.prompt, Evidence(), subject, media=media)
    told = await stage.vlm.ask(request, parse_video_caption if asked.is_template else parse_answer)
    return next_row(
        CaptionedConversation,
        row,
        status=Status.OK,
        provenance=(stage.vlm.provenance(request),),
        caption=told.value,
        video_media=tuple(one.file for one in shown_videos),
        image_media=tuple(one.file for one in shown_images),
        remarks=tuple(chain(*(one.remarks for one in shown_videos), *(one.remarks for one in shown_images))),
    )


@dataclass(frozen=True)
class _Shown(Generic[F]):
    """A file of a row, and how it is shown."""

    file: F
    media: Media
    remarks: tuple[str, ...]


async def _video(stage: Stage, path: str) -> _Shown[VideoMedia]:
    measured, facts, media = await watched(stage.media, await stage.media.probe(path, part=None))
    return _Shown(measured, media, facts.remarks)


async def _image(stage: Stage, path: str) -> _Shown[ImageMedia]:
    still = await stage.media.images.read(path)
    file = ImageMedia(
        path=path,
        content=still.content,
        size_bytes=still.size_bytes,
        width_px=still.width_px,
        height_px=still.height_px,
        format=still.format,
    )
    return _Shown(file, stage.media.images.show(file, longest_side_px=stage.settings.images.longest_side_px), still.remarks)


def _in_order(row: Conversation, videos: Sequence[Media], images: Sequence[Media]) -> tuple[Media, ...]:
    """As the tags of the first human turn have it, where they name all of them; else videos before images, as listed."""
    place = first_human(row.conversation)
    assert place is not None
    order = tags(said(row.conversation[place]))
    if len(order) != len(videos) + len(images):
        return (*videos, *images)
    of = {Medium.VIDEO: iter(videos), Medium.IMAGE: iter(images)}
    return tuple(next(of[medium]) for medium in order)


@dataclass(frozen=True)
class _Named(InPlaceOf):
    """The first of a row's media, by the row's name: what is paid is booked under that."""

    called: str

    @property
    def name(self) -> str:
        return self.called
