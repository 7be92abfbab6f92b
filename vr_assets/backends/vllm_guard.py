"""Keeps one vLLM server for those who use it, and ends it when the last of them is gone. A program of its own.

It runs in a session of its own, so that what ends a run (an interrupt, `kill -9` of its process group) does not end it first.
Each user of the server holds a shared lock on a file, which the system takes back from a dead process; when this program gets
that lock for itself, nobody is left. The files of one server, in a folder that the runs on this machine share:

    NAME.users   locked (shared) by each user; locked for itself by a guard that ends the server
    NAME.guard   locked for itself by the guard, as long as it lives
    NAME.json    what runs (`State`)
    NAME.log     what the server printed: at most LOG_BYTES, and as much in NAME.log.1 from before

Started by path and isolated (`python -I`), so that it imports nothing of this package and is there in milliseconds.
"""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

import psutil

LOG_BYTES = 8 * 2**20
# The exit status of a guard that found another one in its place.
ANOTHER = 3

_POLL_S = 0.2
_LOCK_PATIENCE_S = 1.0
_TERM_PATIENCE_S = 10.0
_KILL_PATIENCE_S = 5.0
_LONGEST_LINE = 65536
_SECRET = re.compile(r"(^|_)(KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)S?(_|$)", re.IGNORECASE)
_SHORTEST_SECRET = 8


@dataclass(frozen=True)
class Files:
    """The files of one server."""

    folder: Path
    name: str

    @property
    def users(self) -> Path:
        return self.folder / f"{self.name}.users"

    @property
    def guard(self) -> Path:
        return self.folder / f"{self.name}.guard"

    @property
    def state(self) -> Path:
        return self.folder / f"{self.name}.json"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"


@dataclass(frozen=True)
class State:
    """A server as it runs. `port` 0: it is being ended. `started` tells its process from a later one with the same number.

    `gpus` and `memory_share` say what it takes of which GPUs, for others that want to start one.
    """

    pid: int
    started: float
    port: int
    model: str
    gpus: tuple[str, ...]
    memory_share: float

    @classmethod
    def read(cls, path: Path) -> "State | None":
        """None where there is none, or none that this version wrote."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{**found, "gpus": tuple(found["gpus"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, path: Path) -> None:
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self)), encoding="utf-8")
        fresh.replace(path)


def try_lock(file: IO[str], kind: int) -> bool:
    """Whether a lock (`fcntl.LOCK_SH` or `LOCK_EX`) was to be had without waiting. Closing the file gives it back."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class BoundedLog:
    """What a server prints, without the keys in this process's environment."""

    def __init__(self, path: Path, limit: int = LOG_BYTES) -> None:
        self._path = path
        self._limit = limit
        values = {value for name, value in os.environ.items() if _SECRET.search(name) and len(value) >= _SHORTEST_SECRET}
        self._secrets = [value.encode() for value in sorted(values, key=len, reverse=True)]
        self._begin()

    def copy(self, pipe: IO[bytes]) -> None:
        """Until the pipe's end. Never stops reading: a server that cannot print hangs."""
        for line in iter(lambda: pipe.readline(_LONGEST_LINE), b""):
            # A full disk.
            with suppress(OSError):
                self.write(line)

    def write(self, line: bytes) -> None:
        for secret in self._secrets:
            line = line.replace(secret, b"[key]")
        if self._file.tell() + len(line) > self._limit:
            self._file.close()
            self._begin()
        self._file.write(line)

    def _begin(self) -> None:
        if self._path.exists():
            self._path.replace(f"{self._path}.1")
        self._file = self._path.open("ab", buffering=0)


