"""An OpenAI-compatible backend and the faults of its servers."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue

from vr_assets.backends.known import Known
from vr_assets.backends.openai import OpenAIBackend
from vr_assets.errors import VrAssetsError
from vr_assets.records.call import Reply, Request
from vr_assets.settings import OpenAISettings
from vr_assets_tests.backends.asked import request
from vr_assets_tests.servers.openai import DIALECT
from vr_assets_tests.servers.serving import Behaviour, Fault, ModelServer, serve

# A day on which nothing is too old.
TODAY = datetime(2026, 3, 1, tzinfo=UTC)


def backend(url: str = "", **settings: object) -> OpenAIBackend:
    return made(settings | {"base_url": url})


def made(
    settings: Mapping[str, object], *, role: str = "vlm", known: Known | None = None, days_later: float = 0
) -> OpenAIBackend:
    read = OpenAISettings.model_validate({"model_name": "eye-7b", **settings})
    day = TODAY + timedelta(days=days_later)
    return OpenAIBackend(read, environ={"MY_KEY": " k-1\n"}, role=role, known=known, now=lambda: day)


async def ask(server: ModelServer, asked: Request | None = None, **settings: object) -> Reply:
    asking = backend(server.url, **settings)
    try:
        return await asking.generate(asked or request())
    finally:
        await asking.aclose()


async def error_of(fault: Fault, asked: Request | None = None, **settings: object) -> VrAssetsError:
    with serve(DIALECT, Behaviour(always=fault)) as server, pytest.raises(VrAssetsError) as caught:
        await ask(server, asked, **settings)
    assert len(server.served) == 1, "one attempt is one request"
    return caught.value


def odd(status: int, body: str) -> Fault:
    return Fault(status=status, body=body.encode())


def completion(**choice: JsonValue) -> Fault:
    return odd(200, json.dumps({"choices": [choice]}))
