"""How far a run is: bars on a terminal, lines elsewhere."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from vr_assets.defs.progress import Listener
    from vr_assets.steps.stage import Progress as StageProgress

# On a log a line a stage and one in between each quarter minute is enough to see that it goes on.
LINE_INTERVAL_S = 15.0


@contextmanager
def shown_progress() -> "Iterator[Listener]":
    """Show what is reported to the listener, until the end of the block."""
    # Dagster has a pipe of its own in place of stderr while a step runs.
    with os.fdopen(os.dup(2), "w", encoding="utf-8") as terminal:
        console = Console(file=terminal)
        if not console.is_terminal:
            yield _Lines()
            return
        bars = Progress(
            TextColumn("{task.description:<16}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[said]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console,
        )
        with bars:
            yield _Bars(bars)


def _said(progress: "StageProgress", seconds: float) -> str:
    rate = f"{progress.done / seconds:.1f}/s" if seconds > 1 else ""
    parts = [rate, f"{progress.failed} failed" if progress.failed else "", f"{progress.reused} reused, {progress.asked} asked"]
    return ", ".join(filter(None, parts))


class _Bars:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, tuple[TaskID, float]] = {}

    def __call__(self, progress: "StageProgress") -> None:
        if progress.asset not in self._tasks or progress.done <= 1:
            task = self._bars.add_task(progress.asset, total=progress.total, said="")
            self._tasks[progress.asset] = task, time.monotonic()
        task, started = self._tasks[progress.asset]
        self._bars.update(task, completed=progress.done, said=_said(progress, time.monotonic() - started))


class _Lines:
    def __init__(self) -> None:
        self._stage = ""
        self._started = self._last = 0.0

    def __call__(self, progress: "StageProgress") -> None:
        now = time.monotonic()
        if progress.asset != self._stage:
            self._stage, self._started, self._last = progress.asset, now, now
        if progress.done < progress.total and now - self._last < LINE_INTERVAL_S:
            return
        self._last = now
        click.echo(f"{progress.asset}: {progress.done} of {progress.total}, {_said(progress, now - self._started)}", err=True)
