"""An HTTP server on loopback that answers, fails, cuts and logs as it is told. The API it speaks is a `Dialect`."""

import argparse
import hashlib
import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol, runtime_checkable

from pydantic import JsonValue

from vr_assets.settings import Task
from vr_assets_tests.servers.answers import GARBAGE, Answers, layout


class Thinking(StrEnum):
    """How a reasoning model lets its thoughts be seen."""

    NONE = "none"
    TAGS = "tags"
    UNCLOSED = "unclosed"
    FIELD = "field"


THOUGHTS = "Let me look at this step by step: THOUGHT."


@dataclass(frozen=True)
class Fault:
    """What one request gets in place of an answer. `body` None: an error body as the dialect writes it, with `code` in it.

    `drop` closes the connection in the middle of an answer; `dribble_s` sends the answer byte by byte with that pause between
    two. `status` 200 with a body is an odd answer.
    """

    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    code: str = ""
    message: str = "told to fail"
    drop: bool = False
    dribble_s: float = 0.0

    @property
    def answers(self) -> bool:
        """Whether the answer is as it would have been, and only its way is not."""
        return self.drop or self.dribble_s > 0


@dataclass(frozen=True)
class Behaviour:
    """How a server behaves. `faults` go by request number, from 1; `always` goes for the others.

    `cut` and `garbage` name tasks; `refuse` names parameters of a request that get it refused with `refuse_status`;
    `key` is the only key that is let in, None lets everybody in.
    """

    delay_s: float = 0.0
    faults: Mapping[int, Fault] = field(default_factory=dict)
    always: Fault | None = None
    cut: frozenset[Task] = frozenset()
    garbage: frozenset[Task] = frozenset()
    refuse: frozenset[str] = frozenset()
    refuse_status: int = 400
    thinking: Thinking = Thinking.NONE
    key: str | None = None
    verdict: str = "Anomaly"


@dataclass(frozen=True)
class Medium:
    """Something that was shown. `kind` is video or image."""

    kind: str
    mime_type: str
    content: bytes


def prompt_of(parts: Sequence[str | Medium]) -> str:
    """The last text of a request."""
    return next((part for part in reversed(parts) if isinstance(part, str)), "")


@dataclass(frozen=True)
class Question:
    """One request as the dialect read it. `parts` are in order, the prompt last; `parameters` is everything beside them."""

    task: Task
    structured: bool
    model: str
    parts: tuple[str | Medium, ...]
    parameters: Mapping[str, JsonValue]

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(part for part in self.parts if isinstance(part, str))

    @property
    def media(self) -> tuple[Medium, ...]:
        return tuple(part for part in self.parts if isinstance(part, Medium))

    @property
    def prompt(self) -> str:
        return prompt_of(self.parts)


@dataclass(frozen=True)
class Served:
    """One request that was served; times are seconds since 1970, `sent_at` None when the answer did not get out whole."""

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
                "prompt_hash": _hash(asked.prompt.encode()) if asked else None,
                "media": [
                    {
                        "kind": shown.kind,
                        "mime_type": shown.mime_type,
                        "bytes": len(shown.content),
                        "sha256": _hash(shown.content),
                    }
                    for shown in (asked.media if asked else ())
                ],
                "parameters": asked.parameters if asked else None,
                "bytes": self.size_bytes,
                "in_flight": self.in_flight,
                "authorized": bool(self.key),
                "status": self.status,
                "sent_at": self.sent_at,
            }
        )


class Dialect(Protocol):
    """How one API reads requests and writes answers."""

    def key(self, headers: Mapping[str, str]) -> str:
        """The key a request came with, or nothing. Header names are in lower case."""
        ...

    def read(self, path: str, body: Mapping[str, JsonValue]) -> Question | None:
        """The question of a request; None when the path is none of the API's."""
        ...

    def names(self, body: Mapping[str, JsonValue]) -> set[str]:
        """The parameters that a request sets."""
        ...

    def answer(self, text: str, *, question: Question, cut: bool, thinking: Thinking) -> JsonValue: ...

    def refusal(self, status: int, message: str, *, code: str, parameter: str | None = None) -> JsonValue: ...


