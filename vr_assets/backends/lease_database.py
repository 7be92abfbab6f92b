"""The book of several machines: two tables in a PostgreSQL database.

Nobody can ask whether a process on another machine is alive, so that whoever holds something says every few seconds that it does;
who did not for long enough is taken for dead. All go by the database's clock. Nothing must survive a crash of the server, hence
unlogged tables and no syncs.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from vr_assets.backends.lease_books import Database, Holding, Looked, Page, Share
from vr_assets.errors import SettingsError, StorageError

try:
    import psycopg2
    from psycopg2.extensions import TRANSACTION_STATUS_IDLE, connection, parse_dsn
except ImportError as error:
    raise SettingsError("places at endpoints are to be shared over PostgreSQL: pip install 'vr-assets[postgres]'") from error

logger = logging.getLogger(__name__)

# Of the time after which a holder is taken for dead: five words may be lost.
_BEATS = 6
_CONNECT_S = 5
_RETRY_S = 0.2

_SCHEMA = """
BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('vr_assets leases', 0));
CREATE UNLOGGED TABLE IF NOT EXISTS vr_paces (endpoint text PRIMARY KEY, pace text NOT NULL);
CREATE UNLOGGED TABLE IF NOT EXISTS vr_holders (
    endpoint text, holder text, run text NOT NULL, held integer NOT NULL, waiting integer NOT NULL, seen float8 NOT NULL,
    served float8 NOT NULL, until float8 NOT NULL, PRIMARY KEY (endpoint, holder)
);
COMMIT
"""

# A turn is two messages, this and `_END`. A machine that vanishes within its turn holds up the others for `patience` at most.
_BEGIN = """
BEGIN;
SET LOCAL lock_timeout = %(patience)s;
SET LOCAL idle_in_transaction_session_timeout = %(patience)s;
SET LOCAL synchronous_commit = off;
SELECT pg_advisory_xact_lock(hashtextextended('vr_assets leases ' || %(endpoint)s, 0));
DELETE FROM vr_holders WHERE endpoint = %(endpoint)s AND until < extract(epoch FROM clock_timestamp());
SELECT extract(epoch FROM clock_timestamp())::float8, (SELECT pace FROM vr_paces WHERE endpoint = %(endpoint)s),
    run, held, waiting, seen, served
