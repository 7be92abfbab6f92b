"""evidence: QA items asked again and judged. What is found marks items; the release decides what becomes of them.

A check that cannot judge an item (an answer that does not read, a model that refuses) is a failure of the row and leaves no mark.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.errors import ReplyError, StageError
from vr_assets.parsing.option_orders import Ordered, option_orders
from vr_assets.parsing.text import snippet
from vr_assets.records.base import Span
from vr_assets.records.review import Mark, fingerprint, item_id
from vr_assets.records.row import Provenance
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaptionedVideo,
    DescribedVideo,
    EvidenceVideo,
    HighlightedVideo,
    McqItem,
    OpenItem,
    QaItem,
    QaVideo,
    SpanItem,
    YesNoItem,
)
from vr_assets.settings import Asset, EvidenceCheck, QaType, Settings, Status, Task
from vr_assets.steps.asked_again import NO_OR_YES, YES_OR_NO, AskedAgain, Said, span_text
from vr_assets.steps.seen import Seen, gather
from vr_assets.steps.stage import Stage, blocked, failures, next_row

ORDERS = 3

OFF = "no evidence check is on; evidence.checks names them: blind, support, agreement"

# A lone Yes or No is guessed half the time, and an account of the whole video is never guessed: asking tells nothing.
_NOT_ASKED_BLIND = frozenset({QaType.EVENT_VERIFICATION, QaType.SCENE_DESCRIPTION, QaType.EVENT_SUMMARY})


@dataclass(frozen=True)
class _Found:
    """What a check found: whether the item, or the items that stand and fall together, passed."""

    passed: bool
    said: str
    sources: tuple[Provenance, ...]


@dataclass(frozen=True)
class _Check:
    """One check of one item, or of a Yes/No pair."""

    kind: EvidenceCheck
    subjects: tuple[str, ...]
    items: tuple[QaItem, ...]

    @property
    def name(self) -> str:
        """As failures name it: `blind mcq/0`."""
        return f"{self.kind} {' and '.join(subject.partition('/')[2] for subject in self.subjects)}"

    def marks(self, found: _Found) -> Iterable[Mark]:
        keys = tuple(key for source in found.sources for key in source.keys)
        for subject, item in zip(self.subjects, self.items, strict=True):
            yield Mark(check=self.kind, subject=subject, of=fingerprint(item), passed=found.passed, said=found.said, keys=keys)


async def check_evidence(
    captions: Sequence[CaptionedVideo],
    chunks: Sequence[ChunkCaptionedVideo],
    highlights: Sequence[HighlightedVideo] | None,
    descriptions: Sequence[DescribedVideo] | None,
    qa: Sequence[QaVideo],
    stage: Stage,
) -> list[EvidenceVideo]:
    """The checks of `evidence.checks` for every QA item. One that cannot judge an item loses itself only.

    Raises:
        StageError: agreement is asked for without a second model.
    """
    if EvidenceCheck.AGREEMENT in stage.settings.evidence.checks:
        _check_second_model(stage.settings)
    seen = gather(captions, chunks, highlights, descriptions)
    of_row = {id(row): seen[id(captioned)] for row, captioned in zip(qa, captions, strict=True)}
    return await stage.each(qa, EvidenceVideo, lambda row: check_video(stage, row, of_row[id(row)]))


async def check_video(stage: Stage, row: QaVideo, seen: Seen) -> EvidenceVideo:
    stopped = blocked(EvidenceVideo, row, Asset.QA)
    if stopped:
        return stopped
    if not stage.settings.evidence.checks:
        return next_row(EvidenceVideo, row, status=Status.SKIPPED, reason=OFF)
    video = await AskedAgain.of(stage, row, seen)
    checks = [check for kind in dict.fromkeys(stage.settings.evidence.checks) for check in _checks(kind, row)]
    outcomes = await batch.together([partial(_CARRIED_OUT[check.kind], video, check.items) for check in checks])
    failed = failures([check.name for check in checks], outcomes)
    done = [(check, found) for check, found in zip(checks, outcomes, strict=True) if not isinstance(found, Failed)]
    if failed and not done:
        reasons = "; ".join(dict.fromkeys(failure.reason for failure in failed))
        return next_row(EvidenceVideo, row, status=Status.FAILED, reason=f"nothing could be judged: {reasons}", failures=failed)
    return next_row(
        EvidenceVideo,
        row,
        status=Status.OK,
        failures=failed,
        provenance=_together(source for _, found in done for source in found.sources),
        marks=tuple(mark for check, found in done for mark in check.marks(found)),
    )


def _check_second_model(settings: Settings) -> None:
    second = settings.endpoint_for(Asset.EVIDENCE, Task.AGREEMENT, "vlm")
    first = settings.endpoint_for(Asset.CAPTIONS, Task.GLOBAL_CAPTION, "vlm")
    if settings.model(second) == settings.model(first):
        raise StageError(
            f"evidence.checks has agreement, but the model that would agree ({settings.section(second)}) is the one that wrote "
            "the captions; set up another that watches video (endpoints.NAME.backend, ...) and name it: routes.agreement=NAME"
        )


def _checks(kind: EvidenceCheck, row: QaVideo) -> Iterable[_Check]:
    for qa_set in row.qa:
        if kind is EvidenceCheck.BLIND and qa_set.qa_type in _NOT_ASKED_BLIND:
            continue
        subjects = tuple(item_id(row.video_id, qa_set.qa_type, position) for position in range(len(qa_set.items)))
        if kind is EvidenceCheck.BLIND and qa_set.qa_type is QaType.BCQ:
            yield _Check(kind, subjects, qa_set.items)
        else:
            yield from (_Check(kind, (one,), (item,)) for one, item in zip(subjects, qa_set.items, strict=True))


async def _blind(video: AskedAgain, items: tuple[QaItem, ...]) -> _Found:
    """Passed: the item needs the video. Raises ReplyError: that cannot be told."""
    match items[0]:
        case McqItem() as item:
            orders = option_orders(item, ORDERS)
            right = await _right([partial(_is_chosen, video, item, order) for order in orders])
            return _needs_the_video(right, "the right option in {} of {} orders of the options")
        case YesNoItem():
            pair = [item for item in items if isinstance(item, YesNoItem)]
            asked = [partial(_is_said, video, item, choices) for item in pair for choices in (YES_OR_NO, NO_OR_YES)]
            return _needs_the_video(await _right(asked), "the right answer to the pair's questions in {} of {} askings")
        case SpanItem() as item:
            guess = await video.when(Task.BLIND, item)
            shared = overlap(item.span, guess.value)
            said = f"without the video, {span_text(guess.value)} was guessed, which overlaps by {shared:.2f}"
            return _Found(shared < video.stage.settings.evidence.min_iou, said, (guess.source,))
        case OpenItem() as item:
            told = await video.told(Task.BLIND, item)
            verdict = await video.same(item, told.value)
            said = f"without the video, {snippet(told.value)} was answered: {verdict.value.said}"
            return _Found(not verdict.value.holds, said, (told.source, verdict.source))


async def _support(video: AskedAgain, items: tuple[QaItem, ...]) -> _Found:
    verdict = await video.supported(items[0])
    return _Found(verdict.value.holds, verdict.value.said, (verdict.source,))


async def _agreement(video: AskedAgain, items: tuple[QaItem, ...]) -> _Found:
    match items[0]:
        case McqItem() as item:
            order = Ordered({option.letter: option.text for option in item.options}, item.answer)
            chosen = await video.chosen(Task.AGREEMENT, item, order)
            said = f"{chosen.source.model} chose {chosen.value}) {order.options[chosen.value]}"
            return _Found(chosen.value == item.answer, said, (chosen.source,))
        case YesNoItem() as item:
            word = await video.yes_no(Task.AGREEMENT, item)
            return _Found(word.value == item.answer, f"{word.source.model} answered {word.value}", (word.source,))
        case SpanItem() as item:
            when = await video.when(Task.AGREEMENT, item)
            shared = overlap(item.span, when.value)
            said = f"{when.source.model} found {span_text(when.value)}, which overlaps by {shared:.2f}"
            return _Found(shared >= video.stage.settings.evidence.min_iou, said, (when.source,))
        case OpenItem() as item:
            told = await video.told(Task.AGREEMENT, item)
            verdict = await video.same(item, told.value)
            said = f"{told.source.model} answered {snippet(told.value)}: {verdict.value.said}"
            return _Found(verdict.value.holds, said, (told.source, verdict.source))


_CARRIED_OUT: Mapping[EvidenceCheck, Callable[[AskedAgain, tuple[QaItem, ...]], Awaitable[_Found]]] = {
    EvidenceCheck.BLIND: _blind,
    EvidenceCheck.SUPPORT: _support,
    EvidenceCheck.AGREEMENT: _agreement,
}


async def _is_chosen(video: AskedAgain, item: McqItem, order: Ordered) -> Said[bool]:
    chosen = await video.chosen(Task.BLIND, item, order)
    return Said(chosen.value == order.answer, chosen.source)


async def _is_said(video: AskedAgain, item: YesNoItem, choices: str) -> Said[bool]:
    word = await video.yes_no(Task.BLIND, item, choices)
    return Said(word.value == item.answer, word.source)


async def _right(askings: Sequence[Callable[[], Awaitable[Said[bool]]]]) -> list[Said[bool]]:
    """Which askings were answered right, as far as they were answered.

    Raises:
        ReplyError: some were not, and all others right: whether the item needs the video cannot be told.
    """
    outcomes = await batch.together(askings)
    said = [outcome for outcome in outcomes if not isinstance(outcome, Failed)]
    unsaid = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
    if unsaid and all(one.value for one in said):
        raise ReplyError(unsaid[0].reason)
    return said


def _needs_the_video(said: Sequence[Said[bool]], words: str) -> _Found:
    right = sum(one.value for one in said)
    sources = tuple(one.source for one in said)
    return _Found(right < len(said), f"without the video, {words.format(right, len(said))} was given", sources)


def overlap(one: Span, other: Span) -> float:
    """Intersection over union of two stretches of time, 0 to 1."""
    shared_s = max(0.0, min(one.end_s, other.end_s) - max(one.start_s, other.start_s))
    return shared_s / (one.duration_s + other.duration_s - shared_s)


def _together(sources: Iterable[Provenance]) -> tuple[Provenance, ...]:
    """One entry a prompt and model, with all its keys."""
    found: dict[tuple[str, str, str], Provenance] = {}
    for source in sources:
        same = found.setdefault((source.prompt, source.backend, source.model), source)
        if same is not source:
            found[source.prompt, source.backend, source.model] = same.model_copy(update={"keys": (*same.keys, *source.keys)})
    return tuple(found.values())
