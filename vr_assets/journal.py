"""What was paid for is never paid for again: an append-only record of answers, keyed by request.

One journal per asset for the whole project. Each run appends to a part of its own, so there are never two writers and a torn
last line can only be the end of a part. `index.sqlite` maps a key to its lines; it holds nothing of its own and may be deleted.
"""

import contextlib
import json
import logging
import os
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedWriter
from itertools import count
from pathlib import Path
from typing import Generic, TypeVar

import anyio
from pydantic import ValidationError

from vr_assets.errors import ReplyError, StorageError
from vr_assets.mirror import Uploads
from vr_assets.records.call import Answer, Outcome

logger = logging.getLogger(__name__)
T = TypeVar("T")

Store = Callable[[Answer], None]

# A part that grows is put into the bucket whole each time.
_LARGE_BYTES = 2_000_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, indexed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS answers (key TEXT, at TEXT, part TEXT, start INTEGER, length INTEGER);
CREATE INDEX IF NOT EXISTS answers_by_key ON answers (key);
CREATE INDEX IF NOT EXISTS answers_by_part ON answers (part);
"""

# Which lines are answers, to this version.
_FORM = zlib.crc32(json.dumps(Answer.model_json_schema()).encode()) & 0x7FFFFFFF


@dataclass(frozen=True)
class Asked(Generic[T]):
    """What a question led to: the value read, the answer it was read from, and whether that answer was there before this run."""

    value: T
    answer: Answer
    reused: bool


@dataclass(frozen=True)
class Epochs:
    """Moments (UTC, ISO 8601) before which answers do not count.

    `forced`: older answers are not read at all. `retried`: older answers are read, but not counted against `max_answers`.
    """

    forced: str | None = None
    retried: str | None = None


class Journal:
    """The answers of one asset.

    Args:
        folder: where the parts and the index lie.
        part: name of this run's own part, without ending; must be unique to the run.
        max_answers: stored answers after which a request that still does not read is not asked again.
        output_cap: highest output limit, in tokens. An answer that was cut under a lower one does not count: it is asked again
            with a higher limit. One that was cut at this one is not asked for again.
        uploads: is told of the part as it grows. A part is then followed by another before it is large.
    """

    def __init__(
        self,
        folder: Path,
        *,
        part: str,
        max_answers: int,
        output_cap: int | None = None,
        epochs: Epochs | None = None,
        uploads: Uploads | None = None,
    ) -> None:
        self._folder = folder
        self._uploads = uploads
        self._parts = (folder / f"{part}.{number}.jsonl" for number in count(1)) if uploads else iter([folder / f"{part}.jsonl"])
        self._part = next(self._parts)
        self._max_answers = max_answers
        self._output_cap = output_cap
        self._epochs = epochs or Epochs()
        self._fresh: dict[str, list[Answer]] = defaultdict(list)
        self._locks: dict[str, anyio.Lock] = defaultdict(anyio.Lock)
        self._file: BufferedWriter | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._index = _open_index(folder)
        except OSError as error:
            raise StorageError(f"{folder}: the journal cannot be opened ({error.strerror}); check data_root") from error

    def close(self) -> None:
        self._index.close()
        if self._file is not None:
            self._file.close()

    def answers(self, key: str) -> list[Answer]:
        """Stored answers of a request, newest first, as far as the epochs let them count."""
        rows = self._index.execute("SELECT part, start, length FROM answers WHERE key = ? ORDER BY at DESC, rowid DESC", (key,))
        stored = [self._read(part, start, length) for part, start, length in rows]
        found = [*reversed(self._fresh.get(key, [])), *stored]
        return [answer for answer in found if self._epochs.forced is None or answer.at >= self._epochs.forced]

    def latest(self, most: int) -> list[Answer]:
        """The newest stored answers to whatever was asked, at most so many, newest first."""
        rows = self._index.execute("SELECT part, start, length FROM answers ORDER BY at DESC LIMIT ?", (most,))
        return [self._read(part, start, length) for part, start, length in rows]

    def append(self, answer: Answer) -> None:
        """Store an answer; it is on disk when this returns.

        Raises:
            StorageError: the disk is full or the part cannot be written.
        """
        try:
            if self._file is None:
                self._file = self._part.open("ab")
            self._file.write(f"{answer.to_line()}\n".encode())
            self._file.flush()
            os.fsync(self._file.fileno())
            if self._uploads is not None:
                self._uploads.grew(self._part)
                self._next_part_if_large()
        except OSError as error:
            raise StorageError(f"{self._part}: the answer cannot be stored ({error.strerror}); free some space") from error
        self._fresh[answer.key].append(answer)

    def _next_part_if_large(self) -> None:
        if self._file is not None and self._file.tell() > _LARGE_BYTES:
            self._file.close()
            self._file, self._part = None, next(self._parts)

    async def ask(
        self,
        key: str,
        parse: Callable[[str], T],
        answer: Callable[[Store], Awaitable[Answer]],
        *,
        mend: Callable[[Answer, Store], Awaitable[Answer | None]] | None = None,
    ) -> Asked[T]:
        """The stored answer that reads, newest first; else one fresh answer, stored before it is read.

        Whether an answer reads is never stored, so a mended parser sees everything. The same question asked twice in a run, at
        once or one after the other, is paid once.

        Args:
            answer: gives a fresh answer, and stores it with what it is given as soon as it is there.
            mend: gives another form of a fresh answer that does not read, stored likewise, or None.

        Raises:
            ReplyError: the fresh answer does not read, or those there are do not and none is asked for any more.
        """
        async with self._locks[key]:
            last: ReplyError | None = None
            known = self.answers(key)
            for candidate in known:
                try:
                    return Asked(_read(candidate, parse), candidate, reused=candidate not in self._fresh[key])
                except ReplyError as error:
                    last = last or error
            if last is not None:
                self._refuse_to_ask(key, known, last)
            fresh = await answer(self.append)
            try:
                return Asked(_read(fresh, parse), fresh, reused=False)
            except ReplyError:
                mended = await mend(fresh, self.append) if mend is not None and fresh.outcome is Outcome.ANSWERED else None
                if mended is None:
                    raise
                return Asked(_read(mended, parse), mended, reused=False)

    def _refuse_to_ask(self, key: str, known: Sequence[Answer], last: ReplyError) -> None:
        if self._fresh[key]:
            raise last
        counted = [old for old in known if self._epochs.retried is None or old.at >= self._epochs.retried]
        cut = [old.output_tokens_limit for old in counted if old.outcome is Outcome.CUT and old.output_tokens_limit is not None]
        if self._output_cap is not None and any(limit >= self._output_cap for limit in cut):
            raise last
        used_up = len(counted) - (0 if self._output_cap is None else len(cut))
        if used_up >= self._max_answers:
            raise ReplyError(f"{used_up} answers could not be used and no more are asked for (retry asks again): {last}")

    def _read(self, part: str, start: int, length: int) -> Answer:
        with (self._folder / part).open("rb") as file:
            file.seek(start)
            return Answer.model_validate_json(file.read(length))


def _read(answer: Answer, parse: Callable[[str], T]) -> T:
    if answer.outcome is Outcome.CUT:
        limit = f" of {answer.output_tokens_limit} tokens" if answer.output_tokens_limit else ""
        raise ReplyError(
            f"the answer was cut at the output limit{limit} after {len(answer.text)} characters; "
            "raise calls.max_output_cap where the model can write more"
        )
    if answer.outcome is Outcome.REFUSED:
        raise ReplyError(f"the request was refused: {answer.finish or answer.text}")
    return parse(answer.text)


def _open_index(folder: Path) -> sqlite3.Connection:
    path = folder / "index.sqlite"
    try:
        return _indexed(path, folder)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise StorageError(f"{path}: {error}; another program may hold it") from error
        logger.warning("%s is broken (%s): built anew from the journal", path, error)
        for stale in folder.glob("index.sqlite*"):
            stale.unlink()
        return _indexed(path, folder)


def _indexed(path: Path, folder: Path) -> sqlite3.Connection:
    index = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    with contextlib.ExitStack() as unless_opened:
        unless_opened.callback(index.close)
        index.execute("PRAGMA synchronous = OFF")
        index.execute("BEGIN IMMEDIATE")
        for statement in filter(str.strip, _SCHEMA.split(";")):
            index.execute(statement)
        if index.execute("PRAGMA user_version").fetchone() != (_FORM,):
            # Of another version, which passed over other lines.
            index.execute("DELETE FROM answers")
            index.execute("DELETE FROM parts")
            index.execute(f"PRAGMA user_version = {_FORM}")
        known = dict(index.execute("SELECT name, indexed FROM parts").fetchall())
        sizes = {part.name: part.stat().st_size for part in folder.glob("*.jsonl")}
        for name, done in known.items():
            if sizes.get(name, 0) < done:
                index.execute("DELETE FROM answers WHERE part = ?", (name,))
                index.execute("DELETE FROM parts WHERE name = ?", (name,))
        for name, size in sorted(sizes.items()):
            done = known.get(name, 0)
            _index_part(index, folder / name, done if done <= size else 0, size)
        index.execute("COMMIT")
        unless_opened.pop_all()
    return index


def _index_part(index: sqlite3.Connection, part: Path, start: int, size: int) -> None:
    if start == size:
        return
    end = start
    for offset, line in _whole_lines(part, start):
        end = offset + len(line)
        try:
            answer = Answer.model_validate_json(line)
        except ValidationError as error:
            logger.warning("%s: the line at byte %d is no answer and is passed over (%s)", part, offset, error.errors()[0]["msg"])
            continue
        index.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?)", (answer.key, answer.at, part.name, offset, len(line)))
    index.execute("INSERT OR REPLACE INTO parts VALUES (?, ?)", (part.name, end))


def _whole_lines(part: Path, start: int) -> Iterator[tuple[int, bytes]]:
    """Lines from a byte on, with their places; a last line without its end is not there yet."""
    with contextlib.closing(part.open("rb")) as file:
        file.seek(start)
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield start, line
            start += len(line)
