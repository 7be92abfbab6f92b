"""What it means that an endpoint gave no answer: the one decision, by status and by the endpoint's own error code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from vr_assets.backends.keys import hide
from vr_assets.backends.ways import setting
from vr_assets.errors import CallError, Cause, RefusedError, StageError, TransientError

# No code of an endpoint's: a quota that comes back tomorrow, whatever shorter pause the endpoint names.
QUOTA_PER_DAY = "quota per day"

# No code of an endpoint's: this one request was found to be against its rules, whatever the status.
FLAGGED = "flagged"

# Besides 5xx. 425: too early; 499: Google's CANCELLED.
_MAY_PASS = {408, 409, 425, 429, 499}
_CAUSES = {408: Cause.TIMED_OUT, 429: Cause.RATE_LIMITED}
_BAD_KEY = {"API_KEY_INVALID", "API_KEY_EXPIRED", "invalid_api_key"}
_NO_QUOTA = {"insufficient_quota", "billing_hard_limit_reached", QUOTA_PER_DAY}
_NOT_HERE = {"FAILED_PRECONDITION"}
_LONGEST_WORDS = 400
_RATE_RESET = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")


@dataclass(frozen=True)
class Endpoint:
    """How messages name an endpoint and what a person can change about it. Settings are dotted names.

    `size_setting` limits the size of a request, `key_setting` names the key's variable; "" where there is no such setting.
    """

    url: str
    url_setting: str
    model: str
    model_setting: str
    key_env: str
    timeout_s: float
    timeout_setting: str
    size_setting: str = ""
    key_setting: str = ""


@dataclass(frozen=True)
class NoAnswer:
    """An error response. `said` and `codes` are the endpoint's own.

    `erratic` says that this kind of request is known to get a 400 that passes when it is repeated. With a `cause`, another
    attempt may help whatever the status, unless the codes say otherwise.
    """

    status: int
    said: str
    codes: frozenset[str] = frozenset()
    retry_after_s: float | None = None
    erratic: bool = False
    cause: Cause | None = None

    def hiding(self, key: str) -> Self:
        """The same without the key, which endpoints quote when they refuse it."""
        return replace(self, said=hide(key, self.said))


def failure(no_answer: NoAnswer, endpoint: Endpoint) -> CallError | StageError:
    """The error to raise for an error response."""
    status, codes = no_answer.status, no_answer.codes
    said = f"{endpoint.url} answered {status}: {shortened(no_answer.said)}"
    if FLAGGED in codes:
        return RefusedError(said)
    if status in (401, 403) or codes & _BAD_KEY:
        other = f", or name another variable: {setting(endpoint.key_setting)}" if endpoint.key_setting else ""
        return StageError(
            f"{said}\nIt does not take the key in {endpoint.key_env}: set {endpoint.key_env} to one that it takes{other}."
        )
    if status == 402 or codes & _NO_QUOTA:
        return StageError(
            f"{said}\nThe quota or credit behind the key in {endpoint.key_env} is used up: raise it, or run again later."
        )
    if status in (404, 405):
        return StageError(
            f"{said}\nIt has no model {endpoint.model!r}, or the address is wrong: "
            f"see {setting(endpoint.model_setting)} and {setting(endpoint.url_setting)}."
        )
    if codes & _NOT_HERE:
        return StageError(f"{said}\nThe account behind the key in {endpoint.key_env} may not use this API as it is set up.")
    if status == 400 and no_answer.erratic:
        return TransientError(said, retry_after_s=no_answer.retry_after_s, cause=Cause.ERRATIC)
    if no_answer.cause or status >= 500 or status in _MAY_PASS:
        cause = no_answer.cause or _CAUSES.get(status, Cause.SERVER_ERROR)
        return TransientError(said, retry_after_s=no_answer.retry_after_s, cause=cause)
    if status == 413 and endpoint.size_setting:
        return RefusedError(f"{said}\nIt takes no request of this size: lower {setting(endpoint.size_setting)}.")
    return RefusedError(said)


def dropped(endpoint: Endpoint, why: str, *, cause: Cause = Cause.DROPPED) -> TransientError:
    """The connection failed, or what came back was not the API's."""
    return TransientError(f"{endpoint.url}: {shortened(why)}", cause=cause)


def timed_out(endpoint: Endpoint) -> TransientError:
    return TransientError(
        f"{endpoint.url} gave no answer within {endpoint.timeout_s:g} s, see {setting(endpoint.timeout_setting)}",
        cause=Cause.TIMED_OUT,
    )


def asked_wait_s(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """The pause that an error response asks for, in seconds: `retry-after-ms`, `Retry-After` as seconds or as an HTTP date
    (counted from the response's own `Date`, else from `now`), or the reset time of the `x-ratelimit-*` that is used up.

    None where it asks for none in a way that can be read.
    """
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    if (thousandths := _number(lower.get("retry-after-ms"))) is not None:
        return thousandths / 1000
    asked = lower.get("retry-after")
    if (seconds := _number(asked)) is not None:
        return seconds
    if asked is not None and (until := _date(asked)) is not None:
        return max(0.0, (until - (_date(lower.get("date", "")) or now)).total_seconds())
    return used_up_s(lower)


def used_up_s(headers: Mapping[str, str]) -> float | None:
    """Seconds until there is something left again of the `x-ratelimit-*` that is used up; None where none is, or none says.

    The reset time is when all of the limit is there again (https://platform.openai.com/docs/guides/rate-limits). Where the limit
    is told, one part of it is waited for: waiting for all would leave an endpoint of 60 requests a minute idle for that minute.
    """
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    waits = [
        reset / _parts(what, _number(lower.get(f"x-ratelimit-limit{what}")))
        for what in ("-requests", "-tokens", "")
        if lower.get(f"x-ratelimit-remaining{what}") == "0"
        and (reset := _rate_reset_s(lower.get(f"x-ratelimit-reset{what}", ""))) is not None
    ]
    return max(waits, default=None)


def _parts(what: str, limit: float | None) -> float:
    """How many requests a limit holds; of tokens a tenth is waited for, as nobody knows what the next request takes."""
    if not limit or limit < 1:
        return 1.0
    return 10.0 if what == "-tokens" else limit


def shortened(said: str) -> str:
    """An endpoint's words on one line, at most 400 characters."""
    line = " ".join(said.split())
    return line if len(line) <= _LONGEST_WORDS else f"{line[:_LONGEST_WORDS]}..."


def _number(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"\d{1,9}(\.\d+)?", text) else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _rate_reset_s(text: str) -> float | None:
    """OpenAI's spelling: `1s`, `6m0s`, `1h2m3.5s`, `250ms`; Azure's: `59`, seconds. A longer number is a date."""
    if re.fullmatch(r"\d{1,6}(\.\d+)?", text):
        return float(text)
    found = _RATE_RESET.fullmatch(text)
    if found is None or not text:
        return None
    hours, minutes, seconds, thousandths = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000
