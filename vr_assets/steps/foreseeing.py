"""A stage that asks nobody: answers come from the journal, and what would have to be asked is noted."""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn, TypeVar, cast

from vr_assets.backends.calling import Caller, UnderWay
from vr_assets.backends.counts import Counts
from vr_assets.backends.journaled import Asker
from vr_assets.backends.limits import Gate, Limiter
from vr_assets.backends.make import make_backend
from vr_assets.backends.prices import Price, Prices, text_bytes
from vr_assets.errors import StageError, VrAssetsError
from vr_assets.journal import Asked, Journal
from vr_assets.media.images import ImageLibrary
from vr_assets.media.library import MediaLibrary
from vr_assets.media.near_duplicates import Signed
from vr_assets.media.workers import Workers
from vr_assets.records.base import Span
from vr_assets.records.call import Answer, Media, MediaForm, Outcome, Request, Usage
from vr_assets.records.media import VideoFacts
from vr_assets.records.row import Provenance, VideoMedia
from vr_assets.records.video import NearDuplicate
from vr_assets.settings import Asset, BackendName, BoxConvention, ModelSettings, Settings, Task, VideoInput
from vr_assets.steps.experience import Experience
from vr_assets.steps.stage import Stage, imports_of, load_prompts
from vr_assets.steps.stand_ins import LAST, expected_facts, stand_in
from vr_assets.storage import Store

T = TypeVar("T")

# Newest answers of a stage that are looked at for what is usual.
_REMEMBERED = 500


class NotAskedError(VrAssetsError):
    """An answer is not there, and nobody was asked for it."""


@dataclass(frozen=True)
class Call:
    """A call that a run would make. None: not known. `is_certain`: whatever the answers before it say.

    `answers` is how many earlier ones its figures are taken from. `most_usd` is of one attempt whose answer fills its limit.
    `pause_s` is how long the endpoint's requests_per_minute keeps the next one back.
    """

    task: Task
    model: str
    is_certain: bool
    input_tokens: float | None
    output_tokens: float
    usd: float | None
    most_usd: float | None
    seconds: float
    pause_s: float
    answers: int


class Notes:
    """What became known of a stage: calls to make, and answers that are there. `labels` and `unmeasured` go on over stages.

    `made_up`: what its prompts tell may be of stand-ins. `goes_on`: a later stage of this estimate asks about its answers.
    """

    def __init__(self, labels: set[str], unmeasured: set[str], *, made_up: bool = False, goes_on: bool = False) -> None:
        self.calls: list[Call] = []
        self.answered = 0
        self.labels = labels
        self.unmeasured = unmeasured
        self.made_up = made_up
        self.goes_on = goes_on


@asynccontextmanager
async def foreseeing(
    asset: Asset, settings: Settings, store: Store, *, batch: str, environ: Mapping[str, str], prices: Prices, notes: Notes
) -> AsyncIterator[Stage]:
    """A stage as a run has it, but for answers and facts that are not there: they have stand-ins. It makes no call and decodes
    nothing.
    """
    calls, part, workers = settings.calls, f"estimate-{secrets.token_hex(4)}", Workers(settings.media)
    journal = Journal(store.journal_folder(asset), part=part, max_answers=calls.max_answers, output_cap=calls.max_output_cap)
    callers: dict[str, Caller] = {}

    def caller(name: str) -> Caller:
        if name not in callers:
            backend = make_backend(settings.model(name), environ=environ, role=settings.section(name))
            limiter = Limiter(backend.endpoint, 1)
            callers[name] = Caller(backend, calls=calls, limiter=limiter, gate=Gate(1), under_way=UnderWay())
        return callers[name]

    experience = Experience(journal.latest(_REMEMBERED))

    def seer(role: str) -> Asker:
        def route(task: Task) -> Caller:
            return caller(settings.endpoint_for(asset, task, role))

        asker = Asker(route, journal, asset=asset, counts=Counts(), calls=calls, now=lambda: datetime.now(UTC))
        figures = _Figures(asset, role, settings, prices, experience)
        return cast(Asker, _Foreseer(asker, journal, figures, notes))

    try:
        library = MediaLibrary.of(store, settings, workers)
        yield Stage(
            asset=asset,
            settings=settings,
            prompts=load_prompts(settings),
            media=cast(MediaLibrary, _Headers(library, notes)),
            vlm=seer("vlm"),
            llm=seer("llm"),
            counts=Counts(),
            batch=batch,
            imports=imports_of(batch, asset, store),
        )
    finally:
        for opened in callers.values():
            await opened.backend.aclose()
        workers.close()
        journal.close()


class _Headers:
    """A media library that decodes nothing: facts that were never measured are expected by the header."""

    def __init__(self, library: MediaLibrary, notes: Notes) -> None:
        self._library = library
        self._notes = notes

    @property
    def images(self) -> ImageLibrary:
        """Images are read, which takes moments and is remembered."""
        return self._library.images

    async def probe(self, path: str, *, part: Span | None) -> VideoMedia:
        return await self._library.probe(path, part=part)

    async def facts(self, media: VideoMedia) -> VideoFacts:
        known = self._library.known_facts(media)
        if known is None:
            self._notes.unmeasured.add(f"{media.content}@{media.part_start_s}")
        settings = self._library.settings
        return known or expected_facts(media, max_fps=settings.max_fps, keyframe_interval_s=settings.keyframe_interval_s)

    def known_facts(self, media: VideoMedia) -> VideoFacts | None:
        return self._library.known_facts(media)

    async def near_duplicates(self, batch: str, videos: Sequence[Signed]) -> list[NearDuplicate | None]:
        return await self._library.near_duplicates(batch, videos, enter=False)

    def watch(
        self, media: VideoMedia, facts: VideoFacts, span: Span | None = None, *, detail: bool = False, own_clock: bool = False
    ) -> Media:
        return self._library.watch(media, facts, span, detail=detail, own_clock=own_clock)


