"""`vr-assets preflight`, as a user meets it."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest import CaptureFixture, MonkeyPatch

from vr_assets.cli import main
from vr_assets.cli.init import template
from vr_assets_tests.servers import gemini, openai
from vr_assets_tests.servers.seeing import Eyes, Sight
from vr_assets_tests.servers.serving import Behaviour, Fault, ModelServer, serve

Vr = Callable[..., tuple[int, str]]


@pytest.fixture
def vr(tmp_path: Path, capfd: CaptureFixture[str], monkeypatch: MonkeyPatch) -> Iterator[Vr]:
    """Runs a command in a project folder; its exit code and all it said, on one line."""
    (tmp_path / "dagster.yaml").write_text(template("dagster.yaml"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("GOOGLE_API_KEY", "sk-secret")

    def run(*arguments: str, **settings: str) -> tuple[int, str]:
        for name, value in settings.items():
            monkeypatch.setenv(f"VR_{name}", value)
        monkeypatch.setattr(sys, "argv", ["vr-assets", "preflight", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        assert max(map(len, out.splitlines()), default=0) <= 80
        assert "sk-secret" not in out + err
        assert isinstance(ended.value.code, int)
        return ended.value.code, " ".join((out + err).split())

    yield run


def at(server: ModelServer, *names: str) -> dict[str, str]:
    """Settings of OpenAI-compatible endpoints that this server is."""
    return {
        f"{name}__{leaf}": value
        for name in names
        for leaf, value in (("BACKEND", "openai"), ("OPENAI__BASE_URL", server.url), ("OPENAI__MODEL_NAME", "eye-7b"))
    }


def test_all_endpoints_in_use_are_tried_and_shown(vr: Vr) -> None:
    with serve(openai.DIALECT) as server:
        code, said = vr(**at(server, "VLM", "LLM"))
    assert code == 0
    assert f"vlm: openai eye-7b at {server.url}/v1" in said
    assert "video ok" in said and "frames ok" in said and "boxes ok thousand_yxyx" in said
    llm = said.partition("llm: openai")[2]
    assert "replies ok JSON" in llm and "video" not in llm


def test_a_model_that_does_not_see_the_video_ends_in_exit_code_1_and_the_setting(vr: Vr) -> None:
    eyes = Eyes(sees=frozenset({Sight.VIDEO_AS_IMAGE, Sight.IMAGES}))
    with serve(openai.DIALECT, Behaviour(eyes=eyes)) as server:
        code, said = vr("--endpoint", "vlm", **at(server, "VLM"))
    assert code == 1
    assert "Please provide the video" in said
    assert "image_url works: set vlm.openai.video_input=image_url" in said
    assert "llm" not in said


def test_what_no_stage_takes_may_fail(vr: Vr) -> None:
    eyes = Eyes(sees=frozenset({Sight.VIDEO}))
    with serve(openai.DIALECT, Behaviour(eyes=eyes)) as server:
        assert vr("--endpoint", "vlm", **at(server, "VLM"))[0] == 1
        code, said = vr("--endpoint", "vlm", "--set", "videos.max_video_length_sec=60")
    assert code == 0
    assert "frames failed" in said


def test_a_named_endpoint_is_tried_as_what_is_routed_to_it(vr: Vr) -> None:
    with serve(openai.DIALECT) as server:
        code, said = vr("--endpoint", "big", **at(server, "ENDPOINTS__BIG"), ROUTES__QA="big")
    assert code == 0
    assert "endpoints.big: openai" in said and "video" not in said
    assert len(server.questions) == 1


def test_a_refused_key_and_a_busy_endpoint_are_told(vr: Vr) -> None:
    with serve(gemini.DIALECT, Behaviour(key="another")) as server:
        code, said = vr("--endpoint", "vlm", VLM__GEMINI__BASE_URL=server.url)
    assert code == 1
    assert "key and model failed" in said and "set GOOGLE_API_KEY to one that it takes" in said
    with serve(gemini.DIALECT, Behaviour(always=Fault(503))) as server:
        code, said = vr("--endpoint", "vlm", "--set", "calls.max_attempts=1", VLM__GEMINI__BASE_URL=server.url)
    assert code == 1
    assert "error: vlm: no answer after 1 attempt" in said


def test_without_a_key_the_ways_on_are_listed(vr: Vr, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_API_KEY")
    code, said = vr("--endpoint", "vlm")
    assert code == 1
    assert "GOOGLE_API_KEY is not set" in said and "aistudio.google.com/apikey" in said


def test_the_offline_annotator_has_no_endpoint_to_try(vr: Vr) -> None:
    code, said = vr("--backend", "opencv")
    assert code == 0
    assert "vlm: opencv (baseline-annotator-2) answers here" in said


def test_an_unknown_endpoint_is_named_with_those_there_are(vr: Vr) -> None:
    code, said = vr("--endpoint", "vml")
    assert code == 2
    assert "--endpoint vml: there are vlm, llm" in said
