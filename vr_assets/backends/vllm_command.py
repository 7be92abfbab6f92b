"""What `vllm serve` is started with, and what it takes of the machine."""

import json
import re
import shutil
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from vr_assets.backends import ways
from vr_assets.errors import StageError
from vr_assets.settings import VllmSettings

# Last parts of a path that name no model: two trainings both have one.
_SAYS_NOTHING = re.compile(
    r"|checkpoints?|(checkpoint|step|epoch|global_step)[-_]?\d+|v?\d+|final|best|last|latest|main|models?|merged|weights|hf|output",
    re.IGNORECASE,
)
# Flags that this package sets, and what to use in place of them.
_OURS = {
    "--host": "nothing: it listens on 127.0.0.1",
    "--port": "vllm.port",
    "--api-key": "nothing: it listens on 127.0.0.1",
    "--hf-token": "the environment variable HF_TOKEN",
    "--model": "vllm.model_path",
    "--served-model-name": "vllm.model_name",
    "--tensor-parallel-size": "vllm.tensor_parallel_size",
    "-tp": "vllm.tensor_parallel_size",
    "--max-model-len": "vllm.max_model_len",
    "--gpu-memory-utilization": "vllm.gpu_memory_utilization",
}
_MEDIA_IO = "--media-io-kwargs"
_SHAPES_MEDIA = (_MEDIA_IO, "--mm-processor-kwargs")


def model_name(settings: VllmSettings) -> str:
    """What the model is called in requests, rows and the journal: `model_name`, else the last part of `model_path`.

    Not the path: an answer is found again by its model's name, and the same model lies elsewhere on another machine, or came
    from the hub before it was downloaded.
    """
    return settings.model_name or Path(settings.model_path).name


def shapes_media(settings: VllmSettings) -> dict[str, object]:
    """What of the command decides which pictures of a video the model is shown."""
    shaping = [_flag(given) in _SHAPES_MEDIA for given in settings.extra_args]
    values = [given for given, before in zip(settings.extra_args, [False, *shaping], strict=False) if before]
    flags = [given for given, shapes in zip(settings.extra_args, shaping, strict=True) if shapes]
    return {"video_fps": settings.video_fps} | ({"media_flags": [*flags, *values]} if flags else {})


def command(settings: VllmSettings, executable: str) -> list[str]:
    """The command without its port, in flags that vLLM has had since 0.9.

    vLLM takes 32 frames of a video, however long it is. With a rate in place of a count each second is seen, and models that
    take it for granted that they see 2 frames a second (Qwen2.5-VL) tell times right. How many pictures a prompt may hold
    (`--limit-mm-per-prompt`) is left at 999, the default since 0.9.
    """
    frames: dict[str, object] = {"num_frames": -1}
    if settings.video_fps:
        frames["fps"] = int(settings.video_fps) if settings.video_fps.is_integer() else settings.video_fps
    arguments = [executable, "serve", _where(settings.model_path), "--host", "127.0.0.1"]
    arguments += ["--served-model-name", model_name(settings)]
    arguments += ["--tensor-parallel-size", str(settings.tensor_parallel_size)]
    arguments += ["--gpu-memory-utilization", f"{settings.gpu_memory_utilization:g}"]
    if settings.max_model_len:
        arguments += ["--max-model-len", str(settings.max_model_len)]
    if _MEDIA_IO not in map(_flag, settings.extra_args):
        arguments += [_MEDIA_IO, json.dumps({"video": frames})]
    return [*arguments, *settings.extra_args]


def environment(settings: VllmSettings, environ: Mapping[str, str]) -> dict[str, str]:
    """The server's environment: without the keys of model endpoints, none of which is its business.

    `VLLM_API_KEY` among them would have it ask for a key. A token for the hub stays, gated models need it.
    """
    kept = {name: value for name, value in environ.items() if not name.upper().endswith("_API_KEY")}
    patience_s = str(max(600, int(settings.startup_timeout_s)))
    return {"VLLM_ENGINE_READY_TIMEOUT_S": patience_s, "VLLM_NO_USAGE_STATS": "1", "PYTHONUNBUFFERED": "1", **kept}


def gpus(settings: VllmSettings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The GPUs that the server will use: the first `tensor_parallel_size` of those that it sees."""
    for name in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"):
        if seen := [part.strip() for part in environ.get(name, "").split(",") if part.strip()]:
            return tuple(seen[: settings.tensor_parallel_size])
    return tuple(str(number) for number in range(settings.tensor_parallel_size))


def check(settings: VllmSettings, environ: Mapping[str, str], *, role: str) -> str:
    """The path of the executable. Starts nothing.

    Raises:
        StageError: no server can be started; says what to set.
    """
    prefix = f"{role}.vllm"
    if not settings.model_path:
        raise StageError(
            ways.listed(
                f"{role}.backend is vllm, and no model is named.",
                f"a folder with a model, or its name on the hub: {ways.setting(f'{prefix}.model_path', 'PATH')}",
                ways.compatible(role),
                ways.offline(role),
            )
        )
    if looks_local(settings.model_path) and not Path(settings.model_path).expanduser().exists():
        raise StageError(f"{ways.setting(f'{prefix}.model_path')} = {settings.model_path!r}: there is no such folder.")
    if _SAYS_NOTHING.fullmatch(model_name(settings)):
        raise StageError(
            f"{prefix}.model_path = {settings.model_path!r}: by the name {model_name(settings)!r} its answers "
            f"cannot be told from another model's. Give it a name: {ways.setting(f'{prefix}.model_name', 'NAME')}"
        )
    for given in settings.extra_args:
        if instead := _OURS.get(_flag(given)):
            instead = f"{role}.{instead}" if instead.startswith("vllm.") else instead
            raise StageError(f"{ways.setting(f'{prefix}.extra_args')} may not hold {_flag(given)}; use {instead}.")
    if urllib.request.getproxies().keys() & {"http", "all"} and not urllib.request.proxy_bypass("127.0.0.1"):
        raise StageError(
            f"{role}.backend is vllm, which is asked at 127.0.0.1, and HTTP_PROXY or ALL_PROXY would lead that through a proxy: "
            "set NO_PROXY=127.0.0.1,localhost (or add these to it)."
        )
    found = shutil.which(settings.executable, path=environ.get("PATH"))
    if found is None:
        raise StageError(
            ways.listed(
                f"{role}.backend is vllm, and there is no program {settings.executable!r}.",
                "install it (`pip install vllm`, best into an environment of its own) and name it: "
                f"{ways.setting(f'{prefix}.executable', '/PATH/TO/bin/vllm')}",
                ways.compatible(role),
                ways.gemini(role, "GOOGLE_API_KEY"),
                ways.offline(role),
            )
        )
    return found


def looks_local(model_path: str) -> bool:
    """Whether it can only be a folder: the hub's names have one slash at most, inside."""
    return model_path.startswith(("/", "./", "../", "~")) or model_path.count("/") > 1


def _where(model_path: str) -> str:
    folder = Path(model_path).expanduser()
    return str(folder.absolute()) if folder.exists() else model_path


def _flag(given: str) -> str:
    """`--max_model_len=1`, `--max-model-len` and `--media-io-kwargs.video.fps` as vLLM reads them."""
    return re.split(r"[=.]", given, maxsplit=1)[0].replace("_", "-") if given.startswith("-") else ""
