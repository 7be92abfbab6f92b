"""A vLLM server as its users see it: started when first needed, shared with other runs, started again when it died."""

import fcntl
import http.client
import json
import logging
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import IO

import anyio
import anyio.to_thread

from vr_assets.backends import vllm_command, vllm_guard
from vr_assets.backends.vllm_guard import ANOTHER, Files, State, try_lock
from vr_assets.backends.vllm_log import explain, read_tail
from vr_assets.backends.ways import setting
from vr_assets.errors import StageError, StorageError
from vr_assets.settings import VllmSettings

_POLL_S = 0.1
# Longer than a guard takes to end a server that does not want to.
_ENDING_S = 20.0
_NOTICED_S = 1.5
_RESTARTS = 3

_log = logging.getLogger(__name__)


class VllmServer:
    """One user's hold on a server. Users with the same command and GPUs share one, in this process and in others, and it lives
    until the last of them has let go or died; it does not matter who started it.

    Args:
        environ: the server's environment.
        folder: where runs on this machine find each other's servers, and where the logs lie; None: shared with nobody.
        role: for messages.
    """

    def __init__(self, settings: VllmSettings, *, environ: Mapping[str, str], folder: Path | None, role: str) -> None:
        self._settings = settings
        self._environ = environ
        self._folder = folder
        self._role = role
        self._files: Files | None = None
        self._users: IO[str] | None = None
        self._running: State | None = None
        self._losses = 0
        self._failed: StageError | None = None
        self._starting = anyio.Lock()

    async def running(self) -> State:
        """The server, once it answers; minutes, where it has to be started.

        Raises:
            StageError: it cannot be started, or died too often.
        """
        if self._running is not None and self._found() == self._running:
            return self._running
        async with self._starting:
            # Those who waited are told what became of it in place of trying the same.
            if self._failed is not None:
                raise StageError(str(self._failed))
            if self._running is not None and self._found() == self._running:
                return self._running
            try:
                self._count_loss()
                self._running = await self._started()
            except StageError as error:
                self._failed = error
                self._let_go()
                raise
            return self._running

    async def died(self, server: State) -> bool:
        """Whether a server is gone, or will have been noticed to be in a moment: its connections break first."""
        with anyio.move_on_after(_NOTICED_S):
            await _until(lambda: self._found() != server)
        return self._found() != server

    def last_words(self) -> str:
        """Why it died, as far as its log says."""
        files = self._where()
        return f"{explain(read_tail(files.log), role=self._role)}\nThe whole log: {files.log}"

    async def release(self) -> None:
        """Let go. Where nobody else uses the server it ends, and this waits for it; cancelled, it ends all the same."""
        self._running = None
        if self._let_go():
            with anyio.move_on_after(_ENDING_S):
                await _until(lambda: not self._guarded())

    async def _started(self) -> State:
        executable = vllm_command.check(self._settings, self._environ, role=self._role)
        with anyio.move_on_after(self._settings.startup_timeout_s):
            await self._join()
            return await self._answering(vllm_command.command(self._settings, executable))
        raise StageError(
            f"vLLM was not ready after {self._settings.startup_timeout_s:g} s, "
            f"see {setting(f'{self._role}.vllm.startup_timeout_s')}.\n{self.last_words()}"
        )

    async def _join(self) -> None:
        """Become a user. A guard that ends a server keeps new ones waiting until it is done."""
        if self._users is not None:
            return
        path = self._where().users
        try:
            users = path.open("a")
        except OSError as error:
            raise StorageError(f"{path}: cannot be written ({error.strerror}); check DAGSTER_HOME") from error
        try:
            await _until(lambda: try_lock(users, fcntl.LOCK_SH))
            self._users = users
        finally:
            if self._users is None:
                users.close()

    async def _answering(self, command: list[str]) -> State:
        """The server when it answers: one that is there, or a new one."""
        guard: subprocess.Popen[bytes] | None = None
        met: State | None = None
        while True:
            found = self._found()
            if found is not None:
                if met is None and guard is None:
                    _log.info("using the vLLM server for %s that is there (log: %s)", found.model, self._where().log)
                met = found
                if await anyio.to_thread.run_sync(_healthy, found.port):
                    return found
            elif met is not None or (guard is not None and guard.poll() not in (None, ANOTHER)):
                raise StageError(f"vLLM did not start. {self.last_words()}")
            elif guard is None or guard.poll() == ANOTHER:
                guard = self._spawn(command)
            await anyio.sleep(_POLL_S)

    def _spawn(self, command: list[str]) -> "subprocess.Popen[bytes]":
        files = self._where()
        about = State(
            pid=0,
            started=0,
            port=0,
            model=vllm_command.model_name(self._settings),
            gpus=vllm_command.gpus(self._settings, self._environ),
            memory_share=self._settings.gpu_memory_utilization,
        )
        self._refuse_if_taken(about)
        _log.info("starting vLLM for %s, which may take minutes (log: %s)", about.model, files.log)
        arguments = [str(files.folder), files.name, str(self._settings.port), json.dumps(asdict(about)), *command]
        with files.log.with_suffix(".guard.log").open("wb") as errors:
            return subprocess.Popen(
                [sys.executable, "-I", vllm_guard.__file__, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=vllm_command.environment(self._settings, self._environ),
                start_new_session=True,
            )

    def _refuse_if_taken(self, wanted: State) -> None:
        """vLLM itself would find out only after it loaded for a while."""
        files = self._where()
        for path in sorted(files.folder.glob("vllm-*.json")):
            other = Files(files.folder, path.stem)
            there = State.read(path) if other != files and _locked(other.guard) else None
            if there is None or not set(there.gpus) & set(wanted.gpus):
                continue
            if there.memory_share + wanted.memory_share > 1:
                share = setting(f"{self._role}.vllm.gpu_memory_utilization")
                raise StageError(
                    f"A vLLM server for {there.model}, started with other settings by this run or another one, holds "
                    f"{there.memory_share:.0%} of the memory of GPU {', '.join(there.gpus)} (process {there.pid}), and one for "
                    f"{wanted.model} is to have {wanted.memory_share:.0%}. Wait until it is gone, give this one another GPU "
                    f"(CUDA_VISIBLE_DEVICES), or let both have less than 1 together: {share}."
                )

    def _count_loss(self) -> None:
        if self._running is None:
            return
        self._running = None
        self._losses += 1
        if self._losses > _RESTARTS:
            raise StageError(f"vLLM died {self._losses} times in this run. {self.last_words()}")
        _log.warning("vLLM died and is started again (%d of %d). %s", self._losses, _RESTARTS, self.last_words())

    def _found(self) -> State | None:
        """The server that is there, ready or not; None while it ends."""
        state = State.read(self._where().state) if self._guarded() else None
        return state if state is not None and state.port else None

    def _guarded(self) -> bool:
        return _locked(self._where().guard)

    def _let_go(self) -> bool:
        """Whether this was the last user."""
        users, self._users = self._users, None
        if users is None:
            return False
        last = try_lock(users, fcntl.LOCK_EX)
        users.close()
        return last

    def _where(self) -> Files:
        if self._files is None:
            folder = self._folder or Path(tempfile.mkdtemp(prefix="vr-assets-vllm-"))
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StorageError(f"{folder}: cannot be made ({error.strerror}); check DAGSTER_HOME") from error
            command = vllm_command.command(self._settings, self._settings.executable)
            shared = json.dumps([command, vllm_command.gpus(self._settings, self._environ)])
            model = re.sub(r"[^\w.-]", "_", vllm_command.model_name(self._settings))[:40]
            self._files = Files(folder, f"vllm-{model}-{sha256(shared.encode()).hexdigest()[:8]}")
        return self._files


async def _until(holds: Callable[[], bool]) -> None:
    """What another process does wakes nobody here."""
    while not holds():  # noqa: ASYNC110
        await anyio.sleep(_POLL_S)


def _locked(path: Path) -> bool:
    """Whether another holds a file for itself."""
    try:
        with path.open() as file:
            return not try_lock(file, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def _healthy(port: int) -> bool:
    # Not through a proxy, whatever the environment says.
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