def end(pid: int, started: float, *, reap: subprocess.Popen[bytes] | None = None) -> None:
    """End a server and whatever it started: SIGTERM, and SIGKILL for what is left after ten seconds.

    vLLM's engine and its workers outlive a server that was killed, and keep the GPU's memory. They stay in the session that
    the server was the first of; children that left it are found while their parents live.
    """
    with suppress(psutil.Error):
        if psutil.Process(pid).create_time() != started:
            return
    found: set[psutil.Process] = set()
    for kind, patience_s in ((signal.SIGTERM, _TERM_PATIENCE_S), (signal.SIGKILL, _KILL_PATIENCE_S)):
        told: set[psutil.Process] = set()
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            if reap is not None:
                reap.poll()
            found |= _family(pid, found)
            left = {process for process in found if _lives(process)}
            if not left:
                return
            for process in left - told:
                with suppress(psutil.Error):
                    process.send_signal(kind)
            told |= left
            time.sleep(0.05)


def _family(session: int, known: Collection[psutil.Process]) -> set[psutil.Process]:
    members = {process for process in psutil.process_iter() if _in_session(process.pid, session)}
    for process in members | set(known):
        with suppress(psutil.Error):
            members |= set(process.children(recursive=True))
    return members


def _in_session(pid: int, session: int) -> bool:
    with suppress(OSError):
        return os.getsid(pid) == session
    return False


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


class Guard:
    """One server, from its start to its end."""

    def __init__(self, files: Files, *, port: int, about: State, command: Sequence[str]) -> None:
        self._files = files
        self._port = port
        self._about = about
        self._command = command
        self._told_to_end = threading.Event()

    def run(self) -> int:
        """The exit status: 0 where the server ran, whatever became of it."""
        signal.signal(signal.SIGTERM, lambda *_: self._told_to_end.set())
        for kind in (signal.SIGINT, signal.SIGHUP):
            signal.signal(kind, signal.SIG_IGN)
        with self._files.guard.open("a") as place, self._files.users.open("a") as users:
            if not self._take(place):
                return ANOTHER
            self._end_orphan()
            if try_lock(users, fcntl.LOCK_EX):
                return 0
            log = BoundedLog(self._files.log)
            try:
                server = self._start()
            except OSError as error:
                log.write(f"vr-assets: the server cannot be started: {error}\n".encode())
                return 1
            return self._hold(server, users, log)

    def _take(self, place: IO[str]) -> bool:
        """Others look for a moment whether it is taken, by taking it."""
        until = time.monotonic() + _LOCK_PATIENCE_S
        while not try_lock(place, fcntl.LOCK_EX):
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def _end_orphan(self) -> None:
        """The server of a guard that was killed itself."""
        former = State.read(self._files.state)
        if former is not None:
            # Nobody is to take it for the server of this guard while it ends.
            replace(former, port=0).write(self._files.state)
            end(former.pid, former.started)
            self._files.state.unlink()

    def _start(self) -> subprocess.Popen[bytes]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", self._port))
            port = int(probe.getsockname()[1])
        server = subprocess.Popen(
            [*self._command, "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._about = replace(self._about, pid=server.pid, started=psutil.Process(server.pid).create_time(), port=port)
        self._about.write(self._files.state)
        return server

    def _hold(self, server: subprocess.Popen[bytes], users: IO[str], log: BoundedLog) -> int:
        assert server.stdout is not None
        reader = threading.Thread(target=log.copy, args=(server.stdout,), daemon=True)
        reader.start()
        while server.poll() is None and not self._told_to_end.is_set() and not try_lock(users, fcntl.LOCK_EX):
            self._told_to_end.wait(_POLL_S)
        if server.poll() is not None:
            # Before anybody is told of it by the state, so that they find the reason in the log. Children may hold the pipe open.
            reader.join(timeout=0.5)
            log.write(f"vr-assets: the server {_how(server.returncode)}\n".encode())
        replace(self._about, port=0).write(self._files.state)
        end(self._about.pid, self._about.started, reap=server)
        reader.join(timeout=0.5)
        self._files.state.unlink(missing_ok=True)
        return 0


def _how(status: int) -> str:
    return f"was killed ({signal.Signals(-status).name})" if status < 0 else f"ended by itself (exit status {status})"


def main(arguments: Sequence[str]) -> int:
    folder, name, port, about, *command = arguments
    known = json.loads(about)
    files = Files(Path(folder), name)
    return Guard(files, port=int(port), about=State(**{**known, "gpus": tuple(known["gpus"])}), command=command).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
