"""What a process finds around it: environment variables, `.env`, and a batch's settings resolved from all layers."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from dotenv import dotenv_values

from vr_assets.errors import SettingsError
from vr_assets.records.batch import Batch
from vr_assets.settings import Graph, Layer, MediaResolution, Resolved, environment_layer, is_operational, resolve

RUN_CONFIG = "run config"
BATCH = "batch.json"
ENVIRONMENT = "environment"


def environment() -> dict[str, str]:
    """The environment variables, and under them those of `.env` in the current folder: keys are looked up here."""
    dotenv = Path(".env")
    found = dotenv_values(dotenv) if dotenv.is_file() else {}
    return {**{name: value for name, value in found.items() if value is not None}, **os.environ}


def resolve_for(batch: Batch | None, *, run: Layer | None = None, environ: Mapping[str, str] | None = None) -> Resolved:
    """Settings for a batch (None: for none in particular), run config strongest.

    Raises:
        SettingsError: a setting is unknown or out of bounds, or run config would change what the answers mean.
    """
    given = ((BATCH, batch.settings if batch else {}), (ENVIRONMENT, environment_layer(environ)))
    graph = batch.graph if batch else Graph.VIDEOS
    below = (*given, (f"default for {graph}", graph_defaults(graph, [run or {}, *(layer for _, layer in given)])))
    resolved = resolve((RUN_CONFIG, run or {}), *below)
    if run:
        _refuse_other_recipe(run, resolved, resolve(*below), batch)
    return resolved


def graph_defaults(graph: Graph, layers: Iterable[Layer]) -> Layer:
    """Defaults that differ for what is no video: of an image small things count, so it is looked at closely.

    Args:
        layers: what was set; the endpoints that they name have the same defaults.
    """
    if graph is Graph.VIDEOS:
        return {}
    named = {f"endpoints.{name.split('.')[1]}" for layer in layers for name in layer if name.startswith("endpoints.")}
    return {f"{section}.gemini.media_resolution": MediaResolution.HIGH for section in sorted({"vlm", *named})}


def _refuse_other_recipe(run: Layer, resolved: Resolved, remembered: Resolved, batch: Batch | None) -> None:
    changed = [name for name in run if not is_operational(name) and resolved.value(name) != remembered.value(name)]
    if not changed:
        return
    listed = ", ".join(changed)
    which = f" --batch {batch.name}" if batch else ""
    assignments = " ".join(f"--set {name}={resolved.value(name)}" for name in changed)
    raise SettingsError(
        f"{listed} {'is' if len(changed) == 1 else 'are'} part of the batch's recipe and cannot come from run config; set it "
        f"with `vr-assets run{which} {assignments}` (remembered in batch.json) or in the environment"
    )
