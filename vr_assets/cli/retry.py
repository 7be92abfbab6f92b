"""`vr-assets retry`: ask again about what failed."""

from typing import TYPE_CHECKING

import click

from vr_assets.cli.options import given, settings_options
from vr_assets.cli.run import run_batches
from vr_assets.cli.saying import say
from vr_assets.settings import Asset, Status, environment_layer, resolve

if TYPE_CHECKING:
    from vr_assets.storage import Store


@click.command("retry")
@click.option("--batch", "names", multiple=True, required=True, help="The batch; may be given again.")
@settings_options
def command(names: tuple[str, ...], *, backend: str | None, assignments: tuple[str, ...]) -> int:
    """Run the stages with failed rows or parts again, and what follows from them. Only what failed is asked."""
    from vr_assets.storage import Store

    settings = resolve(("environment", environment_layer())).settings
    store = Store.at(settings.data_root, settings.bucket)
    code = 0
    for name in dict.fromkeys(names):
        failed = _failed(store, name)
        if not failed:
            say(f"{name}: nothing failed")
            continue
        say(f"{name}: {', '.join(failed)} have failed rows or parts")
        layer: dict[str, object] = {**given(assignments, backend), "retry": [str(asset) for asset in failed]}
        code = max(code, run_batches([name], layer, selection=",".join(f"{asset}+" for asset in failed)))
    return code


def _failed(store: "Store", batch: str) -> list[Asset]:
    from vr_assets.steps.rows import ROWS

    assets = store.read_batch(batch).graph.every_asset
    found = {asset: store.read_rows(batch, asset, ROWS[asset]) or [] for asset in assets}
    return [asset for asset, rows in found.items() if any(row.status is Status.FAILED or row.failures for row in rows)]
