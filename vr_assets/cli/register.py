"""`vr-assets register`: a store that is there, for an instance that does not know it."""

import click

from vr_assets.cli.project import ensure_home
from vr_assets.cli.saying import note, say, show, table
from vr_assets.settings import environment_layer, resolve


@click.command("register")
@click.option("--batch", "names", multiple=True, help="Only this batch; may be given again.")
def command(names: tuple[str, ...]) -> int:
    """Tell Dagster of batches, rows and data sets that are there already: after its database was lost, or on a new machine.

    Asks no model and changes no file. Runs go on from what is there, registered or not.
    """
    settings = resolve(("environment", environment_layer())).settings
    ensure_home()

    from vr_assets.definitions import defs
    from vr_assets.defs.instance import open_instance, runs_under_way
    from vr_assets.defs.retelling import retell, retell_datasets
    from vr_assets.storage import Store

    store = Store.at(settings.data_root, settings.bucket)
    wanted = list(dict.fromkeys(names)) or list(store.batches())
    if not wanted:
        say(f"no batches in {store.place}; register one with `vr-assets ingest DIR`")
        return 1
    problems = 0
    shown = table("batch", "stages told", "with other prompts now", numbers=("stages told",))
    with open_instance() as instance:
        busy = {name for name in wanted if runs_under_way(instance, name)}
        for one in retell(instance, defs, store, [name for name in wanted if name not in busy]):
            shown.add_row(one.batch, str(len(one.stages)), ", ".join(one.edited) or "-")
            problems += len(one.problems)
            for problem in one.problems:
                note(problem)
        datasets = retell_datasets(instance, store)
    show(shown)
    if datasets:
        say(f"data sets: {', '.join(datasets)}")
    for name in sorted(busy):
        note(f"{name}: a run is under way, which tells of it itself")
    return 1 if problems else 0
