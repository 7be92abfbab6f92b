"""Videos and lists that are dropped into a folder, or below a prefix of a bucket, become batches.

One look at a time, each from what the looks before have written down.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath

from vr_assets.bucket import Object
from vr_assets.errors import IngestError
from vr_assets.media.recordings import Recordings
from vr_assets.media.roots import Roots
from vr_assets.records.batch import ConversationEntry, ImageEntry, ManifestRow
from vr_assets.settings import DropSettings, Graph, Settings
from vr_assets.steps.batch_names import family_from
from vr_assets.steps.conversation_lists import CONVERSATION_LISTS
from vr_assets.steps.drop_book import DropBook, Waiting
from vr_assets.steps.image_lists import IMAGE_LISTS
from vr_assets.steps.ingest import our_folders, take_in
from vr_assets.steps.intake import Intake
from vr_assets.steps.lists import ITEM_LIST_SUFFIXES, LIST_SUFFIXES, graph_of, is_json_list
from vr_assets.steps.places import UnreachedError, absolute, check_place, is_unicode, named, place, read_content
from vr_assets.steps.video_lists import VIDEO_SUFFIXES, Found, files_below, objects_below
from vr_assets.storage import Store

AnyIntake = Intake[ManifestRow] | Intake[ImageEntry] | Intake[ConversationEntry]

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
    files = _there(drops, Roots(settings.ingest.source_roots), store, look)
    waiting, gone = book.see({path: state for path, state in files.items() if not _is_mark(path, drops)}, now.timestamp())
    look.problems += [f"{path}: went before it was taken" for path in gone]
    settled = [file for file in waiting if _is_settled(file, files, drops, now.timestamp())]
    look.unsettled = len(waiting) - len(settled)
    taking = _Taking(store, book, recordings, settings, now, look)
    # What can only be a list before what may be something else.
    lists = sorted(
        (file for file in settled if _suffix(file.path) in ITEM_LIST_SUFFIXES),
        key=lambda file: (_suffix(file.path) not in LIST_SUFFIXES, file.path),
    )
    for file in lists[:_LISTS_A_LOOK]:
        await taking.take_list(file)
    videos = sorted((file for file in settled if file not in lists), key=lambda file: (file.since_s, file.path))
    closed = taking.closed(videos)
    if closed:
        await taking.take_videos(closed, family=drops.family or _family(drops.folder))
    look.later += len(lists[_LISTS_A_LOOK:])
    return look


def drop_book(store: Store) -> DropBook:
    return DropBook(store.root / "drops.sqlite")


_State = tuple[int, int]


def _there(drops: DropSettings, roots: Roots, store: Store, look: Look) -> dict[str, _State]:
    """What is in the folder now: videos, lists and marks."""
    suffixes = {*VIDEO_SUFFIXES, *ITEM_LIST_SUFFIXES} | ({drops.done_suffix} if drops.done_suffix else set())
    folder, found = place(drops.folder), Found()
    check_place(folder, roots)
    if isinstance(folder, str):
        files = {path: _object(one) for path, one in objects_below(folder, found, suffixes).items()}
    elif folder.is_dir():
        files = _states(files_below(folder, found, suffixes=suffixes, roots=roots, skip=our_folders(store)), look)
    else:
        raise IngestError(f"drops.folder = {drops.folder!r} is no folder; make it, or name another")
    look.problems += map(str, found.problems)
    stems = {path.rpartition(".")[0] for path in files if _suffix(path) in VIDEO_SUFFIXES}
    # What a camera or a downloader writes beside a video is no list.
    return {path: state for path, state in files.items() if _suffix(path) != ".json" or path.rpartition(".")[0] not in stems}


def _states(paths: Iterable[Path], look: Look) -> dict[str, _State]:
    files = {}
    for path in paths:
        if not is_unicode(str(path)):
            look.problems.append(f"{str(path)!a}: its name is not UTF-8; rename the file")
            continue
        try:
            state = path.stat()
        except OSError:
            # A link that leads nowhere, or a file that goes this moment.
            continue
        files[absolute(path)] = (state.st_size, state.st_mtime_ns)
    return files


def _object(one: Object) -> _State:
    return one.size_bytes, int(sha256(one.etag.encode()).hexdigest()[:15], 16)


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _is_mark(path: str, drops: DropSettings) -> bool:
    return bool(drops.done_suffix) and path.endswith(drops.done_suffix)


def _is_settled(file: Waiting, files: Collection[str], drops: DropSettings, now_s: float) -> bool:
    if drops.done_suffix:
        return file.path + drops.done_suffix in files
    return now_s - file.since_s >= drops.settle_s


def _family(folder: str) -> str:
    return family_from(named(place(folder)), is_folder=True)


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

    async def take_list(self, file: Waiting) -> None:
        """A list, into batches of the graph that its rows are for. One that cannot be read now waits; one that cannot be used is
        looked at again when it changes.
        """
        intake: AnyIntake | None = None
        try:
            intake = await self._list(file.path, read_content(place(file.path), Roots(self.settings.ingest.source_roots)))
        except UnreachedError as error:
            # A bucket may list what it cannot give yet.
            self.look.problems.append(str(error))
            return
        except IngestError as error:
            said = str(error)
            self.look.problems.append(said if file.path in said else f"{file.path}: {said}")
        # It is taken when its last batch is registered.
        made = intake.batches if intake else ()
        self._register(intake, [file], {one.batch.name: [file.path] if one is made[-1] else [] for one in made})

    async def take_videos(self, files: Sequence[Waiting], *, family: str) -> None:
        """Videos, into batches of the family; they wait where that cannot be used."""
        try:
            intake = await self._videos([file.path for file in files], family, anew={file.path for file in files if file.again})
        except IngestError as error:
            self.look.problems.append(str(error))
            return
        self._register(intake, files, {made.batch.name: [row.video_path for row in made.rows] for made in intake.batches})

    async def _list(self, path: str, content: bytes) -> AnyIntake | None:
        """None: a `.json` that is no list is somebody else's."""
        if _suffix(path) not in LIST_SUFFIXES and not is_json_list(content):
            return None
        graph = graph_of(content, path)
        if graph is Graph.VIDEOS:
            return await self._videos([path], None)
        lists = IMAGE_LISTS if graph is Graph.IMAGES else CONVERSATION_LISTS
        return lists.take_in([path], store=self.store, family=None, settings=self._settings, explicit={}, now=self.now)

    async def _videos(self, paths: Sequence[str], family: str | None, anew: Collection[str] = ()) -> Intake[ManifestRow]:
        return await take_in(
            [place(path) for path in paths],
            store=self.store,
            recordings=self.recordings,
            family=family,
            settings=self._settings,
            explicit={},
            now=self.now,
            anew=anew,
        )

    @property
    def _settings(self) -> Settings:
        """Without what ingest would take in besides."""
        only = self.settings.ingest.model_copy(update={"video_root": "", "input_jsonl_files": ()})
        return self.settings.model_copy(update={"ingest": only})

    def _register(self, intake: AnyIntake | None, files: Sequence[Waiting], planned: Mapping[str, Sequence[str]]) -> None:
        self.book.plan(planned)
        if intake:
            self.look.problems += map(str, intake.problems)
            for made in intake.batches:
                self.store.create_batch(made.batch, made.rows)
            self.look.batches += [made.batch.name for made in intake.batches]
        self.book.took([file.path for file in files])
