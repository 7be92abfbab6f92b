"""The columns of an asset's rows, as Dagster shows them."""

import types
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Union, get_args, get_origin

import dagster as dg

from vr_assets.settings import Asset
from vr_assets.steps.rows import ROWS

# What every row has; the others are told of in docs/data.md.
_ABOUT: Mapping[str, str] = {
    "video_id": "16 hex digits of the file's content: the same video has the same id in every batch.",
    "image_id": "16 hex digits of the file's content: the same image has the same id in every batch.",
    "video": "Path or address of the file.",
    "image": "Path or address of the file.",
    "status": "ok, failed, skipped or filtered_out.",
    "reason": "Why the row is not ok.",
    "blocked_by": "The stage that stopped this item.",
    "failures": "Parts that could not be had, each with its reason.",
    "provenance": "Prompt, model and answers that the row was made of.",
    "fields": "What the list that named the item said of it besides.",
    "mode": "anomaly or normal, as labelled or as the model judged.",
    "media": "Length, size, frame rate and hash of the file.",
}
_PLAIN: Mapping[type, str] = {str: "string", float: "float", int: "int", bool: "bool", tuple: "list"}


def column_schema(asset: Asset) -> dg.TableSchema:
    """Names and types, nested records as `object`."""
    columns = ROWS[asset].model_fields.items()
    return dg.TableSchema(
        columns=[dg.TableColumn(name, type=_type_name(field.annotation), description=_ABOUT.get(name)) for name, field in columns]
    )


def _type_name(kind: Any) -> str:
    if get_origin(kind) in (Union, types.UnionType):
        return _type_name(next(part for part in get_args(kind) if part is not type(None)))
    base = get_origin(kind) or kind
    if isinstance(base, type) and issubclass(base, StrEnum):
        return "string"
    return _PLAIN.get(base, "object")
