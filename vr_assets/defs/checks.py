"""Whether the rows of a stage are good enough to go on with, and good data."""

import warnings
from collections.abc import Iterator, Sequence
from enum import StrEnum

import dagster as dg

from vr_assets.defs.faults import told_to_dagster
from vr_assets.defs.partitions import batches_of
from vr_assets.defs.resources import Project
from vr_assets.defs.stage_runs import assets_of_run
from vr_assets.settings import Asset, Check, Settings
from vr_assets.steps.checks import RULES, check_stage
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.steps.checks.rule import Checked
from vr_assets.steps.report import REPORT, examples, publish_report
from vr_assets.storage import Store

# Dagster stores it in the event and the UI loads it with the event.
REPORT_BYTES = 100_000


class Topic(StrEnum):
    """What Dagster calls the checks of an asset. It takes 0.06 s of CPU for the three events of each, so that one a rule would
    make a run of the demo, 9 s, take 3 s more.
    """

    ROWS = "rows"
    CONTENT = "content"
    BALANCE = "balance"

    @classmethod
    def of(cls, check: Check) -> "Topic":
        return _TOPICS.get(check, cls.CONTENT)


_TOPICS = dict.fromkeys((Check.FAILED_ROWS, Check.MISSING_ROWS, Check.IDS_UNIQUE), Topic.ROWS) | dict.fromkeys(
    (Check.LETTER_BALANCE, Check.OPTION_LENGTHS, Check.YES_NO_BALANCE), Topic.BALANCE
)


def checks_of(asset: Asset) -> dg.AssetChecksDefinition:
    """The checks of one asset: one step, which reads once, after the rows are published; what is downstream waits for it.

    Which rules block, `checks.blocking` says, and is known only when they run: the step fails then. A check that had nothing to
    judge gives no result, which the UI shows as skipped: it is no pass.
    """

    @dg.multi_asset_check(name=f"checks_of_{asset}", specs=_specs(asset), can_subset=True)
    def checks(context: dg.AssetCheckExecutionContext, project: Project) -> Iterator[dg.AssetCheckResult]:
        with told_to_dagster():
            batch, store = context.partition_key, project.store.open()
            settings = project.resolved(batch).settings
            checked = check_stage(BatchRows(store, batch), asset, settings)
            stopping = [one for one in checked if _blocks(one, settings)]
            if stopping or asset is assets_of_run(context)[-1]:
                _tell_of_all(context, asset, store, settings)
        for key in context.selected_asset_check_keys:
            yield from _result(key, [one for one in checked if Topic.of(one.check) == key.name], settings)
        # For the rows Dagster ends the run itself.
        others = [one.look.said for one in stopping if Topic.of(one.check) is not Topic.ROWS]
        if others:
            raise dg.Failure("; ".join(others), allow_retries=False)

    return checks


def _specs(asset: Asset) -> list[dg.AssetCheckSpec]:
    rules: dict[Topic, list[str]] = {}
    for check, rule in RULES[asset].items():
        rules.setdefault(Topic.of(check), []).append(f"- {check}: {' '.join((rule.__doc__ or '').split())}")
    with warnings.catch_warnings():
        # Checks by partition are in preview; their absence in other versions would show when this loads.
        warnings.filterwarnings("ignore", message="Specifying a partitions_def", category=dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(
                topic.value,
                asset=asset.value,
                # Of a blocking check without a result Dagster warns; of the rows there is always one.
                blocking=topic is Topic.ROWS,
                partitions_def=batches_of(asset),
                description="\n".join(told),
            )
            for topic, told in rules.items()
        ]


def _blocks(checked: Checked, settings: Settings) -> bool:
    return checked.look.passed is False and checked.check in settings.checks.blocking


def _result(key: dg.AssetCheckKey, checked: Sequence[Checked], settings: Settings) -> Iterator[dg.AssetCheckResult]:
    """What Dagster is told of the rules of one topic; nothing where they had nothing to judge."""
    judged = [one for one in checked if one.look.passed is not None]
    if not judged:
        return
    failed = [one for one in judged if not one.look.passed]
    blocks = any(_blocks(one, settings) for one in failed)
    metadata: dict[str, dg.MarkdownMetadataValue | int | str] = {"findings": sum(len(one.findings) for one in checked)}
    metadata |= {one.check.value: one.look.said for one in checked}
    shown = [f"{one.check}:\n\n" + "\n".join(examples(one)) for one in checked if one.findings]
    if shown:
        metadata["examples"] = dg.MetadataValue.md("\n\n".join(shown))
    yield dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN,
        description="; ".join(one.look.said for one in failed or judged),
        metadata=metadata,
    )


def _tell_of_all(context: dg.AssetCheckExecutionContext, asset: Asset, store: Store, settings: Settings) -> None:
    """Publish the batch's report, which the UI shows beside the metadata of the last asset that the run made."""
    text = publish_report(store, context.partition_key, settings)
    shown = text.encode()[:REPORT_BYTES].decode(errors="ignore")
    if shown != text:
        shown += f"\n\n(the rest is in {REPORT})"
    place = store.address(store.batch_folder(context.partition_key) / REPORT)
    context.op_execution_context.log_event(
        dg.AssetObservation(
            asset_key=asset.value,
            partition=context.partition_key,
            metadata={"report": dg.MetadataValue.md(shown), "report_file": dg.MetadataValue.path(place)},
        )
    )
