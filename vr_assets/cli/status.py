"""`vr-assets status`: what became of every video."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vr_assets.cli.preflight import SHARED
from vr_assets.cli.project import HOME
from vr_assets.cli.saying import say, show, table, without_credentials

if TYPE_CHECKING:
    from vr_assets.records.batch import Batch
    from vr_assets.storage import Store

REASONS_SHOWN = 5
# More batches than these are told in a line each.
FEW = 10


@click.command("status")
@click.option("--batch", "names", multiple=True, help="Only this batch; may be given again.")
@click.option("--reasons", is_flag=True, help="Also why rows are not ok, the most frequent first.")
@click.option("--report", is_flag=True, help="In place of that report.md, made anew: what was lost where, and the checks.")
def command(names: tuple[str, ...], *, reasons: bool, report: bool) -> None:
    """Show what became of every batch: how many rows are ok, failed, skipped or filtered out, stage by stage. Of more than ten
    batches the last stage of each; name those that you want to see whole.
    """
    from vr_assets.backends.spending import exchange, spent
    from vr_assets.settings import ON_REQUEST, Status, environment_layer, resolve
    from vr_assets.steps.rows import ROWS
    from vr_assets.steps.tally import tally
    from vr_assets.storage import Store

    settings = resolve(("environment", environment_layer())).settings
    store = Store.at(settings.data_root, settings.bucket)
    if store.mirror:
        exchange(store.spending_file, store.mirror, give=False)
    batches = [store.read_batch(name) for name in names] or store.read_batches()
    if not batches:
        say(f"no batches in {store.place}; register one with `vr-assets ingest DIR`")
    if report:
        _tell_reports(store, batches)
        return
    if len(batches) > FEW and not names and not reasons:
        _tell_in_lines(store, batches)
        batches = []
    for batch in batches:
        name, graph = batch.name, batch.graph
        shown = table("stage", *Status, numbers=list(Status), title=f"{name}: {store.count_entries(name)} {graph}")
        told: list[str] = []
        for asset in graph.every_asset:
            rows = store.read_rows(name, asset, ROWS[asset])
            if rows is None and asset in ON_REQUEST:
                continue
            if rows is None:
                shown.add_row(str(asset), *["-"] * len(Status))
                continue
            counted = tally(rows)
            shown.add_row(str(asset), *(str(counted.counts[status]) for status in Status))
            told += [f"{asset}: {reason.count} {reason.status}: {reason.text}" for reason in counted.reasons[:REASONS_SHOWN]]
        show(shown)
        paid = spent(store.spending_file, batch=name)
        if paid.calls:
            unknown = f", {paid.unpriced} of unknown cost" if paid.unpriced else ""
            say(f"  spent: {paid.usd:.4f} USD over {paid.calls} calls{unknown}")
        if reasons:
            for line in told:
                say(f"  {line}")
            say()
    _tell_endpoints()


def _tell_in_lines(store: "Store", batches: "Sequence[Batch]") -> None:
    from vr_assets.backends.spending import spent
    from vr_assets.records.row import Outcome
    from vr_assets.settings import Status

    numbers = ["items", *Status, "USD"]
    shown = table("batch", "items", "last stage", *Status, "USD", numbers=numbers, title=f"{len(batches)} batches")
    for batch in batches:
        last, counts = "-", ["-"] * len(Status)
        for asset in reversed(batch.graph.assets):
            rows = store.read_rows(batch.name, asset, Outcome)
            if rows is not None:
                found = Counter(row.status for row in rows)
                last, counts = asset.value, [str(found[status]) for status in Status]
                break
        usd = spent(store.spending_file, batch=batch.name).usd
        shown.add_row(batch.name, str(store.count_entries(batch.name)), last, *counts, f"{usd:.4f}")
    show(shown)
    say("stage by stage: vr-assets status --batch NAME")


def _tell_reports(store: "Store", batches: "Sequence[Batch]") -> None:
    """As Markdown, for a file or whatever shows it."""
    from vr_assets.defs.surroundings import resolve_for
    from vr_assets.steps.report import publish_report

    for batch in batches:
        click.echo(publish_report(store, batch.name, resolve_for(batch).settings))


def _tell_endpoints() -> None:
    """Calls in flight now, where runs are under way."""
    from vr_assets.backends.leases import LEASES, endpoints_in_use

    home = os.environ.get(HOME)
    used = endpoints_in_use(Path(home) / SHARED / LEASES) if home else []
    if used:
        headings = ["runs", "in flight", "waiting", "found to take"]
        shown = table("endpoint", *headings, numbers=headings, title="calls now")
        for one in used:
            shown.add_row(without_credentials(one.name), *map(str, (one.runs, one.in_flight, one.waiting, one.limit)))
        show(shown)
