"""Asking through the journal: what makes a request the same, and what is kept of an answer."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from vr_assets.backends.base import Backend
from vr_assets.backends.calling import Caller, UnderWay
from vr_assets.backends.counts import Counts
from vr_assets.backends.journaled import Asker
from vr_assets.backends.limits import Gate, Limiter
from vr_assets.backends.scripted import ScriptedBackend
from vr_assets.errors import RefusedError, ReplyError, StageError, TransientError
from vr_assets.journal import Journal
from vr_assets.records.call import Finish, Outcome, Reply, Request
from vr_assets.settings import Asset, CallSettings, Task
from vr_assets_tests.backends.asked import VIDEO
from vr_assets_tests.backends.asked import request as a_request

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path, part="one", max_answers=3, output_cap=32768)
    yield opened
    opened.close()


async def at_once(seconds: float) -> None:
    """Sleeps not at all."""


def an_asker(backend: Backend, journal: Journal, counts: Counts | None = None, **given: object) -> Asker:
    calls = CallSettings.model_validate(given)
    caller = Caller(backend, calls=calls, limiter=Limiter("e", 4), gate=Gate(4), under_way=UnderWay(), sleep=at_once)
    return Asker(
        lambda task: caller, journal, asset=Asset.QA, counts=counts or Counts(), calls=calls, now=lambda: NOON, run="r", batch="b"
    )


def test_a_request_is_the_same_whatever_style_its_reply_is_asked_in(journal: Journal) -> None:
    request = a_request(Task.MCQ)
    schema, layout = (an_asker(ScriptedBackend([], structured=style), journal) for style in (True, False))
    assert schema.key(request) == layout.key(request)


def test_another_prompt_task_or_sampling_is_another_request(journal: Journal) -> None:
    request = a_request(Task.MCQ)
    asker = an_asker(ScriptedBackend([]), journal)
    others = [
        replace(request, task=Task.BCQ),
        replace(request, prompt=request.prompt.model_copy(update={"layout_text": "another"})),
    ]
    assert len({asker.key(one) for one in [request, *others]}) == 3
    assert an_asker(ScriptedBackend([], temperature=0.5), journal).key(request) != asker.key(request)


def test_an_answer_is_kept_with_the_prompt_as_it_was_sent(journal: Journal) -> None:
    request = a_request(Task.MCQ)
    asker = an_asker(ScriptedBackend(["42"], structured=False), journal)
    answer = anyio.run(asker.ask, request, int).answer
    assert (answer.prompt_text, answer.at) == (request.prompt.layout_text, NOON.isoformat())
    assert journal.answers(asker.key(request)) == [answer]


def test_half_a_character_in_an_answer_does_not_cost_the_answer(journal: Journal) -> None:
    asker = an_asker(ScriptedBackend(["a car \ud83d stops"]), journal)
    assert anyio.run(asker.ask, a_request(Task.MCQ), str).value == "a car � stops"


def test_a_refused_request_is_kept_and_a_busy_endpoint_is_not(journal: Journal) -> None:
    request = a_request(Task.MCQ)
    with pytest.raises(TransientError):
        anyio.run(an_asker(ScriptedBackend([TransientError("busy")]), journal, max_attempts=1).ask, request, str)
    asker = an_asker(ScriptedBackend([RefusedError("too large")]), journal)
    assert journal.answers(asker.key(request)) == []
    with pytest.raises(ReplyError, match="the request was refused: too large"):
        anyio.run(asker.ask, request, str)
    assert [answer.outcome for answer in journal.answers(asker.key(request))] == [Outcome.REFUSED]


def test_13_a_backend_that_is_not_ready_is_no_matter_where_the_journal_answers(journal: Journal) -> None:
    request: Request = a_request(Task.MCQ)
    anyio.run(an_asker(ScriptedBackend(["7"]), journal).ask, request, int)
    without_key = an_asker(ScriptedBackend([], ready=StageError("no key")), journal)
    assert anyio.run(without_key.ask, request, int).value == 7
    with pytest.raises(StageError, match="no key"):
        anyio.run(without_key.ask, a_request(Task.BCQ), int)


def cut(text: str = "half an ans") -> Reply:
    return Reply(text=text, finish=Finish.LENGTH, finish_words="length")


def limits(backend: ScriptedBackend) -> list[int | None]:
    return [request.output_tokens for request in backend.requests]


def test_16_a_cut_answer_is_asked_again_with_twice_the_limit_until_it_is_whole(journal: Journal) -> None:
    backend = ScriptedBackend([cut(), cut(), "42"], output_limit=1000)
    assert anyio.run(an_asker(backend, journal).ask, a_request(Task.MCQ), int).value == 42
    assert limits(backend) == [None, 2000, 4000]


def test_16_a_cut_answer_fails_at_the_cap_and_is_never_text(journal: Journal) -> None:
    backend = ScriptedBackend([cut(), cut(), cut()], output_limit=1000)
    asker = an_asker(backend, journal, max_output_cap=3000)
    with pytest.raises(ReplyError, match=r"cut at the output limit of 3000 tokens.*calls\.max_output_cap"):
        anyio.run(asker.ask, a_request(Task.MCQ), str)
    assert limits(backend) == [None, 2000, 3000]
    assert [answer.output_tokens_limit for answer in reversed(journal.answers(asker.key(a_request(Task.MCQ))))] == [
        1000,
        2000,
        3000,
    ]


def test_what_was_cut_at_the_cap_is_not_paid_for_again_until_the_cap_is_raised(tmp_path: Path) -> None:
    def run(part: str, cap: int, *script: Reply | str) -> ScriptedBackend:
        opened = Journal(tmp_path, part=part, max_answers=3, output_cap=cap)
        backend = ScriptedBackend(script, output_limit=1000)
        with suppress(ReplyError):
            anyio.run(an_asker(backend, opened, max_output_cap=cap).ask, a_request(Task.MCQ), int)
        opened.close()
        return backend

    assert limits(run("one", 4000, cut(), cut(), cut())) == [None, 2000, 4000]
    assert limits(run("two", 4000)) == []
    assert limits(run("three", 8000, "7")) == [8000]


def test_an_endpoint_that_takes_no_higher_limit_leaves_the_answer_cut_and_not_refused(journal: Journal) -> None:
    backend = ScriptedBackend([cut(), RefusedError("max_tokens is too large: 8192")], output_limit=4096)
    asker = an_asker(backend, journal)
    with pytest.raises(ReplyError, match="cut at the output limit of 4096 tokens"):
        anyio.run(asker.ask, a_request(Task.MCQ), str)
    assert [answer.outcome for answer in journal.answers(asker.key(a_request(Task.MCQ)))] == [Outcome.CUT]


def test_a_request_without_an_answer_is_not_tried_again_in_the_same_run(journal: Journal) -> None:
    backend = ScriptedBackend([TransientError("busy")] * 9)
    asker = an_asker(backend, journal, max_attempts=2)
    for _ in range(2):
        with pytest.raises(TransientError, match="no answer after 2 attempts"):
            anyio.run(asker.ask, a_request(Task.MCQ), int)
    assert len(backend.requests) == 2


def test_an_answer_that_does_not_read_is_not_asked_for_twice_in_a_run_and_counts_once(journal: Journal) -> None:
    counts, backend = Counts(), ScriptedBackend(["seven", "7"])
    asker = an_asker(backend, journal, counts)
    for _ in range(2):
        with pytest.raises(ReplyError):
            anyio.run(asker.ask, a_request(Task.MCQ), digits)
    assert (len(backend.requests), counts.asked, counts.reused) == (1, 1, 0)


def test_an_answer_of_this_run_is_no_reused_one(journal: Journal) -> None:
    counts = Counts()
    asker = an_asker(ScriptedBackend(["7"]), journal, counts)
    assert [anyio.run(asker.ask, a_request(Task.MCQ), digits).reused for _ in range(2)] == [False, False]
    assert (counts.asked, counts.reused) == (1, 0)


def test_an_answer_says_which_run_and_batch_paid_for_it(journal: Journal) -> None:
    reply = Reply(text="7", finish=Finish.STOP, thinking="six plus one", remarks=("shown smaller",))
    answer = anyio.run(an_asker(ScriptedBackend([reply]), journal).ask, a_request(Task.MCQ), int).answer
    assert (answer.run, answer.batch, answer.thinking, answer.remarks) == ("r", "b", "six plus one", ("shown smaller",))


def digits(text: str) -> int:
    if not text.isdigit():
        raise ReplyError(f"no number: {text}")
    return int(text)


UNREADABLE = "A white van turns left at the junction, then another vehicle brakes behind it near the kerb."


def of_van(text: str) -> str:
    if not text.startswith("CAPTION: "):
        raise ReplyError("no label")
    return text


@pytest.mark.parametrize("repair", [False, True])
def test_an_answer_that_does_not_read_is_restated_once_where_the_setting_says_so(journal: Journal, repair: bool) -> None:
    backend = ScriptedBackend([UNREADABLE, f"CAPTION: {UNREADABLE}"])
    asker = an_asker(backend, journal, repair=repair)
    request = a_request(Task.GLOBAL_CAPTION, VIDEO)
    if not repair:
        with pytest.raises(ReplyError, match="no label"):
            anyio.run(asker.ask, request, of_van)
        assert len(backend.requests) == 1
        return
    answer = anyio.run(asker.ask, request, of_van).answer
    assert (answer.repaired_from, answer.prompt) == (UNREADABLE, "captions/global.normal.repair")
    assert (backend.requests[1].media, UNREADABLE in backend.requests[1].prompt.layout_text) == ((), True)


def test_a_restatement_that_says_more_than_the_answer_is_kept_and_never_read(tmp_path: Path) -> None:
    invented = "CAPTION: A blue lorry crashes into three pedestrians while police officers watch helplessly from helicopters."
    for part, backend in (("one", ScriptedBackend([UNREADABLE, invented])), ("two", ScriptedBackend([]))):
        opened = Journal(tmp_path, part=part, max_answers=2)
        asker = an_asker(backend, opened, repair=True)
        with pytest.raises(ReplyError, match="no label|could not be used|restated, it says"):
            anyio.run(asker.ask, a_request(Task.GLOBAL_CAPTION), of_van)
        stored = opened.answers(asker.key(a_request(Task.GLOBAL_CAPTION)))
        assert [answer.outcome for answer in stored] == [Outcome.REFUSED, Outcome.ANSWERED]
        opened.close()


def test_a_refusal_is_not_restated(journal: Journal) -> None:
    backend = ScriptedBackend(["I'm sorry, but I cannot see any video. Please provide the video.", "never"])
    with pytest.raises(ReplyError):
        anyio.run(an_asker(backend, journal, repair=True).ask, a_request(Task.GLOBAL_CAPTION), of_van)
    assert len(backend.requests) == 1
