"""An error of Google's APIs, read: https://cloud.google.com/apis/design/errors."""

import re
from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from vr_assets.backends.failures import QUOTA_PER_DAY, NoAnswer, asked_wait_s

# A 400 in which the API says what is wrong with the request; at random it says only that an argument is invalid. An input of
# too many tokens counts against the quota each time it is sent.
_FOR_GOOD = re.compile(
    r"exceed|too (large|long|big|many|small|short)|maximum|at (most|least)|fewer than|out of .{0,20}range"
    r"|unsupported|not (supported|enabled|allowed)|mime.?type|schema|modality|invalid (json|value)|unknown name",
    re.IGNORECASE,
)
# "You do not have permission to access the File abc123 or it may not exist." A refused key speaks of the caller.
_A_FILE = re.compile(r"\bfiles?\b", re.IGNORECASE)
_NOT_YET_ACTIVE = re.compile(r"not in an ACTIVE state", re.IGNORECASE)


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Violation(_Lenient):
    quotaId: str = ""


class _Detail(_Lenient):
    """google.rpc.ErrorInfo has a reason, RetryInfo a delay, QuotaFailure violations, BadRequest the fields that are wrong."""

    reason: str = ""
    retryDelay: str = ""
    violations: list[_Violation] = Field(default_factory=list)
    fieldViolations: list[JsonValue] = Field(default_factory=list)


class _Error(_Lenient):
    message: str = ""
    status: str = ""
    details: list[_Detail] = Field(default_factory=list)


class _Body(_Lenient):
    error: _Error


def read_error(status: int, body: object, headers: Mapping[str, str], *, now: datetime, shows_video: bool) -> NoAnswer:
    """What an error response says.

    A 400 INVALID_ARGUMENT on a request with video is erratic where it names nothing that is wrong: Gemini gives them at random
    and takes the same request the next time. So does a file that was ready and now is not.

    Args:
        body: decoded JSON, or what stands in for it when the response held none.
    """
    try:
        error = _Body.model_validate(body).error
    except ValidationError:
        return NoAnswer(status, str(body), retry_after_s=asked_wait_s(headers, now=now))
    codes = {error.status, *(detail.reason for detail in error.details)}
    not_yet = _NOT_YET_ACTIVE.search(error.message) is not None
    if not_yet:
        codes.discard("FAILED_PRECONDITION")
    if "api key not valid" in error.message.lower():
        codes.add("API_KEY_INVALID")
    if any("PerDay" in violation.quotaId for detail in error.details for violation in detail.violations):
        codes.add(QUOTA_PER_DAY)
    delays = [found for detail in error.details if (found := re.fullmatch(r"(\d+(?:\.\d+)?)s", detail.retryDelay))]
    return NoAnswer(
        status,
        f"{error.status}: {error.message}",
        codes=frozenset(codes),
        retry_after_s=float(delays[0][1]) if delays else asked_wait_s(headers, now=now),
        erratic=not_yet or (shows_video and error.status == "INVALID_ARGUMENT" and not _says_what_is_wrong(error)),
    )


def speaks_of_a_file(no_answer: NoAnswer) -> bool:
    """Whether a request was refused because of a file it names: expired, deleted, or another account's."""
    return no_answer.status in (403, 404) and _A_FILE.search(no_answer.said) is not None


def _says_what_is_wrong(error: _Error) -> bool:
    return _FOR_GOOD.search(error.message) is not None or any(detail.fieldViolations for detail in error.details)
