"""Whether the rows of a stage are good enough to go on with."""

import warnings

import dagster as dg

from vr_assets.defs.faults import told_to_dagster
from vr_assets.defs.partitions import batches_of
from vr_assets.defs.resources import Project
from vr_assets.settings import Asset, Status
from vr_assets.steps.rows import ROWS
from vr_assets.steps.tally import Tally, tally

CHECK = "failed_rows"


def failed_rows_check(asset: Asset) -> dg.AssetChecksDefinition:
    """A blocking check of one asset: it runs after the rows are published, and stops what is downstream."""
    with warnings.catch_warnings():
        # Checks by partition are in preview; their absence in other versions would show when this loads.
        warnings.filterwarnings("ignore", message="Specifying a partitions_def", category=dg.PreviewWarning)
        decorate = dg.asset_check(
            name=CHECK,
            asset=asset.value,
            blocking=True,
            partitions_def=batches_of(asset),
            description="Fails when more than checks.max_failed_share of the rows failed, names the most frequent reasons, and "
            "stops what is downstream. Mend the cause and run the whole batch again: nothing that was answered is paid twice.",
        )

        def failed_rows(context: dg.AssetCheckExecutionContext, project: Project) -> dg.AssetCheckResult:
            with told_to_dagster():
                limit = project.resolved(context.partition_key).settings.checks.max_failed_share
                counted = tally(project.store.open().read_rows(context.partition_key, asset, ROWS[asset]) or [])
            return dg.AssetCheckResult(
                passed=counted.failed_share <= limit,
                severity=dg.AssetCheckSeverity.ERROR,
                description=_verdict(counted, limit),
                metadata={
                    "failed": counted.counts[Status.FAILED],
                    "rows": counted.total,
                    "share": counted.failed_share,
                    "limit": limit,
                },
            )

        return decorate(failed_rows)


def _verdict(counted: Tally, limit: float) -> str:
    failed = counted.counts[Status.FAILED]
    said = f"{failed} of {counted.total} rows failed ({counted.failed_share:.0%}; checks.max_failed_share = {limit:g})"
    return "; ".join([said, *(f"{reason.count}x {reason.text}" for reason in counted.top_failures())])
