"""A stage as one Dagster step: one batch, its settings, the run, and what Dagster is told of it."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import dagster as dg

from vr_assets import batch
from vr_assets.batch import Failed
from vr_assets.defs.faults import several_batches, told_to_dagster
from vr_assets.defs.links import batch_links
from vr_assets.defs.metadata import stage_metadata
from vr_assets.defs.previews import preview
from vr_assets.defs.progress import current_listener
from vr_assets.defs.resources import Project, epochs_of
from vr_assets.defs.shared import leases_of, shared_folder
from vr_assets.errors import SettingsError
from vr_assets.records.row import Row
from vr_assets.settings import Asset
from vr_assets.steps.session import Run, Session
from vr_assets.steps.stage import Stage, check_backends

R = TypeVar("R", bound=Row)


def carry_out(context: dg.AssetExecutionContext, project: Project, work: Callable[[Stage], Awaitable[Sequence[R]]]) -> list[R]:
    """Run the stage of the asset that is being materialized; its rows. Dagster is told their data version and metadata.

    Raises:
        dg.Failure: nothing in the stage can succeed, or a setting or prompt cannot be used; not to be retried.
        dg.RetryRequested: the disk or a database failed.
    """
    asset = Asset(context.asset_key.path[-1])
    shown: str | Failed = ""

    async def work_and_preview(stage: Stage) -> Sequence[R]:
        nonlocal shown
        rows = await work(stage)
        shown = await batch.attempt(lambda: preview(asset, rows, stage))
        return rows

    with told_to_dagster(context.op_execution_context.retry_number):
        name = one_batch(context)
        settings, store, environ = project.resolved(name).settings, project.store.open(), project.environment()
        assets = assets_of_run(context)
        check_backends(assets, settings, store, environ=environ, batch=name)
        run = Run(
            id=context.run.run_id,
            batch=name,
            assets=assets,
            epochs=lambda one: epochs_of(one, settings, context.run, context.instance),
            shared=shared_folder(context.instance),
            leases=leases_of(context.instance, environ),
        )
        session = project.session(lambda: Session(settings, store, run, environ=environ))
        result = session.carry_out(asset, work_and_preview, on_progress=current_listener())
    rows = list(result.rows)
    context.set_data_version(context.asset_key, data_version(rows))
    context.add_output_metadata({**stage_metadata(result, shown), **batch_links(asset, name, store, settings.files_url)})
    return rows


def one_batch(context: dg.AssetExecutionContext) -> str:
    """The batch of this run.

    Raises:
        SettingsError: the run spans several.
    """
    batches: Sequence[str] = context.partition_keys
    if len(batches) != 1:
        raise SettingsError(several_batches(batches))
    return batches[0]


def assets_of_run(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> list[Asset]:
    """Ours among the assets that this run materializes, upstream first."""
    names = {node.name for node in context.job_def.nodes}
    return [asset for asset in Asset if asset in names]


def data_version(rows: Sequence[Row]) -> dg.DataVersion:
    """Equal rows are equal data: downstream of a stage that was run again to the same rows stays fresh."""
    lines = "".join(f"{row.to_line()}\n" for row in rows)
    return dg.DataVersion(hashlib.sha256(lines.encode()).hexdigest())
