"""The server behind a review page: it serves the page's files and writes down decisions. For one machine and its user.

Other sites that this user's browser has open can reach it too, and must neither read nor write. So it answers only under names
of this machine, gives its files to no page of another origin, and takes decisions only as JSON from a page of its own.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pydantic import Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vr_assets.errors import StorageError
from vr_assets.export.review.gathering import latest
from vr_assets.export.review.site import DECISIONS, INDEX, decisions_script, index
from vr_assets.records.base import Record
from vr_assets.records.edits import edited
from vr_assets.records.review import Decision, Verdict, fingerprint, item_id
from vr_assets.records.video import QaItem, QaVideo
from vr_assets.settings import Asset
from vr_assets.storage import Store

MOST_BYTES = 1_000_000
_NAMES = ("127.0.0.1", "localhost")
_HEADERS = {
    "cache-control": "no-cache",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}


class _Posted(Record):
    subject: str = Field(min_length=1, max_length=1000)
    of: str = Field(pattern="^[0-9a-f]{16}$")
    verdict: Verdict
    note: str = Field("", max_length=10_000)
    edits: dict[str, str] = Field(default_factory=dict)


class _RefusedError(Exception):
    """A decision that cannot be taken; says why, for whoever decided."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def review_app(store: Store, batch: str, *, by: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Starlette:
    """The application for one batch, whose page is built. `by` is who decides."""
    graph = store.read_batch(batch).graph

    def shell(request: Request) -> Response:
        return Response(index(batch, graph, writable=True), media_type="text/html")

    def told() -> Response:
        return JSONResponse([one.model_dump(mode="json") for one in latest(store.read_decisions(batch))])

    def decisions(request: Request) -> Response:
        return told()

    async def decide(request: Request) -> Response:
        try:
            posted = _read(await _body(request))
            await run_in_threadpool(_write, store, batch, posted, by=by, at=now())
            return await run_in_threadpool(told)
        except _RefusedError as refused:
            return PlainTextResponse(str(refused), status_code=refused.status)
        except StorageError as error:
            return PlainTextResponse(str(error), status_code=500)

    return Starlette(
        routes=[
            Route("/", shell),
            Route(f"/{INDEX}", shell),
            Route("/decisions", decisions, methods=["GET"]),
            Route("/decisions", decide, methods=["POST"]),
            Mount("/", StaticFiles(directory=store.review_folder(batch))),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=_NAMES, www_redirect=False), Middleware(_OwnPagesOnly)],
    )


async def _body(request: Request) -> bytes:
    """Raises _RefusedError: not JSON, or too long."""
    # Pages of other origins may send no JSON without being allowed to, which nobody allows them.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise _RefusedError(415, "a decision is sent as application/json")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise _RefusedError(413, f"a decision has at most {MOST_BYTES} bytes")
    return body


def _read(body: bytes) -> _Posted:
    try:
        return _Posted.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _RefusedError(400, f"not a decision ({'.'.join(map(str, first['loc']))}: {first['msg']})") from None


def _write(store: Store, batch: str, posted: _Posted, *, by: str, at: datetime) -> None:
    """Raises _RefusedError: the edits cannot be made; StorageError."""
    if posted.verdict is Verdict.EDIT:
        _check_edits(posted, store.read_rows(batch, Asset.QA, QaVideo) or [])
    elif posted.edits:
        raise _RefusedError(400, f"{posted.verdict} takes no edits")
    store.add_decision(batch, Decision(**dict(posted), by=by, at=at.isoformat(timespec="seconds")))
    # For the page without a server behind it.
    store.write_file(batch, f"review/{DECISIONS}", decisions_script(store.read_decisions(batch)))


def _check_edits(posted: _Posted, rows: Sequence[QaVideo]) -> None:
    item = _item(posted.subject, rows)
    if item is None:
        raise _RefusedError(400, f"{posted.subject} is no question of this batch; only questions can be edited")
    if fingerprint(item) != posted.of:
        raise _RefusedError(409, "the question was made again since this page was built; start vr-assets review again and reload")
    if not posted.edits:
        raise _RefusedError(400, "an edit names at least one text")
    try:
        edited(item, posted.edits)
    except ValueError as error:
        raise _RefusedError(400, str(error)) from None


def _item(subject: str, rows: Sequence[QaVideo]) -> QaItem | None:
    for row in rows:
        if subject.startswith(f"{row.video_id}/"):
            for found in row.qa:
                for position, item in enumerate(found.items):
                    if item_id(row.video_id, found.qa_type, position) == subject:
                        return item
    return None


class _OwnPagesOnly:
    """Writes only from pages of the server's own origin; files for no page of another."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        writes = scope["method"] not in ("GET", "HEAD")
        if writes and headers.get("origin") != f"http://{headers.get('host', '')}":
            await PlainTextResponse("only this server's own page may decide", status_code=403)(scope, receive, sent)
            return
        await self._app(scope, receive, sent)
