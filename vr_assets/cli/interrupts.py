"""Which signal ended a run: Dagster turns SIGINT and SIGTERM into one exception."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager


class Signals:
    """Signals that came in during the block that noticed them."""

    def __init__(self) -> None:
        self.numbers = b""

    @property
    def exit_code(self) -> int:
        """What shells expect: 128 and the number of the signal that ended the process; SIGINT's where none is known."""
        ending = [number for number in self.numbers if number in (signal.SIGINT, signal.SIGTERM)]
        return 128 + (ending[0] if ending else signal.SIGINT)


@contextmanager
def noticed_signals() -> Iterator[Signals]:
    """Take note of signals, whatever else handles them. For the main thread."""
    noticed = Signals()
    receiving, sending = socket.socketpair()
    with receiving, sending:
        receiving.setblocking(False)
        sending.setblocking(False)
        before = signal.set_wakeup_fd(sending.fileno(), warn_on_full_buffer=False)
        try:
            yield noticed
        finally:
            signal.set_wakeup_fd(before)
            try:
                noticed.numbers = receiving.recv(64)
            except BlockingIOError:
                noticed.numbers = b""
