"""Pixel work in processes of its own: a decoder that crashes, hangs or swallows memory is one video's error."""

import asyncio
import errno
import os
import resource
import signal
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, InvalidStateError
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import av
import cv2
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from vr_assets.errors import MediaError, StageError, StorageError
from vr_assets.media.forking import CleanForkContext
from vr_assets.media.turns import Turns
from vr_assets.settings import MediaSettings

P = ParamSpec("P")
T = TypeVar("T")

_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
_POOL_LIVES = 3


class Workers:
    """A pool of media processes. Starts none before the first task; may be used from several event loops and threads."""

    def __init__(self, settings: MediaSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._turns = Turns(settings.workers or _cores())
        self._pool: _Pool | None = None
        self._closed = False

    async def run(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `fn(*args)` in a media process. `fn` is a function of a module of vr_assets.media; what it takes and returns
        is small. Cuts go before work on whole videos (`turns.takes_long`). Waiting for a free process does not count against the
        deadline. Cancelling kills the process at once.

        Raises:
            MediaError: `fn` raised it, or could not read its video, crashed, ran past the deadline or out of memory.
            StorageError: the disk is full or not writable.
            StageError: no media process can be started.
        """
        subject = next((str(arg) for arg in args if isinstance(arg, Path)), fn.__name__)
        for _ in range(_POOL_LIVES):
            pool = await asyncio.to_thread(self._running_pool)
            try:
                async with self._turns.turn(fn):
                    future = pool.schedule(_guarded, (subject, fn, args, kwargs), self._settings.deadline_s)
                    return await asyncio.wrap_future(future)
            except TimeoutError:
                raise MediaError(
                    f"{subject}: not done after {self._settings.deadline_s:g} s; raise media.deadline_s or re-encode the file"
                ) from None
            except ProcessExpired as death:
                raise MediaError(f"{subject}: its decoder {_how(death.exitcode)}; re-encode the file") from None
            except MemoryError:
                raise MediaError(
                    f"{subject}: needs more than {self._settings.memory_mb} MB; raise media.memory_mb or scale the file down"
                ) from None
            except BrokenExecutor:
                # A process died between two tasks; Pebble then gives the whole pool up, and with it tasks that did nothing wrong.
                await asyncio.to_thread(self._give_up, pool)
        raise StageError("media processes do not stay alive; look for the out-of-memory killer in the system's log")

    def close(self) -> None:
        """Ends the processes, and what they were doing, at once."""
        with self._lock:
            pool, self._pool, self._closed = self._pool, None, True
        if pool is not None:
            pool.end()

    def _running_pool(self) -> "_Pool":
        with self._lock:
            if self._closed:
                raise StageError("media work was asked for after it was closed")
            if self._pool is None:
                self._pool = _Pool(self._settings)
            return self._pool

    def _give_up(self, pool: "_Pool") -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None
        pool.end()


class _Pool:
    """A Pebble pool that leaves nobody waiting when it ends."""

    def __init__(self, settings: MediaSettings) -> None:
        """Starts the processes, which takes a second the first time in a program."""
        # A process that is killed leaves its temporary files behind; they go with the pool.
        self._scratch = tempfile.TemporaryDirectory(prefix="vr-assets-", ignore_cleanup_errors=True)
        self._pool = ProcessPool(
            max_workers=settings.workers or _cores(),
            initializer=_start_worker,
            initargs=(settings.memory_mb * 2**20, self._scratch.name),
            context=CleanForkContext(),
        )
        self._waiting: set[ProcessFuture[Any]] = set()
        self._ending = threading.Lock()
        self._ended = False
        self.schedule(os.getpid, (), None)

    def schedule(self, fn: Callable[..., T], args: tuple[object, ...], deadline_s: float | None) -> "ProcessFuture[T]":
        """Raises BrokenExecutor: the pool broke or ended."""
        try:
            future = self._pool.schedule(fn, args=args, timeout=deadline_s)
        except RuntimeError as error:
            raise BrokenExecutor(str(error)) from error
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        if self._ended:
            raise BrokenExecutor("the pool ended")
        return future

    def end(self) -> None:
        # Everyone whose task the pool gave up comes here, and Pebble may be joined once.
        with self._ending:
            if self._ended:
                return
            self._ended = True
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._scratch.cleanup()
        for future in list(self._waiting):
            with suppress(InvalidStateError):
                future.set_exception(BrokenExecutor("the pool ended"))


def _cores() -> int:
    """Those that this process may use: a container or a scheduler often leaves it fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _how(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"crashed ({signal.Signals(-exitcode).name})"
    return f"ended its process (exit status {exitcode})"


def _guarded(subject: str, fn: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]) -> T:
    """Errors as this package names them: FFmpeg's and OpenCV's own do not all survive the way to the other process."""
    try:
        return fn(*args, **kwargs)
    except MemoryError:
        raise MemoryError from None
    except SystemExit as error:
        raise MediaError(f"{subject}: its decoder ended its process (exit status {error.code}); re-encode the file") from None
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError from None
        raise MediaError(f"{subject}: OpenCV cannot work on it ({error.err}); re-encode the file") from None
    except (av.FFmpegError, OSError) as error:
        if error.errno in _SPACE:
            raise StorageError(f"{error.filename or subject}: {error.strerror}; make room, also for temporary files") from None
        raise MediaError(f"{subject}: cannot be read or converted ({error.strerror}); re-encode the file") from None


def _start_worker(memory_bytes: int, scratch: str) -> None:
    tempfile.tempdir = scratch
    # Killed means killed: Pebble's handler for SIGTERM waits for Python code to run, which a hung decoder never does.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    cv2.setNumThreads(0)
    # RLIMIT_AS would count what libraries merely map, which depends on the machine's cores.
    limit = _data_bytes() + memory_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _data_bytes() -> int:
    """Private writable memory of this process, as RLIMIT_DATA counts it; 0 where the system does not tell."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[5]) * resource.getpagesize() if statm.exists() else 0
