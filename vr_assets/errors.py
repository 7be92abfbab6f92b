"""Every error this package raises on purpose.

    VrAssetsError
    ├── SettingsError          a setting is unknown, out of bounds or contradicts another
    ├── PromptError            a prompt file cannot be used (all problems of a domain in one error)
    ├── IngestError            a manifest or batch cannot be registered
    ├── StorageError           a file of ours is missing, torn or cannot be written
    ├── ReleaseError           a data set cannot be released as it was asked for
    ├── MediaError             one video cannot be read; the row fails, the others go on
    ├── ReplyError             the model answered something that does not read as what was asked
    ├── CallError
    │   ├── TransientError     another attempt may help: 408, 409, 429, 5xx, a dropped connection, a timeout
    │   └── RefusedError       this request is refused for good: 400, 413, 422, a safety block
    └── StageError             nothing in this stage can succeed: refused key, unknown model, no quota, no backend
        └── BudgetError        what a run or a batch may cost is spent

Catch by class, never by text. `ReplyError`, `MediaError` and `CallError` become rows; `StageError` ends the run.

`TransientError`, `RefusedError` and `StageError` are the one decision about a call that gave no answer: try again (after how
long), give up on this request, stop the stage. Both SDKs' errors are turned into it in one place, `backends/failures.py`.
"""

from enum import StrEnum


class Cause(StrEnum):
    """Why an attempt gave no answer although another one may.

    `ERRATIC`: a refusal that this endpoint is known to give at random. `NOT_AN_ANSWER`: a response that is none of the API's.
    `EMPTY`: an answer without a word in it.
    """

    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    DROPPED = "dropped"
    TIMED_OUT = "timed_out"
    NOT_AN_ANSWER = "not_an_answer"
    ERRATIC = "erratic"
    EMPTY = "empty"


class VrAssetsError(Exception):
    """Base of the tree. The message names the thing, the value and the cure."""


class SettingsError(VrAssetsError):
    """A setting is unknown, out of bounds or contradicts another."""


class PromptError(VrAssetsError):
    """Prompt files cannot be used. The message lists every problem as `file:line: what`."""


class IngestError(VrAssetsError):
    """A manifest or a batch cannot be registered."""


class StorageError(VrAssetsError):
    """A file that this package wrote is missing, torn, or cannot be written."""


class ReleaseError(VrAssetsError):
    """A data set cannot be released: nothing is left to release, or what there is must not be."""


class MediaError(VrAssetsError):
    """One video or image cannot be read. Becomes a failed row."""


class ReplyError(VrAssetsError):
    """The model's answer does not read as what was asked. Becomes a failed row; the answer stays journaled."""


class CallError(VrAssetsError):
    """A model call gave no answer."""


class TransientError(CallError):
    """Another attempt may help.

    Attributes:
        retry_after_s: the wait the endpoint asked for, in seconds, or None.
        cause: what happened, for counting and for the endpoint's pace.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None, cause: Cause = Cause.SERVER_ERROR) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.cause = cause


class RefusedError(CallError):
    """The endpoint refuses this request for good; other requests may pass."""


class StageError(VrAssetsError):
    """No call of this stage can succeed until a person changes something. Ends the run at once."""


class BudgetError(StageError):
    """The next call does not fit into what a run or a batch may cost."""
