import anyio
import pytest

from vr_assets.backends.scripted import ScriptedBackend
from vr_assets.errors import StageError, TransientError
from vr_assets.records.call import Finish, Reply
from vr_assets.settings import Task
from vr_assets_tests.backends.asked import request

pytestmark = pytest.mark.anyio


async def test_it_answers_from_a_list_in_order_and_remembers_what_was_asked() -> None:
    cut = Reply(text="A va", finish=Finish.LENGTH)
    backend = ScriptedBackend(["one", cut, TransientError("busy")])
    assert (await backend.generate(request(Task.MCQ))).text == "one"
    assert await backend.generate(request(Task.BCQ)) is cut
    with pytest.raises(TransientError, match="busy"):
        await backend.generate(request())
    assert [asked.task for asked in backend.requests] == [Task.MCQ, Task.BCQ, Task.GLOBAL_CAPTION]


async def test_a_script_that_has_run_out_stops_the_stage() -> None:
    with pytest.raises(StageError, match="no answer left for mcq"):
        await ScriptedBackend([]).generate(request(Task.MCQ))


async def test_held_calls_stay_open_until_released() -> None:
    backend = ScriptedBackend(lambda asked: asked.task.value)
    backend.hold()
    texts: list[str] = []

    async def call(task: Task) -> None:
        texts.append((await backend.generate(request(task))).text)

    async with anyio.create_task_group() as group:
        for task in (Task.MCQ, Task.BCQ):
            group.start_soon(call, task)
        await backend.until_asked(2)
        await anyio.wait_all_tasks_blocked()
        assert (backend.in_flight, texts) == (2, [])
        backend.release()
    assert texts == ["mcq", "bcq"]
    assert (backend.in_flight, backend.most_in_flight) == (0, 2)
