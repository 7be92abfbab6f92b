"""Whether a stored answer reads now, for those who look at one: stages read answers themselves."""

from collections.abc import Callable, Mapping
from functools import partial

from vr_assets.errors import ReplyError
from vr_assets.parsing.captions import parse_global_caption
from vr_assets.parsing.chunk_captions import parse_chunk_caption
from vr_assets.parsing.descriptions import parse_description
from vr_assets.parsing.evidence import AnswerReply, parse_verdict
from vr_assets.parsing.expressions import parse_expressions
from vr_assets.parsing.filtered_videos import parse_anomaly_or_normal, parse_screening, parse_suitable
from vr_assets.parsing.highlights import parse_clip_caption, parse_moment
from vr_assets.parsing.qa import parse_qa
from vr_assets.parsing.reply import read_reply
from vr_assets.parsing.video_captions import parse_video_caption
from vr_assets.records.base import Span
from vr_assets.records.call import Answer, Outcome
from vr_assets.settings import QaType, Task

# Events told in windows and boxes take more than the text to read: those answers are shown as they are.
_READERS: Mapping[Task, Callable[[str], object]] = {
    Task.SCREENING: parse_screening,
    Task.SUITABLE: parse_suitable,
    Task.ANOMALY_OR_NORMAL: parse_anomaly_or_normal,
    Task.GLOBAL_CAPTION: parse_global_caption,
    Task.CHUNK_CAPTION: parse_chunk_caption,
    Task.CLIP_CAPTION: parse_clip_caption,
    Task.DESCRIPTION: parse_description,
    Task.BLIND: lambda text: read_reply(text, AnswerReply),
    Task.AGREEMENT: lambda text: read_reply(text, AnswerReply),
    Task.SUPPORT: parse_verdict,
    Task.JUDGE: parse_verdict,
    Task.EXPRESSIONS: parse_expressions,
    Task.VIDEO_CAPTION: parse_video_caption,
}


def problem_of(answer: Answer, *, within: Span | None) -> str:
    """Why an answer does not read; empty where it does. `within` is the video's span."""
    if answer.outcome is not Outcome.ANSWERED:
        return f"{answer.outcome}: {answer.finish}"
    reader = _READERS.get(answer.task)
    if within is not None and answer.task is Task.MOMENT:
        reader = partial(parse_moment, within=within)
    if within is not None and answer.task in set(map(str, QaType)):
        reader = partial(parse_qa, qa_type=QaType(answer.task), within=within)
    try:
        if reader is not None:
            reader(answer.text)
    except ReplyError as error:
        return str(error)
    return ""
