"""Files that are dropped into a folder, or below a prefix of a bucket, become batches.

One look at a time, each from what the looks before have written down.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath

from vr_assets.errors import IngestError
from vr_assets.media.recordings import Recordings
from vr_assets.media.sources import is_object
from vr_assets.settings import DropSettings, Settings
from vr_assets.steps.batch_names import family_from
from vr_assets.steps.drop_book import DropBook, Waiting
from vr_assets.steps.ingest import our_folders, take_in
from vr_assets.steps.video_lists import (
    LIST_SUFFIXES,
    VIDEO_SUFFIXES,
    Found,
    absolute,
    files_below,
    is_unicode,
    objects_below,
    place,
)
from vr_assets.storage import Store

# New files are probed, 4 ms each, and a look has a minute: what is over is taken by the next.
_BATCHES_A_LOOK = 5
_LISTS_A_LOOK = 20


@dataclass
class Look:
    """What one look found and did.

    `waiting` files are complete and wait for their batch to close, in `closes_in_s`; `unsettled` ones are still being written;
    `later` are taken by the next look. `problems` are for a person to mend.
    """

    batches: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    waiting: int = 0
    unsettled: int = 0
    later: int = 0
    closes_in_s: float = 0.0

    def __str__(self) -> str:
        told = [f"registered {', '.join(self.batches)}"] if self.batches else []
        if self.waiting:
            told.append(f"{self.waiting} files wait for their batch to close in {self.closes_in_s:.0f} s")
        if self.unsettled:
            told.append(f"{self.unsettled} files are still being written")
        if self.later:
            told.append(f"{self.later} files are taken next time")
        return "; ".join(told) or "nothing new"


async def look_for_drops(store: Store, recordings: Recordings, settings: Settings, *, now: datetime) -> Look:
    """Take in what is complete: videos in batches of `ingest.batch_size`, or fewer when they have waited; each list by itself.

    Batches are registered in the store. Which of them need a run, `drop_book(store).to_launch()` tells.

    Args:
        now: aware.

    Raises:
        IngestError: the folder is not there.
        StorageError: the store, or the bucket, cannot be read or written.
    """
    drops, book, look = settings.drops, drop_book(store), Look()
    book.keep_plans(store.batches())
    files = _objects(drops) if is_object(drops.folder) else _files(drops, store, look)
    waiting, gone = book.see({path: state for path, state in files.items() if not _is_mark(path, drops)}, now.timestamp())
    look.problems += [f"{path}: went before it was taken" for path in gone]
    settled = [file for file in waiting if _is_settled(file, files, drops, now.timestamp())]
    look.unsettled = len(waiting) - len(settled)
    taking = _Taking(store, book, recordings, settings, now, look)
    lists = [file for file in settled if _suffix(file.path) in LIST_SUFFIXES]
    for file in lists[:_LISTS_A_LOOK]:
        await taking.take([file], family=None)
    videos = sorted((file for file in settled if file not in lists), key=lambda file: (file.since_s, file.path))
    closed = taking.closed(videos)
    if closed:
        await taking.take(closed, family=drops.family or _family(drops.folder))
    look.later += len(lists[_LISTS_A_LOOK:])
    return look


def drop_book(store: Store) -> DropBook:
    return DropBook(store.root / "drops.sqlite")


_State = tuple[int, int]


def _files(drops: DropSettings, store: Store, look: Look) -> dict[str, _State]:
    folder = Path(drops.folder).expanduser()
    if not folder.is_dir():
        raise IngestError(f"drops.folder = {drops.folder!r} is no folder; make it, or name another")
    found, files = Found(), {}
    for path in files_below(folder, found, suffixes=_suffixes(drops), skip=our_folders(store)):
        if not is_unicode(str(path)):
            look.problems.append(f"{str(path)!a}: its name is not UTF-8; rename the file")
            continue
        try:
            state = path.stat()
        except OSError:
            # A link that leads nowhere, or a file that goes this moment.
            continue
        files[absolute(path)] = (state.st_size, state.st_mtime_ns)
    look.problems += map(str, found.problems)
    return files


def _objects(drops: DropSettings) -> dict[str, _State]:
    found = objects_below(drops.folder, _suffixes(drops))
    return {address: (one.size_bytes, int(sha256(one.etag.encode()).hexdigest()[:15], 16)) for address, one in found.items()}


def _suffixes(drops: DropSettings) -> set[str]:
    return {*VIDEO_SUFFIXES, *LIST_SUFFIXES} | ({drops.done_suffix} if drops.done_suffix else set())


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _is_mark(path: str, drops: DropSettings) -> bool:
    return bool(drops.done_suffix) and path.endswith(drops.done_suffix)


def _is_settled(file: Waiting, files: Collection[str], drops: DropSettings, now_s: float) -> bool:
    if drops.done_suffix:
        return file.path + drops.done_suffix in files
    return now_s - file.since_s >= drops.settle_s


def _family(folder: str) -> str:
    return family_from(folder if is_object(folder) else absolute(Path(folder).expanduser()), is_folder=True)


@dataclass(frozen=True)
class _Taking:
    """Files become batches that are registered, each step written down before the next, so that none is lost or made twice."""

    store: Store
    book: DropBook
    recordings: Recordings
    settings: Settings
    now: datetime
    look: Look

    def closed(self, videos: Sequence[Waiting]) -> Sequence[Waiting]:
        """The videos, longest waiting first, whose batch closes now."""
        size, age_s = self.settings.ingest.batch_size, self.settings.drops.batch_age_s
        most = _BATCHES_A_LOOK * size
        whole = len(videos) // size * size
        rest = videos[whole:]
        waited_s = self.now.timestamp() - rest[0].since_s if rest else 0.0
        closed = videos if rest and waited_s >= age_s else videos[:whole]
        self.look.later += len(closed[most:])
        if len(closed) == whole:
            self.look.waiting, self.look.closes_in_s = len(rest), age_s - waited_s
        return closed[:most]

    async def take(self, files: Sequence[Waiting], *, family: str | None) -> None:
        paths = [file.path for file in files]
        only = self.settings.ingest.model_copy(update={"video_root": "", "input_jsonl_files": ()})
        try:
            intake = await take_in(
                [place(path) for path in paths],
                store=self.store,
                recordings=self.recordings,
                family=family,
                settings=self.settings.model_copy(update={"ingest": only}),
                explicit={},
                now=self.now,
                anew={file.path for file in files if file.again},
            )
        except IngestError as error:
            self.look.problems.append(str(error))
            if family is None:
                # A list that cannot be used is looked at again when it changes.
                self.book.took(paths)
            return
        self.look.problems += map(str, intake.problems)
        if family is None:
            # A list is taken when its last batch is registered.
            planned = {made.batch.name: paths if made is intake.batches[-1] else [] for made in intake.batches}
        else:
            planned = {made.batch.name: [row.video_path for row in made.rows] for made in intake.batches}
        self.book.plan(planned)
        for made in intake.batches:
            self.store.create_batch(made.batch, made.rows)
        self.book.took(paths)
        self.look.batches += [made.batch.name for made in intake.batches]
