"""Rows in and out: one JSONL file a batch and asset."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, get_origin

import dagster as dg

from vr_assets.defs.faults import several_batches, told_to_dagster
from vr_assets.defs.resources import StoreResource
from vr_assets.errors import SettingsError, StorageError
from vr_assets.records.row import Row
from vr_assets.settings import Asset
from vr_assets.steps.rows import ROWS

if TYPE_CHECKING:
    import pandas as pd

# On an input: the stage does without this upstream where it was never made.
LEFT_OUT = {"may_be_left_out": True}
# Dagster's own name for it, for assets over many batches.
MAY_BE_MISSING = LEFT_OUT.keys() | {"allow_missing_partitions"}


class RowsIOManager(dg.ConfigurableIOManager):
    """Publishes rows as `<batch>/<asset>.jsonl`, and reads them as the downstream asset's annotation asks.

    | annotation of the input | what it gets |
    |---|---|
    | `pd.DataFrame` | one frame, a row a video; column `batch` first; nested fields hold plain Python objects |
    | `dict[str, list[...]]` | rows by batch, however many |
    | anything else | the rows of the run's one batch |
    """

    store: dg.ResourceDependency[StoreResource]

    def handle_output(self, context: dg.OutputContext, obj: Sequence[Row]) -> None:
        """Publish a batch's rows: all of them or none."""
        with told_to_dagster(context.step_context.previous_attempt_count):
            asset = _asset(context.asset_key)
            strangers = sorted({type(row).__name__ for row in obj if type(row) is not ROWS[asset]})
            if strangers:
                raise StorageError(f"{asset} holds rows of {ROWS[asset].__name__}, not of {', '.join(strangers)}")
            self.store.open().write_rows(context.partition_key, asset, obj)

    def load_input(self, context: dg.InputContext) -> Any:
        """The rows, or None for an upstream that was left out and is not needed."""
        with told_to_dagster():
            asset = _asset(context.asset_key)
            batches = list(context.asset_partition_keys)
            wanted = context.dagster_type.typing_type
            by_batch = get_origin(wanted) is dict
            if len(batches) != 1 and not by_batch and not _is_frame(wanted):
                raise SettingsError(f"{asset}: {several_batches(batches)}; an asset over all batches takes dict[str, list[...]]")
            found = {batch: self._rows(context, batch, asset) for batch in batches}
            if _is_frame(wanted):
                return _frame(_made(found), asset)
            return _made(found) if by_batch else found[batches[0]]

    def _rows(self, context: dg.InputContext, batch: str, asset: Asset) -> list[Row] | None:
        rows = self.store.open().read_rows(batch, asset, ROWS[asset])
        if rows is None and not MAY_BE_MISSING & context.definition_metadata.keys():
            raise StorageError(
                f"{asset} was not made for batch {batch!r}; make it first: `vr-assets run --batch {batch} --select '+{asset}'`"
            )
        return rows


def _made(found: dict[str, list[Row] | None]) -> dict[str, list[Row]]:
    return {batch: rows for batch, rows in found.items() if rows is not None}


def _asset(key: dg.AssetKey) -> Asset:
    return Asset(key.path[-1])


def _is_frame(wanted: object) -> bool:
    # Whoever names the type has imported pandas; nobody else is made to wait for it (0.4 s).
    pandas = sys.modules.get("pandas")
    return pandas is not None and wanted is pandas.DataFrame


def _frame(found: dict[str, list[Row]], asset: Asset) -> "pd.DataFrame":
    import pandas as pd

    columns = ["batch", *ROWS[asset].model_fields]
    records = [{"batch": batch, **row.model_dump(mode="json")} for batch, rows in found.items() for row in rows]
    return pd.DataFrame(records, columns=columns)
