"""`top_p`: sent where it is set, given up where it is refused, and no part of anything where it is not set."""

import pytest

from vr_assets.backends.gemini import GeminiBackend
from vr_assets.backends.openai_dialect import Dialect
from vr_assets.backends.vllm import VllmBackend
from vr_assets.settings import Asset, GeminiSettings, Task, VllmSettings, resolve
from vr_assets.steps.recipe import _of_its_backend, recipe
from vr_assets_tests.backends.asked import VIDEO, request
from vr_assets_tests.backends.compatible import ask, backend
from vr_assets_tests.servers.openai import DIALECT
from vr_assets_tests.servers.serving import Behaviour, serve

pytestmark = pytest.mark.anyio
ASKED = request(Task.GLOBAL_CAPTION, VIDEO)


async def test_it_is_sent_only_where_it_is_set() -> None:
    with serve(DIALECT) as server:
        await ask(server)
        await ask(server, top_p=0.9)
    assert [one.body.get("top_p") for one in server.served] == [None, 0.9]


async def test_a_model_that_refuses_it_is_asked_without() -> None:
    with serve(DIALECT, Behaviour(refuse=frozenset({"top_p"}))) as server:
        await ask(server, top_p=0.9)
    assert [one.body.get("top_p") for one in server.served] == [0.9, None]
    assert "temperature" in server.served[1].body


async def test_what_was_remembered_of_an_endpoint_before_it_was_a_setting_still_reads() -> None:
    line = '{"style":"json","tokens":"max_tokens","temperature":false}'
    assert Dialect.model_validate_json(line).top_p


async def test_identities_without_it_are_those_of_paid_answers() -> None:
    assert backend().identity(ASKED) == '{"model": "eye-7b", "shown_as": ["video"], "temperature": 0.7}'
    gemini = GeminiBackend(GeminiSettings(), environ={})
    assert gemini.identity(ASKED) == (
        '{"media_resolution": "MEDIA_RESOLUTION_LOW", "model": "gemini-3.1-flash-lite-preview", "temperature": 0.3}'
    )


async def test_with_it_a_request_is_another() -> None:
    assert backend(top_p=0.9).identity(ASKED) != backend().identity(ASKED)
    for value in (0.0, 0.9):
        gemini = GeminiBackend(GeminiSettings(top_p=value), environ={})
        vllm = VllmBackend(VllmSettings(model_path="m/eye", top_p=value), environ={})
        assert ("top_p" in gemini.identity(ASKED), "top_p" in vllm.identity(ASKED)) == (bool(value), bool(value))


async def test_a_recipe_says_nothing_of_it_until_it_is_set() -> None:
    def of(**given: object) -> str:
        return recipe(Asset.CAPTIONS, resolve(("test", {"vlm.backend": "openai", **given})).settings)

    assert of(**{"vlm.openai.top_p": 0.9}) != of()
    said = _of_its_backend(resolve(("test", {"vlm.backend": "openai"})).settings.vlm)
    assert said.keys() == {"backend", "openai.model_name", "openai.temperature", "openai.video_input"}
