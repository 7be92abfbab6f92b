"""What a decoder may do to the process it runs in. Run by media processes in tests."""

import ctypes
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import cv2

from vr_assets.errors import MediaError


def double(number: int) -> int:
    return number * 2


def crash(path: Path) -> None:
    ctypes.string_at(0)


def hang_in_c(path: Path) -> None:
    """Waits inside a C call that no Python signal handler interrupts."""
    libc = ctypes.PyDLL(None)
    while True:
        libc.sleep(1000)


def hang_marked(marker: Path) -> None:
    """Writes its process id, then waits."""
    marker.write_text(str(os.getpid()))
    time.sleep(1000)


def die_untidily(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, path.name).write_text("half a clip")
        ctypes.string_at(0)


def temporary_folder() -> Path:
    return Path(tempfile.gettempdir())


def swallow_memory(path: Path) -> int:
    return len(bytearray(3 * 2**30))


def leave(path: Path) -> None:
    sys.exit(3)


def leave_hard(path: Path) -> None:
    os._exit(4)


def fail_plainly(path: Path) -> None:
    raise MediaError(f"{path}: as it is")


def confuse_opencv(path: Path) -> None:
    cv2.cvtColor(cv2.UMat().get(), cv2.COLOR_BGR2GRAY)


def fill_disk(path: Path) -> None:
    Path("/dev/full").write_text("x")


def process_id() -> int:
    return os.getpid()


def peak_mb() -> int:
    """The most memory that this process held at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def foreign_modules() -> list[str]:
    return sorted({"dagster", "pytest", "openai"} & set(sys.modules))


def opencv_threads() -> int:
    return int(cv2.getNumThreads())
