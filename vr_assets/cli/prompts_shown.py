"""`vr-assets prompts show`, `diff` and `stale`: what is sent, what two domains differ in, what an edit would redo."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vr_assets.cli.options import COMMAND_LINE, as_json, given, settings_options
from vr_assets.cli.saying import note, say, show, table
from vr_assets.errors import PromptError
from vr_assets.settings import Asset, Mode

if TYPE_CHECKING:
    from vr_assets.prompts import Prompts
    from vr_assets.settings import Settings

# What a prompt is given where no video is named.
_TIMES = {"duration": "00:42", "start": "00:10", "end": "00:15", "moment": "00:12.5"}

layout_option = click.option("--layout", is_flag=True, help="As endpoints get it that enforce no JSON schema.")


@click.command("show")
@click.argument("prompt")
@click.option("--domain", help="Prompt domain; by default that of the settings.")
@click.option("--video", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="As sent for this video.")
@click.option("--mode", type=click.Choice([str(Mode.ANOMALY), str(Mode.NORMAL)]), help="As what the video is annotated.")
@layout_option
@settings_options
def show_prompt(
    prompt: str,
    *,
    domain: str | None,
    video: Path | None,
    mode: str | None,
    layout: bool,
    backend: str | None,
    assignments: tuple[str, ...],
) -> None:
    """Show a PROMPT (captions/global.normal, or captions for all of the stage) as it is sent. Asks no model."""
    from vr_assets.steps.stage import load_prompts

    layer = {**({"prompts.prompts_module": domain} if domain else {}), **given(assignments, backend)}
    settings = _settings(layer)
    prompts = load_prompts(settings)
    asset, names = _named(prompt, prompts)
    if video is not None:
        _show_sent(video, Mode(mode) if mode else None, asset, names, settings, prompts)
        return
    for name in names:
        say(f"--- {asset}/{name} ({prompts.prompt_fingerprint(asset, name)[:8]}), domain {prompts.domain}")
        say(_sample(prompts, asset, name, layout=layout))


@click.command("diff")
@click.argument("one")
@click.argument("other")
@click.option("--asset", type=click.Choice([str(asset) for asset in Asset]), help="Prompts of this stage only.")
@layout_option
def diff(one: str, other: str, *, asset: str | None, layout: bool) -> None:
    """Show in which lines the prompts of two domains differ, as they are sent."""
    from vr_assets.prompts import PROMPTS
    from vr_assets.steps.stage import load_prompts

    first, second = (load_prompts(_settings({"prompts.prompts_module": name})) for name in (one, other))
    same = 0
    for stage in (stage for stage in PROMPTS if asset in (None, stage)):
        for name in first.names(stage):
            here, there = (_sample(prompts, stage, name, layout=layout).splitlines() for prompts in (first, second))
            if here == there:
                same += 1
                continue
            place = f"{stage}/{name}"
            for line in difflib.unified_diff(here, there, f"{one}/{place}", f"{other}/{place}", lineterm="", n=1):
                say(line)
    say(f"{same} prompts are the same in both")


@click.command("stale")
@click.option("--batch", required=True, help="The batch to look at.")
@click.option("--domain", help="As if the batch had this domain.")
@settings_options
def stale(*, batch: str, domain: str | None, backend: str | None, assignments: tuple[str, ...]) -> None:
    """Tell what edited prompts would redo in a batch, in calls and estimated cost. Asks nothing."""
    from functools import partial

    import anyio

    from vr_assets.backends.prices import Prices
    from vr_assets.cli.estimate import tell
    from vr_assets.defs.surroundings import environment, resolve_for
    from vr_assets.settings import is_operational
    from vr_assets.steps.estimate import estimate
    from vr_assets.steps.stage import load_prompts
    from vr_assets.steps.stale import changed_prompts
    from vr_assets.storage import Store

    layer = {**({"prompts.prompts_module": domain} if domain else {}), **given(assignments, backend)}
    settings = _settings(layer)
    store = Store.at(settings.data_root, settings.bucket)
    recipe = as_json([name for name in layer if not is_operational(name)], settings)
    held = store.read_batch(batch)
    own = resolve_for(
        held.model_copy(update={"settings": {**held.settings, **recipe}}),
        run={name: value for name, value in layer.items() if is_operational(name)},
    ).settings
    changed, made = changed_prompts(batch, store, load_prompts(own))
    if not made:
        say(f"{batch} was not annotated yet; `vr-assets estimate --batch {batch}` tells what that takes")
        return
    if not changed:
        say(f"{batch}: its rows were made with the prompts as they are now")
    else:
        shown = table("prompt that changed", "videos", numbers=("videos",), title=batch)
        for one in changed:
            shown.add_row(f"{one.asset}/{one.name}", str(one.videos))
        show(shown)
        note("Stages after a changed one are counted as asked again; where they are told the same as before, they are not.")
    prices = Prices.load(own.budget.prices_file)
    tell(anyio.run(partial(estimate, batch, made, own, store, environ=environment(), prices=prices)), own, prices, store)


def _settings(layer: Mapping[str, object]) -> "Settings":
    from vr_assets.settings import environment_layer, resolve

    return resolve((COMMAND_LINE, layer), ("environment", environment_layer())).settings


def _named(prompt: str, prompts: "Prompts") -> tuple[Asset, list[str]]:
    from vr_assets.prompts import PROMPTS
    from vr_assets.prompts.checks import near

    there = [f"{asset}/{name}" for asset in PROMPTS for name in prompts.names(asset)]
    plain = prompt.removesuffix(".md").rstrip("/")
    found = [one for one in there if one == plain or one.partition("/")[0] == plain]
    if not found:
        known = [*there, *map(str, PROMPTS)]
        raise PromptError(f"{prompt}: no such prompt{near(plain, known)}; see `vr-assets prompts list {prompts.domain}`")
    return Asset(found[0].partition("/")[0]), [one.partition("/")[2] for one in found]


def _sample(prompts: "Prompts", asset: Asset, name: str, *, layout: bool) -> str:
    """A prompt with the names of its values in their places, but for times."""
    from vr_assets.prompts import PROMPTS

    values = {value: _TIMES.get(value, f"[{value}]") for value in PROMPTS[asset][name]}
    text = prompts.render(asset, name, values)
    return text.layout_text if layout else text.schema_text


def _show_sent(video: Path, mode: Mode | None, asset: Asset, names: list[str], settings: "Settings", prompts: "Prompts") -> None:
    from functools import partial

    import anyio

    from vr_assets.defs.surroundings import environment
    from vr_assets.records.batch import ManifestRow
    from vr_assets.steps.trial import foresee
    from vr_assets.storage import Store

    store = Store.at(settings.data_root, settings.bucket)
    entry = ManifestRow(video_path=str(video.absolute()), mode=mode, source="vr-assets prompts show")
    foreseen = anyio.run(partial(foresee, entry, asset, settings, store, prompts=prompts, environ=environment()))
    found = [one for one in foreseen if one.asset is asset and one.prompt.partition("/")[2] in names]
    if not found:
        sent = sorted({one.prompt for one in foreseen if one.asset is asset})
        instead = ", ".join(sent) or "nothing of this stage"
        raise PromptError(f"{asset}/{' '.join(names)} is not sent for {video}; {instead} is (--mode and --set change that)")
    for one in found:
        say(f"--- {one.prompt} ({one.prompt_hash[:8]}), domain {prompts.domain}, {one.shown}, {one.model}")
        say(one.sent)
    if any(not one.reused for one in foreseen if one.asset is not asset):
        note("Stages before it were not run for this video: what they would have written is made up, and so is the label.")
