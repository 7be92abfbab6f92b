"""What groups of settings are made of."""

import json
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from vr_assets.settings.names import Check, EvidenceCheck, QaType, ReleaseForm


def _listed(value: object) -> object:
    """`a,b` and `["a", "b"]` as the environment and the command line write lists."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("["):
        return json.loads(text)
    return [part.strip() for part in text.split(",") if part.strip()]


EvidenceChecks = Annotated[tuple[EvidenceCheck, ...], BeforeValidator(_listed)]
QaTypes = Annotated[tuple[QaType, ...], BeforeValidator(_listed)]
ReleaseForms = Annotated[tuple[ReleaseForm, ...], BeforeValidator(_listed)]
Numbers = Annotated[tuple[Annotated[float, Field(gt=0)], ...], BeforeValidator(_listed), Field(min_length=1)]
# So that a key that was pasted in place of its variable's name is refused.
VariableName = Annotated[str, Field(pattern="^[A-Z_][A-Z0-9_]*$")]
Strings = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Checks = Annotated[tuple[Check, ...], BeforeValidator(_listed)]
EndpointName = Annotated[str, Field(pattern="^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]


class Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
