"""`vr-assets remove`: a batch that is not wanted any more."""

import click

from vr_assets.cli.project import ensure_home
from vr_assets.cli.saying import say
from vr_assets.errors import IngestError
from vr_assets.settings import environment_layer, resolve


@click.command("remove")
@click.argument("names", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do it; without, only say what would go.")
def command(names: tuple[str, ...], *, yes: bool) -> int:
    """Delete batches: their rows, task files and partitions. Paid answers stay in the journal until `prune`."""
    settings = resolve(("environment", environment_layer())).settings
    ensure_home()

    from vr_assets.defs.instance import forget, open_instance, runs_under_way
    from vr_assets.storage import Store

    store = Store.at(settings.data_root, settings.bucket)
    with open_instance() as instance:
        for name in dict.fromkeys(names):
            batch = store.read_batch(name)
            runs = runs_under_way(instance, name)
            if runs:
                raise IngestError(f"{name}: run {runs[0]} is under way; wait for it, or end it in the UI")
            say(f"{name}: {store.count_entries(name)} {batch.graph}, {store.address(store.batch_folder(name))}")
            if yes:
                store.remove_batch(name)
                forget(instance, name)
    say("deleted; answers stay in the journal until `vr-assets prune --yes`" if yes else "nothing was deleted; --yes does it")
    return 0
