"""A PostgreSQL server of a test's own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest

from vr_assets_tests.servers.ports import free_port

PASSWORD = "sesame-of-the-database"


def binaries() -> Path | None:
    """Where the server's programs lie: Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).parent if named else None


class Postgres:
    """The server's address is `url`, that of an empty database `database()`."""

    def __init__(self, port: int) -> None:
        self._at = f"postgresql://vr:{PASSWORD}@127.0.0.1:{port}"
        self.url = f"{self._at}/postgres"
        self._made = 0

    def database(self) -> str:
        self._made += 1
        self.execute(f"CREATE DATABASE of_test_{self._made}")
        return f"{self._at}/of_test_{self._made}"

    def execute(self, words: str) -> None:
        with closing(psycopg2.connect(self.url)) as file, file.cursor() as cursor:
            file.autocommit = True
            cursor.execute(words)

    def ask(self, database: str, question: str) -> int:
        """The number that answers it."""
        with closing(psycopg2.connect(database)) as file, file.cursor() as cursor:
            cursor.execute(question)
            ((value,),) = cursor.fetchall()
        return int(value)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Started in a folder of its own, and stopped at the end. Skips where PostgreSQL is not installed."""
    place = binaries()
    if place is None:
        pytest.skip("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    (folder / "password").write_text(PASSWORD)
    as_user = _as_user(folder)
    data = str(folder / "data")
    initdb = [str(place / "initdb"), "-D", data, "-U", "vr", "--auth=scram-sha-256", "--no-sync", "--no-locale", "-E", "UTF8"]
    _run(*as_user, *initdb, f"--pwfile={folder / 'password'}")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=40"
    _run(*as_user, str(place / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield Postgres(port)
    finally:
        _run(*as_user, str(place / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


def _as_user(folder: Path) -> list[str]:
    """The server refuses root, which then gives the folder to another user."""
    if os.geteuid() != 0:
        return []
    user = next((name for name in ("postgres", "nobody") if _exists(name)), "nobody")
    for path in (folder, folder / "password"):
        shutil.chown(path, user)
    record = pwd.getpwnam(user)
    return ["setpriv", f"--reuid={record.pw_uid}", f"--regid={record.pw_gid}", "--clear-groups"]


def _exists(user: str) -> bool:
    return any(one.pw_name == user for one in pwd.getpwall())


def _run(*command: str) -> None:
    # The server keeps what it was given as its output open.
    done = subprocess.run(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False)
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}"
