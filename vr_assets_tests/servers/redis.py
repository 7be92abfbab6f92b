"""A Redis server of a test's own."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import ConnectionError, Redis

from vr_assets_tests.servers.ports import free_port

_STARTS_WITHIN_S = 30.0


@contextmanager
def redis_server() -> Iterator[str]:
    """Its address. Started in a folder of its own, and stopped at the end. Skips where Redis is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Redis is not installed; on Debian: apt-get install redis-server")
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="redis-"))
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        yield f"redis://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)
        shutil.rmtree(folder)


def _wait(port: int) -> None:
    until = time.monotonic() + _STARTS_WITHIN_S
    with Redis(port=port) as client:
        while True:
            try:
                client.ping()
            except ConnectionError:
                assert time.monotonic() < until, "the Redis server did not start"
                time.sleep(0.05)
            else:
                return
