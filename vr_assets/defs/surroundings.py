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
DATASET_FILE = "dataset.json"
ENVIRONMENT = "environment"


def environment() -> dict[str, str]:
    """The environment variables, and under them those of `.env` in the current folder: keys are looked up here."""
    dotenv = Path(".env")
    found = dotenv_values(dotenv) if dotenv.is_file() else {}
    return {**{name: value for name, value in found.items() if value is not None}, **os.environ}


_SAMPLING = {"temperature": 0.7, "top_p": 0.9}
_OF_CAPTIONS: Layer = {
    **{f"gemini.{name}": value for name, value in {**_SAMPLING, "max_output_tokens": 2048}.items()},
    **{f"openai.{name}": value for name, value in {**_SAMPLING, "max_tokens": 2048}.items()},
    **{f"vllm.{name}": value for name, value in {**_SAMPLING, "max_tokens": 2048, "max_model_len": 51200}.items()},
}


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
    """Defaults that differ from those of the video graph: of an image small things count, so it is looked at closely; captions
    are sampled as users of caption pipelines have it.

    Args:
        layers: what was set; the endpoints that they name have the same defaults.
    """
    if graph is Graph.VIDEOS:
        return {}
    named = {f"endpoints.{name.split('.')[1]}" for layer in layers for name in layer if name.startswith("endpoints.")}
    own: Layer = {"gemini.media_resolution": MediaResolution.HIGH} if graph is Graph.IMAGES else _OF_CAPTIONS
    return {f"{section}.{name}": value for section in sorted({"vlm", *named}) for name, value in own.items()}


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
