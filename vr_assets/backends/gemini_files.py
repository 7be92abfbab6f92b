"""Videos that lie at the Files API: uploaded once, used in as many calls as need them, deleted in the end.

https://ai.google.dev/gemini-api/docs/files: 48 hours, 2 GB a file.
"""

import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

import anyio

from vr_assets.backends.failures import shortened
from vr_assets.backends.known import Known
from vr_assets.backends.owners import Owner
from vr_assets.backends.ways import setting
from vr_assets.errors import CallError, Cause, MediaError, RefusedError, StageError, TransientError
from vr_assets.records.call import Clip, Media

logger = logging.getLogger(__name__)

UPLOADS_AT_ONCE = 4
DELETIONS_AT_ONCE = 8
# An interrupted run must end; what it leaves there is deleted when the next one starts, and by the API after 48 hours.
TIDYING_S = 15.0
# Short clips are ready within a second, long ones take about a minute.
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
# How `Known` names a file whose owner should delete it.
_OWNED = "uploaded "


class FileState(StrEnum):
    PROCESSING = "PROCESSING"
    ACTIVE = "ACTIVE"
    FAILED = "FAILED"


@dataclass(frozen=True)
class RemoteFile:
    """A file as the API describes it. `name` is `files/ID`; `said` is why it FAILED."""

    name: str
    uri: str
    mime_type: str
    state: FileState
    said: str = ""


class FileGone(Exception):
    """The API does not know a file, or not any more."""


class UploadRefused(Exception):
    """The API takes no such upload. `everywhere`: it takes none at all."""

    def __init__(self, why: str, *, everywhere: bool = False) -> None:
        super().__init__(why)
        self.everywhere = everywhere


class FileApi(Protocol):
    """One HTTP request a call, but for an upload, which takes one to start and one for each 8 MiB.

    All raise TransientError and StageError; `look` and `delete` raise FileGone, `upload` raises UploadRefused.
    """

    async def upload(self, clip: Clip, *, name: str) -> RemoteFile: ...

    async def look(self, name: str) -> RemoteFile: ...

    async def delete(self, name: str) -> None: ...


@dataclass
class _Place:
    """One video's. Who holds the lock asks the API about it.

    `proven`: a call has used the file. `again`: it replaces one that the API had forgotten. `late`: it was not ready in time.
    """

    lock: anyio.Lock = field(default_factory=anyio.Lock)
    file: RemoteFile | None = None
    proven: bool = False
    again: bool = False
    late: bool = False
    failed: str = ""
    refused: str = ""


