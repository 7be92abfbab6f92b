"""How media processes start: forked from a fork server of our own, with FFmpeg and OpenCV loaded, in milliseconds.

The standard fork server runs the program's main module again in every process: a script without an `if __name__` guard then
starts itself over and over, and the processes of a Dagster run would import Dagster. This one tells them of no main module.
"""

import io
import os
from multiprocessing import context, forkserver, popen_forkserver, reduction, spawn, util
from multiprocessing.process import BaseProcess

# Importing these takes half a second; forking a process that has them takes milliseconds.
_PRELOADED = ["vr_assets.media.library", "vr_assets.media.scene"]

_server = forkserver.ForkServer()
_server.set_forkserver_preload(_PRELOADED)


class _Popen(popen_forkserver.Popen):
    """`_launch` is the standard library's (the same in 3.11 to 3.13) but for the fork server and what is left untold."""

    _fds: list[int]

    def _launch(self, process_obj: BaseProcess) -> None:
        data = spawn.get_preparation_data(process_obj.name)
        told = {key: value for key, value in data.items() if not key.startswith("init_main")}
        buffer = io.BytesIO()
        context.set_spawning_popen(self)
        try:
            reduction.dump(told, buffer)
            reduction.dump(process_obj, buffer)
        finally:
            context.set_spawning_popen(None)
        self.sentinel, writer = _server.connect_to_new_process(self._fds)
        # Held open for as long as this process lives: its end tells the child that its parent is gone.
        lifeline = os.dup(writer)
        self.finalizer = util.Finalize(self, _close_both, (lifeline, self.sentinel))
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(buffer.getbuffer())
        self.pid = forkserver.read_signed(self.sentinel)


def _close_both(lifeline: int, sentinel: int) -> None:
    os.close(lifeline)
    os.close(sentinel)


class _Process(context.ForkServerProcess):
    @staticmethod
    def _Popen(process_obj: BaseProcess) -> _Popen:
        return _Popen(process_obj)


class CleanForkContext(context.ForkServerContext):
    """A multiprocessing context whose processes know nothing of `__main__`."""

    Process = _Process
