"""A server of our own: started once, shared, started again, and never left behind."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from vr_assets.backends.base import Backend
from vr_assets.backends.vllm import VllmBackend
from vr_assets.errors import Cause, StageError, TransientError
from vr_assets.records.call import Finish
from vr_assets.settings import Task, VideoInput
from vr_assets_tests.backends.asked import CLIP_BYTES, FRAMES, VIDEO, request
from vr_assets_tests.backends.vllm_bench import CANARY, Bench, wait_until

pytestmark = pytest.mark.anyio


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench.at(tmp_path)
    yield made
    wait_until(lambda: not made.left)


@asynccontextmanager
async def using(bench: Bench, **settings: object) -> AsyncIterator[VllmBackend]:
    backend = bench.backend(**settings)
    try:
        yield backend
    finally:
        await backend.aclose()


async def many(backend: Backend, count: int) -> None:
    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(backend.generate, request())


async def test_it_is_started_once_for_calls_that_come_together_and_ended_by_aclose(bench: Bench) -> None:
    bench = bench.telling(load_s="0.3", child="1")
    async with using(bench) as backend:
        await many(backend, 8)
        await backend.generate(request())
        (start,) = bench.starts
        assert {start.pid, start.child} <= bench.servers
    assert not bench.servers


async def test_nothing_is_started_before_it_is_needed(bench: Bench) -> None:
    async with using(bench) as backend:
        backend.check_ready()
        backend.identity(request(Task.GLOBAL_CAPTION, VIDEO))
        assert (backend.endpoint, backend.model, backend.structured) == ("vllm:eye-7b", "eye-7b", True)
        assert not bench.guards
        await backend.prepare(request())
        assert len(bench.starts) == 1
        assert backend.endpoint == "vllm:eye-7b"


async def test_a_video_reaches_it(bench: Bench) -> None:
    async with using(bench) as backend:
        asked = await backend.prepare(request(Task.GLOBAL_CAPTION, VIDEO))
        assert (await backend.generate(asked)).finish is Finish.STOP
    (served,) = bench.served
    assert served["media"] == [
        {"kind": "video", "mime_type": "video/mp4", "bytes": len(CLIP_BYTES), "sha256": VIDEO.identity.partition("/")[0]}
    ]
    assert served["model"] == "eye-7b"


async def test_settings_reach_the_program(bench: Bench) -> None:
    settings = {
        "tensor_parallel_size": 2,
        "max_model_len": 4096,
        "gpu_memory_utilization": 0.75,
        "extra_args": "--quantization,fp8",
    }
    async with using(bench, **settings) as backend:
        await backend.generate(request())
    (start,) = bench.starts
    assert start.arguments[:2] == ["serve", "lab/eye-7b"]
    given = ["host", "served-model-name", "tensor-parallel-size", "max-model-len", "gpu-memory-utilization", "quantization"]
    assert [start.after(f"--{name}") for name in given] == ["127.0.0.1", "eye-7b", "2", "4096", "0.75", "fp8"]


async def test_it_gets_the_environment_without_the_keys_of_model_endpoints(bench: Bench) -> None:
    keys = {"GOOGLE_API_KEY": CANARY, "OPENAI_API_KEY": CANARY, "VLLM_API_KEY": CANARY, "HF_TOKEN": "hf_0123456789"}
    bench = Bench(bench.folder, {**bench.environ, **keys})
    async with using(bench) as backend:
        await backend.generate(request())
    (start,) = bench.starts
    assert not {name for name in start.environment if name.endswith("_API_KEY")}
    assert start.environment["HF_TOKEN"] == "hf_0123456789"


async def test_keys_that_it_prints_are_neither_in_its_log_nor_in_the_error(bench: Bench) -> None:
    bench = bench.telling(out_of_memory="1", says=f"RuntimeError: no luck with {CANARY}")
    bench = Bench(bench.folder, {**bench.environ, "HF_TOKEN": CANARY})
    async with using(bench) as backend:
        with pytest.raises(StageError, match=r"no luck with \[key\]") as caught:
            await backend.generate(request())
    assert CANARY not in str(caught.value) + bench.log


async def test_a_server_that_cannot_start_says_why_and_is_tried_once(bench: Bench) -> None:
    bench = bench.telling(out_of_memory="1", load_s="0.3")
    said = []
    async with using(bench) as backend:

        async def ask() -> None:
            with pytest.raises(StageError) as caught:
                await backend.generate(request())
            said.append(str(caught.value))

        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(ask)
        await ask()
    assert len(bench.starts) == 1
    assert len(set(said)) == 1
    for part in ("CUDA out of memory. Tried to allocate 2 GiB", "vlm.vllm.max_model_len", "exit status 1"):
        assert part in said[0]
    (log,) = [path for path in bench.shared.glob("*.log") if str(path) in said[0]]
    assert "EngineCoreProc" in log.read_text()


async def test_flags_that_it_does_not_take_are_told_as_such(bench: Bench) -> None:
    async with using(bench, extra_args="--no-such-flag") as backend:
        with pytest.raises(StageError, match=r"(?s)vlm\.vllm\.extra_args.*unrecognized arguments: --no-such-flag"):
            await backend.generate(request())


async def test_a_program_that_is_none_is_told_as_such(bench: Bench) -> None:
    (bench.folder / "vllm").write_bytes(b"\x00\x01")
    async with using(bench) as backend:
        with pytest.raises(StageError, match="cannot be started"):
            await backend.generate(request())


@pytest.mark.slow
async def test_a_server_that_is_not_ready_in_time_is_given_up_and_ended(bench: Bench) -> None:
    bench = bench.telling(load_s="60", says="Loading safetensors checkpoint shards")
    async with using(bench, startup_timeout_s=5) as backend:
        with pytest.raises(StageError, match=r"(?s)not ready after 5 s, see vlm\.vllm\.startup_timeout_s.*checkpoint shards"):
            await backend.generate(request())
        wait_until(lambda: not bench.left)


async def test_a_port_that_another_program_has_is_not_mistaken_for_ours(bench: Bench) -> None:
    async with using(bench, model_name="other", gpu_memory_utilization=0.4) as other:
        await other.generate(request())
        port = bench.starts[0].after("--port")
        async with using(bench, port=port, gpu_memory_utilization=0.4) as backend:
            with pytest.raises(StageError, match=r"vlm\.vllm\.port"):
                await backend.generate(request())


async def test_a_server_that_dies_is_started_again_and_calls_in_flight_may_be_tried_again(bench: Bench) -> None:
    bench = bench.telling(requests="1", child="1")
    async with using(bench) as backend:
        await backend.generate(request())
        with pytest.raises(TransientError, match="(?s)illegal memory access") as caught:
            await backend.generate(request())
        assert caught.value.cause is Cause.DROPPED
        assert (await backend.generate(request())).finish is Finish.STOP
        first, second = bench.starts
        assert not {first.pid, first.child} & bench.servers, "what the dead one left is ended before another starts"
        assert {second.pid, second.child} <= bench.servers


@pytest.mark.slow
async def test_a_server_that_keeps_dying_stops_the_stage(bench: Bench) -> None:
    bench = bench.telling(requests="0")
    async with using(bench) as backend:
        for _ in range(4):
            with pytest.raises(TransientError):
                await backend.generate(request())
        with pytest.raises(StageError, match=r"(?s)died 4 times.*illegal memory access"):
            await backend.generate(request())
    assert len(bench.starts) == 4


async def test_two_models_of_a_run_that_are_the_same_share_a_server(bench: Bench) -> None:
    async with using(bench, temperature=0.1) as llm:
        async with using(bench) as vlm:
            await vlm.generate(request())
            await llm.generate(request())
        await llm.generate(request())
        assert len(bench.starts) == 1
    assert not bench.servers


async def test_another_model_for_a_gpu_that_is_taken_is_refused_before_it_loads(bench: Bench) -> None:
    async with using(bench) as first, using(bench, model_path="lab/ear-7b") as second:
        await first.generate(request())
        with pytest.raises(StageError, match=r"eye-7b.*holds 90% .* of GPU 0 .*ear-7b"):
            await second.generate(request())
    assert len(bench.starts) == 1


@pytest.mark.parametrize(
    ("settings", "elsewhere"),
    [({"gpu_memory_utilization": 0.4}, {}), ({}, {"CUDA_VISIBLE_DEVICES": "1"})],
    ids=["a share each", "another GPU"],
)
async def test_two_models_that_fit_beside_each_other_both_run(
    bench: Bench, settings: dict[str, object], elsewhere: dict[str, str]
) -> None:
    other = Bench(bench.folder, {**bench.environ, **elsewhere})
    async with using(bench, **settings) as first, using(other, model_path="lab/ear-7b", **settings) as second:
        await first.generate(request())
        await second.generate(request())
    assert len(bench.starts) == 2


async def test_a_call_that_is_cancelled_while_it_loads_takes_no_other_along(bench: Bench) -> None:
    bench = bench.telling(load_s="0.5")
    async with using(bench) as backend:
        async with anyio.create_task_group() as group:
            first = anyio.CancelScope()

            async def ask() -> None:
                with first:
                    await backend.generate(request())

            group.start_soon(ask)
            group.start_soon(backend.generate, request())
            await anyio.to_thread.run_sync(wait_until, lambda: bench.starts)
            first.cancel()
        assert first.cancelled_caught
    assert (len(bench.starts), len(bench.served)) == (1, 1)


async def test_a_run_that_is_interrupted_while_it_loads_leaves_nothing_behind(bench: Bench) -> None:
    bench = bench.telling(load_s="60")

    async def run() -> None:
        async with using(bench) as backend:
            await backend.generate(request())

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await anyio.to_thread.run_sync(wait_until, lambda: bench.starts)
        group.cancel_scope.cancel()
    wait_until(lambda: not bench.left)
    assert len(bench.starts) == 1


@pytest.mark.slow
@pytest.mark.parametrize("told", [{"ignore_term": "1"}, {"child_leaves": "1"}], ids=["no SIGTERM", "a child that left"])
async def test_what_does_not_want_to_end_is_ended_too(bench: Bench, told: dict[str, str]) -> None:
    bench = bench.telling(child="1", **told)
    async with using(bench) as backend:
        await backend.generate(request())
    assert not bench.servers


@pytest.mark.slow
async def test_a_server_whose_guard_was_killed_is_ended_before_another_starts(bench: Bench) -> None:
    bench = bench.telling(child="1")
    async with using(bench) as backend:
        await backend.generate(request())
        (guard,) = bench.guards
        guard.kill()
        wait_until(lambda: not bench.guards)
        await backend.generate(request())
        first, second = bench.starts
        assert not {first.pid, first.child} & bench.servers
        assert second.pid in bench.servers


@pytest.mark.slow
async def test_a_user_who_comes_while_a_server_is_ended_waits_and_gets_a_new_one(bench: Bench) -> None:
    async with using(bench.telling(ignore_term="1")) as first:
        await first.generate(request())
        with anyio.move_on_after(0.5):
            await first.aclose()
        async with using(bench) as second:
            await second.generate(request())
            _, started = bench.starts
            assert bench.servers == {started.pid}


def run_of(bench: Bench, *, calls: int) -> "subprocess.Popen[str]":
    """Another run on this machine: makes calls, one for each line that it is sent, and says when each is answered."""
    script = bench.folder / "run.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import anyio, sys
            from pathlib import Path
            from vr_assets_tests.backends.asked import request
            from vr_assets_tests.backends.vllm_bench import Bench

            async def main():
                backend = Bench(Path({str(bench.folder)!r}), {bench.environ!r}).backend()
                for _ in range({calls}):
                    await anyio.to_thread.run_sync(sys.stdin.readline)
                    await backend.generate(request())
                    print("answered", flush=True)
                await backend.aclose()

            anyio.run(main)
            """
        ),
        encoding="utf-8",
    )
    return subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        start_new_session=True,
    )


