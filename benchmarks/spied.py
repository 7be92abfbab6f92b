"""Where a run's time goes, sampled from outside by py-spy: its main process and its media processes apart."""

import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

_RATE = 100
_LISTED = 30
# Threads that wait are seen at work where other processes wait for the same cores.
_WAITING = (
    "_worker (",
    "Channel.",
    "pool_manager_loop (",
    "task_scheduler_loop (",
    "message_manager_loop (",
    "Condition.wait (",
    "EpollSelector.select (",
    "Connection._recv (",
)

Group = Sequence[tuple[Sequence[str], int]]


def command(out: Path) -> tuple[str, ...]:
    """What runs a command under the profiler. It stops the run for each sample: that run's figures are not a run's."""
    if shutil.which("py-spy", path=str(Path(sys.executable).parent)) is None:
        sys.exit("no py-spy beside this Python: python -m pip install py-spy")
    options = ("--subprocesses", "--function", "--format", "raw", "--rate", str(_RATE), "--output", str(out))
    return ("py-spy", "record", *options, "--")


def tables(stacks: Path) -> Iterator[str]:
    """Shares of the time at work: which of the product's functions it is for, and in which function it is."""
    main: list[tuple[Sequence[str], int]] = []
    media: list[tuple[Sequence[str], int]] = []
    for line in stacks.read_text(encoding="utf-8").splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        functions = [frame for frame in frames if not frame.startswith("process ")]
        if functions and not functions[-1].startswith(_WAITING):
            is_media = "forkserver" in "".join(frames[: -len(functions)])
            (media if is_media else main).append((functions, int(count)))
    for title, group in (("main process", main), ("media processes", media)):
        total = sum(count for _, count in group)
        yield f"{title}: {total / _RATE:.1f} s sampled"
        yield from _table("for the product's function", _counted(group, lambda frames: {_ours(frames)}), total)
        yield from _table("in the product's function and all that it calls", _counted(group, _all_ours), total)
        yield from _table("in the function itself", _counted(group, lambda frames: {frames[-1]}), total)


def _ours(frames: Sequence[str]) -> str:
    """What a sample is charged to: imports, or the innermost function of the product's."""
    if any(frame.startswith("_find_and_load ") for frame in frames):
        return "imports"
    return next((frame for frame in reversed(frames) if "vr_assets/" in frame), frames[0])


def _all_ours(frames: Sequence[str]) -> set[str]:
    return {frame for frame in frames if "vr_assets/" in frame}


def _counted(group: Group, names: Callable[[Sequence[str]], Iterable[str]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for frames, count in group:
        for name in names(frames):
            found[name] += count
    return found


def _table(title: str, found: Counter[str], total: int) -> Iterator[str]:
    yield f"  {title}:"
    for name, count in found.most_common(_LISTED):
        yield f"  {count / max(1, total):6.1%}  {name}"
