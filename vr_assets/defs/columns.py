"""The columns of an asset's rows, as Dagster shows them."""

import types
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Union, get_args, get_origin

import dagster as dg

from vr_assets.settings import Asset
from vr_assets.steps.rows import ROWS

_PLAIN: Mapping[type, str] = {str: "string", float: "float", int: "int", bool: "bool", tuple: "list"}


def column_schema(asset: Asset) -> dg.TableSchema:
    """Names and types, nested records as `object`."""
    columns = ROWS[asset].model_fields.items()
    return dg.TableSchema(columns=[dg.TableColumn(name, type=_type_name(field.annotation)) for name, field in columns])


def _type_name(kind: Any) -> str:
    if get_origin(kind) in (Union, types.UnionType):
        return _type_name(next(part for part in get_args(kind) if part is not type(None)))
    base = get_origin(kind) or kind
    if isinstance(base, type) and issubclass(base, StrEnum):
        return "string"
    return _PLAIN.get(base, "object")
