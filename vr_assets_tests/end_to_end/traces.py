"""Everything that a project wrote, as somebody who looks for a key would read it."""

import base64
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

_SQLITE = b"SQLite format 3\0"


def places(key: str, root: Path) -> list[str]:
    """Where under a folder a key is written: as it is, in base64, or compressed; in file names too."""
    forms = [key.encode(), base64.b64encode(key.encode()).rstrip(b"=")]
    return [where for where, content in _written(root) if any(form in content for form in forms)]


def _written(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*")):
        yield f"the name of {path}", str(path.relative_to(root)).encode()
        if path.is_file():
            content = path.read_bytes()
            yield str(path), content
            if content.startswith(_SQLITE):
                yield from _values(path)


def _values(path: Path) -> Iterator[tuple[str, bytes]]:
    """A database's values one by one: in the file a long one is in several pieces, and Dagster compresses some."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    content = value if isinstance(value, bytes) else str(value).encode()
                    yield f"{path}, table {table}", content
                    with suppress(zlib.error):
                        yield f"{path}, table {table}, compressed", zlib.decompress(content)
