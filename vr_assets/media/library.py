"""Videos as the steps see them: probed, measured, and ready to be shown to a model."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from vr_assets.errors import MediaError
from vr_assets.media import cut
from vr_assets.media.memo import FileMemo
from vr_assets.media.near_duplicates import Signed, near_duplicates
from vr_assets.media.probes import PROBE_VERSION, Probe, probe_file, stat
from vr_assets.media.proxy import ProxyRecipe, prepare
from vr_assets.media.sharing import Shared
from vr_assets.media.smaller import Rendering, smaller_clip, smaller_jpegs
from vr_assets.media.spans import frames_shown, on_frames, on_keyframes, spread_times
from vr_assets.media.watched import Watched, part_of
from vr_assets.media.workers import Workers
from vr_assets.records.base import Record, Span
from vr_assets.records.call import Clip, Frame, Media, MediaForm
from vr_assets.records.media import FACTS_VERSION, VideoFacts
from vr_assets.records.row import VideoMedia
from vr_assets.records.scene import SCENE_VERSION, Scene
from vr_assets.records.video import NearDuplicate
from vr_assets.settings import LongVideoSettings, MediaSettings
from vr_assets.storage import write_atomically

R = TypeVar("R", bound=Record)

_SHEET_CELL_PX = 320

PROBES = "probes.sqlite"


class MediaLibrary:
    """Everything made from videos, under one folder: `facts/` (kept), `proxies/`, `probes.sqlite`
    and `signatures.sqlite` (can be made again).
    """

    def __init__(self, folder: Path, settings: MediaSettings, long_video: LongVideoSettings, workers: Workers) -> None:
        self.folder = folder
        self.settings = settings
        self.long_video = long_video
        self.recipe = ProxyRecipe.of(settings)
        self._workers = workers
        self._memo = FileMemo(folder / PROBES, Probe, version=PROBE_VERSION)
        self._shared = Shared()

    async def probe(self, path: str, *, part: Span | None) -> VideoMedia:
        """What the header says of a file, or of a part of it, and the hash of its content.

        A file that did not change since it was last probed is not opened.

        Raises:
            MediaError: the file is missing, broken, holds no video, or is over before the part starts.
        """
        probe = await self._probe(Path(path))
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
        return self.known_facts(media) or await self._prepared(media)

    def known_facts(self, media: VideoMedia) -> VideoFacts | None:
        """The facts as far as they were measured before. Decodes nothing."""
        return _read(VideoFacts, self._facts_file(media))

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
        return await self._workers.run(cut.sheet, await self.proxy(media), times_s, columns, _SHEET_CELL_PX)

    async def proxy(self, media: VideoMedia) -> Path:
        """The proxy's file, made again if it was evicted. Raises MediaError."""
        path = self._proxy_file(media)
        if not path.is_file():
            await self._prepared(media)
        return path

    async def source(self, media: VideoMedia) -> Path:
        """The source's file. Raises MediaError: it is gone, or holds something else than when it was probed."""
        probe = await self._probe(Path(media.path))
        if probe.content != media.content:
            raise MediaError(f"{media.path}: changed since raw_videos read it; materialize raw_videos again")
        return Path(media.path)

    async def clip(self, watched: Watched, *, at_most_bytes: int | None = None) -> Clip:
        """See `Media.clip`."""
        content = await self._shared.once(("clip", watched.identity), lambda: self._clip(watched))
        reduced = ""
        if at_most_bytes is not None and len(content) > at_most_bytes:
            size, most = len(content), _rounded_down(at_most_bytes)
            key = ("clip", watched.identity, most)
            content, reduced = await self._shared.once(key, lambda: self._smaller_clip(watched, size, most))
        return Clip(content=content, mime_type="video/mp4", span=watched.span, reduced=reduced)

    async def frames(self, watched: Watched, *, at_most_bytes: int | None = None) -> tuple[Frame, ...]:
        """See `Media.frames`."""
        frames = await self._shared.once(("frames", watched.identity), lambda: self._frames(watched))
        if at_most_bytes is None or sum(len(frame.content) for frame in frames) <= at_most_bytes:
            return frames
        most = _rounded_down(at_most_bytes)
        return await self._shared.once(("frames", watched.identity, most), lambda: self._smaller_frames(watched, most))

    async def scene(self, media: VideoMedia, facts: VideoFacts) -> Scene:
        """What can be measured in the whole video: from disk, else from the proxy. Raises MediaError."""
        path = self.folder / "facts" / f"{self._name(media)}.{self.recipe.name}.scene{SCENE_VERSION}.json"
        known = _read(Scene, path)
        if known is not None:
            return known
        return await self._shared.once(path, lambda: self._scene(media, facts, path))

    async def near_duplicates(self, batch: str, videos: Sequence[Signed], *, enter: bool = True) -> list[NearDuplicate | None]:
        """See `media/near_duplicates.py`. `enter` is False to only look. Raises StorageError."""
        if not enter and not any(video.signature for video in videos):
            return [None] * len(videos)
        return await self._workers.run(near_duplicates, self.folder / "signatures.sqlite", batch, videos, enter=enter)

    async def _probe(self, path: Path) -> Probe:
        return await self._shared.once(("probe", path), lambda: self._known_or_read(path))

    async def _known_or_read(self, path: Path) -> Probe:
        now = await asyncio.to_thread(stat, path)
        known = await asyncio.to_thread(self._memo.get, path, now)
        if known is not None:
            return known
        probe = await self._workers.run(probe_file, path)
        await asyncio.to_thread(self._memo.put, path, now, probe)
        return probe

    async def _prepared(self, media: VideoMedia) -> VideoFacts:
        return await self._shared.once(self._proxy_file(media), lambda: self._prepare(media))

    async def _prepare(self, media: VideoMedia) -> VideoFacts:
        source, proxy, facts = await self.source(media), self._proxy_file(media), self._facts_file(media)
        return await self._workers.run(prepare, source, proxy, facts, self.recipe, part_of(media))

    async def _clip(self, watched: Watched) -> bytes:
        span, facts = watched.span, watched.facts
        if watched.detail or self.settings.burn_clock:
            path, zero_s = await self._file(watched)
            return await self._workers.run(
                cut.encode_clip,
                path,
                span.start_s + zero_s,
                span.end_s + zero_s,
                self._rendering(watched).longest_side_px,
                clock_zero_s=self._clock_zero_s(watched, zero_s),
            )
        proxy = await self.proxy(watched.media)
        if span == facts.span:
            return await asyncio.to_thread(proxy.read_bytes)
        return await self._workers.run(cut.copy_clip, proxy, span.start_s, span.end_s)

    async def _smaller_clip(self, watched: Watched, size_bytes: int, at_most_bytes: int) -> tuple[bytes, str]:
        path, zero_s = await self._file(watched)
        return await self._workers.run(
            smaller_clip,
            path,
            watched.span.start_s + zero_s,
            watched.span.end_s + zero_s,
            first=self._rendering(watched),
            first_bytes=size_bytes,
            at_most_bytes=at_most_bytes,
            clock_zero_s=self._clock_zero_s(watched, zero_s),
        )

    def _rendering(self, watched: Watched) -> Rendering:
        """How its clip is encoded where no limit is set."""
        facts, recipe = watched.facts, self.recipe
        longest_px = max(facts.width_px, facts.height_px)
        if watched.detail:
            return Rendering(min(longest_px, watched.longest_side_px), facts.fps, cut.CRF_DETAIL)
        crf = cut.CRF_DETAIL if self.settings.burn_clock else recipe.crf
        return Rendering(min(longest_px, recipe.longest_side_px), min(facts.fps, recipe.max_fps), crf)

    def _clock_zero_s(self, watched: Watched, zero_s: float) -> float | None:
        """When the clock burned into its pictures shows zero, on the clock of a file in which the video starts at `zero_s`."""
        return zero_s + watched.zero_s if self.settings.burn_clock else None

    async def _frames(self, watched: Watched) -> tuple[Frame, ...]:
        path, zero_s = await self._file(watched)
        on_file_s = [time_s + zero_s for time_s in watched.frame_times_s]
        clock_zero_s = self._clock_zero_s(watched, zero_s)
        contents = await self._workers.run(cut.jpegs, path, on_file_s, watched.longest_side_px, clock_zero_s=clock_zero_s)
        return _timed(contents, watched)

    async def _smaller_frames(self, watched: Watched, at_most_bytes: int) -> tuple[Frame, ...]:
        path, zero_s = await self._file(watched)
        on_file_s = [time_s + zero_s for time_s in watched.frame_times_s]
        contents, reduced = await self._workers.run(
            smaller_jpegs,
            path,
            on_file_s,
            longest_side_px=watched.longest_side_px,
            at_most_bytes=at_most_bytes,
            clock_zero_s=self._clock_zero_s(watched, zero_s),
        )
        return _timed(contents, watched, reduced)

    async def _file(self, watched: Watched) -> tuple[Path, float]:
        """What a stretch is made from, and the time in that file at which the video starts."""
        if watched.detail:
            return await self.source(watched.media), watched.facts.offset_s
        return await self.proxy(watched.media), 0.0

    async def _scene(self, media: VideoMedia, facts: VideoFacts, path: Path) -> Scene:
        proxy = await self.proxy(media)
        scene = await self._workers.run(_measure, proxy, facts.duration_s)
        await asyncio.to_thread(write_atomically, path, scene.to_line().encode())
        return scene

    def _name(self, media: VideoMedia) -> str:
        part = part_of(media)
        return media.content if part is None else f"{media.content}@{part.start_s:.6f}-{part.end_s:.6f}"

    def _facts_file(self, media: VideoMedia) -> Path:
        return self.folder / "facts" / f"{self._name(media)}.{self.recipe.name}.v{FACTS_VERSION}.json"

    def _proxy_file(self, media: VideoMedia) -> Path:
        return self.folder / "proxies" / f"{self._name(media)}.{self.recipe.name}.mp4"


def _timed(contents: Sequence[bytes], watched: Watched, reduced: str = "") -> tuple[Frame, ...]:
    pairs = zip(contents, watched.frame_times_s, strict=True)
    return tuple(Frame(content=content, time_s=time_s, reduced=reduced, zero_s=watched.zero_s) for content, time_s in pairs)


def _rounded_down(limit_bytes: int) -> int:
    """By at most a sixteenth: what prompts leave of a request differs by a few bytes, and the same clip would be made again."""
    step = 1 << max(0, limit_bytes.bit_length() - 5)
    return limit_bytes // step * step


def _measure(proxy: Path, duration_s: float) -> Scene:
    from vr_assets.media.scene import measure_scene

    return measure_scene(proxy, duration_s=duration_s)


def _read(kind: type[R], path: Path) -> R | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        # Torn or of another version: it is measured again.
        return None
