from collections.abc import Mapping

from pydantic import JsonValue

from vr_assets.settings import Task


def repair_prompt(task: Task, text: str, schema: Mapping[str, JsonValue]) -> str:
    return ""


def restated(text: str) -> str:
    return text


def worth_repairing(text: str) -> bool:
    return True


def grounded(original: str, restated: str) -> bool:
    return True
