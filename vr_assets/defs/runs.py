"""One run in this process, and what became of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from vr_assets.defs.jobs import job_for
from vr_assets.defs.metadata import (
    ASKED,
    COST,
    IMPORTED_ROWS,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    REUSED,
    SECONDS,
    UNPRICED,
    rows_name,
)
from vr_assets.defs.progress import Listener, listening
from vr_assets.defs.reviews import REVIEWS
from vr_assets.settings import Asset, Graph, Status


@dataclass(frozen=True)
class StageSummary:
    """What one stage of a run did."""

    asset: Asset
    rows: Mapping[Status, int]
    asked: int
    reused: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    unpriced: int
    seconds: float
    imported: int = 0


@dataclass(frozen=True)
class RunOutcome:
    """A run that ended. `error` is None when it succeeded; `stopped` when its rows are published but a blocking check failed.

    `warnings` are the other checks that failed.
    """

    run_id: str
    stages: tuple[StageSummary, ...]
    error: str | None = None
    interrupted: bool = False
    stopped: bool = False
    warnings: tuple[str, ...] = ()


def run_batch(
    instance: dg.DagsterInstance,
    defs: dg.Definitions,
    batch: str,
    *,
    assets: Sequence[Asset],
    config: Mapping[str, object],
    listener: Listener,
) -> RunOutcome:
    """Materialize assets of one batch in this process and thread; with all stages of a graph its review page too. An interrupt
    ends the run and is part of its outcome.
    """
    graph = Graph.of(assets[0])
    page = [REVIEWS[graph].key] if set(assets) >= set(graph.assets) else []
    with listening(listener):
        result = defs.resolve_job_def(job_for(assets)).execute_in_process(
            instance=instance,
            partition_key=batch,
            asset_selection=[*(dg.AssetKey(asset.value) for asset in assets), *page],
            run_config=config,
            raise_on_error=False,
        )
    stages = tuple(_summaries(result.all_events))
    warnings = tuple(_failed_checks(result.all_events, blocking=False))
    if result.success:
        return RunOutcome(result.run_id, stages, warnings=warnings)
    checks = list(_failed_checks(result.all_events, blocking=True))
    failures = list(failures_of(result.all_events))
    interrupted = any(kind == dg.DagsterExecutionInterruptedError.__name__ for kind, _ in failures)
    words = checks or [message for _, message in failures]
    return RunOutcome(result.run_id, stages, words[0], interrupted=interrupted, stopped=bool(checks), warnings=warnings)


def _summaries(events: Sequence[dg.DagsterEvent]) -> Iterator[StageSummary]:
    for event in events:
        if not event.is_step_materialization:
            continue
        made = event.step_materialization_data.materialization
        if made.asset_key.path[-1] not in set(Asset):
            continue
        values: dict[str, Any] = {name: value.value for name, value in made.metadata.items()}
        yield StageSummary(
            asset=Asset(made.asset_key.path[-1]),
            rows={status: values[rows_name(status)] for status in Status},
            asked=values[ASKED],
            reused=values[REUSED],
            input_tokens=values[INPUT_TOKENS],
            output_tokens=values[OUTPUT_TOKENS],
            cost_usd=values[COST],
            unpriced=values[UNPRICED],
            seconds=values[SECONDS],
            imported=values.get(IMPORTED_ROWS, 0),
        )


def _failed_checks(events: Sequence[dg.DagsterEvent], *, blocking: bool) -> Iterator[str]:
    for event in events:
        if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            if not evaluation.passed and (evaluation.severity is dg.AssetCheckSeverity.ERROR) is blocking:
                yield f"{evaluation.asset_key.to_user_string()}: {evaluation.description}"


def failures_of(events: Sequence[dg.DagsterEvent]) -> Iterator[tuple[str, str]]:
    """Class and message of what went wrong, steps before the run as a whole."""
    for event in sorted(events, key=lambda event: event.is_run_failure):
        if event.is_step_failure:
            said, error = event.step_failure_data.user_failure_data, event.step_failure_data.error
        elif event.is_run_failure:
            said, error = None, event.job_failure_data.error
        else:
            continue
        while error is not None and error.cause is not None:
            error = error.cause
        kind = error.cls_name if error is not None else None
        where = f"{event.step_key}: " if event.step_key else ""
        if said is not None and said.description:
            yield kind or "", f"{where}{said.description}"
        else:
            yield (
                kind or "",
                f"{where}internal error, please report it: {error.message.strip() if error is not None else event.message}",
            )
