"""What models are shown of a video: clips and frames, made from the file that holds them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from vr_assets.media import cut
from vr_assets.media.prepared import Prepared
from vr_assets.media.smaller import Rendering, smaller_clip, smaller_jpegs
from vr_assets.media.watched import Watched
from vr_assets.media.workers import Workers
from vr_assets.records.call import Frame
from vr_assets.settings import AudioSetting, MediaSettings


class Showing:
    """Makes each anew. Every method raises MediaError."""

    def __init__(self, settings: MediaSettings, prepared: Prepared, workers: Workers) -> None:
        self._burn_clock = settings.burn_clock
        self._sound = settings.audio is AudioSetting.KEEP
        self._recipe = prepared.recipe
        self._prepared = prepared
        self._workers = workers

    async def clip(self, watched: Watched) -> bytes:
        span, facts = watched.span, watched.facts
        copied = not watched.detail and not self._burn_clock and (self._recipe.stored or facts.copied)

        async def made(path: Path, zero_s: float) -> bytes:
            start_s, end_s = span.start_s + zero_s, span.end_s + zero_s
            if copied and not watched.from_source and span == facts.span:
                return await asyncio.to_thread(path.read_bytes)
            if copied:
                return await self._workers.run(cut.copy_clip, path, start_s, end_s, sound=self._sound)
            return await self._workers.run(
                cut.encode_clip,
                path,
                start_s,
                end_s,
                self._rendering(watched).longest_side_px,
                clock_zero_s=self._clock_zero_s(watched, zero_s),
                sound=self._sound,
            )

        return await self._prepared.make(watched.media, facts, made, from_source=watched.from_source)

    async def smaller_clip(self, watched: Watched, size_bytes: int, at_most_bytes: int) -> tuple[bytes, str]:
        """See `smaller.smaller_clip`; `size_bytes` were too many."""

        async def made(path: Path, zero_s: float) -> tuple[bytes, str]:
            return await self._workers.run(
                smaller_clip,
                path,
                watched.span.start_s + zero_s,
                watched.span.end_s + zero_s,
                first=self._rendering(watched),
                first_bytes=size_bytes,
                at_most_bytes=at_most_bytes,
                clock_zero_s=self._clock_zero_s(watched, zero_s),
                sound=self._sound,
            )

        return await self._prepared.make(watched.media, watched.facts, made, from_source=watched.from_source)

    async def frames(self, watched: Watched) -> tuple[Frame, ...]:
        async def made(path: Path, zero_s: float) -> tuple[bytes, ...]:
            on_file_s = [time_s + zero_s for time_s in watched.frame_times_s]
            clock_zero_s = self._clock_zero_s(watched, zero_s)
            return await self._workers.run(cut.jpegs, path, on_file_s, watched.longest_side_px, clock_zero_s=clock_zero_s)

        contents = await self._prepared.make(watched.media, watched.facts, made, from_source=watched.from_source)
        return _timed(contents, watched)

    async def smaller_frames(self, watched: Watched, at_most_bytes: int) -> tuple[Frame, ...]:
        """See `smaller.smaller_jpegs`."""

        async def made(path: Path, zero_s: float) -> tuple[tuple[bytes, ...], str]:
            return await self._workers.run(
                smaller_jpegs,
                path,
                [time_s + zero_s for time_s in watched.frame_times_s],
                longest_side_px=watched.longest_side_px,
                at_most_bytes=at_most_bytes,
                clock_zero_s=self._clock_zero_s(watched, zero_s),
            )

        contents, reduced = await self._prepared.make(watched.media, watched.facts, made, from_source=watched.from_source)
        return _timed(contents, watched, reduced)

    def _rendering(self, watched: Watched) -> Rendering:
        """How its clip is encoded where no limit is set."""
        facts, recipe = watched.facts, self._recipe
        longest_px = max(facts.width_px, facts.height_px)
        if watched.detail:
            return Rendering(min(longest_px, watched.longest_side_px), facts.fps, cut.CRF_DETAIL)
        if not recipe.stored:
            return Rendering(longest_px, facts.fps, cut.CRF_DETAIL)
        crf = cut.CRF_DETAIL if self._burn_clock else recipe.crf
        return Rendering(min(longest_px, recipe.longest_side_px), min(facts.fps, recipe.max_fps), crf)

    def _clock_zero_s(self, watched: Watched, zero_s: float) -> float | None:
        """When the clock burned into its pictures shows zero, on the clock of a file in which the video starts at `zero_s`."""
        return zero_s + watched.zero_s if self._burn_clock else None


def _timed(contents: Sequence[bytes], watched: Watched, reduced: str = "") -> tuple[Frame, ...]:
    pairs = zip(contents, watched.frame_times_s, strict=True)
    return tuple(Frame(content=content, time_s=time_s, reduced=reduced, zero_s=watched.zero_s) for content, time_s in pairs)
