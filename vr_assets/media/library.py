"""Videos as the steps see them: probed, measured, and ready to be shown to a model."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from vr_assets.errors import MediaError
from vr_assets.media import cut
from vr_assets.media.images import ImageLibrary
from vr_assets.media.memo import FileMemo
from vr_assets.media.near_duplicates import Signed, near_duplicates
from vr_assets.media.prepared import Prepared
from vr_assets.media.probes import PROBE_VERSION, Probe, probe_file
from vr_assets.media.proxy import prepare
from vr_assets.media.recipe import ProxyRecipe
from vr_assets.media.sharing import Shared
from vr_assets.media.showing import Showing
from vr_assets.media.sources import Sources, named
from vr_assets.media.spans import frames_shown, on_frames, on_keyframes, spread_times
from vr_assets.media.turns import takes_long
from vr_assets.media.watched import Watched, part_of
from vr_assets.media.workers import Workers
from vr_assets.mirror import Mirror
from vr_assets.records.base import Span
from vr_assets.records.call import Clip, Frame, Media, MediaForm
from vr_assets.records.media import VideoFacts
from vr_assets.records.row import VideoMedia
from vr_assets.records.scene import SCENE_VERSION, Scene
from vr_assets.records.video import NearDuplicate
from vr_assets.settings import LongVideoSettings, MediaSettings, Settings
from vr_assets.storage import Store, write_atomically

_SHEET_CELL_PX = 320
_LINKED_AFTER = 3

PROBES = "probes.sqlite"


class MediaLibrary:
    """Everything made from videos, under one folder: `facts/` (kept), `proxies/` (the least used make room), `probes.sqlite` and
    `signatures.sqlite` (can be made again), `locks/`.
    """

    def __init__(
        self,
        folder: Path,
        settings: MediaSettings,
        long_video: LongVideoSettings,
        workers: Workers,
        *,
        mirror: Mirror | None = None,
        sources: Sources | None = None,
    ) -> None:
        """`mirror`: of the bucket whose copy the folder is; facts and proxies are shared through it."""
        self.folder = folder
        self._sources = sources or Sources()
        self.settings = settings
        self.long_video = long_video
        self._workers = workers
        self._memo = FileMemo(folder / PROBES, Probe, version=PROBE_VERSION)
        self._prepared = Prepared(folder, settings, workers, self.source, mirror)
        self._showing = Showing(settings, self._prepared, workers)
        self._shared = Shared()
        self.images = ImageLibrary(folder, workers, self._sources)

    @classmethod
    def of(cls, store: Store, settings: Settings, workers: Workers) -> Self:
        """The one of a store, as the settings want it."""
        sources = Sources.of(settings)
        return cls(store.media_folder, settings.media, settings.long_video, workers, mirror=store.mirror, sources=sources)

    @property
    def recipe(self) -> ProxyRecipe:
        return self._prepared.recipe

    async def probe(self, path: str, *, part: Span | None) -> VideoMedia:
        """What the header says of a file, or of a part of it, and the hash of its content.

        A file that did not change since it was last probed is not opened.

        Raises:
            MediaError: the file is missing, broken, holds no video, or is over before the part starts.
        """
        probe = await self._probe(path)
        header = probe.header
        duration_s = header.duration_s
        if part is not None:
            if part.start_s >= duration_s:
                raise MediaError(
                    f"{path}: is {duration_s:.2f} s long, the part starts at {part.start_s:g} s; correct start_s in the manifest"
                )
            duration_s = min(part.end_s, duration_s) - part.start_s
        return VideoMedia(
            path=path,
            content=probe.content,
            size_bytes=probe.size_bytes,
            duration_s=duration_s,
            fps=header.fps,
            width_px=header.width_px,
            height_px=header.height_px,
            codec=header.codec,
            frame_count=header.frame_count if part is None else None,
            part_start_s=part.start_s if part else None,
            part_end_s=part.end_s if part else None,
        )

    async def facts(self, media: VideoMedia) -> VideoFacts:
        """What one decode measured: from disk, else by making the proxy, which measures them.

        Raises:
            MediaError: the file changed since it was probed, or no frame of it decodes.
        """
        return await self._prepared.facts(media)

    def known_facts(self, media: VideoMedia) -> VideoFacts | None:
        """The facts as far as they were measured before. Decodes nothing."""
        return self._prepared.known_facts(media)

    def watch(
        self, media: VideoMedia, facts: VideoFacts, span: Span | None = None, *, detail: bool = False, own_clock: bool = False
    ) -> Media:
        """A stretch of a video as a model will be shown it; the whole without `span`. Decodes nothing.

        The true cut is the least one that holds `span`: from keyframe to keyframe of the proxy, or with `detail`, which cuts from
        the source, from frame to frame. Stretches over `long_video_threshold_sec` are frames. With `own_clock` the times that a
        model is shown, as labels or in the pictures, count from the start of the stretch, as a player's do.
        """
        wanted = span or facts.span
        snap = on_frames if detail else on_keyframes
        true = snap(wanted.start_s, wanted.end_s, facts)
        long = true.duration_s > self.long_video.long_video_threshold_sec
        form = MediaForm.FRAMES if long else MediaForm.VIDEO
        return Watched(self, media, facts, true, form, detail, zero_s=true.start_s if own_clock else 0.0)

    async def contact_sheet(self, media: VideoMedia, facts: VideoFacts, *, columns: int = 4, rows: int = 2) -> bytes:
        """Frames spread evenly over the video, each with its time on it, as one JPEG. Raises MediaError."""
        times_s = frames_shown(spread_times(facts.span, columns * rows), facts)

        async def made(path: Path, zero_s: float) -> bytes:
            on_file_s = [time_s + zero_s for time_s in times_s]
            return await self._workers.run(cut.sheet, path, on_file_s, columns, _SHEET_CELL_PX, clock_zero_s=zero_s)

        return await self._prepared.make(media, facts, made, from_source=not self.recipe.stored)

    async def thumbnail(self, media: VideoMedia, facts: VideoFacts, *, longest_side_px: int) -> bytes:
        """The frame in the middle, as JPEG. Raises MediaError."""
        times_s = frames_shown(spread_times(facts.span, 1), facts)

        async def made(path: Path, zero_s: float) -> bytes:
            (jpeg,) = await self._workers.run(cut.jpegs, path, [time_s + zero_s for time_s in times_s], longest_side_px)
            return jpeg

        return await self._prepared.make(media, facts, made, from_source=not self.recipe.stored)

    async def put_playable(self, media: VideoMedia, path: Path) -> None:
        """What a browser plays of a video, as a file of its own that no proxy's eviction takes away: the proxy's content, without
        taking room twice where the disk has links.

        Raises:
            MediaError: it cannot be made.
            StorageError: it cannot be written.
        """
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        if not self.recipe.stored:
            await self._workers.run(_proxy_of, await self.source(media), path, self.recipe, part_of(media))
            return
        for _ in range(_LINKED_AFTER):
            proxy = await self.proxy(media)
            try:
                await asyncio.to_thread(_link, proxy, path)
            except FileNotFoundError:
                continue
            return
        raise MediaError(f"{media.path}: its proxy is evicted again and again before it is read; raise media.proxies_gb")

    async def proxy(self, media: VideoMedia) -> Path:
        """The proxy's file, made again if it was evicted, which may happen again at any time. Raises MediaError."""
        return await self._prepared.proxy(media)

    async def source(self, media: VideoMedia) -> Path:
        """The source's file. Raises MediaError: it is gone, or holds something else than when it was probed."""
        probe = await self._probe(media.path)
        if probe.content != media.content:
            raise MediaError(f"{media.path}: changed since raw_videos read it; materialize raw_videos again")
        return await self._sources.file(media.path)

    async def clip(self, watched: Watched, *, at_most_bytes: int | None = None) -> Clip:
        """See `Media.clip`."""
        content = await self._shared.once(("clip", watched.identity), lambda: self._showing.clip(watched))
        reduced = ""
        if at_most_bytes is not None and len(content) > at_most_bytes:
            size, most = len(content), _rounded_down(at_most_bytes)
            key = ("clip", watched.identity, most)
            content, reduced = await self._shared.once(key, lambda: self._showing.smaller_clip(watched, size, most))
        return Clip(content=content, mime_type="video/mp4", span=watched.span, reduced=reduced)

    async def frames(self, watched: Watched, *, at_most_bytes: int | None = None) -> tuple[Frame, ...]:
        """See `Media.frames`."""
        frames = await self._shared.once(("frames", watched.identity), lambda: self._showing.frames(watched))
        if at_most_bytes is None or sum(len(frame.content) for frame in frames) <= at_most_bytes:
            return frames
        most = _rounded_down(at_most_bytes)
        return await self._shared.once(("frames", watched.identity, most), lambda: self._showing.smaller_frames(watched, most))

    async def scene(self, media: VideoMedia, facts: VideoFacts) -> Scene:
        """What can be measured in the whole video: from disk, else from the proxy. Raises MediaError."""
        path = self._prepared.fact_file(media, f"scene{SCENE_VERSION}")
        known = await asyncio.to_thread(self._prepared.read, Scene, path)
        if known is not None:
            return known
        return await self._shared.once(path, lambda: self._scene(media, facts, path))

    async def near_duplicates(self, batch: str, videos: Sequence[Signed], *, enter: bool = True) -> list[NearDuplicate | None]:
        """See `media/near_duplicates.py`. `enter` is False to only look. Raises StorageError."""
        if not enter and not any(video.signature for video in videos):
            return [None] * len(videos)
        return await self._workers.run(near_duplicates, self.folder / "signatures.sqlite", batch, videos, enter=enter)

    async def _probe(self, path: str) -> Probe:
        async def read() -> Probe:
            file = await self._sources.file(path)
            with named(path, file):
                return await self._workers.run(probe_file, file)

        async def probed() -> Probe:
            return await self._memo.remembered(path, await self._sources.state(path), read)

        return await self._shared.once(("probe", path), probed)

    async def _scene(self, media: VideoMedia, facts: VideoFacts, path: Path) -> Scene:
        async def made(file: Path, _: float) -> Scene:
            if self.recipe.stored:
                return await self._workers.run(_measure, file, facts.duration_s)
            return await self._workers.run(_measure_source, file, facts.duration_s, self.recipe, part_of(media))

        scene = await self._prepared.make(media, facts, made, from_source=not self.recipe.stored)
        await asyncio.to_thread(write_atomically, path, scene.to_line().encode())
        await asyncio.to_thread(self._prepared.share, path)
        return scene