FROM (SELECT) AS one LEFT JOIN vr_holders ON endpoint = %(endpoint)s AND holder <> %(holder)s
"""

_HOLD = """
INSERT INTO vr_holders VALUES (
    %(endpoint)s, %(holder)s, %(run)s, %(held)s, %(waiting)s, %(seen)s, %(served)s,
    extract(epoch FROM clock_timestamp()) + %(expires)s
) ON CONFLICT (endpoint, holder) DO UPDATE SET
"""
_END = f"""
INSERT INTO vr_paces VALUES (%(endpoint)s, %(pace)s) ON CONFLICT (endpoint) DO UPDATE SET pace = excluded.pace;
{_HOLD} held = excluded.held, waiting = excluded.waiting, seen = excluded.seen, served = excluded.served, until = excluded.until;
COMMIT
"""
_BEAT = f"{_HOLD} until = excluded.until"
_FORGET = "DELETE FROM vr_holders WHERE endpoint = %(endpoint)s AND holder = %(holder)s"

_LOOK = """
SELECT endpoint, run, held, waiting, pace FROM vr_holders LEFT JOIN vr_paces USING (endpoint)
WHERE until >= extract(epoch FROM clock_timestamp()) ORDER BY endpoint
"""


def look_into_database(database: Database) -> list[Looked]:
    """What holders who are alive wrote down, by endpoint; nothing where the database cannot be read."""
    try:
        file = _connected(database)
        try:
            with file.cursor() as cursor:
                cursor.execute(_LOOK)
                return [Looked(*row) for row in cursor.fetchall()]
        finally:
            file.close()
    except psycopg2.Error:
        return []


class DatabaseBook:
    """One endpoint's pages in the database. A thread says that this holder is alive.

    Raises:
        StorageError: the database cannot be used.
    """

    # A turn is held over two messages through a network, and many workers may wait: they look less often than on one machine.
    look_again_s = 0.2

    def __init__(self, endpoint: str, database: Database, *, holder: str, run: str, patience_s: float) -> None:
        self._database = database
        self._patience_s = patience_s
        self._me = {
            "endpoint": endpoint,
            "holder": holder,
            "run": run,
            "expires": database.expires_s,
            "patience": f"{max(1, int(patience_s * 1000))}ms",
        }
        self._last = Share()
        self._file: connection | None = None
        self._turn = threading.Lock()
        self._closing = threading.Event()
        with self._turn:
            self._patiently(_SCHEMA)
        self._thread = threading.Thread(target=self._beat, name="leases", daemon=True)
        self._thread.start()

    @contextmanager
    def page(self, now: float) -> Iterator[Page]:
        with self._turn:
            try:
                page = self._begin()
                yield page
                mine = page.mine
                row = {"held": mine.held, "waiting": mine.waiting, "seen": page.now, "served": mine.served}
                self._said(_END, {**self._me, **row, "pace": page.pace})
                self._last = mine
            except psycopg2.Error as error:
                raise self._error(error) from _cause(error)
            finally:
                self._roll_back()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        with self._turn:
            try:
                self._said(_FORGET, self._me)
            except psycopg2.Error:
                held = self._database.expires_s
                logger.warning("%s: places at %s come back after %g s", self._name, self._me["endpoint"], held)
            finally:
                self._let_go()

    def _begin(self) -> Page:
        rows = self._patiently(_BEGIN, self._me)
        now, pace = rows[0][:2]
        return Page(now, pace, [Holding(*row[2:]) for row in rows if row[2] is not None], Share())

    def _beat(self) -> None:
        while not self._closing.wait(self._database.expires_s / _BEATS):
            with self._turn:
                last = self._last
                # Whether it waits, it says itself when it looks.
                row = {"held": last.held, "waiting": 0, "seen": 0.0, "served": last.served}
                try:
                    self._said(_BEAT, {**self._me, **row})
                except psycopg2.Error as error:
                    logger.debug("%s: %s", self._name, _first_line(error))
                    self._let_go()

    def _patiently(self, words: str, values: dict[str, object] | None = None) -> list[tuple]:  # type: ignore[type-arg]
        """What changes nothing until a later word is said again where the connection was lost, as when the server restarts."""
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                return self._said(words, values)
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                lost = self._file is None or self._file.closed
                self._let_go()
                if not lost or time.monotonic() > deadline:
                    raise self._error(error) from _cause(error)
                time.sleep(_RETRY_S)
            except psycopg2.Error as error:
                self._let_go()
                raise self._error(error) from _cause(error)

    def _said(self, words: str, values: dict[str, object] | None = None) -> list[tuple]:  # type: ignore[type-arg]
        if self._file is None:
            self._file = _connected(self._database)
        with self._file.cursor() as cursor:
            cursor.execute(words, values)
            return cursor.fetchall() if cursor.description else []

    def _roll_back(self) -> None:
        file = self._file
        if file is None or (not file.closed and file.info.transaction_status == TRANSACTION_STATUS_IDLE):
            return
        try:
            self._said("ROLLBACK")
        except psycopg2.Error:
            self._let_go()

    def _let_go(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    @property
    def _name(self) -> str:
        try:
            parts = parse_dsn(_dsn(self._database))
        except psycopg2.Error:
            return "the PostgreSQL database of the leases"
        return f"PostgreSQL at {parts.get('host', 'localhost')}:{parts.get('port', '5432')}/{parts.get('dbname', '')}"

    def _error(self, error: Exception) -> StorageError:
        # Where an address cannot be read, what is said of it quotes it, with its password.
        told = (
            "its address cannot be read"
            if isinstance(error, psycopg2.ProgrammingError) and error.pgcode is None
            else _first_line(error)
        )
        cure = "places at endpoints are shared there; check that it runs and lets this machine in"
        return StorageError(f"{self._name}: cannot be used ({told}); {cure}")


def _connected(database: Database) -> connection:
    file = psycopg2.connect(_dsn(database), connect_timeout=_CONNECT_S, application_name="vr_assets leases")
    file.autocommit = True
    return file


def _dsn(database: Database) -> str:
    """As libpq reads it: SQLAlchemy's address may name the driver."""
    return database.url.replace("postgresql+psycopg2://", "postgresql://", 1)


def _cause(error: psycopg2.Error) -> Exception:
    """A server that is away or busy is what a step may be tried again for, as it is for a disk."""
    may_pass = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    return ConnectionError(_first_line(error)) if may_pass else error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
