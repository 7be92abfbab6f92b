"""What earlier answers tell of the next ones: tokens and seconds, by task and model."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from vr_assets.records.call import Answer, Outcome
from vr_assets.settings import Task
from vr_assets.steps.stand_ins import BYTES_A_TOKEN, OUTPUT_TOKENS

_SECONDS_WITH_MEDIA, _SECONDS_OF_TEXT = 8.0, 5.0


@dataclass(frozen=True)
class Usual:
    """A usual call of one task. `answers` says how many earlier ones it is taken from; 0: assumed.

    `input_tokens` is None where nobody knows; `bytes_a_token` is of what was sent as text where nothing else was.
    """

    answers: int
    input_tokens: float | None
    bytes_a_token: float
    output_tokens: float
    seconds: float


class Experience:
    """Usual calls, from answers as the journal holds them."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._answers: dict[tuple[Task, str], list[Answer]] = defaultdict(list)
        for answer in answers:
            if answer.outcome is Outcome.ANSWERED:
                self._answers[answer.task, answer.model].append(answer)

    def usual(self, task: Task, model: str, *, with_media: bool) -> Usual:
        """What a call of this task to this model is like."""
        past = self._answers[task, model]
        counted = [answer for answer in past if answer.usage.input_tokens]
        inputs = [float(answer.usage.input_tokens or 0) for answer in counted]
        sent = sum(len(answer.prompt_text.encode()) for answer in counted)
        outputs = [answer.usage.output_tokens for answer in past if answer.usage.output_tokens]
        default_s = _SECONDS_WITH_MEDIA if with_media else _SECONDS_OF_TEXT
        return Usual(
            answers=len(past),
            input_tokens=_mean(inputs),
            bytes_a_token=sent / sum(inputs) if sent and not with_media else BYTES_A_TOKEN,
            output_tokens=_mean(outputs) or OUTPUT_TOKENS[task],
            seconds=fmean(answer.seconds for answer in past) if past else default_s,
        )


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
