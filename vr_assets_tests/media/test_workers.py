"""What a video does to a media process is that video's error alone."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from vr_assets.errors import MediaError, StageError, StorageError
from vr_assets.media.workers import Workers
from vr_assets.settings import MediaSettings
from vr_assets_tests.media import misbehaviour

T = TypeVar("T")
VIDEO = Path("/videos/odd.mp4")


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(MediaSettings(workers=2, deadline_s=30, memory_mb=512))
    yield made
    made.close()


def run(main: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(main)


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (misbehaviour.crash, "SIGSEGV"),
        (misbehaviour.swallow_memory, "more than 512 MB"),
        (misbehaviour.leave, "exit status 3"),
        (misbehaviour.leave_hard, "exit status 4"),
        (misbehaviour.confuse_opencv, "OpenCV"),
        (misbehaviour.fail_plainly, "as it is"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_harm_is_an_error_that_names_the_video_and_the_others_go_on(
    workers: Workers, harm: Callable[[Path], object], says: str
) -> None:
    async def main() -> list[object]:
        tasks: list[Coroutine[Any, Any, object]] = [workers.run(misbehaviour.double, n) for n in range(6)]
        tasks.insert(2, workers.run(harm, VIDEO))
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    outcomes = run(main())
    failure = outcomes.pop(2)
    assert outcomes == [0, 2, 4, 6, 8, 10]
    assert isinstance(failure, MediaError)
    assert says in str(failure)
    assert str(VIDEO) in str(failure)


def test_a_decoder_that_hangs_in_c_is_ended_at_the_deadline() -> None:
    workers = Workers(MediaSettings(workers=1, deadline_s=0.5, memory_mb=512))

    async def main() -> int:
        with pytest.raises(MediaError, match=r"not done after 0\.5 s"):
            await workers.run(misbehaviour.hang_in_c, VIDEO)
        return await workers.run(misbehaviour.double, 2)

    assert run(main()) == 4
    workers.close()


def test_a_process_that_dies_leaves_nothing_behind(workers: Workers) -> None:
    async def main() -> Path:
        with pytest.raises(MediaError, match="SIGSEGV"):
            await workers.run(misbehaviour.die_untidily, VIDEO)
        return await workers.run(misbehaviour.temporary_folder)

    scratch = run(main())
    assert list(scratch.rglob(VIDEO.name))
    workers.close()
    assert not scratch.exists()


def test_a_full_disk_is_not_the_videos_fault(workers: Workers) -> None:
    with pytest.raises(StorageError, match="make room"):
        run(workers.run(misbehaviour.fill_disk, VIDEO))


def test_many_crashes_in_a_row_are_only_themselves(workers: Workers) -> None:
    async def main() -> list[object]:
        tasks: list[Coroutine[Any, Any, object]] = [
            workers.run(misbehaviour.crash, VIDEO) if n % 3 == 0 else workers.run(misbehaviour.double, n) for n in range(24)
        ]
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    outcomes = run(main())
    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, MediaError)] == list(range(0, 24, 3))
    assert [outcome for outcome in outcomes if isinstance(outcome, int)] == [n * 2 for n in range(24) if n % 3]


def test_a_process_killed_while_idle_is_replaced(workers: Workers) -> None:
    async def main() -> list[int]:
        os.kill(await workers.run(misbehaviour.process_id), signal.SIGKILL)
        return await asyncio.gather(*(workers.run(misbehaviour.double, n) for n in range(8)))

    assert run(main()) == [n * 2 for n in range(8)]


def _marked(marker: Path) -> int:
    while not (marker.exists() and marker.read_text()):
        time.sleep(0.01)
    return int(marker.read_text())


def _gone(process: int) -> None:
    while Path(f"/proc/{process}").exists():
        time.sleep(0.01)


def test_cancelling_ends_the_process_and_the_pool_goes_on(workers: Workers, tmp_path: Path) -> None:
    async def main() -> int:
        task = asyncio.create_task(workers.run(misbehaviour.hang_marked, tmp_path / "marker"))
        process = await asyncio.to_thread(_marked, tmp_path / "marker")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(_gone, process)
        return await workers.run(misbehaviour.double, 5)

    assert run(main()) == 10


def test_closing_ends_what_is_under_way_and_refuses_more(workers: Workers, tmp_path: Path) -> None:
    async def main() -> None:
        task = asyncio.create_task(workers.run(misbehaviour.hang_marked, tmp_path / "marker"))
        process = await asyncio.to_thread(_marked, tmp_path / "marker")
        await asyncio.to_thread(workers.close)
        await asyncio.to_thread(_gone, process)
        for waiting in (task, workers.run(misbehaviour.double, 1)):
            with pytest.raises(StageError, match="closed"):
                await waiting

    run(main())


def test_several_loops_may_use_the_same_processes(workers: Workers) -> None:
    assert [run(workers.run(misbehaviour.double, n)) for n in range(3)] == [0, 2, 4]


def test_opencv_starts_no_threads_of_its_own(workers: Workers) -> None:
    assert run(workers.run(misbehaviour.opencv_threads)) == 1


def test_a_script_without_a_main_guard_starts_once_and_its_processes_know_no_dagster(tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(
        textwrap.dedent(
            """
            import asyncio
            import dagster
            from vr_assets.media.workers import Workers
            from vr_assets.settings import MediaSettings
            from vr_assets_tests.media import misbehaviour

            print("started")

            @dagster.asset
            def pixels() -> None:
                workers = Workers(MediaSettings(workers=1))
                print("foreign:", asyncio.run(workers.run(misbehaviour.foreign_modules)))
                workers.close()

            assert dagster.materialize([pixels]).success
            """
        )
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "DAGSTER_DISABLE_TELEMETRY": "1"}
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.splitlines() == ["started", "foreign: []"]


def test_processes_end_when_the_program_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import asyncio, os, signal
            from vr_assets.media.workers import Workers
            from vr_assets.settings import MediaSettings
            from vr_assets_tests.media import misbehaviour

            workers = Workers(MediaSettings(workers=1))
            process = asyncio.run(workers.run(misbehaviour.process_id))
            open({str(tmp_path / "process")!r}, "w").write(str(process))
            os.kill(os.getpid(), signal.SIGKILL)
            """
        )
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, str(script)], capture_output=True, check=False, env=environ)
    _gone(int((tmp_path / "process").read_text()))
