"""What is kept of a server's output."""

import io
from pathlib import Path

import pytest

from vr_assets.backends.vllm_guard import BoundedLog, State


def copy(path: Path, printed: bytes, limit: int = 1000) -> None:
    BoundedLog(path, limit).copy(io.BytesIO(printed))


def test_a_log_of_days_stays_bounded_and_keeps_its_end(tmp_path: Path) -> None:
    lines = [b"line %d\n" % number for number in range(10_000)]
    copy(tmp_path / "log", b"".join(lines))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1"]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2000
    kept = (tmp_path / "log.1").read_bytes() + (tmp_path / "log").read_bytes()
    assert b"".join(lines).endswith(kept)


def test_the_log_of_the_start_before_is_kept(tmp_path: Path) -> None:
    copy(tmp_path / "log", b"first\n")
    copy(tmp_path / "log", b"second\n")
    assert [(tmp_path / name).read_bytes() for name in ("log.1", "log")] == [b"first\n", b"second\n"]


def test_a_line_without_end_is_no_danger(tmp_path: Path) -> None:
    copy(tmp_path / "log", b"x" * 200_000, limit=100_000)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 200_000


def test_keys_of_the_environment_are_not_kept_and_words_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_abcdefgh")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hf_abcdefghijkl")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "parallelism")
    monkeypatch.setenv("SOME_KEY", "short")
    copy(tmp_path / "log", b"hf_abcdefgh, hf_abcdefghijkl, parallelism, short\n")
    assert (tmp_path / "log").read_bytes() == b"[key], [key], parallelism, short\n"


@pytest.mark.parametrize("written", ["", "{", "[]", "{}", '{"gpus": []}', '{"gpus": [], "more": 1}'])
def test_a_state_that_does_not_read_is_none(tmp_path: Path, written: str) -> None:
    (tmp_path / "state").write_text(written)
    assert State.read(tmp_path / "state") is None
