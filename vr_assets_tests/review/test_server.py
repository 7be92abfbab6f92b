"""What `vr-assets review` serves, takes and refuses."""

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from vr_assets.cli.review import _listening
from vr_assets.errors import SettingsError
from vr_assets.export.review.site import DECISIONS
from vr_assets.records.review import Decision, Verdict, fingerprint
from vr_assets_tests.export.rows import mcq
from vr_assets_tests.review.batches import CLIP, GOOD, LOST, NAME, QUESTION, store_with_videos
from vr_assets_tests.review.conftest import Served

Posted = dict[str, object]

ITEM: Posted = {"subject": QUESTION, "of": fingerprint(mcq())}


def post(served: Served, decision: Posted, **headers: str) -> httpx2.Response:
    return httpx2.post(f"{served.url}/decisions", json=decision, headers={"origin": served.url, **headers})


def decided(served: Served) -> list[Decision]:
    return served.store.read_decisions(NAME)


def test_a_decision_is_written_down_with_who_and_when_and_told_back(served: Served) -> None:
    answer = post(served, {**ITEM, "verdict": "reject", "note": "the bus yields"})
    (one,) = decided(served)
    assert (one.subject, one.of, one.verdict, one.note, one.by) == (QUESTION, ITEM["of"], Verdict.REJECT, "the bus yields", "ada")
    assert one.at.endswith("+00:00")
    assert answer.json() == httpx2.get(f"{served.url}/decisions").json() == [one.model_dump(mode="json")]


def test_the_page_without_a_server_has_the_decision_too(served: Served) -> None:
    post(served, {**ITEM, "verdict": "reject", "note": "the bus yields"})
    assert b"the bus yields" in (served.store.review_folder(NAME) / DECISIONS).read_bytes()


def test_two_tabs_at_once_lose_nothing(served: Served) -> None:
    with ThreadPoolExecutor(8) as tabs:
        answers = tabs.map(lambda number: post(served, {**ITEM, "subject": f"{GOOD}/{number}", "verdict": "accept"}), range(24))
        assert {answer.status_code for answer in answers} == {200}
    assert {one.subject for one in decided(served)} == {f"{GOOD}/{number}" for number in range(24)}


@pytest.mark.parametrize(
    ("decision", "status", "said"),
    [
        ({**ITEM, "verdict": "maybe"}, 400, "verdict"),
        ({**ITEM, "verdict": "accept", "more": 1}, 400, "more"),
        ({"subject": QUESTION, "of": "x", "verdict": "accept"}, 400, "of"),
        ({**ITEM, "verdict": "accept", "note": "x" * 20_000}, 400, "note"),
        ({**ITEM, "verdict": "accept", "note": "x" * 1_000_000}, 413, "1000000"),
        ({**ITEM, "verdict": "accept", "edits": {"question": "Who?"}}, 400, "takes no edits"),
        ({**ITEM, "verdict": "edit"}, 400, "at least one text"),
        ({**ITEM, "verdict": "edit", "edits": {"answer": "E"}}, 400, "none of the letters"),
        ({**ITEM, "verdict": "edit", "edits": {"question": "Who?"}, "subject": GOOD}, 400, "no question of this batch"),
        ({**ITEM, "verdict": "edit", "edits": {"question": "Who?"}, "of": "0" * 16}, 409, "made again"),
    ],
)
def test_what_is_no_decision_is_refused_with_the_reason(served: Served, decision: Posted, status: int, said: str) -> None:
    answer = post(served, decision)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert decided(served) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": ""},
        {"host": "elsewhere.example"},
        {"host": "elsewhere.example", "origin": "http://elsewhere.example"},
        {"content-type": "text/plain"},
    ],
    ids=str,
)
def test_another_site_cannot_decide(served: Served, headers: dict[str, str]) -> None:
    assert post(served, {**ITEM, "verdict": "reject"}, **headers).status_code in (400, 403, 415)
    assert decided(served) == []


def test_another_site_cannot_read(served: Served) -> None:
    assert httpx2.get(f"{served.url}/entries.js", headers={"host": "elsewhere.example"}).status_code == 400
    for path in ("", "entries.js", "decisions", CLIP.clip):
        assert httpx2.get(f"{served.url}/{path}").headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "path", ["/../batch.json", "/%2e%2e/batch.json", "/..%2fbatch.json", "/clips/..%2f..%2fbatch.json", "//etc/passwd"]
)
def test_nothing_outside_the_page_is_served(served: Served, path: str) -> None:
    where = urlsplit(served.url)
    with socket.create_connection((where.hostname, where.port)) as wire:
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 404")


def test_a_player_gets_the_part_of_a_clip_that_it_asks_for(served: Served) -> None:
    answer = httpx2.get(f"{served.url}/{CLIP.clip}", headers={"range": "bytes=4-7"})
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (206, b"ftyp", "video/mp4")


def test_a_port_that_is_taken_is_named_with_the_cure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"--port {port}: cannot be listened on .* name another"):
            _listening(port)


@pytest.mark.slow
def test_the_command_builds_serves_and_ends_with_an_interrupt(tmp_path: Path) -> None:
    store = store_with_videos(tmp_path / "data")
    command = [str(Path(sys.executable).with_name("vr-assets")), "review", "--batch", NAME, "--port", "0", "--by", "ada"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "VR_DATA_ROOT": str(tmp_path / "data"), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stdout
        said = next(line for line in running.stdout if "http://" in line)
        served = Served(said.split()[3].rstrip("/"), store)
        assert LOST in httpx2.get(f"{served.url}/entries.js").text
        assert post(served, {**ITEM, "verdict": "accept"}).status_code == 200
        running.send_signal(signal.SIGINT)
        # 0 where interrupts are ignored from the start, as in a shell's background: the server ends all the same.
        assert running.wait(30) in (0, 130)
    assert [one.by for one in decided(served)] == ["ada"]
