"""`vr-assets estimate`: what a run would ask and cost, before anything is spent."""

import math
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from vr_assets.cli.options import COMMAND_LINE, as_json, given, settings_options
from vr_assets.cli.saying import say, show, table

if TYPE_CHECKING:
    from vr_assets.backends.prices import Prices
    from vr_assets.settings import Asset, Graph, Settings
    from vr_assets.steps.estimate import Estimate
    from vr_assets.storage import Store

ALL = "*"
UNKNOWN = "?"


@click.command("estimate")
@click.option("--batch", "names", multiple=True, required=True, help="The batch to look at; may be given again.")
@click.option("--select", "selection", default=ALL, help="Stages, as for `run`.")
@settings_options
def command(names: tuple[str, ...], *, selection: str, backend: str | None, assignments: tuple[str, ...]) -> None:
    """Tell what a run would ask, cost and take. Asks nothing and decodes nothing; what is answered already costs nothing."""
    import anyio

    from vr_assets.backends.prices import Prices
    from vr_assets.defs.surroundings import environment, resolve_for
    from vr_assets.settings import environment_layer, is_operational, resolve
    from vr_assets.steps.estimate import estimate
    from vr_assets.storage import Store

    layer = given(assignments, backend)
    settings = resolve((COMMAND_LINE, layer), ("environment", environment_layer())).settings
    store = Store.at(settings.data_root, settings.bucket)
    recipe = as_json([name for name in layer if not is_operational(name)], settings)
    for name in dict.fromkeys(names):
        batch = store.read_batch(name)
        assets = _selected(selection, batch.graph)
        with_recipe = batch.model_copy(update={"settings": {**batch.settings, **recipe}})
        own = resolve_for(with_recipe, run={key: value for key, value in layer.items() if is_operational(key)}).settings
        prices = Prices.load(own.budget.prices_file)
        asking_nobody = partial(estimate, name, assets, own, store, environ=environment(), prices=prices)
        tell(anyio.run(asking_nobody), own, prices, store)


def _selected(selection: str, graph: "Graph") -> "Sequence[Asset]":
    if selection == ALL:
        return graph.assets
    from vr_assets.definitions import defs
    from vr_assets.defs.instance import select_assets

    return select_assets(selection, defs, graph)


def tell(found: "Estimate", settings: "Settings", prices: "Prices", store: "Store") -> None:
    """Show an estimate."""
    _show(found)
    if not found.calls:
        say("Nothing to ask: every answer is there already.")
        return
    _tell_cost(found, prices)
    _tell_basis(found)
    _tell_limits(found, settings, store)


def _show(found: "Estimate") -> None:
    headings = ["there", "to ask", "in", "out", "USD", "at most", "time"]
    shown = table("stage", *headings, numbers=headings, title=f"{found.batch}: {found.items} {found.graph}; nothing was asked")
    for stage in found.stages:
        asked = _span(stage.certain, len(stage.calls))
        tokens = [_short(stage.input_tokens), _short(stage.output_tokens)]
        usd = [_usd(stage.usd), _usd(stage.most_usd)]
        shown.add_row(str(stage.asset), str(stage.answered), asked, *tokens, *usd, _time(stage.seconds))
    shown.add_section()
    tokens = [
        _short(_total(stage.input_tokens for stage in found.stages)),
        _short(_total(stage.output_tokens for stage in found.stages)),
    ]
    certain = sum(stage.certain for stage in found.stages)
    shown.add_row(
        "total",
        str(sum(stage.answered for stage in found.stages)),
        _span(certain, len(found.calls)),
        *tokens,
        _usd(found.usd),
        _usd(found.most_usd),
        _time(sum(stage.seconds for stage in found.stages)),
    )
    show(shown)


def _tell_cost(found: "Estimate", prices: "Prices") -> None:
    unpriced = sorted({call.model for call in found.calls if prices.of(call.model) is None})
    uncounted = sorted({call.model for call in found.calls if call.usd is None} - set(unpriced))
    if unpriced:
        say(f"Price not known: {', '.join(unpriced)}. Say it in a table of your own (budget.prices_file, docs/costs.md).")
    if uncounted:
        say(f"Tokens of media not known: {', '.join(uncounted)}. Say them there too (video_tokens_per_s, frame_tokens).")
    if found.usd is not None:
        at_most = "" if found.most_usd is None else f"; at most {_usd(found.most_usd)} USD with every answer at its output limit"
        say(f"About {_usd(found.usd)} USD{at_most}. Prices as of {prices.as_of} or your own.")


def _tell_basis(found: "Estimate") -> None:
    known = sum(call.answers > 0 for call in found.calls)
    say(
        f"Tokens and time of {known} of {len(found.calls)} calls are those of earlier answers to the same task by the same model"
        f"{', the others are assumed' if known < len(found.calls) else ''}."
    )
    unsure = sum(not call.is_certain for call in found.calls)
    if unsure:
        say(f"{unsure} calls are asked only about videos that turn out to show an anomaly: all are counted as such.")
    if found.unmeasured:
        say(f"{found.unmeasured} videos were never decoded and count with the length that their headers say.")


def _tell_limits(found: "Estimate", settings: "Settings", store: "Store") -> None:
    say("Not counted: attempts that fail after the model worked, answers that do not read and are asked for again, thinking.")
    budget = settings.budget
    if budget.run_usd or budget.batch_usd:
        limits = [
            f"{name} = {value:g}"
            for name, value in (("budget.run_usd", budget.run_usd), ("budget.batch_usd", budget.batch_usd))
            if value
        ]
        say(f"A run stops at {' and '.join(limits)} USD, and can be continued.")
    elif found.usd is not None and found.most_usd is not None:
        say(f"No limit is set. Stop a run that costs much more: --set budget.run_usd={_limit(found)}")
    else:
        say("No limit is set (budget.run_usd, budget.batch_usd); one needs all prices to be known.")


def _limit(found: "Estimate") -> str:
    """Twice what is expected, and room for the calls in flight, which are set aside with the most they may cost."""
    in_flight = max(stage.at_once for stage in found.stages) * max(call.most_usd or 0.0 for call in found.calls)
    limit = min(found.most_usd or 0.0, 2 * (found.usd or 0.0) + in_flight)
    return f"{max(0.01, math.ceil(limit * 100) / 100):g}"


def _total(values: "Iterable[float | None]") -> float | None:
    known = list(values)
    return None if None in known else sum(value for value in known if value is not None)


def _span(least: int, most: int) -> str:
    return str(most) if least == most else f"{least}-{most}"


def _short(tokens: float | None) -> str:
    """Tokens as people say them."""
    if tokens is None:
        return UNKNOWN
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if tokens >= size:
            return f"{tokens / size:.3g}{unit}"
    return f"{tokens:.0f}"


def _usd(usd: float | None) -> str:
    if usd is None:
        return UNKNOWN
    return f"{usd:.2f}" if usd >= 1 or usd == 0 else f"{usd:.4f}"


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
