"""What `vllm serve` is started with, and what is refused before anything is started."""

import json
from pathlib import Path

import pytest

from vr_assets.backends.vllm_command import check, command, environment, gpus, model_name
from vr_assets.errors import StageError
from vr_assets.settings import VllmSettings
from vr_assets_tests.servers.vllm import write_standin


def settings(**given: object) -> VllmSettings:
    return VllmSettings.model_validate({"model_path": "lab/eye-7b", **given})


def after(flag: str, **given: object) -> str:
    arguments = command(settings(**given), "vllm")
    return arguments[arguments.index(flag) + 1]


def test_a_video_is_sampled_by_time_and_not_by_a_fixed_number_of_frames() -> None:
    assert json.loads(after("--media-io-kwargs")) == {"video": {"num_frames": -1, "fps": 2}}
    assert json.loads(after("--media-io-kwargs", video_fps=0.5)) == {"video": {"num_frames": -1, "fps": 0.5}}
    assert json.loads(after("--media-io-kwargs", video_fps=0)) == {"video": {"num_frames": -1}}


@pytest.mark.parametrize(
    "given",
    [
        ["--media-io-kwargs", '{"video": {"num_frames": 16}}'],
        ['--media_io_kwargs={"video": {"num_frames": 16}}'],
        ["--media-io-kwargs.video.num_frames", "16"],
    ],
)
def test_sampling_that_a_user_asks_for_takes_the_place_of_ours(given: list[str]) -> None:
    arguments = command(settings(extra_args=given), "vllm")
    assert arguments[-len(given) :] == given
    assert not [argument for argument in arguments if '"fps"' in argument]


def test_the_context_length_is_the_models_own_unless_it_is_set() -> None:
    assert "--max-model-len" not in command(settings(), "vllm")
    assert after("--max-model-len", max_model_len=8192) == "8192"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Qwen/Qwen2.5-VL-7B-Instruct", "Qwen2.5-VL-7B-Instruct"),
        ("/data/models/Qwen2.5-VL-7B-Instruct/", "Qwen2.5-VL-7B-Instruct"),
        ("~/models/eye", "eye"),
    ],
)
def test_a_models_name_does_not_depend_on_where_it_lies(path: str, name: str) -> None:
    assert model_name(settings(model_path=path)) == name
    assert after("--served-model-name", model_path=path) == name


def test_a_folder_is_given_by_its_full_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "eye").mkdir()
    monkeypatch.chdir(tmp_path)
    assert command(settings(model_path="./eye"), "vllm")[2] == str(tmp_path / "eye")


def said_of(tmp_path: Path, **given: object) -> str:
    write_standin(tmp_path)
    with pytest.raises(StageError) as caught:
        check(settings(**given), {"PATH": str(tmp_path)}, role="llm")
    return str(caught.value)


@pytest.mark.parametrize("path", ["/runs/tuned-a/checkpoint-500", "runs/tuned-b/final", "./global_step_10", "lab/model"])
def test_a_name_that_another_training_may_have_too_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    path = path if path.count("/") == 1 and not path.startswith(".") else str(tmp_path / path.strip("/."))
    Path(path).mkdir(parents=True)
    assert "llm.vllm.model_name=NAME (VR_LLM__VLLM__MODEL_NAME=NAME)" in said_of(tmp_path, model_path=path)
    check(settings(model_path=path, model_name="tuned-a"), {"PATH": str(tmp_path)}, role="llm")


@pytest.mark.parametrize("path", ["/no/such/eye", "./eye", "~/no-such-folder/eye", "models/lab/eye"])
def test_a_folder_that_is_not_there_is_told_before_anything_is_started(tmp_path: Path, path: str) -> None:
    said = said_of(tmp_path, model_path=path)
    assert "llm.vllm.model_path" in said and path in said


def test_without_a_model_it_says_what_to_set(tmp_path: Path) -> None:
    said = said_of(tmp_path, model_path="")
    assert "llm.vllm.model_path=PATH (VR_LLM__VLLM__MODEL_PATH=PATH)" in said and "llm.backend=opencv" in said


def test_without_the_program_it_says_where_to_get_it(tmp_path: Path) -> None:
    said = said_of(tmp_path, executable="vllm-of-elsewhere")
    for part in ("'vllm-of-elsewhere'", "pip install vllm", "llm.vllm.executable", "llm.openai.base_url", "llm.backend=opencv"):
        assert part in said


def test_the_program_may_be_given_by_its_path(tmp_path: Path) -> None:
    program = write_standin(tmp_path)
    assert check(settings(executable=str(program)), {"PATH": "/nowhere"}, role="vlm") == str(program)


@pytest.mark.parametrize(
    ("given", "instead"),
    [
        ("--port,8000", "llm.vllm.port"),
        ("--tensor_parallel_size=2", "llm.vllm.tensor_parallel_size"),
        ("-tp,2", "llm.vllm.tensor_parallel_size"),
        ("--api-key,secret", "127.0.0.1"),
        ("--hf-token,secret", "HF_TOKEN"),
        ("--served-model-name,eye", "llm.vllm.model_name"),
    ],
)
def test_a_flag_that_has_a_setting_of_its_own_is_refused(tmp_path: Path, given: str, instead: str) -> None:
    said = said_of(tmp_path, extra_args=given)
    assert "llm.vllm.extra_args" in said and instead in said
    assert "secret" not in said


def test_a_proxy_that_would_come_between_is_told_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    assert "NO_PROXY=127.0.0.1" in said_of(tmp_path)
    monkeypatch.setenv("NO_PROXY", "example.com,127.0.0.1")
    check(settings(), {"PATH": str(tmp_path)}, role="llm")


def test_the_server_may_load_as_long_as_the_setting_says() -> None:
    assert environment(settings(startup_timeout_s=3600), {})["VLLM_ENGINE_READY_TIMEOUT_S"] == "3600"
    assert environment(settings(), {"VLLM_ENGINE_READY_TIMEOUT_S": "7"})["VLLM_ENGINE_READY_TIMEOUT_S"] == "7"


@pytest.mark.parametrize(
    ("environ", "size", "used"),
    [
        ({}, 1, ("0",)),
        ({}, 2, ("0", "1")),
        ({"CUDA_VISIBLE_DEVICES": "2, 3,5"}, 2, ("2", "3")),
        ({"HIP_VISIBLE_DEVICES": "1"}, 1, ("1",)),
        ({"CUDA_VISIBLE_DEVICES": ""}, 1, ("0",)),
    ],
)
def test_a_server_takes_the_first_of_the_gpus_that_it_sees(environ: dict[str, str], size: int, used: tuple[str, ...]) -> None:
    assert gpus(settings(tensor_parallel_size=size), environ) == used
