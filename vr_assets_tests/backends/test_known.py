"""What is known about endpoints outlives a run; a file that cannot be used is named."""

from pathlib import Path

import pytest

from vr_assets.backends.known import Known
from vr_assets.errors import StorageError

AT = "2026-01-02T03:04:05+00:00"


def test_what_one_run_learns_the_next_one_knows(tmp_path: Path) -> None:
    first = Known(tmp_path / "a" / "known.sqlite")
    first.put("e", "style.mcq", "json", at=AT)
    first.close()
    second = Known(tmp_path / "a" / "known.sqlite")
    assert second.get("e", "style.mcq") == "json"
    assert second.listed("e", "style.") == {"style.mcq": "json"}
    assert second.get("e", "style.mcq", not_before="2026-01-03") is None
    second.forget("e", "style.mcq")
    assert second.get("e", "style.mcq") is None


def test_a_file_that_breaks_is_named_at_every_use(tmp_path: Path) -> None:
    path = tmp_path / "known.sqlite"
    known = Known(path)
    known.put("e", "w", "v", at=AT)
    path.write_bytes(b"no database" * 1000)
    for use in (lambda: known.get("e", "w"), lambda: known.listed("e", "w"), lambda: known.forget("e", "w")):
        with pytest.raises(StorageError, match=str(path)):
            use()
    with pytest.raises(StorageError, match="delete the file"):
        Known(path)