class GeminiFiles:
    """The files of one backend. Used from one event loop.

    Args:
        endpoint: what `known` files them under.
        deadline_setting: the dotted name of the setting that holds `deadline_s`.
        known: remembers what was uploaded, so that the next run can delete what a killed one left.
        sleep: takes seconds.
    """

    def __init__(
        self,
        api: Callable[[], FileApi],
        *,
        endpoint: str,
        deadline_s: float,
        deadline_setting: str,
        known: Known | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._api = api
        self._endpoint = endpoint
        self._deadline_s = deadline_s
        self._deadline_setting = deadline_setting
        self._known = known
        self._sleep = sleep
        self._places: dict[str, _Place] = {}
        self._ours: set[str] = set()
        self._refused = ""
        self._tidied = False
        self._uploads = anyio.Semaphore(UPLOADS_AT_ONCE)

    def ready(self, media: Media) -> RemoteFile | None:
        """The video's file, where it is there and can be used."""
        place = self._places.get(media.identity)
        return place.file if place and place.file and place.file.state is FileState.ACTIVE else None

    async def put(self, media: Media) -> RemoteFile:
        """The video's file, ready to use; uploaded where it is not there. All who want one at the same moment share one.

        Raises:
            MediaError: it cannot be made, or the API cannot read it.
            UploadRefused: the API does not take it.
            TransientError: another attempt may help; it goes on where this one ended.
            RefusedError: the API forgets it as often as it is uploaded.
            StageError: no call can succeed.
        """
        place = self._places.setdefault(media.identity, _Place())
        async with place.lock:
            if place.failed:
                raise MediaError(place.failed)
            if refused := self._refused or place.refused:
                raise UploadRefused(refused)
            if place.file is None:
                place.file = await self._uploaded(media, place)
            if place.file.state is not FileState.ACTIVE:
                place.file = await self._active(media, place, place.file)
            return place.file

    def prove(self, media: Media) -> None:
        """A call has used the video's file."""
        self._places[media.identity].proven = True

    def forget(self, media: Media, file: RemoteFile, *, said: str) -> TransientError | RefusedError:
        """The API no longer knows the file: it is to be uploaded again, but not if it has forgotten that one before any use."""
        place = self._places[media.identity]
        if place.file is not None and place.file.name == file.name:
            self._drop(file.name)
            hopeless = place.again and not place.proven
            place.file, place.proven, place.late, place.again = None, False, False, True
            if hopeless:
                return RefusedError(f"{media.name} was uploaded twice, and both times the file could not be used: {said}")
        return TransientError(f"{media.name} is uploaded again: {said}", cause=Cause.ERRATIC)

    async def tidy_up_once(self) -> None:
        """Delete what runs left here that were killed. Best effort, in the first call only."""
        if self._tidied or self._known is None:
            return
        self._tidied = True
        left = [
            what.removeprefix(_OWNED)
            for what, owner in self._known.listed(self._endpoint, _OWNED).items()
            if not _owner(owner).alive
        ]
        if left:
            await self._delete_all(left)

    async def aclose(self) -> None:
        """Delete all that was uploaded, as far as there is time."""
        if self._ours:
            await self._delete_all(sorted(self._ours))

    async def _uploaded(self, media: Media, place: _Place) -> RemoteFile:
        clip = await media.clip()
        api = self._api()
        async with self._uploads:
            # A name of our own is known before the file is there, so that nobody's death leaves a file that nobody knows.
            name = f"files/{uuid.uuid4().hex}"
            self._remember(name)
            try:
                with self._in_time(f"{media.name} ({len(clip.content) / 1e6:.1f} MB) was not uploaded"):
                    return await api.upload(clip, name=name)
            except UploadRefused as error:
                self._drop(name)
                place.refused = str(error)
                self._refused = self._refused or (str(error) if error.everywhere else "")
                raise

    async def _active(self, media: Media, place: _Place, file: RemoteFile) -> RemoteFile:
        problem = f"{media.name} was uploaded, but it was not ready to use"
        pause_s = FIRST_PAUSE_S
        with self._in_time(problem, place):
            while file.state is FileState.PROCESSING:
                if not place.late:
                    await self._sleep(pause_s)
                    pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)
                try:
                    file = await self._api().look(file.name)
                except FileGone as error:
                    raise self.forget(media, file, said=str(error)) from None
                if place.late and file.state is FileState.PROCESSING:
                    raise self._too_late(problem)
        if file.state is FileState.FAILED:
            place.failed = f"{media.name} was uploaded, but the API could not read it: {shortened(file.said)}"
            raise MediaError(place.failed)
        return file

    @contextmanager
    def _in_time(self, problem: str, place: _Place | None = None) -> Iterator[None]:
        """After the deadline has passed once, `place` is looked at only once a call: the row has waited long enough."""
        with anyio.move_on_after(self._deadline_s) as scope:
            yield
        if scope.cancelled_caught:
            if place is not None:
                place.late = True
            raise self._too_late(problem)

    def _too_late(self, problem: str) -> TransientError:
        return TransientError(
            f"{self._endpoint}: {problem} within {self._deadline_s:g} s, see {setting(self._deadline_setting)}",
            cause=Cause.TIMED_OUT,
        )

    def _remember(self, name: str) -> None:
        self._ours.add(name)
        if self._known is not None:
            me = Owner.me()
            value = json.dumps({"pid": me.pid, "started": me.started})
            self._known.put(self._endpoint, _OWNED + name, value, at=datetime.now(UTC).isoformat(timespec="seconds"))

    def _drop(self, name: str) -> None:
        self._ours.discard(name)
        if self._known is not None:
            self._known.forget(self._endpoint, _OWNED + name)

    async def _delete_all(self, names: list[str]) -> None:
        slots = anyio.Semaphore(DELETIONS_AT_ONCE)
        left = set(names)

        async def delete(name: str) -> None:
            async with slots:
                try:
                    await self._api().delete(name)
                except FileGone:
                    pass
                except (CallError, StageError) as error:
                    logger.info("%s could not be deleted: %s", name, error)
                    return
                left.discard(name)
                self._drop(name)

        with anyio.move_on_after(TIDYING_S):
            async with anyio.create_task_group() as group:
                for name in names:
                    group.start_soon(delete, name)
        if left:
            logger.warning("%d uploaded files could not be deleted; the API forgets them after 48 hours", len(left))


def _owner(value: str) -> Owner:
    kept = json.loads(value)
    return Owner(int(kept["pid"]), float(kept["started"]))
