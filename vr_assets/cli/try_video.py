"""`vr-assets try`: one video through to a stage, without a batch, beside the previous try."""

import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vr_assets.cli.options import COMMAND_LINE, given, settings_options
from vr_assets.cli.project import ensure_home
from vr_assets.cli.saying import harmless, say, show, table
from vr_assets.settings import Asset, Graph, Mode

if TYPE_CHECKING:
    from datetime import datetime

    from vr_assets.prompts import Prompts
    from vr_assets.records.batch import ManifestRow
    from vr_assets.records.trial import Exchange, Trial
    from vr_assets.settings import Settings
    from vr_assets.storage import Store

# As in steps.trial, which takes a second to import.
STAGES = [str(asset) for asset in Graph.VIDEOS.assets if asset not in (Asset.RAW_VIDEOS, Asset.TASK_FILES)]


@click.command("try")
@click.argument("video", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--domain", help="Prompt domain; by default that of the settings.")
@click.option("--asset", "stage", type=click.Choice(STAGES), default=str(Asset.CAPTIONS), show_default=True, help="Go so far.")
@click.option(
    "--prompt",
    "draft",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A draft, named as the file it takes the place of: captions/global.normal.md.",
)
@click.option("--mode", type=click.Choice([str(Mode.ANOMALY), str(Mode.NORMAL)]), help="As what the video is annotated.")
@click.option("--full", is_flag=True, help="Show whole prompts, also where the previous try sent the same.")
@settings_options
def command(
    video: Path,
    *,
    domain: str | None,
    stage: str,
    draft: Path | None,
    mode: str | None,
    full: bool,
    backend: str | None,
    assignments: tuple[str, ...],
) -> int:
    """Take one video through to a stage, and show what was sent and what came back beside the previous try.

    Answers go into the journal: neither the next try nor a batch pays for them again.
    """
    import tempfile
    from datetime import UTC, datetime

    from vr_assets.records.batch import ManifestRow
    from vr_assets.settings import environment_layer, resolve
    from vr_assets.steps.trial import Trials
    from vr_assets.storage import Store

    layer = {**({"prompts.prompts_module": domain} if domain else {}), **given(assignments, backend)}
    settings = resolve((COMMAND_LINE, layer), ("environment", environment_layer())).settings
    store = Store.at(settings.data_root, settings.bucket)
    entry = ManifestRow(video_path=str(video.absolute()), mode=Mode(mode) if mode else None, source="vr-assets try")
    with tempfile.TemporaryDirectory() as scratch:
        prompts = _prompts(settings, draft, Asset(stage), Path(scratch))
        trial = _run(entry, Asset(stage), settings, store, prompts, datetime.now(UTC))
    trials = Trials(store)
    previous = trials.previous(trial)
    trials.keep(trial)
    _tell(trial, previous, full=full)
    return 0 if trial.outcome == "ok" else 1


def _prompts(settings: "Settings", draft: Path | None, asset: Asset, scratch: Path) -> "Prompts":
    from vr_assets.steps.stage import load_prompts

    if draft is None:
        return load_prompts(settings)
    from vr_assets.prompts.drafts import with_draft

    named = settings.prompts
    overlay = Path(named.prompts_dir) if named.prompts_dir else None
    clock = settings.media.burn_clock
    return with_draft(named.prompts_module, draft, asset, overlay=overlay, scratch=scratch, clock_in_picture=clock)


def _run(
    entry: "ManifestRow", asset: Asset, settings: "Settings", store: "Store", prompts: "Prompts", now: "datetime"
) -> "Trial":
    from functools import partial

    import anyio

    from vr_assets.cli.preflight import SHARED
    from vr_assets.defs.surroundings import environment
    from vr_assets.steps.trial import try_out

    shared, environ = ensure_home() / SHARED, environment()
    return anyio.run(partial(try_out, entry, asset, settings, store, prompts=prompts, shared=shared, environ=environ, now=now))


def _tell(trial: "Trial", previous: "Trial | None", *, full: bool) -> None:
    """What is new; what the previous try has too is told in a line."""
    say(f"{trial.video}, domain {trial.domain}, to {trial.asset}: {trial.outcome}")
    before = {_place(one): one for one in previous.exchanges} if previous else {}
    if previous:
        say(f"Beside the try of {previous.at[:16].replace('T', ' ')} UTC, domain {previous.domain}.")
    for one in trial.exchanges:
        _tell_exchange(one, before.get(_place(one)), full=full, brief=one.asset is not trial.asset and not full)
    if previous:
        gone = [one for place, one in before.items() if place not in {_place(other) for other in trial.exchanges}]
        for one in gone:
            say(f"\n{_title(one)}: not asked this time")
    asked = [one for one in trial.exchanges if not one.reused and one.reply]
    costs = [one.cost_usd for one in asked if one.cost_usd is not None]
    say(f"\n{len(asked)} asked, {len(trial.exchanges) - len(asked)} reused or unanswered, ${sum(costs):.4f}")


def _tell_exchange(one: "Exchange", former: "Exchange | None", *, full: bool, brief: bool) -> None:
    from rich.text import Text

    say(f"\n{_title(one)}  {'from the journal' if one.reused else f'{one.seconds:.1f} s'}  {one.model}")
    if former and former.sent == one.sent and not full:
        say("  sent: as before")
    elif former and not full:
        for line in difflib.unified_diff(former.sent.splitlines(), one.sent.splitlines(), "previous", "now", lineterm="", n=1):
            say(f"  {line}")
    elif brief:
        say(f"  sent: {len(one.sent.splitlines())} lines, for a stage before (--full shows them)")
    else:
        say(_indented(one.sent))
    if former and (former.reply, former.problem) == (one.reply, one.problem):
        say("  came back: as before" if not full else _indented(_answer(one)))
        return
    if former is None:
        say("  came back:")
        say(_indented(_answer(one)))
        return
    shown = table("previous", "now")
    for column in shown.columns:
        column.ratio = 1
    shown.expand = True
    shown.add_row(Text(harmless(_answer(former))), Text(harmless(_answer(one))))
    show(shown)


def _place(one: "Exchange") -> tuple[str, str, float]:
    return one.asset, one.task, round(one.span.start_s, 1)


def _title(one: "Exchange") -> str:
    return f"{one.prompt} ({one.prompt_hash[:8]}), {one.shown}"


def _answer(one: "Exchange") -> str:
    """An answer as a person reads it."""
    text = readable(one.reply) if one.reply else "no answer"
    return f"{text}\n! {one.problem}" if one.problem else text


def readable(text: str) -> str:
    """JSON with one field a line; any other text as it is."""
    try:
        fields = json.loads(text)
    except json.JSONDecodeError:
        return text
    return "\n".join(_lines(fields)) if isinstance(fields, dict) else text


def _lines(fields: dict[str, object], indent: str = "") -> list[str]:
    lines = []
    for name, value in fields.items():
        if isinstance(value, list):
            lines.append(f"{indent}{name}:")
            for part in value:
                told = " | ".join(str(inner) for inner in part.values()) if isinstance(part, dict) else str(part)
                lines.append(f"{indent}  {told}")
        else:
            lines.append(f"{indent}{name}: {value}")
    return lines


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.rstrip().splitlines())