def answered(run: "subprocess.Popen[str]") -> str:
    assert run.stdin is not None and run.stdout is not None
    run.stdin.write("\n")
    run.stdin.flush()
    return run.stdout.readline().strip()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_the_run_is_killed_with_its_whole_process_group(bench: Bench, how: signal.Signals) -> None:
    bench = bench.telling(child="1")
    with run_of(bench, calls=2) as run:
        assert answered(run) == "answered"
        assert len(bench.left) == 3
        os.killpg(run.pid, how)
        run.communicate()
    wait_until(lambda: not bench.left)


@pytest.mark.slow
def test_nothing_is_left_when_the_run_is_killed_while_the_server_loads(bench: Bench) -> None:
    bench = bench.telling(load_s="60")
    with run_of(bench, calls=1) as run:
        assert run.stdin is not None
        run.stdin.write("\n")
        run.stdin.flush()
        wait_until(lambda: bench.starts)
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
    wait_until(lambda: not bench.left)


@pytest.mark.slow
def test_a_second_run_uses_the_server_of_the_first_and_keeps_it_when_the_first_is_killed(bench: Bench) -> None:
    with run_of(bench, calls=2) as first, run_of(bench, calls=2) as second:
        assert [answered(first), answered(second)] == ["answered"] * 2
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()
        assert answered(second) == "answered"
        assert second.wait() == 0
    assert len(bench.starts) == 1
    wait_until(lambda: not bench.left)


