"""The JSON schema of each task's reply, as OpenAI's strict mode and Gemini's `response_json_schema` take it."""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache

from pydantic import JsonValue, TypeAdapter

from vr_assets.parsing.captions import DenseCaptionReply, GlobalCaptionReply
from vr_assets.parsing.chunk_captions import ChunkCaptionReply
from vr_assets.parsing.descriptions import DescriptionReply
from vr_assets.parsing.evidence import AgreementReply, BlindReply, JudgeReply, SupportReply
from vr_assets.parsing.expressions import ExpressionsReply
from vr_assets.parsing.filtered_videos import AnomalyOrNormalReply, ScreeningReply, SuitableReply
from vr_assets.parsing.groundings import GroundingsReply
from vr_assets.parsing.highlights import ClipCaptionReply, MomentReply
from vr_assets.parsing.mcq import McqReply
from vr_assets.parsing.preflight import SeenReply
from vr_assets.parsing.qa import (
    BcqReply,
    CausalLinkageReply,
    EventSummaryReply,
    EventVerificationReply,
    OpenQaReply,
    SceneDescriptionReply,
    TemporalEventDescReply,
    TemporalLocalizationReply,
)
from vr_assets.parsing.reply import ReplyModel
from vr_assets.parsing.video_captions import VideoCaptionReply
from vr_assets.settings import Task

REPLY_MODELS: Mapping[Task, type[ReplyModel]] = {
    Task.SCREENING: ScreeningReply,
    Task.SUITABLE: SuitableReply,
    Task.ANOMALY_OR_NORMAL: AnomalyOrNormalReply,
    Task.GLOBAL_CAPTION: GlobalCaptionReply,
    Task.DENSE_CAPTION: DenseCaptionReply,
    Task.CHUNK_CAPTION: ChunkCaptionReply,
    Task.MOMENT: MomentReply,
    Task.CLIP_CAPTION: ClipCaptionReply,
    Task.DESCRIPTION: DescriptionReply,
    Task.MCQ: McqReply,
    Task.BCQ: BcqReply,
    Task.OPEN_QA: OpenQaReply,
    Task.CAUSAL_LINKAGE: CausalLinkageReply,
    Task.TEMPORAL_LOCALIZATION: TemporalLocalizationReply,
    Task.TEMPORAL_EVENT_DESC: TemporalEventDescReply,
    Task.SCENE_DESCRIPTION: SceneDescriptionReply,
    Task.EVENT_SUMMARY: EventSummaryReply,
    Task.EVENT_VERIFICATION: EventVerificationReply,
    Task.BLIND: BlindReply,
    Task.SUPPORT: SupportReply,
    Task.AGREEMENT: AgreementReply,
    Task.JUDGE: JudgeReply,
    Task.EXPRESSIONS: ExpressionsReply,
    Task.GROUNDINGS: GroundingsReply,
    Task.VIDEO_CAPTION: VideoCaptionReply,
    Task.PREFLIGHT: SeenReply,
}
"""The reply model of each task."""

# Numbers of items are asked for in words: strict mode of older OpenAI-compatible servers refuses minItems and maxItems.
_KEPT = ("type", "description", "enum")

_json = TypeAdapter[dict[str, JsonValue]](dict[str, JsonValue])


def reply_schema(task: Task) -> dict[str, JsonValue]:
    """A schema without `$ref`, titles and defaults; every field required, no other allowed."""
    return deepcopy(_schema(task))


@cache
def _schema(task: Task) -> dict[str, JsonValue]:
    schema = _json.validate_python(REPLY_MODELS[task].model_json_schema())
    return _inlined(schema, schema.get("$defs", {}))


def _inlined(schema: JsonValue, definitions: JsonValue) -> dict[str, JsonValue]:
    assert isinstance(schema, dict)
    assert isinstance(definitions, dict)
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _inlined(definitions[reference.rpartition("/")[2]], definitions)
    plain = {key: schema[key] for key in _KEPT if key in schema}
    properties = schema.get("properties")
    if isinstance(properties, dict):
        plain.pop("description", None)
        plain["properties"] = {name: _inlined(part, definitions) for name, part in properties.items()}
        plain["required"] = list(properties)
        plain["additionalProperties"] = False
    if "items" in schema:
        plain["items"] = _inlined(schema["items"], definitions)
    return plain
