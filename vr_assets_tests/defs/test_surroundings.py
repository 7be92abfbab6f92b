"""Where a run's settings come from, and what run config may not change."""

from pathlib import Path

import pytest

from vr_assets.defs.surroundings import environment, resolve_for
from vr_assets.errors import SettingsError
from vr_assets.records.batch import Batch


def a_batch(**settings: str | int) -> Batch:
    kept = {name.replace("__", "."): value for name, value in settings.items()}
    return Batch(name="cams", family="cams", source_root=None, settings=dict(kept), created="2026-01-02T00:00:00+00:00")


def test_run_config_beats_the_batch_which_beats_the_environment() -> None:
    environ = {"VR_CALLS__MAX_WORKERS": "1", "VR_CALLS__MAX_ATTEMPTS": "1", "VR_MODE": "normal"}
    batch = a_batch(calls__max_workers=2, calls__max_attempts=2)
    resolved = resolve_for(batch, run={"calls.max_workers": 3}, environ=environ)
    assert (resolved.settings.calls.max_workers, resolved.settings.calls.max_attempts) == (3, 2)
    assert resolved.sources == {"calls.max_workers": "run config", "calls.max_attempts": "batch.json", "mode": "environment"}


def test_a_recipe_setting_in_run_config_that_differs_is_an_error_that_says_where_to_set_it() -> None:
    with pytest.raises(SettingsError) as raised:
        resolve_for(a_batch(), run={"vlm.backend": "openai"}, environ={})
    for part in ("vlm.backend", "vr-assets run --batch cams --set vlm.backend=openai", "batch.json", "environment"):
        assert part in str(raised.value)


def test_a_recipe_setting_in_run_config_that_says_the_same_is_fine() -> None:
    resolved = resolve_for(a_batch(vlm__backend="openai"), run={"vlm.backend": "openai"}, environ={})
    assert resolved.settings.vlm.backend == "openai"


def test_keys_are_looked_up_in_the_environment_and_under_it_in_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("GOOGLE_API_KEY=from dotenv\nOPENAI_API_KEY=from dotenv\n")
    monkeypatch.setenv("OPENAI_API_KEY", "from the environment")
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    found = environment()
    assert (found["GOOGLE_API_KEY"], found["OPENAI_API_KEY"]) == ("from dotenv", "from the environment")
