"""Endpoints behind the journal: how steps ask a model."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from vr_assets.backends.calling import About, Caller, Sent
from vr_assets.backends.counts import Counts
from vr_assets.errors import RefusedError, ReplyError, TransientError
from vr_assets.journal import Asked, Journal, Store
from vr_assets.parsing.repair import check_grounded, repair_prompt, restated, worth_repairing
from vr_assets.records.call import Answer, Finish, Outcome, Reply, Request
from vr_assets.records.row import Provenance
from vr_assets.settings import Asset, BoxConvention, CallSettings, Task

T = TypeVar("T")

# Which of the calls that wait go first. Before the many calls about one video, chunks and questions, go the single ones that
# later calls wait for; questions, which nothing waits for, fill what is left. So the last videos' way through the single calls
# falls into a time when there is still enough else to ask.
_TURNS = (
    Asset.FILTERED_VIDEOS,
    Asset.CAPTIONS,
    Asset.HIGHLIGHTS,
    Asset.DESCRIPTIONS,
    Asset.CHUNK_CAPTIONS,
    Asset.QA,
    Asset.EVIDENCE,
    # A run has the stages of one graph: between graphs nothing has to wait.
    Asset.GROUNDINGS,
    Asset.EXPRESSIONS,
    Asset.VIDEO_CAPTIONS,
)

_OUTCOMES = {Finish.STOP: Outcome.ANSWERED, Finish.LENGTH: Outcome.CUT, Finish.REFUSED: Outcome.REFUSED}


class Asker:
    """Asks the endpoints that a stage's tasks are routed to, through the stage's journal.

    Args:
        route: the endpoint of a task.
        now: the time in UTC, for the journal's lines.
        run: the run's id, for the journal's lines; `batch` likewise.
    """

    def __init__(
        self,
        route: Callable[[Task], Caller],
        journal: Journal,
        *,
        asset: Asset,
        counts: Counts,
        calls: CallSettings,
        now: Callable[[], datetime],
        run: str = "",
        batch: str = "",
    ) -> None:
        self._route = route
        self._journal = journal
        self._asset = asset
        self._counts = counts
        self._calls = calls
        self._now = now
        self._run = run
        self._batch = batch
        self._gave_up: dict[str, TransientError] = {}

    def structured(self, task: Task) -> bool:
        """Whether replies to a task come as JSON, as far as is known now."""
        return self._route(task).backend.structured

    def boxes(self, task: Task) -> tuple[str, BoxConvention | None]:
        """The model that answers a task, and the convention in which a trial found that it gives boxes, if there was one."""
        caller = self._route(task)
        return caller.backend.model, caller.boxes()

    def key(self, request: Request) -> str:
        """What makes a request the same request. Hex."""
        asked = [
            request.task,
            request.prompt.identity,
            [media.identity for media in request.media],
            self._route(request.task).backend.identity(request),
        ]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()

    def stored(self, request: Request) -> list[Answer]:
        """The answers to a request that are there, newest first, whether they read or not."""
        return self._journal.answers(self.key(request))

    async def ask(self, request: Request, parse: Callable[[str], T]) -> Asked[T]:
        """The answer to a request, read: from the journal where one reads, else from the model.

        Raises:
            ReplyError: the answer does not read, or the backend has none.
            TransientError: the endpoint gave none, now or earlier in this run.
            MediaError: what the model is to be shown cannot be made.
            StageError: no request can succeed.
        """
        key = self.key(request)
        mend = (lambda answer, store: self._restated(key, request, answer, store)) if self._calls.repair else None
        asked = await self._journal.ask(key, parse, lambda store: self._answer(key, request, store), mend=mend)
        self._counts.reused += asked.reused
        return asked

    def provenance(self, request: Request, *keys: str) -> Provenance:
        """Which prompt and model the answers to requests of this prompt come from."""
        backend = self._route(request.task).backend
        return Provenance(
            task=request.task,
            backend=backend.name,
            model=backend.model,
            domain=request.prompt.domain,
            prompt=f"{request.prompt.asset}/{request.prompt.name}",
            prompt_hash=request.prompt.fingerprint,
            keys=keys or (self.key(request),),
        )

    async def _answer(self, key: str, request: Request, store: Store) -> Answer:
        """A fresh answer. One that is cut is asked for again with twice the output limit, up to `calls.max_output_cap`."""
        if key in self._gave_up:
            raise self._gave_up[key]
        limit = self._limit_after(key, request)
        answer: Answer | None = None
        while True:
            raised = request if limit is None else replace(request, output_tokens=limit)
            try:
                answer = await self._call(key, raised, store)
            except RefusedError as error:
                if answer is None:
                    answer = self._made(key, request, _refusal(error))
                    store(answer)
                # Else it does not take the higher limit: the answer stays the one that was cut.
                return answer
            except TransientError as error:
                self._gave_up[key] = error
                raise
            limit = self._higher(answer)
            if limit is None:
                return answer

    async def _call(self, key: str, request: Request, store: Store, *, repaired_from: str = "") -> Answer:
        def keep(sent: Sent) -> Answer:
            answer = self._made(key, request, sent, repaired_from=repaired_from)
            store(answer)
            self._counts.asked += 1
            return answer

        about = About(key, self._asset, priority=_TURNS.index(self._asset))
        return await self._route(request.task).call(request, about, self._counts, keep)

    def _limit_after(self, key: str, request: Request) -> int | None:
        """The output limit to ask under where answers were cut in earlier runs; None for the setting's own."""
        cut = [answer for answer in self._journal.answers(key) if answer.outcome is Outcome.CUT]
        highest = max(cut, key=lambda answer: answer.output_tokens_limit or 0, default=None)
        return self._higher(highest) if highest and highest.output_tokens_limit else None

    def _higher(self, answer: Answer) -> int | None:
        """The next output limit for an answer that was cut; None where it was not, or there is none."""
        if answer.outcome is not Outcome.CUT or not answer.output_tokens_limit:
            return None
        limit = min(2 * answer.output_tokens_limit, self._calls.max_output_cap)
        return limit if limit > answer.output_tokens_limit else None

    async def _restated(self, key: str, request: Request, answer: Answer, store: Store) -> Answer | None:
        """The answer in the form asked for, restated by the model that gave it; None where that is not worth a call."""
        # What was asked for in no particular form has none to be restated in.
        if not request.reply_schema or not worth_repairing(answer.text):
            return None
        schema = request.reply_schema if self.structured(request.task) else None
        text = repair_prompt(request.task, answer.text, schema)
        prompt = request.prompt.model_copy(
            update={"schema_text": text, "layout_text": text, "name": f"{request.prompt.name}.repair"}
        )
        try:
            return await self._call(key, replace(request, prompt=prompt, media=()), store, repaired_from=answer.text)
        except (RefusedError, TransientError):
            return None

    def _made(self, key: str, request: Request, sent: Sent, *, repaired_from: str = "") -> Answer:
        backend, reply = self._route(request.task).backend, sent.reply
        outcome, words = _OUTCOMES[reply.finish], reply.finish_words or reply.finish
        if repaired_from and not _restates(repaired_from, reply.text):
            outcome, words = Outcome.REFUSED, "restated, it says what the answer did not say"
        return Answer(
            key=key,
            task=request.task,
            outcome=outcome,
            text=_writable(reply.text),
            finish=words,
            usage=reply.usage,
            cost_usd=sent.cost_usd,
            backend=backend.name,
            model=backend.model,
            domain=request.prompt.domain,
            prompt=f"{request.prompt.asset}/{request.prompt.name}",
            prompt_hash=request.prompt.fingerprint,
            prompt_text=request.prompt.schema_text if backend.structured else request.prompt.layout_text,
            seconds=round(sent.seconds, 3),
            at=self._now().isoformat(),
            output_tokens_limit=sent.output_limit or None,
            thinking=_writable(reply.thinking),
            repaired_from=repaired_from,
            remarks=reply.remarks,
            run=self._run,
            batch=self._batch,
        )


def _restates(original: str, text: str) -> bool:
    try:
        check_grounded(original, restated(text))
    except ReplyError:
        return False
    return True


def _refusal(error: RefusedError) -> Sent:
    return Sent(Reply(text="", finish=Finish.REFUSED, finish_words=str(error)), seconds=0.0, cost_usd=0.0, output_limit=0)


def _writable(text: str) -> str:
    """Text that a file can hold: an endpoint's JSON may spell half a character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
