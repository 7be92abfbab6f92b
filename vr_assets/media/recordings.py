"""Recordings as ingest sees them: how long they are, and where their scenes change. Found out in media processes, remembered."""

import asyncio
import math
from collections.abc import Callable
from pathlib import Path

from vr_assets.media.library import PROBES
from vr_assets.media.memo import FileMemo
from vr_assets.media.probe import probe_header
from vr_assets.media.probes import PROBE_VERSION
from vr_assets.media.recording_cuts import CUTS_VERSION, find_cuts
from vr_assets.media.sources import Sources, named
from vr_assets.media.workers import Workers
from vr_assets.records.base import Record
from vr_assets.records.media import VideoHeader

# What is looked through at a time: seconds of work for most, so that a recording of any length keeps its deadline, and is
# shared among the cores.
_STRETCH_S = 600.0


class SceneCuts(Record):
    """When the first frames of new scenes are shown: seconds since the recording's first frame."""

    cuts_s: tuple[float, ...]


class Recordings:
    """Files before they are videos of a batch. What is found out about a file is remembered while it stays as it is."""

    def __init__(self, folder: Path, workers: Workers, sources: Sources | None = None) -> None:
        """`folder` is the media library's."""
        self._workers = workers
        self._sources = sources or Sources()
        self._headers = FileMemo(folder / PROBES, VideoHeader, version=PROBE_VERSION)
        self._cuts = FileMemo(folder / PROBES, SceneCuts, version=CUTS_VERSION)

    async def header(self, path: str) -> VideoHeader:
        """Raises MediaError: the file is missing, broken or holds no video."""

        async def read() -> VideoHeader:
            file = await self._sources.file(path)
            with named(path, file):
                return await self._workers.run(probe_header, file)

        return await self._headers.remembered(path, await self._sources.state(path), read)

    async def cuts_s(self, path: str, *, on_looked: Callable[[float], None] = lambda seconds: None) -> tuple[float, ...]:
        """When the first frames of new scenes are shown, as `find_cuts` finds them.

        Args:
            on_looked: is told of every stretch that was looked through, how many seconds it is.

        Raises:
            MediaError: the file is missing, broken, or cannot be looked through in time.
        """
        now = await self._sources.state(path)
        known = await asyncio.to_thread(self._cuts.get, path, now)
        duration_s = (await self.header(path)).duration_s
        if known is not None:
            on_looked(duration_s)
            return known.cuts_s

        file = await self._sources.file(path)

        async def look(start_s: float) -> tuple[float, ...]:
            end_s = min(start_s + _STRETCH_S, duration_s)
            with named(path, file):
                found = await self._workers.run(find_cuts, file, start_s, end_s)
            on_looked(end_s - start_s)
            return found

        starts_s = [index * _STRETCH_S for index in range(math.ceil(duration_s / _STRETCH_S))]
        looking = [asyncio.ensure_future(look(start_s)) for start_s in starts_s]
        try:
            found = SceneCuts(cuts_s=tuple(cut_s for cuts_s in await asyncio.gather(*looking) for cut_s in cuts_s))
        finally:
            for one in looking:
                one.cancel()
        await asyncio.to_thread(self._cuts.put, path, now, found)
        return found.cuts_s
