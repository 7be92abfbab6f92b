"""A media library whose processes are watched."""

import asyncio
import io
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import av
import numpy as np

from vr_assets.media.library import MediaLibrary
from vr_assets.media.workers import Workers
from vr_assets.records.base import Span
from vr_assets.records.call import Clip
from vr_assets.records.media import VideoFacts
from vr_assets.records.row import VideoMedia
from vr_assets.settings import MediaSettings
from vr_assets_tests.clips import read_count

T = TypeVar("T")
FPS = 10


class WatchedWorkers(Workers):
    """Media processes that write down what they were asked for: the functions' names, and what they were given after the path."""

    def __init__(self, settings: MediaSettings) -> None:
        super().__init__(settings)
        self.asked: list[str] = []
        self.given: list[tuple[object, ...]] = []

    async def run(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        self.asked.append(fn.__name__.lstrip("_"))
        self.given.append(args[1:])
        return await super().run(fn, *args, **kwargs)


def run(main: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(main)


def known(library: MediaLibrary, path: Path, part: Span | None = None) -> tuple[VideoMedia, VideoFacts]:
    async def main() -> tuple[VideoMedia, VideoFacts]:
        media = await library.probe(str(path), part=part)
        return media, await library.facts(media)

    return run(main())


def offline(library: MediaLibrary) -> MediaLibrary:
    """The same folder, with nobody to decode."""
    closed = Workers(library.settings)
    closed.close()
    return MediaLibrary(library.folder, library.settings, library.long_video, closed)


def numbers(clip: Clip) -> list[int]:
    with av.open(io.BytesIO(clip.content), "r") as container:
        return [read_count(frame.to_ndarray(format="bgr24").astype(np.uint8)) for frame in container.decode(video=0)]
