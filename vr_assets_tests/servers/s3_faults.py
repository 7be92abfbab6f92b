"""A server that speaks as much S3 as it takes to misbehave: errors, silence, listings of any keys, objects that come and go."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


@dataclass
class Troubled:
    """A bucket. The first answers are `errors` (status and code; None: a good one); each is given after `silent_s`.

    `listed` says what listings name where that is not what is there; `asked` are the paths of all requests.
    """

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    listed: list[str] | None = None
    errors: list[tuple[int, str] | None] = field(default_factory=list)
    silent_s: float = 0.0
    asked: list[str] = field(default_factory=list)

    def answer(self, target: str) -> tuple[int, bytes, str]:
        """Status, body and ETag."""
        self.asked.append(target)
        time.sleep(self.silent_s)
        if self.errors and (error := self.errors.pop(0)):
            status, code = error
            return status, f"<Error><Code>{code}</Code><Message>Not now.</Message></Error>".encode(), ""
        parts = urlsplit(target)
        _, _, key = unquote(parts.path).lstrip("/").partition("/")
        if not key:
            return 200, self._page({name: values[0] for name, values in parse_qs(parts.query).items()}), ""
        content = self.objects.get(key)
        if content is None:
            return 404, b"<Error><Code>NoSuchKey</Code></Error>", ""
        return 200, content, md5(content, usedforsecurity=False).hexdigest()

    def _page(self, asked: dict[str, str]) -> bytes:
        there = self.objects if self.listed is None else self.listed
        keys = sorted(key for key in there if key.startswith(asked.get("prefix", "")))
        start, most = int(asked.get("continuation-token", 0)), int(asked.get("max-keys", 1000))
        named = [(escape(key), len(self.objects.get(key, b""))) for key in keys[start : start + most]]
        contents = "".join(f"<Contents><Key>{key}</Key><Size>{size}</Size><ETag>e</ETag></Contents>" for key, size in named)
        more = start + most < len(keys)
        token = f"<NextContinuationToken>{start + most}</NextContinuationToken>" if more else ""
        return f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{token}{contents}</ListBucketResult>".encode()


@contextmanager
def troubled_s3() -> Iterator[Troubled]:
    """Started, and stopped at the end."""
    troubled = Troubled()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, etag = troubled.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{etag}"')
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    Thread(target=server.serve_forever, daemon=True).start()
    troubled.url = f"http://127.0.0.1:{server.server_port}"
    yield troubled
    server.shutdown()
    server.server_close()
