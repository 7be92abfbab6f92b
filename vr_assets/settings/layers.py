"""Where a setting's value comes from: layers of flat mappings from dotted names to values, the strongest first."""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_origin

from dotenv import dotenv_values
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from vr_assets.errors import SettingsError
from vr_assets.settings.endpoints import ModelSettings
from vr_assets.settings.models import ROUTABLE, Settings

ENV_PREFIX = "VR_"

Layer = Mapping[str, object]


@dataclass(frozen=True)
class Leaf:
    """One setting as the settings page shows it."""

    name: str
    default: object
    why: str
    field: FieldInfo


@dataclass(frozen=True)
class Resolved:
    """Settings and, for each dotted name that some layer set, the name of that layer."""

    settings: Settings
    sources: Mapping[str, str]

    def value(self, name: str) -> object:
        found: object = self.settings
        for part in name.split("."):
            found = found[part] if isinstance(found, Mapping) else getattr(found, part)
        return found


def leaves(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[Leaf]:
    """Every setting with a fixed name, in the order of this file; `endpoints.NAME...` and `routes...` are none."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from leaves(kind, f"{prefix}{name}.")
        elif get_origin(kind) is not dict:
            yield Leaf(f"{prefix}{name}", field.get_default(), field.description or "", field)


def named_leaves(names: Iterable[str]) -> Iterator[Leaf]:
    """Those of the names that users make up: settings of their own endpoints, and routes."""
    of_an_endpoint = {leaf.name: leaf for leaf in leaves(ModelSettings)}
    for name in sorted(names):
        group, _, rest = name.partition(".")
        if group == "endpoints":
            yield replace(of_an_endpoint[rest.partition(".")[2]], name=name)
        elif group == "routes":
            yield Leaf(name, "", "The endpoint that this stage, task or QA type uses.", Settings.model_fields["routes"])


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """A nested mapping as a layer; None means not set."""
    flat: dict[str, object] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{prefix}{key}."))
        elif value is not None:
            flat[f"{prefix}{key}"] = value
    return flat


def environment_layer(environ: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env")) -> dict[str, object]:
    """The `VR_...` variables of the environment, and under them those of a `.env` file."""
    merged: dict[str, str] = {}
    if dotenv is not None and dotenv.is_file():
        merged.update({key: value for key, value in dotenv_values(dotenv).items() if value is not None})
    merged.update(os.environ if environ is None else environ)
    return {
        key.removeprefix(ENV_PREFIX).lower().replace("__", "."): value
        for key, value in sorted(merged.items())
        if key.startswith(ENV_PREFIX)
    }


def environment_name(name: str) -> str:
    """How the environment spells a dotted name."""
    return ENV_PREFIX + name.replace(".", "__").upper()


def parse_assignments(assignments: Iterable[str]) -> dict[str, object]:
    """`["chunks.max_chunks=8"]` as a layer.

    Raises:
        SettingsError: an assignment without `=`.
    """
    layer: dict[str, object] = {}
    for text in assignments:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"--set {text}: write it as name=value, such as chunks.max_chunks=8")
        layer[name.strip()] = value.strip()
    return layer


def resolve(*layers: tuple[str, Layer]) -> Resolved:
    """Stack named layers, the first one strongest, on the defaults.

    Raises:
        SettingsError: names the setting, its value, where it came from, and the nearest right name or the bounds.
    """
    known = {leaf.name for leaf in leaves()} | _named(layers)
    nested: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, layer in reversed(layers):
        for name, value in layer.items():
            if name not in known:
                raise SettingsError(_unknown(name, source, known))
            *groups, last = name.split(".")
            target = nested
            for group in groups:
                target = target.setdefault(group, {})
            target[last] = value
            sources[name] = source
    try:
        settings = Settings.model_validate(nested)
    except ValidationError as error:
        raise SettingsError(_invalid(error, sources)) from None
    return Resolved(settings, sources)


_OF_AN_ENDPOINT = tuple(leaf.name for leaf in leaves(ModelSettings))


def _named(layers: Iterable[tuple[str, Layer]]) -> set[str]:
    """The names that users make up: settings of their own endpoints, and routes."""
    given = [name.split(".") for _, layer in layers for name in layer]
    endpoints = {path[1] for path in given if path[0] == "endpoints" and len(path) > 2}
    return {f"endpoints.{name}.{leaf}" for name in endpoints for leaf in _OF_AN_ENDPOINT} | {
        f"routes.{what}" for what in ROUTABLE
    }


def _unknown(name: str, source: str, known: set[str]) -> str:
    spelled = f"{environment_name(name)} (setting {name})" if source == "environment" else name
    by_leaf = [full for full in sorted(known) if full.rpartition(".")[2] == name.rpartition(".")[2]]
    near = by_leaf or difflib.get_close_matches(name, sorted(known), n=2, cutoff=0.5)
    if not near:
        ends = {full.rpartition(".")[2]: full for full in sorted(known)}
        near = [ends[end] for end in difflib.get_close_matches(name.rpartition(".")[2], sorted(ends), n=2, cutoff=0.6)]
    if source == "environment":
        near = [environment_name(full) for full in near]
    hint = f"did you mean {' or '.join(near)}?" if near else "`vr-assets config` lists all settings."
    return f"unknown setting {spelled} in {source}: {hint}"


def _invalid(error: ValidationError, sources: Mapping[str, str]) -> str:
    lines = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"] if not isinstance(part, int))
        shown = "(not shown)" if name.endswith("api_key_env") else repr(problem["input"])
        lines.append(f"{name} = {shown} (from {sources.get(name, 'defaults')}): {problem['msg']}")
    return "; ".join(lines)


# What shapes no answer: where things lie, how an endpoint is reached, how much at once. Everything else is part of the recipe.
_OPERATIONAL = frozenset({"data_root", "files_url", "force_reprocess", "retry"})
_OPERATIONAL_GROUPS = frozenset({"calls", "budget", "checks", "ingest", "drops", "bucket", "release"})
_OPERATIONAL_LEAVES = frozenset(
    {
        "base_url",
        "base_urls",
        "requests_per_minute",
        "tokens_per_minute",
        "timeout",
        "api_key_env",
        "max_output_tokens",
        "max_tokens",
        "max_inline_mb",
        "max_request_mb",
        "upload",
        "upload_deadline_s",
        "executable",
        "tensor_parallel_size",
        "max_model_len",
        "gpu_memory_utilization",
        "extra_args",
        "port",
        "startup_timeout_s",
        "reply_format",
        "workers",
        "deadline_s",
        "memory_mb",
        "proxies_gb",
    }
)


def is_operational(name: str) -> bool:
    """Whether a setting may differ from run to run without changing what the answers mean."""
    return name in _OPERATIONAL or name.partition(".")[0] in _OPERATIONAL_GROUPS or name.rpartition(".")[2] in _OPERATIONAL_LEAVES
