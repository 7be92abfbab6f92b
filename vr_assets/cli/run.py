"""`vr-assets run`: annotate batches in this process."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from vr_assets.cli.interrupts import noticed_signals
from vr_assets.cli.options import COMMAND_LINE, as_json, given, settings_options
from vr_assets.cli.project import ensure_home
from vr_assets.cli.saying import complain, say, show, table
from vr_assets.errors import SettingsError
from vr_assets.settings import Asset, Status

if TYPE_CHECKING:
    from pydantic import JsonValue

    from vr_assets.defs.instance import Definitions, Instance
    from vr_assets.defs.runs import RunOutcome
    from vr_assets.records.batch import Batch
    from vr_assets.records.review import Mark
    from vr_assets.settings import Graph
    from vr_assets.storage import Store

    Stages = Mapping[Graph, Sequence[Asset]]

ALL = "*"


@click.command("run")
@click.option("--batch", "names", multiple=True, required=True, help="The batch to annotate; may be given again.")
@click.option(
    "--select",
    "selection",
    default=ALL,
    help="Stages: `qa,task_files`; with + before or after, all before or after too: `captions+`.",
)
@click.option("--force", multiple=True, metavar="ASSET", help="Ask again in spite of the journal; an asset, or `all`.")
@click.option("--retry", multiple=True, metavar="ASSET", help="Ask again where the answers so far could not be used.")
@click.option("--dry-run", is_flag=True, help="Say what would run, and change nothing.")
@settings_options
def command(
    names: tuple[str, ...],
    *,
    selection: str,
    force: tuple[str, ...],
    retry: tuple[str, ...],
    dry_run: bool,
    backend: str | None,
    assignments: tuple[str, ...],
) -> int:
    """Annotate batches. What was answered before is not asked again."""
    layer = given(assignments, backend)
    layer.update({"force_reprocess": _assets(force)} if force else {})
    layer.update({"retry": _assets(retry)} if retry else {})
    return run_batches(names, layer, selection=selection, dry_run=dry_run)


def run_batches(names: Iterable[str], layer: dict[str, object], *, selection: str = ALL, dry_run: bool = False) -> int:
    """Run stages of batches one after another; the exit code. A batch with failed rows does not keep the next from running.

    Settings that are part of a recipe are remembered in each batch, the others hold for these runs.

    Raises:
        SettingsError: a setting or the selection cannot be used.
        PromptError: a prompt domain cannot be used.
        StorageError: there is no such batch.
    """
    from vr_assets.settings import environment_layer, is_operational, resolve

    settings = resolve((COMMAND_LINE, layer), ("environment", environment_layer())).settings
    before_runs = [name for name in layer if name.startswith(("ingest.", "drops."))]
    if before_runs:
        raise SettingsError(f"{', '.join(before_runs)}: only `vr-assets ingest` and the drop sensor use it")
    ensure_home()

    from vr_assets.definitions import defs
    from vr_assets.defs.instance import open_instance, register, run_config, select_assets
    from vr_assets.storage import Store

    store = Store.at(settings.data_root, settings.bucket)
    recipe = as_json([name for name in layer if not is_operational(name)], settings)
    batches = [_with_settings(store.read_batch(name), recipe) for name in dict.fromkeys(names)]
    stages = {graph: select_assets(selection, defs, graph) for graph in {batch.graph for batch in batches}}
    config = run_config(as_json([name for name in layer if is_operational(name)], settings))
    with open_instance() as instance:
        if dry_run:
            return _tell_plans(instance, defs, batches, stages, store)
        for batch in batches:
            _remember(batch, store, recipe)
        register(instance, store, [batch.name for batch in batches])
        return _run_each(instance, defs, batches, stages, config, store)


def _with_settings(batch: "Batch", recipe: "dict[str, JsonValue]") -> "Batch":
    """The batch with settings that are to be remembered, if they can be used."""
    from vr_assets.defs.surroundings import resolve_for
    from vr_assets.steps.stage import load_prompts

    remembering = batch.model_copy(update={"settings": {**batch.settings, **recipe}})
    load_prompts(resolve_for(remembering).settings)
    return remembering


def _remember(batch: "Batch", store: "Store", recipe: "dict[str, JsonValue]") -> None:
    if batch != store.read_batch(batch.name):
        store.write_batch(batch)
        said = ", ".join(f"{name} = {value}" for name, value in recipe.items())
        say(f"{batch.name}: remembered in batch.json, for later runs too: {said}")


def _tell_plans(instance: "Instance", defs: "Definitions", batches: "Sequence[Batch]", stages: "Stages", store: "Store") -> int:
    from vr_assets.defs.plans import plan

    for batch in batches:
        rows = store.count_entries(batch.name)
        shown = table("stage", "rows", "state", "why", numbers=("rows",), title=f"{batch.name}: nothing was run")
        for one in plan(instance, defs, batch, stages[batch.graph]):
            shown.add_row(one.asset, str(rows), one.state, one.why)
        show(shown)
    return 0


def _run_each(
    instance: "Instance",
    defs: "Definitions",
    batches: "Sequence[Batch]",
    stages: "Stages",
    config: "Mapping[str, object]",
    store: "Store",
) -> int:
    from vr_assets.cli.progress import shown_progress
    from vr_assets.defs.runs import run_batch

    code = 0
    for batch in batches:
        with noticed_signals() as signals, shown_progress() as listener:
            outcome = run_batch(instance, defs, batch.name, assets=stages[batch.graph], config=config, listener=listener)
        _tell(outcome, batch.name, store)
        if outcome.interrupted:
            return signals.exit_code
        code = 1 if outcome.error else code
        if outcome.error and not outcome.stopped:
            break
    return code


def _tell(outcome: "RunOutcome", batch: str, store: "Store") -> None:
    """What a run did, and why it ended when it did not succeed."""
    if outcome.stages:
        headings = ["ok", "failed", "skipped", "filtered", "asked", "reused", "seconds"]
        shown = table("stage", *headings, numbers=headings, title=batch)
        for stage in outcome.stages:
            counts = [stage.rows[status] for status in Status]
            shown.add_row(str(stage.asset), *map(str, counts), str(stage.asked), str(stage.reused), f"{stage.seconds:.1f}")
        show(shown)
    imported = [f"{stage.asset} {stage.imported}" for stage in outcome.stages if stage.imported]
    if imported:
        say(f"rows that were imported: {', '.join(imported)}")
    tokens = sum(stage.input_tokens for stage in outcome.stages), sum(stage.output_tokens for stage in outcome.stages)
    if any(tokens):
        say(f"tokens: {tokens[0]:,} in, {tokens[1]:,} out{_cost(outcome)}")
    if any(stage.asset is Asset.TASK_FILES for stage in outcome.stages):
        folder = store.task_files_folder(batch)
        say(f"{len(list(folder.glob('*.json')))} task files in {store.address(folder)}")
    if any(stage.asset is Asset.EVIDENCE for stage in outcome.stages):
        _tell_marks(store.read_marks(batch))
    for warning in outcome.warnings:
        say(f"check failed: {warning}")
    if outcome.warnings:
        say(f"examples: {store.address(store.batch_folder(batch))}/report.md")
    if outcome.interrupted:
        complain(f"interrupted (run {outcome.run_id}); what was answered is kept, and the same command goes on from there")
    elif outcome.error:
        complain(f"{outcome.error}\n(run {outcome.run_id}; `vr-assets status --batch {batch} --reasons` tells of each row)")


def _tell_marks(marks: "Sequence[Mark]") -> None:
    if not marks:
        say("no item is marked; evidence.checks says which checks are on (docs/evidence.md)")
    for check in dict.fromkeys(mark.check for mark in marks):
        found = [mark.passed for mark in marks if mark.check == check]
        say(f"{check}: {found.count(False)} of {len(found)} items did not pass; `vr-assets why ITEM` shows why")


def _cost(outcome: "RunOutcome") -> str:
    unpriced = sum(stage.unpriced for stage in outcome.stages)
    spent = f"; ${sum(stage.cost_usd for stage in outcome.stages):.4f}"
    return f"{spent}, and {unpriced} calls whose price is not known (budget.prices_file)" if unpriced else spent


def _assets(named: Iterable[str]) -> list[str]:
    """`["qa,captions"]` as a list, every name of it known."""
    assets = [part.strip() for one in named for part in one.split(",")]
    unknown = sorted(set(assets) - {*Asset, "all"})
    if unknown:
        raise SettingsError(f"{', '.join(unknown)}: no asset; there are {', '.join(Asset)}, and all")
    return assets
