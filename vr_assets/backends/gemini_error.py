"""An error of Google's APIs, read: https://cloud.google.com/apis/design/errors."""

import re
from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vr_assets.backends.failures import QUOTA_PER_DAY, NoAnswer, asked_wait_s


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Violation(_Lenient):
    quotaId: str = ""


class _Detail(_Lenient):
    """google.rpc.ErrorInfo has a reason, RetryInfo a delay, QuotaFailure violations."""

    reason: str = ""
    retryDelay: str = ""
    violations: list[_Violation] = Field(default_factory=list)


class _Error(_Lenient):
    message: str = ""
    status: str = ""
    details: list[_Detail] = Field(default_factory=list)


class _Body(_Lenient):
    error: _Error


def read_error(status: int, body: object, headers: Mapping[str, str], *, now: datetime, shows_video: bool) -> NoAnswer:
    """What an error response says.

    A 400 INVALID_ARGUMENT on a request with video is erratic: Gemini gives them at random and takes the same request the next
    time. The price is that a video it can never read is asked about `calls.max_attempts` times.

    Args:
        body: decoded JSON, or what stands in for it when the response held none.
    """
    try:
        error = _Body.model_validate(body).error
    except ValidationError:
        return NoAnswer(status, str(body), retry_after_s=asked_wait_s(headers, now=now))
    codes = {error.status, *(detail.reason for detail in error.details)}
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
        erratic=shows_video and error.status == "INVALID_ARGUMENT",
    )
