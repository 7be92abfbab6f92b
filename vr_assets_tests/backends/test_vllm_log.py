"""Thousands of lines of a log are one sentence, and the few lines that bear it out. They are worded as vLLM words them."""

from pathlib import Path

import pytest

from vr_assets.backends.vllm_log import explain, read_tail
from vr_assets_tests.servers.vllm import OUT_OF_MEMORY


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        pytest.param("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.", "max_model_len", id="out-of-memory"),
        pytest.param(
            "ValueError: Free memory on device (3.22/4.0 GiB) on startup is less than desired GPU memory utilization (0.9, 3.6 "
            "GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.",
            "nvidia-smi",
            id="gpu-in-use",
        ),
        pytest.param(
            "ValueError: Free memory on device cuda:0 (7.34/15.49 GiB) on startup is less than desired GPU memory utilization",
            "nvidia-smi",
            id="gpu-in-use-newer",
        ),
        pytest.param(
            "ValueError: To serve at least one request with the model's max seq len (131072), (4.0 GiB KV cache is needed, which "
            "is larger than the available KV cache memory (0.65 GiB). Based on the available memory, the estimated maximum model "
            "length is 21440.",
            "lower vlm.vllm.max_model_len",
            id="context-does-not-fit",
        ),
        pytest.param(
            "ValueError: The model's max seq len (32768) is larger than the maximum number of tokens that can be stored in KV "
            "cache (27296).",
            "lower vlm.vllm.max_model_len",
            id="context-does-not-fit-older",
        ),
        pytest.param(
            "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing.",
            "raise vlm.vllm.gpu_memory_utilization",
            id="no-room-for-cache",
        ),
        pytest.param(
            "  Value error, User-specified max_model_len (65536) is greater than the derived max_model_len "
            "(max_position_embeddings=32768.0 or model_max_length=None in model's config.json).",
            "lower vlm.vllm.max_model_len",
            id="context-beyond-the-model",
        ),
        pytest.param(
            "OSError: lab/eye is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'",
            "check vlm.vllm.model_path",
            id="no-such-model",
        ),
        pytest.param(
            "  Value error, Invalid repository ID or local directory specified: '/models/eye'.",
            "check vlm.vllm.model_path",
            id="no-such-model-newer",
        ),
        pytest.param(
            "OSError: You are trying to access a gated repo.\nMake sure to have access to it at https://huggingface.co/lab/eye.",
            "HF_TOKEN",
            id="gated",
        ),
        pytest.param(
            "  Value error, Model architectures ['EyeForCausalLM'] are not supported for now. Supported architectures: ",
            "update vLLM",
            id="architecture",
        ),
        pytest.param(
            "ValueError: The checkpoint you are trying to load has model type `eye` but Transformers does not recognize this "
            "architecture.",
            "update vLLM",
            id="architecture-unknown-to-transformers",
        ),
        pytest.param(
            "RuntimeError: Failed to infer device type, please set the environment variable `VLLM_LOGGING_LEVEL=DEBUG`",
            "finds no GPU",
            id="no-gpu",
        ),
        pytest.param("RuntimeError: No CUDA GPUs are available", "finds no GPU", id="no-gpu-visible"),
        pytest.param(
            "ValueError: Total number of attention heads (12) must be divisible by tensor parallel size (8).",
            "vlm.vllm.tensor_parallel_size",
            id="heads",
        ),
        pytest.param(
            "RuntimeError: please ensure that world_size (2) is less than than max local gpu count (1)",
            "vlm.vllm.tensor_parallel_size",
            id="fewer-gpus",
        ),
        pytest.param("OSError: [Errno 98] Address already in use", "vlm.vllm.port", id="port"),
        pytest.param("vllm: error: unrecognized arguments: --task embed", "vlm.vllm.extra_args", id="flags"),
        pytest.param("vr-assets: the server was killed (SIGKILL)", "main memory", id="killed"),
    ],
)
def test_a_known_cause_names_what_to_change_and_quotes_its_line(line: str, cure: str) -> None:
    prefix = "(EngineCore_DP0 pid=17374) ERROR 09-28 15:47:24 [core.py:718] "
    log = f"INFO 09-28 15:47:20 [api_server.py:1805] vLLM API server version 0.10.1\n{prefix}{line}\n"
    said = explain(log, role="vlm").splitlines()
    assert cure in said[0]
    assert line.split("\n")[0].strip() in said[2]
    assert "pid=17374" not in "\n".join(said)


def test_the_root_cause_is_quoted_and_what_follows_from_it_is_not() -> None:
    said = explain(OUT_OF_MEMORY, role="llm")
    assert said.splitlines()[1:] == ["Its log says:", "  torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB."]
    assert "llm.vllm.max_model_len (VR_LLM__VLLM__MAX_MODEL_LEN)" in said


def test_an_unknown_cause_is_told_in_vllms_own_words() -> None:
    log = "INFO loading\n\x1b[36m(Worker_TP1 pid=9)\x1b[0;0m ERROR 09-28 15:47:24 [multiproc_executor.py:1] KeyError: 'lm_head'\n"
    assert explain(log, role="vlm") == "Its log says:\n  KeyError: 'lm_head'"


def test_a_log_without_an_error_is_quoted_from_its_end() -> None:
    log = "".join(f"line {number}\n" for number in range(9))
    assert explain(log, role="vlm").splitlines()[1:] == ["  line 5", "  line 6", "  line 7", "  line 8"]


def test_the_line_that_names_the_cause_is_quoted_however_much_follows() -> None:
    cause = "  Value error, User-specified max_model_len (65536) is greater than the derived max_model_len"
    after = "".join(f"RuntimeError: {number}\n" for number in range(9))
    said = explain(f"pydantic_core.ValidationError: 1 validation error for ModelConfig\n{cause}\n{after}", role="vlm")
    assert cause.strip() in said and len(said.splitlines()) < 9


def test_a_line_is_quoted_once_however_many_workers_say_it() -> None:
    log = "".join(f"(Worker_TP{number} pid={number}) RuntimeError: NCCL error\n" for number in range(8))
    assert explain(log, role="vlm").count("NCCL error") == 1


def test_a_program_that_printed_nothing_is_said_to_have(tmp_path: Path) -> None:
    assert explain(read_tail(tmp_path / "none.log"), role="vlm") == "It printed nothing."
