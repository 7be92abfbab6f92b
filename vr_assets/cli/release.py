"""`vr-assets release`: batches merged into a data set to hand on."""

from typing import TYPE_CHECKING

import click

from vr_assets.cli.interrupts import noticed_signals
from vr_assets.cli.options import COMMAND_LINE, as_json, given
from vr_assets.cli.project import ensure_home
from vr_assets.cli.saying import complain, note, say, show, table
from vr_assets.errors import SettingsError
from vr_assets.settings import ReleaseForm, Split

if TYPE_CHECKING:
    from pydantic import JsonValue

    from vr_assets.defs.release_runs import Made
    from vr_assets.records.release import Dataset
    from vr_assets.storage import Store


@click.command("release")
@click.argument("name")
@click.option(
    "--batch", "batches", multiple=True, help="A batch to merge; may be given again. Without, the batches of last time."
)
@click.option(
    "--form", "forms", multiple=True, type=click.Choice([str(form) for form in ReleaseForm]), help="Sets release.forms."
)
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="A setting, by its dotted name (see `config`).")
def command(name: str, *, batches: tuple[str, ...], forms: tuple[str, ...], assignments: tuple[str, ...]) -> int:
    """Merge batches into a version of the data set NAME: reviewed, split, with its media and a data card. Asks no model."""
    layer: dict[str, object] = {"release.forms": forms} if forms else {}
    return release(name, batches, {**layer, **given(assignments, None)})


def release(name: str, batches: tuple[str, ...], layer: dict[str, object]) -> int:
    """Release; the exit code. Settings under `release` are remembered with the data set, others hold this once.

    Raises:
        SettingsError: a setting or name cannot be used.
        StorageError: there is no such batch.
    """
    from vr_assets.settings import environment_layer, resolve

    settings = resolve((COMMAND_LINE, layer), ("environment", environment_layer())).settings
    ensure_home()

    from vr_assets.definitions import defs
    from vr_assets.defs.instance import open_instance, run_config
    from vr_assets.defs.release_runs import Made, run_release
    from vr_assets.storage import Store

    store = Store.at(settings.data_root, settings.bucket)
    kept = as_json([one for one in layer if one.startswith("release.")], settings)
    dataset = _made_of(name, batches, kept, store)
    config = run_config(as_json([one for one in layer if not one.startswith("release.")], settings))
    with open_instance() as instance, noticed_signals() as signals:
        outcome = run_release(instance, defs, dataset, store, config=config)
    if isinstance(outcome, Made):
        _tell(outcome, store)
        return 0
    complain(f"{outcome.error}\n(run {outcome.run_id})")
    return signals.exit_code if outcome.interrupted else 1


def _made_of(name: str, batches: tuple[str, ...], kept: "dict[str, JsonValue]", store: "Store") -> "Dataset":
    from vr_assets.records.release import Dataset, is_name

    if not is_name(name):
        rule = "up to 100 letters, digits, hyphens and underscores, single dots between them, a letter or digit first"
        raise SettingsError(f"{name!r} cannot be the name of a data set; use {rule}")
    before = store.read_dataset(name)
    names = tuple(dict.fromkeys(batches)) or (before.batches if before else ())
    if not names:
        raise SettingsError(f"{name}: name the batches to merge: `vr-assets release {name} --batch A --batch B`")
    for batch in names:
        store.read_batch(batch)
    return Dataset(name=name, batches=names, settings={**(before.settings if before else {}), **kept})


def _tell(made: "Made", store: "Store") -> None:
    card = made.card
    headings = ["videos", "images", "groups", "samples"]
    shown = table("side", *headings, numbers=headings, title=f"{card.name} {card.version}")
    for split, told in card.splits.items():
        shown.add_row(str(split), str(told.videos), str(told.images), str(told.groups), str(told.samples))
    show(shown)
    for why, count in card.left_out.items():
        say(f"  left out: {count} {why}")
    for one in card.outdated_decisions:
        note(f"not applied, for the text is another by now: {one}")
    if card.splits[Split.VALIDATION].samples == 0 or card.splits[Split.TRAIN].samples == 0:
        empty = [str(split) for split, told in card.splits.items() if not told.samples]
        share = card.settings.get("validation_share")
        note(f"{' and '.join(empty)}: empty; few groups, drawn by hash at release.validation_share = {share}")
    say(f"{'New version' if made.is_new else 'Unchanged'}: {store.address(made.folder)}")
