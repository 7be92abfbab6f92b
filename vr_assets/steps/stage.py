"""What a step works with: settings, prompts, media, the two models, and the loop that keeps a row for every video."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from vr_assets import batch
from vr_assets.backends.counts import Counts
from vr_assets.backends.journaled import Asker
from vr_assets.backends.make import make_backend
from vr_assets.batch import Failed
from vr_assets.media.library import MediaLibrary
from vr_assets.prompts import Prompts
from vr_assets.records.row import Failure, Row
from vr_assets.records.video import HighlightedVideo
from vr_assets.settings import Asset, Settings, Status
from vr_assets.steps.asking import endpoints_of
from vr_assets.steps.rows import ROWS
from vr_assets.steps.seen import Seen
from vr_assets.storage import Store

R = TypeVar("R", bound=Row)
S = TypeVar("S", bound=Row)


@dataclass(frozen=True)
class Progress:
    """How far a stage is. `done` and `total` count videos, `reused` and `asked` answers."""

    asset: Asset
    done: int
    total: int
    failed: int
    reused: int
    asked: int


@dataclass(frozen=True)
class StageResult(Generic[R]):
    """A finished stage."""

    rows: tuple[R, ...]
    counts: Counts
    seconds: float


@dataclass(frozen=True)
class Stage:
    """One stage of one batch while it runs.

    `imports` are the rows that were made elsewhere and stand in place of answers, by the item's id. `on_through` is told of every
    video that is through this stage, and what is known of it by then, so that later stages may begin with it.
    """

    asset: Asset
    settings: Settings
    prompts: Prompts
    media: MediaLibrary
    vlm: Asker
    llm: Asker
    counts: Counts
    batch: str = ""
    imports: Mapping[str, Row] = field(default_factory=dict)
    on_progress: Callable[[Progress], None] = field(default=lambda progress: None)
    on_through: Callable[[Asset, Seen], None] = field(default=lambda asset, seen: None)

    async def each(
        self,
        rows: Sequence[S],
        kind: type[R],
        work: Callable[[S], Awaitable[R]],
        *,
        through: Callable[[S, R], Seen] | None = None,
    ) -> list[R]:
        """A row of `kind` for every upstream row: its work's, or one that says what failed.

        Args:
            through: what is known of a video that is through.

        Raises:
            StageError: nothing in this stage can succeed.
        """
        done = failed = 0

        async def one(row: S) -> R:
            made = await work(row)
            # With too many failed rows the run stops after this stage: nothing should be asked for the later ones.
            if through and goes_on(made) and failed <= self.settings.checks.max_failed_share * len(rows):
                self.on_through(self.asset, through(row, made))
            return made

        def count(outcome: R | Failed) -> None:
            nonlocal done, failed
            done += 1
            failed += isinstance(outcome, Failed) or outcome.status is Status.FAILED
            self.report(done, len(rows), failed)

        outcomes = await batch.run(rows, one, at_once=self.settings.calls.videos_at_once, on_done=count)
        return [
            next_row(kind, row, status=Status.FAILED, reason=outcome.reason) if isinstance(outcome, Failed) else outcome
            for row, outcome in zip(rows, outcomes, strict=True)
        ]

    def imported(self, kind: type[R], row: Row, **own: Any) -> R | None:
        """The row that was imported for an item, carried on from its upstream row; None where there is none."""
        found = self.imports.get(row.item_id)
        return found.model_copy(update={**row.carried(), **own}) if isinstance(found, kind) else None

    def report(self, done: int, total: int, failed: int) -> None:
        self.on_progress(Progress(self.asset, done, total, failed, self.counts.reused, self.counts.asked))


def goes_on(row: Row) -> bool:
    """Whether later stages work on a video after this row. Highlights that are skipped without being blocked stop nothing."""
    passed_over = isinstance(row, HighlightedVideo) and row.status is Status.SKIPPED and row.blocked_by is None
    return row.status is Status.OK or passed_over


def next_row(kind: type[R], row: Row, **own: Any) -> R:
    """A row of the next stage for the same item."""
    return kind(**{**row.carried(), **own})


def blocked(kind: type[R], row: Row, asset: Asset) -> R | None:
    """The next stage's row for an item that an upstream stage stopped; None when nothing stopped it."""
    if row.status is Status.OK:
        return None
    if row.blocked_by is not None:
        return next_row(kind, row, status=Status.SKIPPED, reason=row.reason, blocked_by=row.blocked_by)
    said = row.status.replace("_", " ")
    return next_row(kind, row, status=Status.SKIPPED, reason=f"{said} at {asset}: {row.reason}", blocked_by=asset)


def failures(names: Sequence[str], outcomes: Sequence[object]) -> tuple[Failure, ...]:
    """The failures among the outcomes of the named parts."""
    pairs = zip(names, outcomes, strict=True)
    return tuple(Failure(what=name, reason=outcome.reason) for name, outcome in pairs if isinstance(outcome, Failed))


def why(failed: Sequence[Failure]) -> str:
    """The reason of a row of which nothing usable is left."""
    return "; ".join(f"{failure.what}: {failure.reason}" for failure in failed)


def load_prompts(settings: Settings) -> Prompts:
    """The domain that the settings name. Raises PromptError."""
    overlay = Path(settings.prompts.prompts_dir) if settings.prompts.prompts_dir else None
    return Prompts.load(settings.prompts.prompts_module, overlay=overlay, clock_in_picture=settings.media.burn_clock)


def imports_of(batch: str, asset: Asset, store: Store) -> Mapping[str, Row]:
    """The imported rows of one stage of a batch, by the item's id. Raises StorageError."""
    return {row.item_id: row for row in store.read_imported(batch, asset, ROWS[asset])}


def check_backends(
    assets: Sequence[Asset], settings: Settings, store: Store, *, environ: Mapping[str, str], batch: str = ""
) -> None:
    """Stop a run before its first row when a stage of it cannot ask its model, and has neither answers to read again nor imports.

    Raises:
        StageError: says what to set.
    """
    for asset in assets:
        if any(store.journal_folder(asset).glob("*.jsonl")) or not _may_ask(asset, settings):
            continue
        if batch and imports_of(batch, asset, store):
            continue
        for name in endpoints_of(asset, settings):
            make_backend(settings.model(name), environ=environ, role=settings.section(name)).check_ready()


def _may_ask(asset: Asset, settings: Settings) -> bool:
    if asset is Asset.FILTERED_VIDEOS:
        return settings.filter.enabled or settings.mode == "auto"
    return True
