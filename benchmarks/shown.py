"""Everything that models are shown of a video by the whole graph, made by the product's media library in this process.

Its functions are those that media processes run; only the pool and its pipes are left out.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

from vr_assets.media.library import MediaLibrary
from vr_assets.media.spans import highlight_span, plan_chunks
from vr_assets.media.workers import Workers
from vr_assets.records.base import Span
from vr_assets.records.call import Media, MediaForm
from vr_assets.records.media import VideoFacts
from vr_assets.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")


class Here(Workers):
    """Media work in this process, one piece at a time."""

    async def run(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return fn(*args, **kwargs)


@dataclass
class Shown:
    """CPU seconds and bytes by what they are for; bytes are of media, before base64."""

    facts: VideoFacts
    chunks: list[Span]
    highlight: Span
    is_long: bool
    cpu_s: dict[str, float] = field(default_factory=dict)
    sent_bytes: dict[str, int] = field(default_factory=dict)


async def show_all(video: Path, folder: Path, settings: Settings) -> Shown:
    """The questions are asked as the steps ask them: two about the whole video at once are answered with one piece of work.

    Screening is one call, as for models with reply schemas. The incident is in the middle.
    """
    library = MediaLibrary(folder, settings.media, settings.long_video, Here(settings.media))
    since = time.process_time()
    media = await library.probe(str(video), part=None)
    facts = await library.facts(media)
    proxy_s = time.process_time() - since
    whole = library.watch(media, facts)
    chunks = plan_chunks(facts, settings.chunks.chunk_duration_options, settings.chunks.max_chunks)
    around = settings.highlights.highlight_before_sec, settings.highlights.highlight_after_sec
    highlight = highlight_span(facts.duration_s / 2, facts, *around)
    shown = Shown(facts, list(chunks), highlight, whole.form is MediaForm.FRAMES, cpu_s={"proxy": proxy_s})
    await _send(shown, "whole", whole)
    await _send(shown, "whole", whole, whole)
    await _send(shown, "chunks", *(library.watch(media, facts, span) for span in chunks))
    await _send(shown, "highlight", library.watch(media, facts, highlight, detail=True))
    return shown


async def _send(shown: Shown, what: str, *several: Media) -> None:
    since = time.process_time()
    sizes = await asyncio.gather(*(_size(media) for media in several))
    shown.cpu_s[what] = shown.cpu_s.get(what, 0.0) + time.process_time() - since
    shown.sent_bytes[what] = shown.sent_bytes.get(what, 0) + sum(sizes)


async def _size(media: Media) -> int:
    if media.form is MediaForm.VIDEO:
        return len((await media.clip()).content)
    return sum(len(frame.content) for frame in await media.frames())
