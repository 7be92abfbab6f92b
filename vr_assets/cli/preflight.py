"""`vr-assets preflight`: what the models' endpoints can do, before a run pays them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vr_assets.cli.options import COMMAND_LINE, given, settings_options
from vr_assets.cli.project import ensure_home
from vr_assets.cli.saying import complain, say, show, table
from vr_assets.errors import SettingsError, TransientError

if TYPE_CHECKING:
    from vr_assets.backends.base import Backend
    from vr_assets.backends.known import Known
    from vr_assets.backends.limits import Limiter
    from vr_assets.backends.preflight_checks import Ask
    from vr_assets.backends.preflight_questions import Need
    from vr_assets.records.preflight import Check, Report
    from vr_assets.settings import Graph, Settings

# Beside the instance, for all runs on this machine.
SHARED = Path(".endpoints")


@click.command("preflight")
@click.option(
    "--endpoint", "names", multiple=True, help="vlm, llm or one of your own; may be given again. By default all in use."
)
@click.option("--batch", help="As a run of this batch would have it.")
@settings_options
def command(names: tuple[str, ...], *, batch: str | None, backend: str | None, assignments: tuple[str, ...]) -> int:
    """Try the models: do key and model work, do they see video and pictures, do replies read, how are boxes given?

    Shows each a small drawn clip and picture whose content is known. A run does this by itself before it first asks an endpoint;
    what passed is remembered for a week.
    """
    import anyio

    from vr_assets.backends.known import Known
    from vr_assets.settings import ROLES
    from vr_assets.steps.needs import needs

    settings, graph = _settings(batch, given(assignments, backend))
    unknown = sorted(set(names) - {*ROLES, *settings.endpoints})
    if unknown:
        raise SettingsError(f"--endpoint {', '.join(unknown)}: there are {', '.join((*ROLES, *settings.endpoints))}")
    shared = ensure_home() / SHARED
    known = Known(shared / "known.sqlite")
    try:
        asked = needs(settings, graph)
        outcomes = [anyio.run(_try, name, asked, settings, known, shared) for name in names or asked]
    finally:
        known.close()
    return 0 if all(outcomes) else 1


def _settings(batch: str | None, layer: dict[str, object]) -> "tuple[Settings, Graph]":
    from vr_assets.defs.surroundings import graph_defaults
    from vr_assets.settings import Graph, environment_layer, resolve
    from vr_assets.storage import Store

    command_line, environment = (COMMAND_LINE, layer), ("environment", environment_layer())
    settings = resolve(command_line, environment).settings
    if batch is None:
        return settings, Graph.VIDEOS
    found = Store.at(settings.data_root, settings.bucket).read_batch(batch)
    below = (("batch.json", found.settings), environment)
    defaults = graph_defaults(found.graph, [layer, *(one for _, one in below)])
    return resolve(command_line, *below, (f"default for {found.graph}", defaults)).settings, found.graph


async def _try(name: str, asked: "Mapping[str, frozenset[Need]]", settings: "Settings", known: "Known", shared: Path) -> bool:
    """Show what an endpoint can do; whether it can do what the stages need."""
    from datetime import UTC, datetime

    from vr_assets.backends.leases import shared_book
    from vr_assets.backends.limits import Limiter
    from vr_assets.backends.make import make_backend
    from vr_assets.backends.preflight import Preflight
    from vr_assets.backends.preflight_questions import Need
    from vr_assets.settings import ModelSettings

    section = settings.section(name)

    def make(model: ModelSettings) -> "Backend":
        return make_backend(model, environ=os.environ, role=section, known=known, servers=shared)

    model = settings.model(name)
    backend = make(model)
    preflight = Preflight(backend, settings=model, known=known, endpoint_name=section, now=lambda: datetime.now(UTC), remade=make)
    if not preflight.is_needed:
        say(f"{section}: {backend.name} ({backend.model}) answers here, there is no endpoint to try")
        return True
    # What no stage asks is tried in full: it was named.
    needed = asked.get(name, frozenset(Need))
    limiter = Limiter(
        backend.endpoint,
        settings.calls.max_workers,
        state=shared_book(shared, os.environ),
        requests_per_minute=model.requests_per_minute,
        tokens_per_minute=model.tokens_per_minute,
    )
    try:
        report = await preflight.report(asking(backend, settings, limiter), sees=needed != {Need.TEXT})
    except TransientError as error:
        complain(f"{section}: {error}")
        return False
    finally:
        limiter.close()
        await backend.aclose()
    _tell(report, section)
    _tell_boxes(report, settings)
    return not any(_matters(check, needed, report) for check in report.checks)


def asking(backend: "Backend", settings: "Settings", limiter: "Limiter") -> "Ask":
    """How the endpoint is asked: at its pace, which runs on this machine share, and again while another attempt may help."""
    from vr_assets.backends.calling import About, Caller, UnderWay
    from vr_assets.backends.counts import Counts
    from vr_assets.backends.limits import Gate

    gate = Gate(settings.calls.max_workers)
    caller = Caller(backend, calls=settings.calls, limiter=limiter, gate=gate, under_way=UnderWay())
    return lambda request: caller.call(request, About("preflight", "preflight"), Counts(), lambda sent: sent.reply)


def _matters(check: "Check", needed: "frozenset[Need]", report: "Report") -> bool:
    """Whether a check failed without which a stage fails."""
    from vr_assets.backends.preflight_questions import Need
    from vr_assets.records.preflight import CheckName, CheckOutcome

    match check.name:
        case CheckName.VIDEO:
            matters = Need.VIDEO in needed
        case CheckName.FRAMES:
            # Where video was not tried, it is shown as frames.
            shown_as_frames = report.outcome(CheckName.VIDEO) is CheckOutcome.NOT_TRIED
            matters = Need.FRAMES in needed or (shown_as_frames and Need.VIDEO in needed)
        case CheckName.IMAGE:
            matters = Need.IMAGE in needed
        case _:
            matters = True
    return matters and check.outcome is CheckOutcome.FAILED


def _tell_boxes(report: "Report", settings: "Settings") -> None:
    """How its boxes would be read, where that is not how it was seen to give them."""
    from vr_assets.parsing.box_units import convention_of_model, tells_as
    from vr_assets.settings import BoxConvention

    if report.boxes is BoxConvention.UNKNOWN:
        return
    by_name, is_sure = convention_of_model(report.model)
    given = settings.grounding.box_convention
    is_set = given is not BoxConvention.UNKNOWN
    read_as: BoxConvention = given if is_set else by_name if is_sure else report.boxes
    if read_as is not report.boxes and not tells_as(read_as, report.boxes):
        why = "as grounding.box_convention says" if is_set else "as models of this name do"
        say(f"It gives boxes as {report.boxes}, and groundings would read them as {read_as}, {why}.")
        say(f"Look at some drawn boxes, then: --set grounding.box_convention={report.boxes}")


def _tell(report: "Report", section: str) -> None:
    from rich.text import Text

    shown = table("what", "outcome", "what it said", title=f"{section}: {report.backend} {report.model} at {report.endpoint}")
    for check in report.checks:
        words = Text(check.said)
        if check.cure:
            words.append(f"\n{check.cure}", style="bold")
        shown.add_row(str(check.name), str(check.outcome), words)
    show(shown)
    say(f"tokens: {report.input_tokens:,} in, {report.output_tokens:,} out; {report.seconds:.1f} seconds")
