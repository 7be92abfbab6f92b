"""Whether an endpoint can do what is asked of it: tried with a known clip before anything is paid for in earnest."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import anyio

from vr_assets.backends.base import Backend
from vr_assets.backends.known import Known
from vr_assets.backends.preflight_candidate import Candidate
from vr_assets.backends.preflight_checks import Ask, Examination, Other
from vr_assets.backends.preflight_questions import Need, need_of
from vr_assets.backends.ways import setting
from vr_assets.errors import StageError
from vr_assets.media.sharing import Shared
from vr_assets.records.call import Reply, Request
from vr_assets.records.preflight import Check, CheckName, CheckOutcome, Report
from vr_assets.settings import BackendName, BoxConvention, ModelSettings, VideoInput

# Long enough that nobody waits for it in daily work, short enough to notice that the model behind a name was changed.
VALID = timedelta(days=7)

_REMOTE = frozenset({BackendName.GEMINI, BackendName.OPENAI, BackendName.VLLM})


class Preflight:
    """Tries one endpoint and model, once, and remembers that it passed. A failure is never remembered.

    Args:
        settings: of this endpoint.
        known: where what passed is kept between runs; None: nowhere.
        endpoint_name: what the settings call it: `vlm`, `llm`, `endpoints.big`.
        now: the time in UTC.
        remade: a backend of these settings, to find out which other way of showing a video works; None: those that need one
            are not tried.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        settings: ModelSettings,
        known: Known | None,
        endpoint_name: str,
        now: Callable[[], datetime],
        remade: Callable[[ModelSettings], Backend] | None = None,
    ) -> None:
        self._candidate = Candidate(endpoint_name, backend, settings)
        self._known = known
        self._now = now
        self._remade = remade
        self._passed: set[Need] = set()
        self._shared = Shared()
        self._one_at_a_time = anyio.Lock()

    @property
    def is_needed(self) -> bool:
        """Whether there is an endpoint to try: the offline annotator and scripts answer without one."""
        return self._candidate.backend.name in _REMOTE

    async def ensure(self, request: Request, ask: Ask, *, ask_with: Callable[[Backend], Ask] | None = None) -> None:
        """Return when what this request takes (words, video, frames) is known to work, trying it where it is not.

        Callers that wait for the same thing share one trial, and its error.

        Args:
            ask: asks the endpoint as any call does, but without a preflight of its own.
            ask_with: the same through another backend of the endpoint; None: through the backend alone, in one attempt.

        Raises:
            StageError: it does not work; says what failed, what the model said, and what to set.
            TransientError: the endpoint was busy. That is no verdict: the next request tries again.
        """
        need = need_of(request, frames_only=self._candidate.video_input is VideoInput.FRAMES)
        if not self.is_needed or self._has_passed(need):
            return
        await self._shared.once(need, lambda: self._try(need, ask, ask_with))

    async def report(self, ask: Ask, *, sees: bool, ask_with: Callable[[Backend], Ask] | None = None) -> Report:
        """Try everything anew, whatever is remembered, and remember what passes.

        Args:
            sees: whether it is meant to be shown anything.

        Raises:
            TransientError: the endpoint was busy.
        """
        metered = _Metered(ask)
        started = time.monotonic()
        checks: list[Check] = []
        boxes = BoxConvention.UNKNOWN
        try:
            self._candidate.backend.check_ready()
            examination = self._examination(metered, ask_with)
            checks += await examination.words()
            self._note(Need.TEXT, checks)
            if sees and not failed(checks):
                for need in self._ways_to_see():
                    found = await examination.sight(need)
                    checks += [check for check in found if check.name is not CheckName.REPLIES or failed((check,))]
                    self._note(need, found)
                found, boxes = await examination.image()
                checks += found
        except StageError as error:
            said, _, cure = str(error).partition("\n")
            checks.append(Check(name=CheckName.KEY_AND_MODEL, outcome=CheckOutcome.FAILED, said=said, cure=cure))
        backend = self._candidate.backend
        return Report(
            endpoint=backend.endpoint,
            model=backend.model,
            backend=backend.name,
            checks=tuple(_once_each(checks)),
            boxes=boxes,
            input_tokens=metered.input_tokens,
            output_tokens=metered.output_tokens,
            seconds=round(time.monotonic() - started, 3),
        )

    async def _try(self, need: Need, ask: Ask, ask_with: Callable[[Backend], Ask] | None) -> None:
        # Two trials at once would both ask for a plainer style.
        async with self._one_at_a_time:
            examination = self._examination(ask, ask_with)
            checks = await (examination.words() if need is Need.TEXT else examination.sight(need))
        self._note(need, checks)
        if failed(checks):
            raise StageError(self._told(failed(checks)))

    def _examination(self, ask: Ask, ask_with: Callable[[Backend], Ask] | None) -> Examination:
        backend = self._candidate.backend
        seed = f"{backend.endpoint} {backend.model} {self._now().date()}"
        remade = self._remade
        if remade is None:
            return Examination(self._candidate, ask, seed=seed)

        def other(settings: ModelSettings) -> Other:
            made = remade(settings)
            return Other(made, ask_with(made) if ask_with else made.generate)

        return Examination(self._candidate, ask, seed=seed, other=other)

    def _ways_to_see(self) -> tuple[Need, ...]:
        return (Need.FRAMES,) if self._candidate.video_input is VideoInput.FRAMES else (Need.VIDEO, Need.FRAMES)

    def _has_passed(self, need: Need) -> bool:
        if need not in self._passed and self._known is not None:
            not_before = (self._now() - VALID).isoformat()
            if self._known.get(self._candidate.backend.endpoint, self._what(need), not_before=not_before):
                self._passed.add(need)
        return need in self._passed

    def _note(self, need: Need, checks: Sequence[Check]) -> None:
        """Keep that a trial passed, or forget that an earlier one did."""
        endpoint, what = self._candidate.backend.endpoint, self._what(need)
        if failed(checks):
            self._passed.discard(need)
            if self._known is not None:
                self._known.forget(endpoint, what)
            return
        self._passed.add(need)
        if self._known is not None:
            self._known.put(endpoint, what, "passed", at=self._now().isoformat())

    def _what(self, need: Need) -> str:
        return f"preflight {need} {self._candidate.backend.model} {self._candidate.fingerprint}"

    def _told(self, failures: tuple[Check, ...]) -> str:
        candidate = self._candidate
        lines = [f"{candidate.name}: {candidate.backend.model} at {candidate.backend.endpoint} cannot do what is asked of it."]
        for check in failures:
            lines += [f"{check.name}: {check.said}", check.cure]
        lines.append(
            f"`vr-assets preflight --endpoint {candidate.name.removeprefix('endpoints.')}` tries it again; "
            f"to go on without trying: {setting('calls.preflight', 'false')}"
        )
        return "\n".join(lines)


def failed(checks: Sequence[Check]) -> tuple[Check, ...]:
    return tuple(check for check in checks if check.outcome is CheckOutcome.FAILED)


def _once_each(checks: list[Check]) -> list[Check]:
    """Of checks of one name the last."""
    last = {check.name: check for check in checks}
    return [check for check in checks if last[check.name] is check]


@dataclass
class _Metered:
    """Asks, and counts tokens."""

    ask: Ask
    input_tokens: int = 0
    output_tokens: int = 0

    async def __call__(self, request: Request) -> Reply:
        reply = await self.ask(request)
        self.input_tokens += reply.usage.input_tokens or 0
        self.output_tokens += reply.usage.output_tokens or 0
        return reply