def test_what_changes_the_answer_changes_the_identity_and_nothing_else_does(bench: Bench, tmp_path: Path) -> None:
    def identity(**settings: object) -> str:
        return bench.backend(**settings).identity(request(Task.GLOBAL_CAPTION, VIDEO))

    folder = tmp_path / "models" / "eye-7b"
    folder.mkdir(parents=True)
    same = [
        identity(),
        identity(model_path=str(folder)),
        identity(port=8000, max_model_len=100, tensor_parallel_size=4, gpu_memory_utilization=0.5),
        identity(extra_args="--max-num-seqs,8", executable="/elsewhere/vllm", startup_timeout_s=5, timeout=5),
    ]
    other = [
        identity(model_path="lab/ear-7b"),
        identity(model_name="eye-7b-tuned"),
        identity(video_fps=1),
        identity(temperature=0),
        identity(video_input=VideoInput.FRAMES),
        identity(extra_args=["--mm-processor-kwargs", '{"max_pixels": 1}']),
        identity(extra_args=["--mm-processor-kwargs", '{"max_pixels": 2}']),
    ]
    assert len(set(same)) == 1
    assert len({*same, *other}) == 1 + len(other)
    assert json.loads(same[0])["video_fps"] == 2.0


def test_frames_that_were_chosen_here_do_not_depend_on_what_the_server_takes_of_a_video(bench: Bench) -> None:
    asked = request(Task.GLOBAL_CAPTION, FRAMES)
    assert bench.backend(video_fps=1).identity(asked) == bench.backend().identity(asked)


async def test_errors_name_the_settings_of_this_backend(bench: Bench) -> None:
    async with using(bench, timeout=0.001) as backend:
        with pytest.raises(TransientError, match=r"vlm\.vllm\.timeout \(VR_VLM__VLLM__TIMEOUT\)"):
            await backend.generate(request())
