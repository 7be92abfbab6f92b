"""`vr-assets import-spec`: a spec of TAO's auto_label as batches with settings."""

import shlex
from pathlib import Path

import click

from vr_assets.cli.ingest import take_in_batches, tell
from vr_assets.cli.saying import note, say
from vr_assets.settings import is_operational


@click.command("import-spec")
@click.argument("spec", type=click.Path(path_type=Path))
@click.argument("overrides", nargs=-1)
@click.option("--batch", help="Name of the batch; by default made from the first path of the spec.")
def command(spec: Path, overrides: tuple[str, ...], *, batch: str | None) -> int:
    """Register the videos or images of a TAO auto_label spec with its settings, and say how to run it.

    OVERRIDES are as TAO takes them: video_reasoning_annotation.workflow.mode=normal
    """
    from vr_assets.steps.tao_specs import read_spec

    read = read_spec(spec, overrides)
    for name, what in read.without_counterpart:
        note(f"{name}: {what}")
    before_runs = {name: value for name, value in read.settings.items() if name.startswith("ingest.")}
    recipe = {name: value for name, value in read.settings.items() if not is_operational(name)}
    for name, value in {**before_runs, **recipe}.items():
        say(f"{name} = {value}")
    intake = take_in_batches((), {**before_runs, **recipe}, family=batch, graph=read.graph)
    tell(intake, what_next=False)
    others = [
        f"--set {shlex.quote(f'{name}={value}')}" for name, value in read.settings.items() if name not in before_runs | recipe
    ]
    chosen = [f"--select {','.join(read.assets)}"] if read.assets != read.graph.assets else []
    forced = ["--force all"] if read.forced else []
    for made in intake.batches:
        say(" ".join([f"Next: vr-assets run --batch {made.batch.name}", *chosen, *forced, *others]))
    return 0 if intake.new or intake.known else 1
