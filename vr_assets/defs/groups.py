"""Settings as Dagster resources: a setting's dotted name is its path under `resources.<group>.config` in run config.

Generated from `vr_assets.settings`, so that the two cannot drift. Every field is optional: only what was set counts. Settings
that are in no group are in `run`; `data_root`, `executor`, `bucket`, `ingest` and `drops` come before there is a run.
"""

from enum import StrEnum
from functools import cache
from typing import Any, get_args, get_origin

import dagster as dg
from pydantic import BaseModel, ConfigDict, Field, create_model

from vr_assets.settings import Layer, Settings, flatten

TOP = "run"
_ABOUT_TOP = "What this run redoes although answers are there, and settings that are in no group."
_BEFORE_A_RUN = frozenset({"data_root", "executor", "bucket", "ingest", "drops"})
_NAMED = tuple(name for name, field in Settings.model_fields.items() if get_origin(field.annotation) is dict)


class SettingsGroup(dg.ConfigurableResource[Any]):
    """A group of settings, as far as run config sets them."""

    def layer(self, group: str) -> Layer:
        """What was set, by dotted name."""
        return flatten(self.model_dump(mode="json", exclude_none=True), "" if group == TOP else f"{group}.")


class NamedGroup(SettingsGroup):
    """A group whose settings have names that users make up; what they are is checked when they are resolved."""

    model_config = ConfigDict(extra="allow")


def group_types() -> dict[str, type[SettingsGroup]]:
    """A resource type for each group of settings, by resource key."""
    groups: dict[str, type[BaseModel]] = {}
    about = {name: field.description for name, field in Settings.model_fields.items()}
    loose: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        if name in _BEFORE_A_RUN or name in _NAMED:
            continue
        kind = _model(field.annotation)
        if kind is None:
            loose[name] = (_edge_type(field.annotation) | None, Field(default=None, description=field.description))
        else:
            groups[name] = kind
    made = {
        name: create_model(f"{kind.__name__}Group", __base__=SettingsGroup, __doc__=about[name], **_fields(kind))
        for name, kind in groups.items()
    }
    named = {name: create_model(f"{name.capitalize()}Group", __base__=NamedGroup, __doc__=about[name]) for name in _NAMED}
    return {TOP: create_model("RunGroup", __base__=SettingsGroup, __doc__=_ABOUT_TOP, **loose), **made, **named}


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        inner = _model(field.annotation)
        kind = create_model(f"{inner.__name__}Config", __base__=dg.Config, **_fields(inner)) if inner else field.annotation
        found[name] = (_edge_type(kind) | None, Field(default=None, description=field.description))
    return found


def _model(kind: Any) -> type[BaseModel] | None:
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _edge_type(kind: Any) -> Any:
    if get_origin(kind) is tuple:
        return list[_edge_type(get_args(kind)[0])]  # type: ignore[misc]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _spelled_by_value(kind)
    return getattr(kind, "__origin__", kind)


@cache
def _spelled_by_value(kind: type[StrEnum]) -> type[StrEnum]:
    """Dagster spells a choice by its member's name; people, batch.json and the environment spell it by its value."""
    make: Any = StrEnum
    spelled: type[StrEnum] = make(kind.__name__, {member.value: member.value for member in kind})
    return spelled