class _Foreseer:
    """Asks the journal, and notes what it does not hold."""

    def __init__(self, asker: Asker, journal: Journal, figures: "_Figures", notes: Notes) -> None:
        self._asker = asker
        self._journal = journal
        self._figures = figures
        self._notes = notes
        self._noted: set[str] = set()

    def structured(self, task: Task) -> bool:
        return self._asker.structured(task)

    def boxes(self, task: Task) -> tuple[str, BoxConvention | None]:
        return self._asker.boxes(task)

    def key(self, request: Request) -> str:
        return self._asker.key(request)

    def provenance(self, request: Request, *keys: str) -> Provenance:
        return self._asker.provenance(request, *keys)

    def stored(self, request: Request) -> list[Answer]:
        return self._asker.stored(request)

    async def ask(self, request: Request, parse: Callable[[str], T]) -> Asked[T]:
        """The answer in the journal, else a stand-in.

        Raises:
            ReplyError: the answers there are do not read, and a run would ask for no more.
            NotAskedError: there is none, and nothing depends on it.
        """
        key = self.key(request)
        try:
            asked = await self._journal.ask(key, parse, _nobody)
        except NotAskedError:
            source = self.provenance(request, key)
            is_certain = request.task not in _OF_ANOMALIES or request.subject.identity not in self._notes.labels
            call = self._figures.call(request, source.model, is_certain=is_certain)
            # The same question again is paid once. One about texts looks the same for two videos whose texts are stand-ins.
            is_real = bool(request.media) or not self._notes.made_up
            self._notes.calls += [] if is_real and key in self._noted else [call]
            self._noted.add(key)
            if request.task in _LABELS:
                self._notes.labels.add(request.subject.identity)
            if request.task in LAST and not self._notes.goes_on:
                raise
            text = stand_in(request, output_tokens=call.output_tokens)
            return Asked(parse(text), _answer(key, request, source, text), reused=False)
        self._notes.answered += 1
        return asked


_LABELS = frozenset({Task.SCREENING, Task.ANOMALY_OR_NORMAL})
_OF_ANOMALIES = frozenset({Task.MOMENT, Task.CLIP_CAPTION})


@dataclass(frozen=True)
class _Figures:
    """What calls of one stage to one role's models take."""

    asset: Asset
    role: str
    settings: Settings
    prices: Prices
    experience: Experience

    def call(self, request: Request, model: str, *, is_certain: bool) -> Call:
        at = self.settings.model(self.settings.endpoint_for(self.asset, request.task, self.role))
        price = self.prices.of(model, resolution=at.gemini.media_resolution if at.backend is BackendName.GEMINI else None)
        usual = self.experience.usual(request.task, model, with_media=bool(request.media))
        frames_only = _frames_only(at)
        media = price.media_tokens(request, frames_only=frames_only) if price else (None if request.media else 0.0)
        shows_frames = frames_only or any(media.form is MediaForm.FRAMES for media in request.media)
        if request.media and usual.input_tokens is not None and (media is None or shows_frames):
            # What a table says of pictures is the most they can cost; earlier answers know better.
            input_tokens: float | None = usual.input_tokens
        else:
            input_tokens = None if media is None else text_bytes(request) / usual.bytes_a_token + media
        return Call(
            task=request.task,
            model=model,
            is_certain=is_certain,
            input_tokens=input_tokens,
            output_tokens=usual.output_tokens,
            usd=_usd(price, input_tokens, usual.output_tokens),
            most_usd=_most_usd(price, request, _output_limit(at), frames_only=frames_only),
            seconds=usual.seconds,
            pause_s=60 / at.requests_per_minute if at.requests_per_minute else 0.0,
            answers=usual.answers,
        )


def _usd(price: Price | None, input_tokens: float | None, output_tokens: float) -> float | None:
    if price is None or (input_tokens is None and not price.is_free):
        return None
    return price.usd(input_tokens or 0.0, output_tokens)


def _most_usd(price: Price | None, request: Request, output_limit: int, *, frames_only: bool) -> float | None:
    try:
        return price.bound(request, output_limit, frames_only=frames_only) if price else None
    except StageError:
        return None


def _frames_only(at: ModelSettings) -> bool:
    inputs = {BackendName.OPENAI: at.openai.video_input, BackendName.VLLM: at.vllm.video_input}
    return inputs.get(at.backend) is VideoInput.FRAMES


def _output_limit(at: ModelSettings) -> int:
    match at.backend:
        case BackendName.GEMINI:
            return at.gemini.max_output_tokens
        case BackendName.OPENAI:
            return at.openai.max_tokens
        case BackendName.VLLM:
            return at.vllm.max_tokens
        case BackendName.OPENCV:
            return 0


async def _nobody(*_: object) -> NoReturn:
    raise NotAskedError("no answer is there, and an estimate asks for none")


def _answer(key: str, request: Request, source: Provenance, text: str) -> Answer:
    return Answer(
        key=key,
        task=request.task,
        outcome=Outcome.ANSWERED,
        text=text,
        finish="",
        usage=Usage(),
        backend=source.backend,
        model=source.model,
        domain=source.domain,
        prompt=source.prompt,
        prompt_hash=source.prompt_hash,
        prompt_text="",
        seconds=0.0,
        at="",
    )
