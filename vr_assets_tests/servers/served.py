"""One line of a server's log."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from vr_assets_tests.servers.dialect import Question
from vr_assets_tests.servers.faults import Kind


@dataclass(frozen=True)
class Price:
    """USD for a million tokens."""

    input_usd: float = 0.0
    output_usd: float = 0.0

    def usd(self, input_tokens: int, output_tokens: int) -> float:
        return (input_tokens * self.input_usd + output_tokens * self.output_usd) / 1e6


@dataclass(frozen=True)
class Served:
    """One request that was served; times are seconds since 1970, `sent_at` None when the answer did not get out whole.

    `content` is the same for requests that differ only in their output limit; `seen` counts them, from 1. `until` is when its
    slot was given back, just before the answer's end went out. Tokens and cost are those of answers, also of those that did not
    get out: the model has worked.
    """

    number: int
    at: float
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, JsonValue]
    size_bytes: int
    in_flight: int
    key: str
    question: Question | None
    status: int
    sent_at: float | None
    content: str = ""
    seen: int = 1
    fault: str = ""
    output_limit: int | None = None
    until: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0

    @property
    def answered(self) -> bool:
        """Whether the model gave a whole answer, also where nobody was there any more to take it."""
        return self.output_tokens > 0 and self.fault in ("", Kind.SLOW)

    @property
    def usable(self) -> bool:
        """Whether a whole answer went out whole."""
        return self.answered and self.sent_at is not None

    def to_line(self) -> str:
        asked = self.question
        return json.dumps(
            {
                "number": self.number,
                "at": self.at,
                "task": asked.task if asked else None,
                "structured": asked.structured if asked else None,
                "model": asked.model if asked else None,
                "prompt": asked.prompt if asked else None,
                "prompt_hash": sha256(asked.prompt.encode()) if asked else None,
                "media": [
                    {
                        "kind": shown.kind,
                        "mime_type": shown.mime_type,
                        "bytes": len(shown.content),
                        "sha256": sha256(shown.content),
                    }
                    for shown in (asked.media if asked else ())
                ],
                "parameters": asked.parameters if asked else None,
                "bytes": self.size_bytes,
                "in_flight": self.in_flight,
                "authorized": bool(self.key),
                "status": self.status,
                "sent_at": self.sent_at,
                "content": self.content,
                "seen": self.seen,
                "fault": self.fault,
                "output_limit": self.output_limit,
                "until": self.until,
                "input_tokens": self.input_tokens,
                "output_tokens": self.output_tokens,
                "cost_usd": self.cost_usd,
            }
        )


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
