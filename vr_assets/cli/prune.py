"""`vr-assets prune`: what nothing needs any more."""

import click

from vr_assets.cli.project import ensure_home
from vr_assets.cli.saying import note, say
from vr_assets.settings import environment_layer, resolve


@click.command("prune")
@click.option("--yes", is_flag=True, help="Do it; without, only say what would go.")
def command(*, yes: bool) -> int:
    """Delete proxies of videos that no batch holds, leftovers of killed writers, and answers that only removed batches used.

    Proxies are made again when they are needed. Answers are not: whoever asks again pays again.
    """
    settings = resolve(("environment", environment_layer())).settings
    ensure_home()

    from vr_assets.defs.instance import open_instance, runs_under_way
    from vr_assets.steps.pruning import find_unneeded
    from vr_assets.storage import Store

    store = Store.at(settings.data_root, settings.bucket)
    with open_instance() as instance:
        runs = runs_under_way(instance)
    found = find_unneeded(store)
    say(f"{len(found.proxies)} proxies, {found.proxies_bytes / 1e6:.1f} MB")
    say(f"{len(found.leftovers)} leftovers of killed writers")
    say(f"{found.answers} answers of removed batches")
    if runs:
        note(f"run {runs[0]} is under way: nothing can be pruned before it ends")
        return 1
    if yes:
        found.delete()
    say("deleted" if yes else "nothing was deleted; --yes does it")
    return 0
