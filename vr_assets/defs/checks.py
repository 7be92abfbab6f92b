"""Whether the rows of a stage are good enough to go on with, and good data. All checks of an asset are one step."""

import warnings
from collections.abc import Iterator

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
# For these what is downstream waits, and so for all checks of the step. They always have something to judge: of a blocking check
# without a result Dagster warns.
_GATES = frozenset({Check.FAILED_ROWS, Check.MISSING_ROWS})


def checks_of(asset: Asset) -> dg.AssetChecksDefinition:
    """The checks of one asset. They run after its rows are published, and what is downstream waits for them.

    Which of them block is known only when they run, by `checks.blocking`: the step fails then. A check that had nothing to judge
    gives no result, which the UI shows as skipped: it is no pass.
    """

    @dg.multi_asset_check(name=f"checks_of_{asset}", specs=_specs(asset), can_subset=True)
    def checks(context: dg.AssetCheckExecutionContext, project: Project) -> Iterator[dg.AssetCheckResult]:
        with told_to_dagster():
            batch, store = context.partition_key, project.store.open()
            settings = project.resolved(batch).settings
            wanted = {key.name for key in context.selected_asset_check_keys}
            checked = [one for one in check_stage(BatchRows(store, batch), asset, settings) if one.check in wanted]
            for one in checked:
                if one.look.passed is None:
                    context.log.info("%s: %s", one.check, one.look.said)
            if asset is assets_of_run(context)[-1] or any(_stops(one, settings) for one in checked):
                _tell_of_all(context, asset, store, settings)
        yield from (_result(one, settings) for one in checked if one.look.passed is not None)
        stopping = [f"{one.check}: {one.look.said}" for one in checked if _stops(one, settings) and one.check not in _GATES]
        if stopping:
            raise dg.Failure("; ".join(stopping), allow_retries=False)

    return checks


def _specs(asset: Asset) -> list[dg.AssetCheckSpec]:
    with warnings.catch_warnings():
        # Checks by partition are in preview; their absence in other versions would show when this loads.
        warnings.filterwarnings("ignore", message="Specifying a partitions_def", category=dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(
                check.value,
                asset=asset.value,
                blocking=check in _GATES,
                partitions_def=batches_of(asset),
                description=" ".join((rule.__doc__ or "").split()),
            )
            for check, rule in RULES[asset].items()
        ]


def _stops(checked: Checked, settings: Settings) -> bool:
    return checked.look.passed is False and checked.check in settings.checks.blocking


def _result(checked: Checked, settings: Settings) -> dg.AssetCheckResult:
    blocks = checked.check in settings.checks.blocking
    metadata: dict[str, dg.MarkdownMetadataValue | int] = {
        "findings": len(checked.findings),
        "looked_at": checked.look.looked_at,
    }
    if checked.findings:
        metadata["examples"] = dg.MetadataValue.md("\n".join(examples(checked)))
    return dg.AssetCheckResult(
        asset_key=checked.asset.value,
        check_name=checked.check.value,
        passed=checked.look.passed is True,
        severity=dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN,
        description=checked.look.said,
        metadata=metadata,
    )


def _tell_of_all(context: dg.AssetCheckExecutionContext, asset: Asset, store: Store, settings: Settings) -> None:
    """Publish the batch's report, which the UI shows beside the metadata of the run's last asset."""
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
