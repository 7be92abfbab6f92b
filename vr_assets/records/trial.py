"""What one video was asked and what was answered, outside any batch."""

from vr_assets.records.base import Record, Span
from vr_assets.settings import Asset, Task


class Exchange(Record):
    """One question and its answer. `span` is the stretch asked about, `shown` says in words what the model was shown.

    `reply` is the answer as it came, empty where there is none; `problem` says why it could not be used. `reused`: it was there
    before. `seconds` and `cost_usd` are of the call that gave it.
    """

    asset: Asset
    task: Task
    prompt: str
    prompt_hash: str
    span: Span
    shown: str
    sent: str
    model: str
    reply: str = ""
    problem: str = ""
    reused: bool = False
    seconds: float = 0.0
    cost_usd: float | None = None


class Trial(Record):
    """One video taken through to a stage. `outcome` says what became of it there; `at` is UTC, ISO 8601."""

    video_id: str
    video: str
    domain: str
    asset: Asset
    outcome: str
    at: str
    exchanges: tuple[Exchange, ...]
