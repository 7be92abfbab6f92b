"""`vr-assets config`: every setting, its value here, where it came from and why its default is what it is."""

import os

import click

from vr_assets.cli.saying import say, show, table, without_credentials


@click.command("config")
@click.option("--batch", help="As a run of this batch would have it.")
def command(batch: str | None) -> None:
    """Show every setting: its value here, where it came from, and why its default is what it is."""
    from rich.text import Text

    from vr_assets.settings import environment_layer, environment_name, leaves, named_leaves, resolve
    from vr_assets.storage import Store

    environment = ("environment", environment_layer())
    resolved = resolve(environment)
    if batch is not None:
        store = Store.at(resolved.settings.data_root, resolved.settings.bucket)
        resolved = resolve(("batch.json", store.read_batch(batch).settings), environment)
    shown = table("setting, and why", "value", "from")
    # Names and sources are for copying: they stay whole, and values give way in 80 columns.
    shown.columns[0].width = max(len(leaf.name) for leaf in (*leaves(), *named_leaves(resolved.sources)))
    shown.columns[2].width = len("environment")
    for leaf in (*leaves(), *named_leaves(resolved.sources)):
        name = Text.assemble((leaf.name, "bold"), "\n", (leaf.why, "dim"))
        value = _spelled(resolved.value(leaf.name))
        if leaf.name.endswith("api_key_env"):
            value += " (set)" if os.environ.get(value) else " (not set)"
        shown.add_row(name, Text(value), Text(resolved.sources.get(leaf.name, "default")))
    show(shown)
    say("Set one for a batch with --set NAME=VALUE, for all in the environment or .env:")
    say("Endpoints of your own: endpoints.NAME.backend ...; routes.STAGE=NAME uses one.")
    say(f"chunks.max_chunks is {environment_name('chunks.max_chunks')} there.")


def _spelled(value: object) -> str:
    """A value as --set and the environment take it."""
    if isinstance(value, tuple):
        return ",".join(_spelled(part) for part in value) or "(none)"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, bool):
        return str(value).lower()
    return without_credentials(str(value)) or '""'
