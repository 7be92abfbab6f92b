"""What vLLM's log says about its end, in words that name the setting to change."""

import re
from pathlib import Path

from vr_assets.backends.failures import shortened
from vr_assets.backends.ways import setting

# Enough for the tracebacks of an API server, an engine and eight workers.
_TAIL_BYTES = 512 * 1024
_LINES = 4

# `(EngineCore_DP0 pid=17374) ERROR 09-28 15:47:24 [core.py:718] `, colours, and what a Python exception's module adds.
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_PREFIX = re.compile(
    r"^(\[rank\d+\]:)?\s*(\([^()]*pid=\d+[^()]*\)\s*)?((DEBUG|INFO|WARNING|ERROR|CRITICAL)\s+[\d-]+ [\d:.]+ )?"
    r"(\[[\w./]+:\d+\] ?)?"
)
_TELLING = re.compile(
    r"\w(Error|Exception)\b|\berror[:,] |killed|out of memory|Segmentation|^vr-assets:",
    re.IGNORECASE,
)
# Names an error and says nothing of it: frames of a traceback, and what the API server says when its engine failed.
_HOLLOW = re.compile(
    r"^Traceback|^\s*File \"|^raise |Engine core initialization failed|EngineCore failed to start"
    r"|WorkerProc initialization failed|EngineCore encountered|EngineDeadError|never retrieved|non-default args",
    re.IGNORECASE,
)

# What is found in the log, and what to do about it. The first that is found counts: the more exact ones stand before.
_CAUSES: tuple[tuple[str, str], ...] = (
    (
        r"Free memory on device.{0,80}is less than desired GPU memory utilization",
        "Other programs use the GPU's memory: end them (`nvidia-smi` lists them), give the server another GPU "
        "(CUDA_VISIBLE_DEVICES), or lower {gpu_memory_utilization}.",
    ),
    (
        r"larger than the (available KV cache memory|maximum number of tokens that can be stored in KV cache)",
        "The GPU's memory does not hold one request of full length: lower {max_model_len}, or raise {gpu_memory_utilization}.",
    ),
    (
        r"No available memory for the cache blocks",
        "Beside the model's weights no GPU memory is left: raise {gpu_memory_utilization}, give it more GPUs with "
        "{tensor_parallel_size}, or use a smaller model.",
    ),
    (
        r"(CUDA|HIP)( error:)? out of memory|OutOfMemoryError",
        "The GPU's memory is too small: lower {gpu_memory_utilization} and {max_model_len}, give it more GPUs with "
        "{tensor_parallel_size}, or use a smaller model.",
    ),
    (r"is greater than the derived max_model_len", "The model takes no context of that length: lower {max_model_len}."),
    (
        r"gated repo|GatedRepo|Access to model .{1,80} is restricted|401 Client Error|Invalid credentials in Authorization",
        "The hub does not hand this model out: accept its licence there, and set HF_TOKEN to a token that may read it.",
    ),
    (
        r"is not a valid model identifier|Invalid repository ID or local directory|RepositoryNotFound|HFValidationError"
        r"|does not appear to have a file named config\.json",
        "There is no such model: check {model_path}.",
    ),
    (
        r"couldn't connect to .{0,20}huggingface|LocalEntryNotFoundError|Cannot reach https://huggingface",
        "The hub cannot be reached: download the model where it can, and set {model_path} to its folder.",
    ),
    (
        r"Model architectures .{0,200}(not supported|failed to be inspected)|does not recognize this architecture"
        r"|model type .{0,80}but Transformers does not recognize",
        "This version of vLLM cannot run this model: update vLLM, or choose another model with {model_path}.",
    ),
    (
        r"trust_remote_code=True|pass the (argument|option) .?-*trust.remote.code",
        "The model brings code of its own. If you trust it: {extra_args} with --trust-remote-code.",
    ),
    (
        r"Failed to infer device type|No CUDA GPUs are available|Found no NVIDIA driver|driver version is insufficient"
        r"|CUDA driver initialization failed|libcuda\.so",
        "vLLM finds no GPU that it can use: check `nvidia-smi`, CUDA_VISIBLE_DEVICES, and that vLLM is built for this machine.",
    ),
    (
        r"must be divisible by tensor parallel size|is not divisible by \d|world.?size.{0,60}(larger|less|greater|exceeds)"
        r"|invalid device ordinal|exceeds total number of (available )?GPUs",
        "The model cannot be split over that many GPUs, or there are fewer: change {tensor_parallel_size}.",
    ),
    (r"[Aa]ddress already in use", "Another program has its port: change {port}, or set it to 0 for a free one."),
    (
        r"unrecognized arguments|error: argument|invalid choice",
        "This version of vLLM does not take the flags that it was given: check {extra_args}, or update vLLM.",
    ),
    (r"No space left on device|Disk quota exceeded", "A disk is full, or /dev/shm is too small: make room."),
    (r"vr-assets: the server was killed \(SIGKILL\)", "The system killed it, most likely for want of main memory."),
)


def read_tail(log: Path) -> str:
    """The end of a log; "" where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def explain(text: str, *, role: str) -> str:
    """The cause in a sentence, where it is a known one, and below it the lines that tell of it."""
    names = ("model_path", "tensor_parallel_size", "max_model_len", "gpu_memory_utilization", "extra_args", "port")
    settings = {name: setting(f"{role}.vllm.{name}") for name in names}
    lines = [_PREFIX.sub("", _COLOUR.sub("", line)).rstrip() for line in re.split(r"[\r\n]+", text)]
    clean = "\n".join(lines)
    cure, proof = "", []
    for pattern, advice in _CAUSES:
        if found := re.search(pattern, clean):
            cure = advice.format(**settings)
            proof = [clean[clean.rfind("\n", 0, found.start()) + 1 :].partition("\n")[0]]
            break
    quoted = [f"  {shortened(line)}" for line in dict.fromkeys([*proof, *_telling(lines)])]
    return "\n".join([*([cure] if cure else []), *(["Its log says:", *quoted] if quoted else ["It printed nothing."])])


def _telling(lines: list[str]) -> list[str]:
    """The last few lines that name an error, each once; where none does, the last few."""
    spoken = [line for line in lines if line.strip()]
    errors = [line for line in spoken if _TELLING.search(line) and not _HOLLOW.search(line)]
    return list(dict.fromkeys(reversed(errors or spoken)))[:_LINES][::-1]
