"""Any backend behind the journal: how steps ask a model."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from vr_assets.backends.base import Backend
from vr_assets.errors import RefusedError
from vr_assets.journal import Asked, Journal
from vr_assets.records.call import Answer, Finish, Outcome, Reply, Request, Usage
from vr_assets.records.row import Provenance

T = TypeVar("T")

_OUTCOMES = {Finish.STOP: Outcome.ANSWERED, Finish.LENGTH: Outcome.CUT, Finish.REFUSED: Outcome.REFUSED}


@dataclass
class Counts:
    """What a stage asked for, as it goes on."""

    reused: int = 0
    asked: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class Asker:
    """Asks a backend through the journal.

    Args:
        now: the time in UTC, for the journal's lines.
    """

    def __init__(self, backend: Backend, journal: Journal, *, counts: Counts, now: Callable[[], datetime]) -> None:
        self._backend = backend
        self._journal = journal
        self._counts = counts
        self._now = now

    @property
    def structured(self) -> bool:
        """Whether replies come as JSON under a schema, as far as is known now."""
        return self._backend.structured

    def key(self, request: Request) -> str:
        """What makes a request the same request. Hex."""
        asked = [
            request.task,
            request.prompt.identity,
            [media.identity for media in request.media],
            self._backend.identity(request),
        ]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()

    async def ask(self, request: Request, parse: Callable[[str], T]) -> Asked[T]:
        """The answer to a request, read: from the journal where one reads, else from the model.

        Raises:
            ReplyError: the answer does not read, or the backend has none.
            TransientError: the endpoint gave none.
            MediaError: what the model is to be shown cannot be made.
            StageError: no request can succeed.
        """
        key = self.key(request)
        asked = await self._journal.ask(key, parse, lambda: self._answer(key, request))
        self._counts.reused += asked.reused
        return asked

    def provenance(self, request: Request, *keys: str) -> Provenance:
        """Which prompt and model the answers to requests of this prompt come from."""
        return Provenance(
            task=request.task,
            backend=self._backend.name,
            model=self._backend.model,
            domain=request.prompt.domain,
            prompt=f"{request.prompt.asset}/{request.prompt.name}",
            prompt_hash=request.prompt.fingerprint,
            keys=keys or (self.key(request),),
        )

    async def _answer(self, key: str, request: Request) -> Answer:
        self._backend.check_ready()
        started = time.monotonic()
        try:
            reply = await self._backend.generate(request)
        except RefusedError as error:
            reply = Reply(text="", finish=Finish.REFUSED, finish_words=str(error), usage=Usage())
        self._counts.asked += 1
        self._counts.input_tokens += reply.usage.input_tokens or 0
        self._counts.output_tokens += reply.usage.output_tokens or 0
        return Answer(
            key=key,
            task=request.task,
            outcome=_OUTCOMES[reply.finish],
            text=_writable(reply.text),
            finish=reply.finish_words or reply.finish,
            usage=reply.usage,
            cost_usd=None,
            backend=self._backend.name,
            model=self._backend.model,
            domain=request.prompt.domain,
            prompt=f"{request.prompt.asset}/{request.prompt.name}",
            prompt_hash=request.prompt.fingerprint,
            prompt_text=request.prompt.schema_text if self._backend.structured else request.prompt.layout_text,
            seconds=round(time.monotonic() - started, 3),
            at=self._now().isoformat(),
        )


def _writable(text: str) -> str:
    """Text that a file can hold: an endpoint's JSON may spell half a character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
