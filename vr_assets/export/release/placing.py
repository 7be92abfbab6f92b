"""The media files of a data set: found, then linked, copied or cut out."""

import asyncio
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.errors import MediaError, ReleaseError, StorageError
from vr_assets.export.release.choosing import ChosenImage, ChosenVideo, Known, Place
from vr_assets.export.release.gathering import BatchRows
from vr_assets.export.release.samples import media_path
from vr_assets.media import cut
from vr_assets.media.library import MediaLibrary
from vr_assets.media.near_duplicates import Signed, near_duplicates
from vr_assets.media.sources import Sources
from vr_assets.media.workers import Workers
from vr_assets.records.base import Record
from vr_assets.records.image import GroundedImage, ImageMedia
from vr_assets.records.row import VideoMedia
from vr_assets.records.video import NearDuplicate, QaVideo
from vr_assets.settings import Settings, Status
from vr_assets.storage import Store

_AT_ONCE = 8
_PROBLEMS_SHOWN = 3


class MediaFile(Record):
    """A line of `media.jsonl`: a file, and the SHA-256 of the file that it is or was cut from. Times are on that file's clock."""

    file: str
    content: str
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True)
class _Source:
    batch: str
    media: VideoMedia | ImageMedia


class Files:
    """The files that batches are of. Used from one event loop."""

    def __init__(self, store: Store, settings: Settings, workers: Workers) -> None:
        self._store = store
        self._workers = workers
        self._sources = Sources.of(settings.bucket)
        self._libraries: dict[str, MediaLibrary] = {}

    async def known(self, batches: Sequence[BatchRows]) -> Known:
        """Which files cannot be had, and which videos are nearly the same as an earlier one, as far as they were measured.

        Raises:
            StageError: no media process can be started.
        """
        self._libraries = {rows.batch.name: self._library(rows.settings) for rows in batches}
        places: list[Place] = []
        wanted: list[_Source] = []
        for rows in batches:
            all_rows: list[QaVideo | GroundedImage] = [*(video.qa for video in rows.videos), *rows.images]
            for position, row in enumerate(all_rows):
                if row.status is Status.OK and row.media is not None:
                    places.append((rows.batch.name, position))
                    wanted.append(_Source(rows.batch.name, row.media))
        found = await batch.run(wanted, self._find, at_once=_AT_ONCE)
        missing = {place: one.reason for place, one in zip(places, found, strict=True) if isinstance(one, Failed)}
        return Known(missing, await self._near(batches))

    async def place(self, chosen: Sequence[ChosenVideo | ChosenImage], folder: Path) -> list[MediaFile]:
        """Put each file where it belongs in a version's folder, once; sorted.

        Raises:
            ReleaseError: some cannot be put there.
        """
        wanted = {media_path(one.split, one.file): one for one in reversed(chosen)}
        made = await batch.run(sorted(wanted.items()), lambda pair: self._put(folder / pair[0], pair[1]), at_once=_AT_ONCE)
        problems = [one.reason for one in made if isinstance(one, Failed)]
        if problems:
            more = f"; and {len(problems) - _PROBLEMS_SHOWN} more" if len(problems) > _PROBLEMS_SHOWN else ""
            raise ReleaseError(f"media cannot be put into the data set: {'; '.join(problems[:_PROBLEMS_SHOWN])}{more}")
        return [media_file(file, one) for file, one in sorted(wanted.items())]

    async def _find(self, source: _Source) -> Path:
        if isinstance(source.media, VideoMedia):
            return await self._libraries[source.batch].source(source.media)
        still = await self._libraries[source.batch].images.read(source.media.path)
        if still.content != source.media.content:
            raise MediaError(f"{source.media.path}: changed since raw_images read it; materialize raw_images again")
        return await self._sources.file(source.media.path)

    async def _put(self, target: Path, chosen: ChosenVideo | ChosenImage) -> None:
        source = await self._find(_Source(chosen.batch.name, chosen.media))
        target.parent.mkdir(parents=True, exist_ok=True)
        stretch = _stretch(chosen)
        if stretch is None:
            await asyncio.to_thread(link_or_copy, source, target)
        else:
            await self._workers.run(cut.write_part, source, target, *stretch)

    def _library(self, settings: Settings) -> MediaLibrary:
        folder = self._store.media_folder
        return MediaLibrary(
            folder, settings.media, settings.long_video, self._workers, mirror=self._store.mirror, sources=self._sources
        )

    async def _near(self, batches: Sequence[BatchRows]) -> dict[Place, NearDuplicate]:
        """Of all videos together, whichever batches were compared when they were annotated."""
        places = [(rows.batch.name, position) for rows in batches for position in range(len(rows.videos))]
        signed = await asyncio.to_thread(
            lambda: [
                self._signed(rows.batch.name, video.qa.media, video.qa.video_id) for rows in batches for video in rows.videos
            ]
        )
        batch_of = {one.video_id: name for (name, _), one in reversed(list(zip(places, signed, strict=True)))}
        near = {place: video.filtered for place, video in zip(places, (v for rows in batches for v in rows.videos), strict=True)}
        noted = {place: row.near_duplicate_of for place, row in near.items() if row and row.near_duplicate_of}
        if not any(one.signature for one in signed):
            return noted
        with TemporaryDirectory(prefix="vr-assets-") as folder:
            empty = Path(folder) / "signatures.sqlite"
            firsts = await self._workers.run(near_duplicates, empty, "", signed, enter=False)
        found = {
            place: first.model_copy(update={"batch": batch_of[first.video_id]})
            for place, first in zip(places, firsts, strict=True)
            if first
        }
        return noted | found

    def _signed(self, name: str, media: VideoMedia | None, video_id: str) -> Signed:
        facts = self._libraries[name].known_facts(media) if media else None
        if media is None or facts is None or facts.quality is None:
            return Signed(video_id=video_id, video="", picture_hash="", signature="")
        return Signed(video_id=video_id, video=media.path, picture_hash=facts.quality.picture_hash, signature=facts.signature)


def media_file(file: str, chosen: ChosenVideo | ChosenImage) -> MediaFile:
    start_s, end_s = _stretch(chosen) or (None, None)
    return MediaFile(file=file, content=chosen.media.content, start_s=start_s, end_s=end_s)


def _stretch(chosen: ChosenVideo | ChosenImage) -> tuple[float, float] | None:
    """Of a part of a recording, from its first frame shown: where its clock, and so the clock of its answers, is zero."""
    if isinstance(chosen, ChosenImage) or chosen.media.part_start_s is None:
        return None
    return chosen.media.offset_s, round(chosen.media.offset_s + chosen.media.duration_s, 6)


def link_or_copy(source: Path, target: Path) -> None:
    """The same file under another name where the disk allows it, else a copy. Of a link, the file that it leads to.

    Raises:
        StorageError: it cannot be copied.
    """
    with suppress(OSError):
        os.link(source.resolve(), target)
        return
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise StorageError(f"{source}: cannot be copied to {target.parent} ({error.strerror}); check the disk") from error
