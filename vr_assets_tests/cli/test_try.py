"""`vr-assets try`: one video through to a stage, beside the previous try."""

from pathlib import Path

from vr_assets.settings import Asset, Task
from vr_assets_tests.steps.graph import valid
from vr_assets_tests.test_cli import Terminal, flat

HEAD = '{# values: none #}\n{% extends "general/captions/dense.anomaly.md" %}\n'


def draft(terminal: Terminal, words: str) -> str:
    path = terminal.root / "drafts" / "dense.anomaly.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEAD + f"{{% block focus %}}{words}{{% endblock %}}\n")
    return str(path)


def test_a_try_shows_what_was_sent_and_what_came_back_and_registers_nothing(terminal: Terminal, videos: Path) -> None:
    said = terminal.vr("try", str(sorted(videos.iterdir())[0]))
    assert said.code == 0, said.err
    assert {request.task for request in terminal.requests} == {Task.SCREENING, Task.GLOBAL_CAPTION, Task.DENSE_CAPTION}
    assert "Write down, as a list of timed events" in said.out and "events:" in said.out
    assert "3 asked" in said.out
    assert terminal.store.batches() == ()


def test_the_next_try_pays_for_what_changed_and_stands_beside_the_last(terminal: Terminal, videos: Path) -> None:
    video = str(sorted(videos.iterdir())[0])
    terminal.vr("try", video, "--mode", "anomaly", "--prompt", draft(terminal, "Name every crane."))
    said = terminal.vr("try", video, "--mode", "anomaly", "--prompt", draft(terminal, "Name every boat."))
    assert said.code == 0, said.err
    assert [request.task for request in terminal.requests] == [Task.DENSE_CAPTION]
    assert "-Name every crane." in said.out and "+Name every boat." in said.out
    assert "Beside the try of" in said.out and "sent: as before" in said.out
    assert "1 asked, 2 reused" in said.out


def test_what_a_try_paid_for_is_not_paid_for_again_by_a_batch(terminal: Terminal, videos: Path) -> None:
    first = sorted(videos.iterdir())[0]
    terminal.vr("try", str(first), "--mode", "anomaly", "--asset", "qa")
    terminal.vr("ingest", str(first), "--batch", "cams", "--mode", "anomaly")
    said = terminal.vr("run", "--batch", "cams")
    assert said.code == 0, said.err
    assert terminal.requests == []


def test_a_draft_that_cannot_be_used_is_named_where_it_lies_and_nothing_is_asked(terminal: Terminal, videos: Path) -> None:
    video, path = str(sorted(videos.iterdir())[0]), draft(terminal, "{{ crane }}")
    said = terminal.vr("try", video, "--prompt", path)
    assert said.code == 1 and f"{path}:3: there is no value crane" in said.err
    other = Path(path).rename(Path(path).with_name("dense.anomly.md"))
    said = terminal.vr("try", video, "--prompt", str(other))
    assert said.code == 1 and "did you mean captions/dense.anomaly.md" in said.err
    assert terminal.requests == []


def test_an_answer_that_does_not_read_is_shown_with_the_reason(terminal: Terminal, videos: Path) -> None:
    terminal.script = lambda request: "no." if request.task is Task.DENSE_CAPTION else valid(request)
    said = terminal.vr("try", str(sorted(videos.iterdir())[0]), "--asset", str(Asset.CAPTIONS), "--mode", "normal")
    assert said.code == 1
    assert "\n  no.\n  ! " in said.out
    assert "captions: failed" in flat(said.out)
