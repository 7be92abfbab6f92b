"""Asking through the journal: what makes a request the same, and what is kept of an answer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from vr_assets.backends.base import Backend
from vr_assets.backends.journaled import Asker, Counts
from vr_assets.backends.scripted import ScriptedBackend
from vr_assets.errors import RefusedError, ReplyError, StageError, TransientError
from vr_assets.journal import Journal
from vr_assets.records.call import Outcome, Request
from vr_assets.settings import Task
from vr_assets_tests.backends.asked import request as a_request

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path, part="one", max_answers=3)
    yield opened
    opened.close()


def an_asker(backend: Backend, journal: Journal) -> Asker:
    return Asker(backend, journal, counts=Counts(), now=lambda: NOON)


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
    asker = an_asker(ScriptedBackend([TransientError("busy"), RefusedError("too large")]), journal)
    with pytest.raises(TransientError):
        anyio.run(asker.ask, request, str)
    assert journal.answers(asker.key(request)) == []
    with pytest.raises(ReplyError, match="the request was refused: too large"):
        anyio.run(asker.ask, request, str)
    assert [answer.outcome for answer in journal.answers(asker.key(request))] == [Outcome.REFUSED]


def test_13_a_backend_that_is_not_ready_is_no_matter_where_the_journal_answers(journal: Journal) -> None:
    request: Request = a_request(Task.MCQ)
    anyio.run(an_asker(ScriptedBackend(["7"]), journal).ask, request, int)
    without_key = an_asker(ScriptedBackend([], ready=StageError("no key")), journal)
    assert anyio.run(without_key.ask, request, int).reused
    with pytest.raises(StageError, match="no key"):
        anyio.run(without_key.ask, a_request(Task.BCQ), int)
