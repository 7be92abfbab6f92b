"""What is written down about an endpoint, by whom and where: the words that both kinds of books share."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Database:
    """A PostgreSQL database that workers on several machines share.

    `url` may hold a password, and is shown nowhere. `expires_s`: whoever said nothing for so long is taken for dead.
    """

    url: str = field(repr=False)
    expires_s: float = 30.0


Where = Path | Database | None
"""A file that runs on this machine share, a database that machines share, or this process's memory."""


@dataclass
class Share:
    """What a run has of an endpoint. `served`: when it was last given a place."""

    held: int = 0
    waiting: int = 0
    served: float = 0.0

    @property
    def wanted(self) -> int:
        return self.held + self.waiting


@dataclass(frozen=True)
class Holding:
    """What another holder, who is alive, wrote down. `seen`: when."""

    run: str
    held: int
    waiting: int
    seen: float
    served: float


@dataclass
class Page:
    """An endpoint while nobody else changes it. `now` is the time by the clock that all who share the book go by.

    What is set as `pace` and `mine` is written down at the end.
    """

    now: float
    pace: str | None
    others: list[Holding]
    mine: Share


class Book(Protocol):
    """The pages of one endpoint, for one holder.

    `look_again_s`: how soon who waits may look whether somebody else gave a place back.
    """

    look_again_s: float

    def page(self, now: float) -> AbstractContextManager[Page]:
        """The page for one change; an exception within changes nothing. Raises StorageError: the book cannot be used."""

    def close(self) -> None:
        """Give back all."""


@dataclass(frozen=True)
class Endpoint:
    """What runs hold of an endpoint now. `limit` is how many calls it was found to take at a time."""

    name: str
    runs: int
    in_flight: int
    waiting: int
    limit: int


@dataclass(frozen=True)
class Looked:
    """A row as somebody sees it who only looks. `pace` is that of the endpoint."""

    endpoint: str
    run: str
    held: int
    waiting: int
    pace: str | None
