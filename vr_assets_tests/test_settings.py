"""Settings: one definition, many layers, and errors that name the right name."""

from pathlib import Path

import pytest

from vr_assets.errors import SettingsError
from vr_assets.settings import (
    ON_REQUEST,
    Asset,
    BackendName,
    Graph,
    QaType,
    Settings,
    Task,
    environment_layer,
    environment_name,
    flatten,
    is_operational,
    leaves,
    named_leaves,
    parse_assignments,
    resolve,
)


def test_the_first_layer_is_the_strongest_and_each_value_knows_its_layer() -> None:
    resolved = resolve(("run config", {"chunks.max_chunks": 3}), ("batch.json", {"chunks.max_chunks": 5, "mode": "normal"}))
    assert (resolved.settings.chunks.max_chunks, resolved.settings.mode) == (3, "normal")
    assert resolved.sources == {"chunks.max_chunks": "run config", "mode": "batch.json"}


def test_only_what_was_set_counts_so_that_a_stronger_layer_hides_nothing_it_did_not_set() -> None:
    resolved = resolve(("run config", {"vlm.openai.timeout": 5}), ("environment", {"vlm.openai.model_name": "m"}))
    assert (resolved.settings.vlm.openai.timeout, resolved.settings.vlm.openai.model_name) == (5.0, "m")


