"""Nothing is paid twice: what is stored, what counts, and what survives a crash."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import pytest

from vr_assets import journal
from vr_assets.errors import ReplyError
from vr_assets.journal import Asked, Epochs, Journal, Store
from vr_assets.records.call import Answer, Outcome, Usage
from vr_assets.settings import Task

EARLY, LATE = "2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"


def an_answer(text: str, *, key: str = "k", at: str = EARLY, outcome: Outcome = Outcome.ANSWERED) -> Answer:
    return Answer(
        key=key,
        task=Task.MCQ,
        outcome=outcome,
        text=text,
        finish="stop",
        usage=Usage(),
        backend="scripted",
        model="m",
        domain="general",
        prompt="qa/mcq.normal",
        prompt_hash="p",
        prompt_text="?",
        seconds=0.1,
        at=at,
    )


def a_journal(folder: Path, part: str = "one", **given: object) -> Journal:
    return Journal(folder, part=part, max_answers=3, **given)  # type: ignore[arg-type]


def digits(text: str) -> int:
    if not text.isdigit():
        raise ReplyError(f"no number: {text}")
    return int(text)


class Model:
    """Answers from a list and counts what it was asked."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.asked = 0

    async def __call__(self, store: Store) -> Answer:
        self.asked += 1
        await anyio.lowlevel.checkpoint()
        answer = an_answer(self.texts.pop(0), at=LATE)
        store(answer)
        return answer


def ask(journal: Journal, model: Model, parse: Callable[[str], int] = digits, key: str = "k") -> Asked[int]:
    return anyio.run(journal.ask, key, parse, model)


def test_a_stored_answer_is_read_again_and_the_model_is_not_asked(tmp_path: Path) -> None:
    first, model = a_journal(tmp_path), Model("7")
    assert not ask(first, model).reused
    first.close()
    again = ask(a_journal(tmp_path, "two"), model)
    assert (again.value, again.reused, model.asked) == (7, True, 1)


def test_an_answer_is_on_disk_before_it_is_used(tmp_path: Path) -> None:
    def parse(text: str) -> int:
        assert f'"text":"{text}"' in (tmp_path / "one.jsonl").read_text()
        return 1

    assert ask(a_journal(tmp_path), Model("x"), parse).value == 1


def test_an_answer_that_does_not_read_is_kept_and_a_mended_parser_reads_it_without_a_call(tmp_path: Path) -> None:
    model = Model("seven")
    with pytest.raises(ReplyError, match="no number: seven"):
        ask(a_journal(tmp_path), model)
    mended = ask(a_journal(tmp_path, "two"), model, lambda text: {"seven": 7}[text])
    assert (mended.value, mended.reused, model.asked) == (7, True, 1)


def test_one_fresh_answer_a_run_and_no_more_than_max_answers_over_all_runs(tmp_path: Path) -> None:
    model = Model("a", "b", "c", "4")
    for part in ("one", "two", "three"):
        with pytest.raises(ReplyError):
            ask(a_journal(tmp_path, part), model)
    with pytest.raises(ReplyError, match="3 answers could not be used.*retry.*no number: c"):
        ask(a_journal(tmp_path, "four"), model)
    assert model.asked == 3


