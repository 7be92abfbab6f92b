"""Whether the rows of images are good data: a check a rule. None of them stops a run."""

import warnings
from collections.abc import Iterator, Sequence

import dagster as dg

from vr_assets.defs.faults import told_to_dagster
from vr_assets.defs.partitions import batches_of
from vr_assets.defs.resources import Project
from vr_assets.records.image import ExpressedImage, GroundedImage
from vr_assets.settings import Asset
from vr_assets.steps.image_checks import CERTAIN, OF_EXPRESSIONS, OF_GROUNDINGS, Rule, Told
from vr_assets.storage import Store


def image_checks() -> list[dg.AssetChecksDefinition]:
    """All rules, of both assets."""
    return [*_of(Asset.EXPRESSIONS), *_of(Asset.GROUNDINGS)]


def _of(asset: Asset) -> Iterator[dg.AssetChecksDefinition]:
    rules = OF_EXPRESSIONS if asset is Asset.EXPRESSIONS else OF_GROUNDINGS
    return (_check(asset, name, rule) for name, rule in rules.items())


def _check(asset: Asset, name: str, rule: Rule) -> dg.AssetChecksDefinition:
    with warnings.catch_warnings():
        # Checks by partition are in preview; their absence in other versions would show when this loads.
        warnings.filterwarnings("ignore", message="Specifying a partitions_def", category=dg.PreviewWarning)
        decorate = dg.asset_check(
            name=name, asset=asset.value, partitions_def=batches_of(asset), description=(rule.__doc__ or "").strip()
        )

        def check(context: dg.AssetCheckExecutionContext, project: Project) -> dg.AssetCheckResult:
            with told_to_dagster():
                settings = project.resolved(context.partition_key).settings.checks
                found = rule(_rows(project.store.open(), context.partition_key, asset), settings)
            return dg.AssetCheckResult(
                passed=found.passed,
                severity=dg.AssetCheckSeverity.ERROR if name in CERTAIN else dg.AssetCheckSeverity.WARN,
                description=f"{found.count} of {found.total}" + "".join(f"; {said}" for said in found.breaches),
                metadata={"breaches": found.count, "looked_at": found.total},
            )

        return decorate(check)


def _rows(store: Store, batch: str, asset: Asset) -> Sequence[Told]:
    if asset is Asset.EXPRESSIONS:
        return store.read_rows(batch, asset, ExpressedImage) or []
    return store.read_rows(batch, asset, GroundedImage) or []
