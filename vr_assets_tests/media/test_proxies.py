"""Proxies are made once for all processes of a machine, and make room for each other."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vr_assets.errors import StorageError
from vr_assets.media.proxies import Proxies, alone

DAY_S = 24 * 3600


def proxy(folder: Path, name: str, *, kilobytes: int = 10, used_s_ago: float = 0.0) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(kilobytes * 1000))
    when = time.time() - used_s_ago
    os.utime(path, (when, when))
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_least_used_make_room(tmp_path: Path) -> None:
    for number in range(10):
        proxy(tmp_path, f"{number}.mp4", used_s_ago=1000 - number)
    new = proxy(tmp_path, "new.mp4")
    Proxies(tmp_path, limit_bytes=100_000).added(new)
    assert names(tmp_path) == [f"{number}.mp4" for number in range(2, 10)] + ["new.mp4"]


def test_what_was_used_stays(tmp_path: Path) -> None:
    proxies = Proxies(tmp_path, limit_bytes=100_000)
    oldest = proxy(tmp_path, "0.mp4", used_s_ago=2000)
    for number in range(1, 10):
        proxy(tmp_path, f"{number}.mp4", used_s_ago=1000 - number)
    assert proxies.use(oldest)
    proxies.added(proxy(tmp_path, "new.mp4"))
    assert "0.mp4" in names(tmp_path)
    assert "1.mp4" not in names(tmp_path)


def test_nothing_goes_while_there_is_room(tmp_path: Path) -> None:
    old = proxy(tmp_path, "old.mp4", used_s_ago=DAY_S)
    Proxies(tmp_path, limit_bytes=20_000).added(proxy(tmp_path, "new.mp4"))
    assert old.exists()


def test_the_one_just_made_stays_however_large(tmp_path: Path) -> None:
    proxy(tmp_path, "old.mp4", used_s_ago=5)
    large = proxy(tmp_path, "large.mp4", kilobytes=500, used_s_ago=60)
    Proxies(tmp_path, limit_bytes=100_000).added(large)
    assert names(tmp_path) == ["large.mp4"]


def test_one_that_is_gone_was_not_used(tmp_path: Path) -> None:
    assert not Proxies(tmp_path, limit_bytes=1000).use(tmp_path / "gone.mp4")


def test_the_folder_is_not_listed_for_each_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listings: list[Path] = []
    scandir = os.scandir

    def counted(folder: Path) -> object:
        listings.append(folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", counted)
    proxies = Proxies(tmp_path, limit_bytes=1_000_000)
    for number in range(100):
        proxies.added(proxy(tmp_path, f"{number}.mp4", kilobytes=5))
    assert 5 <= len(listings) <= 11
    assert len(list(tmp_path.iterdir())) == 100


def test_several_processes_keep_within_a_share_of_the_limit(tmp_path: Path) -> None:
    both = [Proxies(tmp_path, limit_bytes=1_000_000) for _ in range(2)]
    for number in range(400):
        both[number % 2].added(proxy(tmp_path, f"{number:03d}.mp4", kilobytes=10, used_s_ago=400 - number))
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1_100_000


def test_what_killed_writers_left_goes_after_a_day(tmp_path: Path) -> None:
    proxy(tmp_path, ".a.mp4.x.tmp", used_s_ago=DAY_S + 60)
    proxy(tmp_path, ".b.mp4.y.tmp", used_s_ago=60)
    Proxies(tmp_path, limit_bytes=1_000_000).added(proxy(tmp_path, "new.mp4"))
    assert names(tmp_path) == [".b.mp4.y.tmp", "new.mp4"]


def test_one_at_a_time_is_inside(tmp_path: Path) -> None:
    inside: list[int] = []

    async def one(number: int) -> None:
        async with alone(tmp_path / "locks" / "a.lock"):
            inside.append(number)
            await asyncio.sleep(0.02)
            assert inside == [number]
            inside.clear()

    async def main() -> None:
        await asyncio.gather(*(one(number) for number in range(5)))

    asyncio.run(main())
    assert names(tmp_path / "locks") == []


def test_other_paths_do_not_wait(tmp_path: Path) -> None:
    async def main() -> None:
        async with asyncio.timeout(20), alone(tmp_path / "a.lock"), alone(tmp_path / "b.lock"):
            pass

    asyncio.run(main())


def test_a_process_that_is_killed_gives_its_place_back(tmp_path: Path) -> None:
    holding = f"""
import asyncio
from pathlib import Path
from vr_assets.media.proxies import alone

async def main():
    async with alone(Path({str(tmp_path / "a.lock")!r})):
        print("inside", flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", holding], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "inside\n"

        async def waits() -> None:
            async with alone(tmp_path / "a.lock"):
                pass

        async def main() -> None:
            waiting = asyncio.create_task(waits())
            await asyncio.sleep(0.5)
            assert not waiting.done()
            holder.send_signal(signal.SIGKILL)
            async with asyncio.timeout(60):
                await waiting

        asyncio.run(main())


def test_a_folder_that_takes_no_locks_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    async def main() -> None:
        async with alone(tmp_path / "file" / "a.lock"):
            pass

    with pytest.raises(StorageError, match=r"a\.lock: cannot be locked"):
        asyncio.run(main())
