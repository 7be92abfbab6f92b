"""A key goes to its endpoint and nowhere else."""

import logging
import traceback
from collections.abc import Callable

import pytest

from vr_assets.backends.base import Backend
from vr_assets.backends.gemini import GeminiBackend
from vr_assets.backends.openai import OpenAIBackend
from vr_assets.errors import StageError, VrAssetsError
from vr_assets.settings import GeminiSettings, OpenAISettings, Task
from vr_assets_tests.backends.asked import VIDEO, request
from vr_assets_tests.servers import gemini, openai
from vr_assets_tests.servers.serving import Behaviour, Dialect, Fault, serve

pytestmark = pytest.mark.anyio

CANARY = "sk-canary-0123456789abcdef"

ENVIRON = {"OPENAI_API_KEY": CANARY, "GOOGLE_API_KEY": CANARY}


def _openai(url: str, environ: dict[str, str] = ENVIRON) -> Backend:
    return OpenAIBackend(OpenAISettings(base_url=url, model_name="m"), environ=environ)


def _gemini(url: str, environ: dict[str, str] = ENVIRON) -> Backend:
    return GeminiBackend(GeminiSettings(base_url=url), environ=environ)


BACKENDS = pytest.mark.parametrize(
    ("dialect", "make"),
    [pytest.param(openai.DIALECT, _openai, id="openai"), pytest.param(gemini.DIALECT, _gemini, id="gemini")],
)

QUOTING = f"Incorrect API key provided: {CANARY}."


@BACKENDS
@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(Behaviour(), id="answers"),
        pytest.param(Behaviour(key="another"), id="wrong-key"),
        pytest.param(Behaviour(always=Fault(status=400, message=QUOTING)), id="400-that-quotes"),
        pytest.param(Behaviour(always=Fault(status=404, message=QUOTING)), id="404-that-quotes"),
        pytest.param(Behaviour(always=Fault(status=503, body=QUOTING.encode())), id="503-that-quotes"),
        pytest.param(Behaviour(always=Fault(status=200, body=QUOTING.encode())), id="200-that-quotes"),
        pytest.param(Behaviour(always=Fault(drop=True)), id="dropped"),
    ],
)
async def test_no_error_log_or_repr_shows_the_key(
    dialect: Dialect, make: Callable[[str], Backend], behaviour: Behaviour, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serve(dialect, behaviour) as server:
        backend = make(server.url)
        seen = [repr(backend), backend.identity(request()), backend.endpoint]
        try:
            seen.append(repr(await backend.generate(request(Task.GLOBAL_CAPTION, VIDEO))))
        except VrAssetsError as error:
            seen += [repr(error), "".join(traceback.format_exception(error))]
        await backend.aclose()
    assert server.served[0].key == CANARY
    seen += [record.getMessage() for record in caplog.records]
    assert not [text for text in seen if CANARY in text]


@BACKENDS
@pytest.mark.parametrize("key", [f"{CANARY}\nX: y", f"two {CANARY}", f"{CANARY}é"], ids=["line-break", "space", "accent"])
async def test_a_key_that_no_header_can_carry_is_refused_without_quoting_it(
    dialect: Dialect, make: Callable[[str, dict[str, str]], Backend], key: str
) -> None:
    with serve(dialect) as server:
        backend = make(server.url, {"OPENAI_API_KEY": key, "GOOGLE_API_KEY": key})
        with pytest.raises(StageError, match=r"_API_KEY holds characters") as caught:
            await backend.generate(request())
        await backend.aclose()
    assert not server.served
    assert CANARY not in "".join(traceback.format_exception(caught.value))
