"""A stand-in for the program `vllm`: takes its flags, loads as slowly and dies as it is told, and answers chat completions.

The environment tells it what to do (`STANDIN_...`), since its command line is what is tested.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from vr_assets_tests.servers.openai import OpenAIDialect
from vr_assets_tests.servers.serving import ModelServer, Question

# As vLLM words it, with what its log puts before each line.
OUT_OF_MEMORY = """\
INFO 09-28 15:47:20 [__init__.py:241] Automatically detected platform cuda.
(EngineCore_DP0 pid=17374) ERROR 09-28 15:47:24 [core.py:718] EngineCore failed to start.
(EngineCore_DP0 pid=17374) ERROR 09-28 15:47:24 [core.py:718] Traceback (most recent call last):
(EngineCore_DP0 pid=17374) ERROR 09-28 15:47:24 [core.py:718]   File "/opt/vllm/v1/engine/core.py", line 709, in run_engine_core
(EngineCore_DP0 pid=17374) ERROR 09-28 15:47:24 [core.py:718]     engine_core = EngineCoreProc(*args, **kwargs)
(EngineCore_DP0 pid=17374) ERROR 09-28 15:47:24 [core.py:718] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.
(APIServer pid=17101) Traceback (most recent call last):
(APIServer pid=17101)   File "/opt/vllm/v1/engine/utils.py", line 785, in wait_for_engine_startup
(APIServer pid=17101)     raise RuntimeError("Engine core initialization failed. "
(APIServer pid=17101) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}
"""


def write_standin(folder: Path) -> Path:
    """The program, in a folder; it needs nothing of the environment that it is started in."""
    program = folder / "vllm"
    root = Path(__file__).parents[2]
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(root)!r})\n"
        "from vr_assets_tests.servers.vllm import main\nmain(sys.argv[1:])\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return program


class _Dying(OpenAIDialect):
    """Dies in the middle of a request."""

    def __init__(self, requests: int) -> None:
        self._left = requests

    def read(self, path: str, body: Mapping[str, JsonValue]) -> Question | None:
        if self._left == 0:
            print("torch.AcceleratorError: CUDA error: an illegal memory access was encountered", flush=True)
            os._exit(1)
        self._left -= 1
        return super().read(path, body)


def main(arguments: list[str]) -> None:
    told = os.environ
    parser = argparse.ArgumentParser("vllm")
    serve = parser.add_subparsers().add_parser("serve")
    serve.add_argument("model")
    for name in ("host", "served-model-name", "quantization"):
        serve.add_argument(f"--{name}")
    for name in ("port", "tensor-parallel-size", "max-model-len"):
        serve.add_argument(f"--{name}", type=int)
    serve.add_argument("--gpu-memory-utilization", type=float)
    serve.add_argument("--media-io-kwargs", type=json.loads)
    options = parser.parse_args(arguments)

    if "STANDIN_IGNORE_TERM" in told:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = _fork(leave="STANDIN_CHILD_LEAVES" in told) if "STANDIN_CHILD" in told else 0
    _note(Path(told["STANDIN_STARTS"]), {"pid": os.getpid(), "child": child, "arguments": arguments, "environment": dict(told)})
    if said := told.get("STANDIN_SAYS"):
        print(said, flush=True)
    time.sleep(float(told.get("STANDIN_LOAD_S", "0")))
    if "STANDIN_OUT_OF_MEMORY" in told:
        print(OUT_OF_MEMORY, end="", flush=True)
        sys.exit(1)
    requests = int(told.get("STANDIN_REQUESTS", "-1"))
    served = Path(told["STANDIN_STARTS"]).with_name("served.jsonl")
    ModelServer(_Dying(requests), port=options.port, log=served).run()


def _fork(*, leave: bool) -> int:
    """A worker that does as its parent does with signals, and outlives it if it can."""
    child = os.fork()
    if child == 0:
        if leave:
            os.setsid()
        while True:
            time.sleep(60)
    return child


def _note(path: Path, start: Mapping[str, object]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(start) + "\n")