@pytest.mark.parametrize(
    ("layer", "name", "near"),
    [
        ("the command line", "chunks.max_chunk", "chunks.max_chunks"),
        ("the command line", "max_workers", "calls.max_workers"),
        ("batch.json", "vlm.gemini.modle", "vlm.gemini.model"),
        ("environment", "chunks.max_chunk", "VR_CHUNKS__MAX_CHUNKS"),
    ],
    ids=["a letter is missing", "the group is missing", "letters swapped", "as the environment spells it"],
)
def test_an_unknown_setting_is_named_with_its_layer_and_the_nearest_right_name(layer: str, name: str, near: str) -> None:
    with pytest.raises(SettingsError, match=f"in {layer}: did you mean .*{near}"):
        resolve((layer, {name: 8}))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("chunks.max_chunks", "0", "greater than or equal to 1"),
        ("vlm.backend", "gemnii", "gemini"),
        ("qa.qa_types", "mcq,open", "open_qa"),
        ("calls.max_workers", "many", "valid integer"),
        ("filter.enabled", "perhaps", "valid boolean"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_where_it_came_from(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        resolve(("environment", {name: value}))
    for part in (name, value.split(",")[-1], "environment", said):
        assert part in str(raised.value)


@pytest.mark.parametrize("value", ["mcq,bcq", " mcq , bcq ", '["mcq", "bcq"]', ["mcq", "bcq"]], ids=str)
def test_a_list_may_be_written_as_people_write_it(value: object) -> None:
    assert resolve(("x", {"qa.qa_types": value})).settings.qa.qa_types == (QaType.MCQ, QaType.BCQ)


def test_broken_json_in_a_list_setting_is_a_settings_error_that_names_it() -> None:
    with pytest.raises(SettingsError, match=r"qa\.qa_types"):
        resolve(("x", {"qa.qa_types": '["mcq"'}))


def test_the_environment_beats_dotenv_and_other_variables_are_not_ours(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("VR_MODE=normal\nVR_VLM__OPENAI__MODEL_NAME=small\nGOOGLE_API_KEY=secret\n")
    layer = environment_layer({"VR_MODE": "anomaly", "HOME": "/"}, dotenv)
    assert layer == {"mode": "anomaly", "vlm.openai.model_name": "small"}


def test_every_setting_can_be_set_from_the_environment_under_the_name_that_is_told() -> None:
    for leaf in leaves():
        assert environment_layer({environment_name(leaf.name): "x"}, None) == {leaf.name: "x"}


def test_an_assignment_keeps_equal_signs_in_its_value() -> None:
    assert parse_assignments(["task_files.license = a=b"]) == {"task_files.license": "a=b"}
    with pytest.raises(SettingsError, match="name=value"):
        parse_assignments(["chunks.max_chunks"])


def test_every_setting_says_why_its_default_is_what_it_is() -> None:
    assert [leaf.name for leaf in leaves() if len(leaf.why) < 10] == []


def test_defaults_are_those_that_users_know() -> None:
    settings = Settings()
    assert settings.vlm.backend == BackendName.GEMINI
    assert settings.vlm.gemini.model == "gemini-3.1-flash-lite-preview"
    assert (settings.vlm.gemini.temperature, settings.vlm.openai.temperature) == (0.3, 0.7)
    assert (settings.calls.max_workers, settings.videos.max_video_length_sec) == (16, 300.0)
    assert list(settings.chunks.chunk_duration_options) == [5, 10, 15, 20, 30]
    assert QaType.EVENT_VERIFICATION not in settings.qa.qa_types
    assert len(settings.qa.qa_types) == 8


def test_settings_round_trip_through_a_layer() -> None:
    settings = Settings()
    assert resolve(("batch.json", flatten(settings.model_dump(mode="json")))).settings == settings


@pytest.mark.parametrize(
    "name",
    [
        "vlm.openai.base_url",
        "llm.gemini.api_key_env",
        "calls.max_workers",
        "checks.max_failed_share",
        "force_reprocess",
        "media.workers",
    ],
)
def test_how_a_run_is_done_is_operational(name: str) -> None:
    assert is_operational(name)


@pytest.mark.parametrize(
    "name",
    [
        "vlm.backend",
        "llm.openai.model_name",
        "vlm.gemini.temperature",
        "prompts.prompts_module",
        "qa.qa_types",
        "mode",
        "media.crf",
    ],
)
def test_what_is_asked_is_not_operational(name: str) -> None:
    assert not is_operational(name)


def test_assets_are_listed_upstream_first() -> None:
    assert Graph.VIDEOS.assets[0] is Asset.RAW_VIDEOS
    assert Graph.VIDEOS.assets[-1] is Asset.TASK_FILES
    assert Graph.IMAGES.assets == (Asset.RAW_IMAGES, Asset.EXPRESSIONS, Asset.GROUNDINGS)
    assert [asset for graph in Graph for asset in graph.every_asset] == list(Asset)
    assert set(Asset) - {asset for graph in Graph for asset in graph.assets} == ON_REQUEST


def test_a_key_pasted_in_place_of_its_variables_name_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError, match="vlm.gemini.api_key_env") as refused:
        resolve(("environment", {"vlm.gemini.api_key_env": "AIzaSecret-of-mine"}))
    assert "AIzaSecret" not in str(refused.value)


BIG = {"endpoints.big.backend": "openai", "endpoints.big.openai.model_name": "large"}


def test_an_endpoint_of_a_users_own_name_has_every_setting_of_a_model() -> None:
    environ = {"VR_ENDPOINTS__BIG__OPENAI__BASE_URL": "http://127.0.0.1:1", "VR_ROUTES__QA": "big"}
    resolved = resolve(("run config", BIG), ("environment", environment_layer(environ, None)))
    big = resolved.settings.model("big")
    assert (big.backend, big.openai.base_url, big.openai.model_name) == ("openai", "http://127.0.0.1:1", "large")
    assert resolved.value("endpoints.big.openai.base_url") == "http://127.0.0.1:1"
    assert {leaf.name for leaf in named_leaves(resolved.sources)} == {*BIG, "endpoints.big.openai.base_url", "routes.qa"}


def test_the_nearest_route_wins() -> None:
    settings = resolve(("test", {**BIG, "routes.qa": "big", "routes.mcq": "vlm"})).settings
    routed = {task: settings.endpoint_for(Asset.QA, task, "llm") for task in (Task.MCQ, Task.BCQ)}
    assert routed == {Task.MCQ: "vlm", Task.BCQ: "big"}
    assert settings.endpoint_for(Asset.CAPTIONS, Task.GLOBAL_CAPTION, "vlm") == "vlm"


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        pytest.param({"routes.qa": "bigg"}, r"routes\.qa = 'bigg' names no endpoint; there are vlm, llm", id="no such endpoint"),
        pytest.param({"routes.question": "llm"}, r"unknown setting routes\.question in test", id="no such stage"),
        pytest.param(
            {"endpoints.big.openai.url": "x"}, r"unknown setting endpoints\.big\.openai\.url in test", id="no such leaf"
        ),
        pytest.param({"endpoints.Big.backend": "openai"}, r"endpoints\.Big", id="no such name"),
    ],
)
def test_a_mistake_in_an_endpoint_or_route_is_named(layer: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        resolve(("test", layer))


def test_addresses_of_own_endpoints_may_differ_from_run_to_run_and_models_may_not() -> None:
    assert is_operational("endpoints.big.openai.base_url")
    assert not is_operational("endpoints.big.openai.model_name")
    assert not is_operational("routes.qa")