@dataclass(frozen=True)
class Beside:
    """An answer that is no model's."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    fault: Fault = field(default_factory=Fault)


@runtime_checkable
class HasMore(Dialect, Protocol):
    """A dialect of an API that is more than questions and answers."""

    def beside(self, method: str, path: str, headers: Mapping[str, str], raw: bytes, *, url: str) -> Beside | None:
        """The answer to anything that is no question to a model, or None. Header names are in lower case."""
        ...


class ModelServer:
    """A running server."""

    def __init__(self, dialect: Dialect, behaviour: Behaviour | None = None, *, port: int = 0, log: Path | None = None) -> None:
        self._dialect = dialect
        self._behaviour = behaviour or Behaviour()
        self._answers = Answers(verdict=self._behaviour.verdict)
        self._log = log
        self._lock = threading.Condition()
        self._number = 0
        self._in_flight = 0
        self._served: list[Served] = []
        self._http = _Http(("127.0.0.1", port), self)
        self._more = dialect if isinstance(dialect, HasMore) else None

    @property
    def so_far(self) -> list[Served]:
        """What was served until now, without waiting."""
        with self._lock:
            return list(self._served)

    @property
    def served(self) -> list[Served]:
        """What was served, in the order in which answers went out; waits for requests that are being served."""
        with self._lock:
            self._lock.wait_for(lambda: self._in_flight == 0, timeout=10)
            return list(self._served)

    @property
    def questions(self) -> list[Question]:
        """The questions of the requests that were served."""
        return [served.question for served in self.served if served.question is not None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def run(self) -> None:
        """Serve until `stop`."""
        self._http.serve_forever(poll_interval=0.02)

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def beside(self, handler: "_Handler", raw: bytes = b"") -> bool:
        """Serve a request that is no question, if it is one. It has no number and is not in flight; `path` names its method."""
        headers = {name.lower(): value for name, value in handler.headers.items()}
        if self._more is None or not (answer := self._more.beside(handler.command, handler.path, headers, raw, url=self.url)):
            return False
        served = Served(
            number=0,
            at=time.time(),
            path=f"{handler.command} {handler.path}",
            headers=headers,
            body={},
            size_bytes=len(raw),
            in_flight=0,
            key=self._more.key(headers),
            question=None,
            status=answer.status,
            sent_at=time.time(),
        )
        with self._lock:
            self._served.append(served)
            if self._log is not None:
                with self._log.open("a", encoding="utf-8") as file:
                    file.write(served.to_line() + "\n")
        handler.send_answer(answer.status, answer.headers, answer.body, answer.fault)
        return True

    def post(self, handler: "_Handler", raw: bytes) -> None:
        """Serve one POST."""
        with self._lock:
            self._number += 1
            self._in_flight += 1
            number, in_flight = self._number, self._in_flight
        try:
            self._serve_one(handler, raw, number, in_flight)
        finally:
            with self._lock:
                self._in_flight -= 1
                self._lock.notify_all()

    def _serve_one(self, handler: "_Handler", raw: bytes, number: int, in_flight: int) -> None:
        at = time.time()
        body: dict[str, JsonValue] = json.loads(raw)
        question = self._dialect.read(handler.path, body)
        if self._behaviour.delay_s:
            time.sleep(self._behaviour.delay_s)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        key = self._dialect.key(headers)
        fault = self._fault(number, key, question, body)
        status, extra_headers, reply = self._reply(fault, question)
        sent = handler.send_answer(status, extra_headers, reply, fault or Fault())
        served = Served(
            number=number,
            at=at,
            path=handler.path,
            headers=headers,
            body=body,
            size_bytes=len(raw),
            in_flight=in_flight,
            key=key,
            question=question,
            status=status,
            sent_at=time.time() if sent else None,
        )
        with self._lock:
            self._served.append(served)
            if self._log is not None:
                with self._log.open("a", encoding="utf-8") as file:
                    file.write(served.to_line() + "\n")

    def _fault(self, number: int, key: str, question: Question | None, body: Mapping[str, JsonValue]) -> Fault | None:
        behaviour = self._behaviour
        if fault := behaviour.faults.get(number, behaviour.always):
            return fault
        if behaviour.key is not None and key != behaviour.key:
            return Fault(status=401, message=f"Incorrect API key provided: {key}")
        if question is None:
            return Fault(status=404, message="no such path")
        for parameter in sorted(behaviour.refuse & self._dialect.names(body)):
            refusal = self._dialect.refusal(
                behaviour.refuse_status,
                f"Unsupported parameter: '{parameter}' is not supported with this model.",
                code="unsupported_parameter",
                parameter=parameter,
            )
            return Fault(status=behaviour.refuse_status, body=json.dumps(refusal).encode())
        return None

    def _reply(self, fault: Fault | None, question: Question | None) -> tuple[int, Mapping[str, str], bytes]:
        if fault is not None and not fault.answers:
            if fault.body is not None:
                return fault.status, fault.headers, fault.body
            written = self._dialect.refusal(fault.status, fault.message, code=fault.code)
            return fault.status, fault.headers, json.dumps(written).encode()
        if question is None:
            return 404, {}, b"{}"
        text = self._text(question)
        cut = question.task in self._behaviour.cut
        written = self._dialect.answer(
            text[: len(text) // 2] if cut else text, question=question, cut=cut, thinking=self._behaviour.thinking
        )
        return 200, {}, json.dumps(written).encode()

    def _text(self, question: Question) -> str:
        if question.task in self._behaviour.garbage:
            return GARBAGE
        seed = "".join(_hash(shown.content) for shown in question.media)
        fields = self._answers.fields(question.task, question.prompt, seed=seed)
        return json.dumps(fields) if question.structured else layout(question.task, fields)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], server: ModelServer) -> None:
        super().__init__(address, _Handler)
        self.model_server = server

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news; anything else is a bug of the server's."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(size)
        # Shorter: the client died while it sent.
        if len(raw) == size and not self.server.model_server.beside(self, raw):
            self.server.model_server.post(self, raw)

    def do_GET(self) -> None:
        if not self.server.model_server.beside(self):
            self.send_answer(200, {}, b'{"object": "list", "data": []}', Fault())

    def do_DELETE(self) -> None:
        if not self.server.model_server.beside(self):
            self.send_answer(404, {}, b"{}", Fault())

    def send_answer(self, status: int, headers: Mapping[str, str], body: bytes, fault: Fault) -> bool:
        """Whether the whole answer went out."""
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        with suppress(ConnectionError):
            self.end_headers()
            for byte in body if fault.dribble_s else b"":
                self.wfile.write(bytes([byte]))
                time.sleep(fault.dribble_s)
            if not fault.dribble_s:
                self.wfile.write(body[: len(body) // 2] if fault.drop else body)
            self.close_connection |= fault.drop
            return not fault.drop
        self.close_connection = True
        return False

    def log_message(self, format: str, *arguments: object) -> None:
        """The log file says more."""


@contextmanager
def serve(dialect: Dialect, behaviour: Behaviour | None = None) -> Iterator[ModelServer]:
    """A server in a thread of this process."""
    server = ModelServer(dialect, behaviour)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


def main(dialect: Dialect, arguments: Sequence[str] | None = None) -> None:
    """A server in a process of its own: prints its URL, then serves until it is killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--log", type=Path, help="file that gets one JSON line a request served")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--fail", action="append", default=[], metavar="N:STATUS", help="the N-th request gets this status")
    parser.add_argument("--fail-all", type=int, metavar="STATUS", help="every other request gets this status")
    parser.add_argument("--retry-after", metavar="VALUE", help="Retry-After header of the failures")
    parser.add_argument("--drop", action="append", type=int, default=[], metavar="N", help="drop the N-th request's connection")
    parser.add_argument("--cut", action="append", type=Task, default=[], metavar="TASK", help="cut the task's replies")
    parser.add_argument("--garbage", action="append", type=Task, default=[], metavar="TASK", help="answer something else")
    parser.add_argument("--refuse", action="append", default=[], metavar="PARAMETER", help="refuse requests that set it")
    parser.add_argument("--thinking", type=Thinking, default=Thinking.NONE, choices=list(Thinking))
    parser.add_argument("--key", help="the only key to let in")
    parser.add_argument("--verdict", default="Anomaly", choices=["Anomaly", "Normal"])
    options = parser.parse_args(arguments)
    headers = {"Retry-After": options.retry_after} if options.retry_after else {}
    failing = (text.partition(":") for text in options.fail)
    server = ModelServer(
        dialect,
        Behaviour(
            delay_s=options.delay,
            faults={int(number): Fault(int(status), headers) for number, _, status in failing}
            | {number: Fault(drop=True) for number in options.drop},
            always=Fault(options.fail_all, headers) if options.fail_all else None,
            cut=frozenset(options.cut),
            garbage=frozenset(options.garbage),
            refuse=frozenset(options.refuse),
            thinking=options.thinking,
            key=options.key,
            verdict=options.verdict,
        ),
        port=options.port,
        log=options.log,
    )
    print(server.url, flush=True)
    with suppress(KeyboardInterrupt):
        server.run()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