def _rounded_down(limit_bytes: int) -> int:
    """By at most a sixteenth: what prompts leave of a request differs by a few bytes, and the same clip would be made again."""
    step = 1 << max(0, limit_bytes.bit_length() - 5)
    return limit_bytes // step * step


def _link(proxy: Path, path: Path) -> None:
    """Raises FileNotFoundError: the proxy is gone; StorageError."""
    with proxy.open("rb"):
        try:
            path.hardlink_to(proxy)
        except FileExistsError:
            return
        except FileNotFoundError:
            raise
        except OSError:
            # Another disk, or one without links.
            write_atomically(path, proxy)


@takes_long
def _proxy_of(source: Path, path: Path, recipe: ProxyRecipe, part: Span | None) -> None:
    with tempfile.TemporaryDirectory(prefix="vr-assets-") as folder:
        prepare(source, path, Path(folder) / "facts.json", recipe.model_copy(update={"stored": True}), part)


@takes_long
def _measure(proxy: Path, duration_s: float) -> Scene:
    from vr_assets.media.scene import measure_scene

    return measure_scene(proxy, duration_s=duration_s)


@takes_long
def _measure_source(source: Path, duration_s: float, recipe: ProxyRecipe, part: Span | None) -> Scene:
    """What `_measure` finds in the proxy that is not kept."""
    with tempfile.TemporaryDirectory(prefix="vr-assets-") as folder:
        proxy = Path(folder) / "proxy.mp4"
        prepare(source, proxy, Path(folder) / "facts.json", recipe.model_copy(update={"stored": True}), part)
        return _measure(proxy, duration_s)
