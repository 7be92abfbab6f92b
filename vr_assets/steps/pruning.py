"""What nothing needs any more: proxies of videos that no batch holds, leftovers, answers that only removed batches used."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vr_assets.errors import StorageError
from vr_assets.records.video import RawVideo
from vr_assets.settings import Asset
from vr_assets.steps.rows import ROWS
from vr_assets.storage import Store, write_atomically

# A writer that still runs is done sooner.
_LEFTOVER_AFTER_S = 24 * 3600.0


@dataclass(frozen=True)
class Unneeded:
    """What may go. `kept` are the lines that stay of each part of the journal that loses some."""

    proxies: tuple[Path, ...]
    proxies_bytes: int
    leftovers: tuple[Path, ...]
    kept: dict[Path, list[bytes]]
    answers: int

    def delete(self) -> None:
        """To be done while no run is under way. Raises StorageError."""
        try:
            for path in (*self.proxies, *self.leftovers):
                path.unlink(missing_ok=True)
            for part, lines in self.kept.items():
                if lines:
                    write_atomically(part, b"".join(lines))
                else:
                    part.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{error.filename}: cannot be deleted ({error.strerror}); check its permissions") from error


def find_unneeded(store: Store) -> Unneeded:
    """Looks through the store; changes nothing. In a bucket only the local copy's files are looked at, and no answers: another
    machine may be about to use them.

    Raises:
        StorageError: a batch's rows cannot be read.
    """
    contents: set[str] = set()
    keys: set[str] = set()
    batches = store.batches()
    for batch in batches:
        for asset in Asset:
            for row in store.read_rows(batch, asset, ROWS[asset]) or ():
                keys.update(key for source in row.provenance for key in source.keys)
                if isinstance(row, RawVideo) and row.media:
                    contents.add(row.media.content)
    proxies = tuple(path for path in _files(store.media_folder / "proxies", "*.mp4") if _content(path) not in contents)
    kept: dict[Path, list[bytes]] = {}
    answers = 0
    for asset in () if store.mirror else Asset:
        for part in _files(store.journal_folder(asset), "*.jsonl"):
            lines = part.read_bytes().splitlines(keepends=True)
            needed = [line for line in lines if _is_needed(line, keys, batches)]
            if len(needed) < len(lines):
                kept[part] = needed
                answers += len(lines) - len(needed)
    return Unneeded(proxies, sum(path.stat().st_size for path in proxies), tuple(_leftovers(store.root)), kept, answers)


def _is_needed(line: bytes, keys: set[str], batches: tuple[str, ...]) -> bool:
    """Whether a row was made of an answer, or its batch is still there; also where neither can be told."""
    try:
        told = json.loads(line)
        return told["key"] in keys or not told["batch"] or told["batch"] in batches
    except (ValueError, KeyError, TypeError):
        return True


def _leftovers(root: Path) -> Iterator[Path]:
    now = time.time()
    for path in root.rglob(".*.tmp"):
        if now - path.stat().st_mtime > _LEFTOVER_AFTER_S:
            yield path


def _files(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern))


def _content(proxy: Path) -> str:
    return proxy.name.partition(".")[0].partition("@")[0]
