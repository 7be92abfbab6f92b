"""An HTTP server on loopback that answers, fails, cuts and logs as it is told. The API it speaks is a `Dialect`."""

import json
import select
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol, runtime_checkable

from pydantic import JsonValue

from vr_assets.settings import Task
from vr_assets_tests.servers import seeing
from vr_assets_tests.servers.answers import GARBAGE, Answers, layout
from vr_assets_tests.servers.capacity import Capacity, Gate
from vr_assets_tests.servers.dialect import THOUGHTS, Dialect, Medium, Question, Thinking, prompt_of
from vr_assets_tests.servers.faults import Fault, FaultMix, uniform
from vr_assets_tests.servers.seeing import Eyes
from vr_assets_tests.servers.served import Price, Served, sha256

# Tests find a server's vocabulary here.
__all__ = [
    "THOUGHTS",
    "Behaviour",
    "Dialect",
    "Fault",
    "Medium",
    "ModelServer",
    "Price",
    "Question",
    "Served",
    "Thinking",
    "prompt_of",
    "serve",
]


@dataclass(frozen=True)
class Behaviour:
    """How a server behaves. `faults` go by request number, from 1; `always` goes for the others.

    `cut` and `garbage` name tasks; `refuse` names parameters of a request that get it refused with `refuse_status`;
    `key` is the only key that is let in, None lets everybody in. `eyes` is what preflight questions are answered with.
    `mix` draws faults for what nothing else was told about, `seed` goes for the latencies that `capacity` draws. `lean` forgets
    bodies and media: for logs of many large requests.
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
    eyes: Eyes = field(default_factory=Eyes)
    mix: FaultMix | None = None
    capacity: Capacity = field(default_factory=Capacity)
    seed: int = 0
    price: Price = field(default_factory=Price)
    lean: bool = False


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
        self.dialect = dialect
        self._behaviour = behaviour or Behaviour()
        self._answers = Answers(verdict=self._behaviour.verdict)
        self._log = log
        self._lock = threading.Condition()
        self._number = 0
        self._in_flight = 0
        self._most_in_flight = 0
        self._served: list[Served] = []
        self._serving = 0
        self._gate = Gate(self._behaviour.capacity)
        self._seen: Counter[str] = Counter()
        self._first_limits: dict[str, int | None] = {}
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
            self._lock.wait_for(lambda: self._serving == 0, timeout=10)
            return list(self._served)

    @property
    def questions(self) -> list[Question]:
        """The questions of the requests that were served."""
        return [served.question for served in self.served if served.question is not None]

    @property
    def arrived(self) -> int:
        """How many requests have come, also those that are being served."""
        with self._lock:
            return self._number

    @property
    def most_in_flight(self) -> int:
        """The most requests that were here at once. A request leaves just before its answer's end does, so that a client whose
        next one comes at once has never one more here than it has in flight."""
        with self._lock:
            return self._most_in_flight

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
            self._serving += 1
            self._in_flight += 1
            self._most_in_flight = max(self._most_in_flight, self._in_flight)
            visit = _Visit(self._number, self._in_flight, self._leave)
        try:
            self._serve_one(handler, raw, visit)
        finally:
            visit.leave()
            with self._lock:
                self._serving -= 1
                self._lock.notify_all()

    def _leave(self, slot: bool) -> None:
        with self._lock:
            self._in_flight -= 1
            if slot:
                self._gate.leave()

    def _serve_one(self, handler: "_Handler", raw: bytes, visit: "_Visit") -> None:
        at = time.time()
        body: dict[str, JsonValue] = json.loads(raw)
        question = self.dialect.read(handler.path, body)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        key = self.dialect.key(headers)
        content = sha256(json.dumps([handler.path, self.dialect.unlimited(body)]).encode())
        limit = self.dialect.output_limit(body)
        with self._lock:
            self._seen[content] += 1
            seen = self._seen[content]
            raised = (limit or 0) > (self._first_limits.setdefault(content, limit) or 0)
            wait_s = self._gate.enter(time.monotonic())
            visit.slot = wait_s is None
        if wait_s is None:
            fault = self._fault(visit.number, key, question, body)
            if fault is None and self._behaviour.mix is not None:
                fault = self._behaviour.mix.fault(content, seen, raised=raised)
            if fault is None or fault.status != 429:
                drawn = uniform(self._behaviour.seed, "latency", content, seen)
                time.sleep(self._behaviour.delay_s + self._behaviour.capacity.latency_s(drawn))
        else:
            fault = Fault(429, self._gate.headers(wait_s), message="too many requests", name="over capacity")
        status, extra_headers, reply = self._reply(fault, question)
        answered = status == 200 and question is not None and (fault is None or fault.answers)
        tokens = self.dialect.tokens(json.loads(reply)) if answered else (0, 0)
        sent = handler.send_answer(status, extra_headers, reply, fault or Fault(), leave=visit.leave)
        lean = self._behaviour.lean
        served = Served(
            number=visit.number,
            at=at,
            path=handler.path,
            headers=headers,
            body={} if lean else body,
            size_bytes=len(raw),
            in_flight=visit.in_flight,
            key=key,
            question=replace(question, parts=(question.prompt,)) if lean and question else question,
            status=status,
            sent_at=time.time() if sent else None,
            content=content,
            seen=seen,
            fault=fault.name or str(fault.status) if fault else "",
            output_limit=limit,
            until=visit.leave(),
            input_tokens=tokens[0],
            output_tokens=tokens[1],
            cost_usd=self._behaviour.price.usd(*tokens),
        )
        line = served.to_line() if self._log is not None else ""
        with self._lock:
            self._served.append(served)
            if self._log is not None:
                with self._log.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")

    def _fault(self, number: int, key: str, question: Question | None, body: Mapping[str, JsonValue]) -> Fault | None:
        behaviour = self._behaviour
        if fault := behaviour.faults.get(number, behaviour.always):
            return fault
        if behaviour.key is not None and key != behaviour.key:
            return Fault(status=401, message=f"Incorrect API key provided: {key}")
        if question is None:
            return Fault(status=404, message="no such path")
        for parameter in sorted(behaviour.refuse & self.dialect.names(body)):
            refusal = self.dialect.refusal(
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
            written = self.dialect.refusal(fault.status, fault.message, code=fault.code, retry_after_s=fault.retry_after_s)
            said = {} if fault.retry_after_s is None else self.dialect.headers(fault.retry_after_s)
            return fault.status, {**fault.headers, **said}, json.dumps(written).encode()
        if question is None:
            return 404, {}, b"{}"
        text = "" if fault is not None and fault.empty else self._text(question)
        cut = question.task in self._behaviour.cut or (fault is not None and fault.cut)
        written = self.dialect.answer(
            text[: len(text) // 2] if cut else text, question=question, cut=cut, thinking=self._behaviour.thinking
        )
        return 200, {}, json.dumps(written).encode()

    def _text(self, question: Question) -> str:
        if question.task in self._behaviour.garbage:
            return GARBAGE
        if question.task is Task.PREFLIGHT:
            return seeing.answer(question.prompt, question.media, self._behaviour.eyes, structured=question.structured)
        seed = "".join(sha256(shown.content) for shown in question.media)
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

    def send_answer(
        self,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        fault: Fault,
        *,
        leave: Callable[[], object] = lambda: None,
    ) -> bool:
        """Whether the whole answer went out. `leave` is called just before its end does."""
        if fault.hang_s:
            self._wait_until_gone(fault.hang_s)
            self.close_connection = True
            return False
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        *slowly, last = _pieces(body, fault)
        with suppress(ConnectionError):
            self.end_headers()
            for piece in slowly:
                self.wfile.write(piece)
                time.sleep(fault.dribble_s or fault.over_s / len(slowly))
            leave()
            self.wfile.write(last)
            if fault.reset:
                self._break()
            self.close_connection |= fault.drop or fault.reset
            return not (fault.drop or fault.reset)
        self.close_connection = True
        return False

    def _wait_until_gone(self, at_most_s: float) -> None:
        readable, _, _ = select.select([self.connection], [], [], at_most_s)
        if readable:
            self.connection.recv(1, socket.MSG_PEEK)

    def _break(self) -> None:
        """Closing then sends RST, not FIN, and what is still under way is lost."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *arguments: object) -> None:
        """The log file says more."""


def _pieces(body: bytes, fault: Fault) -> list[bytes]:
    """What is written of an answer, the last piece apart: in one, byte by byte, in twenty, or only half of it."""
    if fault.drop or fault.reset:
        return [body[: len(body) // 2]]
    size = 1 if fault.dribble_s else max(1, -(-len(body) // 20)) if fault.over_s else max(1, len(body))
    return [body[start : start + size] for start in range(0, len(body), size)] or [b""]


class _Visit:
    """One request's stay: leaves once, however often it is told to."""

    def __init__(self, number: int, in_flight: int, leaving: Callable[[bool], None]) -> None:
        self.number = number
        self.in_flight = in_flight
        self.slot = False
        self._leaving = leaving
        self._left_at: float | None = None

    def leave(self) -> float:
        """When it left, in seconds since 1970."""
        if self._left_at is None:
            self._left_at = time.time()
            self._leaving(self.slot)
        return self._left_at


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