def test_retry_asks_again_where_the_answers_were_used_up_but_still_reads_old_ones(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    for text in ("a", "b", "c"):
        journal.append(an_answer(text))
    journal.append(an_answer("5", key="other"))
    journal.close()
    model = Model("9")
    retried = a_journal(tmp_path, "two", epochs=Epochs(retried=LATE))
    assert ask(retried, model, key="other").reused
    assert ask(retried, model).value == 9


def test_force_reads_only_answers_newer_than_its_epoch_so_that_a_retried_forced_run_pays_once(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.append(an_answer("1", at=EARLY))
    journal.close()
    model = Model("2")
    forced = a_journal(tmp_path, "two", epochs=Epochs(forced=LATE))
    assert ask(forced, model).value == 2
    forced.close()
    again = ask(a_journal(tmp_path, "three", epochs=Epochs(forced=LATE)), model)
    assert (again.value, again.reused, model.asked) == (2, True, 1)


def test_the_same_question_asked_twice_at_once_is_paid_once(tmp_path: Path) -> None:
    journal, model = a_journal(tmp_path), Model("3")

    async def twice() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(journal.ask, "k", digits, model)
            group.start_soon(journal.ask, "k", digits, model)

    anyio.run(twice)
    assert model.asked == 1


@pytest.mark.parametrize("outcome", [Outcome.CUT, Outcome.REFUSED])
def test_a_cut_or_refused_answer_is_never_text(tmp_path: Path, outcome: Outcome) -> None:
    journal = a_journal(tmp_path)
    for _ in range(3):
        journal.append(an_answer("7", outcome=outcome))
    with pytest.raises(ReplyError, match="cut at the output limit" if outcome is Outcome.CUT else "refused"):
        ask(journal, Model())


def test_06_a_line_torn_by_a_crash_costs_itself_only(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.append(an_answer("1", key="a"))
    journal.append(an_answer("2", key="b"))
    journal.close()
    part = tmp_path / "one.jsonl"
    part.write_bytes(part.read_bytes()[:-20])
    after = a_journal(tmp_path, "two")
    after.append(an_answer("3", key="c"))
    after.close()
    last = a_journal(tmp_path, "three")
    assert [[answer.text for answer in last.answers(key)] for key in "abc"] == [["1"], [], ["3"]]


def test_a_line_that_is_complete_later_is_indexed_then(tmp_path: Path) -> None:
    line = an_answer("1").to_line().encode() + b"\n"
    (tmp_path / "live.jsonl").write_bytes(line[:30])
    early = a_journal(tmp_path, "one")
    assert early.answers("k") == []
    early.close()
    (tmp_path / "live.jsonl").write_bytes(line)
    assert [answer.text for answer in a_journal(tmp_path, "two").answers("k")] == ["1"]


@pytest.mark.parametrize("harm", ["deleted", "garbage"])
def test_the_index_can_be_lost_and_comes_back(tmp_path: Path, harm: str) -> None:
    journal = a_journal(tmp_path)
    journal.append(an_answer("1"))
    journal.close()
    a_journal(tmp_path, "two").close()
    index = tmp_path / "index.sqlite"
    if harm == "deleted":
        index.unlink()
    else:
        index.write_bytes(b"this is no database" * 100)
    assert [answer.text for answer in a_journal(tmp_path, "three").answers("k")] == ["1"]


def test_an_answer_of_a_later_version_that_tells_more_is_read(tmp_path: Path) -> None:
    line = an_answer("1").to_line().replace('{"key"', '{"mood":"calm","key"').replace('"usage":{', '"usage":{"seen":3,')
    (tmp_path / "later.jsonl").write_text(f"{line}\n")
    assert [answer.text for answer in a_journal(tmp_path).answers("k")] == ["1"]


def test_what_one_version_does_not_read_is_there_again_for_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = an_answer("1").to_line().replace('"outcome":"answered"', '"outcome":"sung"')
    (tmp_path / "later.jsonl").write_text(f"{line}\n")

    class Later(Answer):
        outcome: str  # type: ignore[assignment]

    def upgraded() -> Iterator[None]:
        with monkeypatch.context() as later:
            later.setattr(journal, "Answer", Later)
            later.setattr(journal, "_FORM", 2)
            yield

    found = []
    for version in (contextlib.nullcontext, contextlib.contextmanager(upgraded)) * 2:
        with version():
            opened = a_journal(tmp_path)
            found.append([answer.text for answer in opened.answers("k")])
            opened.close()
    assert found == [[], ["1"], [], ["1"]]


def test_a_part_that_was_removed_is_forgotten(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.append(an_answer("1"))
    journal.close()
    a_journal(tmp_path, "two").close()
    (tmp_path / "one.jsonl").unlink()
    assert a_journal(tmp_path, "three").answers("k") == []


def test_two_journals_open_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    one, two = a_journal(tmp_path, "one"), a_journal(tmp_path, "two")
    one.append(an_answer("1", key="a"))
    two.append(an_answer("2", key="b"))
    one.close()
    two.close()
    after = a_journal(tmp_path, "three")
    assert [after.answers("a")[0].text, after.answers("b")[0].text] == ["1", "2"]


def test_answers_come_newest_first(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    for text in "abc":
        journal.append(an_answer(text))
    assert [answer.text for answer in journal.answers("k")] == ["c", "b", "a"]
    journal.close()
    assert [answer.text for answer in a_journal(tmp_path, "two").answers("k")] == ["c", "b", "a"]
