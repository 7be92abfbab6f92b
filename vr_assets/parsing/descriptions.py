"""descriptions: scene and actors, the sequence of events, the analysis."""

from typing import Annotated, ClassVar

from pydantic import Field

from vr_assets.parsing.refusals import check_told
from vr_assets.parsing.reply import Names, ReplyModel, Words, read_reply


class DescriptionReply(ReplyModel):
    # No single words like "incident" or "activity": those begin lines inside a part as well.
    other_names: ClassVar[Names] = {
        "scene": ("the scene", "scene and actors", "scene & actors", "scene description", "scene overview"),
        "events": (
            *("the events", "sequence of events", "timestamped sequence of events", "event sequence", "timestamped events"),
            *("timeline of events", "chronological events"),
        ),
        "analysis": (
            *("incident analysis", "analysis of the incident", "anomaly analysis"),
            *("activity summary", "summary of activity", "summary of the activity"),
        ),
    }

    scene: Annotated[Words, Field(description="Place and actors.")]
    events: Annotated[Words, Field(description="What happens, in order, with times.")]
    analysis: Annotated[Words, Field(description="The incident analysed, or the activity summed up.")]


def parse_description(text: str) -> str:
    """The three parts, with an empty line between.

    Raises:
        ReplyError: a part is missing or empty, or a refusal.
    """
    reply = read_reply(text, DescriptionReply)
    parts = {"scene": reply.scene, "events": reply.events, "analysis": reply.analysis}
    for name, part in parts.items():
        check_told(part, f"the {name}")
    return "\n\n".join(parts.values())
