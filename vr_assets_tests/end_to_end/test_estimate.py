"""An estimate against the run that follows it."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from vr_assets.backends.prices import Prices
from vr_assets.settings import Asset, Graph, Task, environment_layer, resolve
from vr_assets.steps.estimate import Estimate, estimate
from vr_assets.storage import Store
from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.project import Project, draw_videos, openai_at, tasks
from vr_assets_tests.servers.serving import Behaviour

pytestmark = pytest.mark.slow

HALF = "raw_videos,filtered_videos,captions"


def estimated(project: Project, batch: str, assets: Sequence[Asset] = Graph.VIDEOS.assets) -> Estimate:
    store = Store(project.root / "data")
    layers = ("batch.json", store.read_batch(batch).settings), ("environment", environment_layer(project.env, None))
    settings = resolve(*layers).settings
    return anyio.run(lambda: estimate(batch, assets, settings, store, environ=project.env, prices=Prices.load("")))


def foreseen(found: Estimate, *, certain: bool = False) -> Counter[str]:
    return Counter(str(call.task) for call in found.calls if call.is_certain or not certain)


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """One of one chunk, one of two."""
    folder = draw_videos(tmp_path / "videos", 1, seconds=1)
    draw_videos(folder / "long", 1, seconds=11)
    return folder


def test_a_run_of_a_labelled_batch_asks_what_was_estimated_and_then_nothing_is_left(
    serve: ServerFactory, drawn: Path, tmp_path: Path
) -> None:
    server = serve(Behaviour())
    project = Project.at(tmp_path / "project", openai_at(server))
    project.vr("ingest", str(drawn), "--batch", "cams", "--mode", "anomaly", "--set", "chunks.chunk_duration_options=5,10")
    before = estimated(project, "cams")
    assert before.unmeasured == 2 and server.served == []
    project.vr("run", "--batch", "cams", "--select", HALF)
    half = estimated(project, "cams")
    assert half.unmeasured == 0
    assert foreseen(half) == foreseen(before) - tasks(server.served)
    project.vr("run", "--batch", "cams")
    assert tasks(server.served) == foreseen(before)
    after = estimated(project, "cams")
    assert after.calls == ()
    assert sum(stage.answered for stage in after.stages) == len(before.calls)
    said = project.vr("estimate", "--batch", "cams")
    assert "Nothing to ask" in said


@pytest.mark.thorough
@pytest.mark.parametrize("verdict", ["Anomaly", "Normal"])
def test_a_run_of_an_unlabelled_batch_asks_no_less_and_no_more_than_the_range(
    verdict: str, serve: ServerFactory, tmp_path: Path
) -> None:
    server = serve(Behaviour(verdict=verdict))
    project = Project.at(tmp_path / "project", openai_at(server))
    project.vr("ingest", str(draw_videos(tmp_path / "videos", 1, seconds=1)), "--batch", "cams")
    before = estimated(project, "cams")
    project.vr("run", "--batch", "cams")
    assert tasks(server.served) == foreseen(before, certain=verdict == "Normal")


@pytest.mark.thorough
def test_an_answer_that_does_not_read_is_estimated_until_no_more_are_asked_for(serve: ServerFactory, tmp_path: Path) -> None:
    server = serve(Behaviour(garbage=frozenset({Task.MCQ})))
    project = Project.at(tmp_path / "project", {**openai_at(server), "VR_CALLS__MAX_ANSWERS": "1"})
    project.vr("ingest", str(draw_videos(tmp_path / "videos", 1, seconds=1)), "--batch", "cams", "--mode", "normal")
    project.vr("run", "--batch", "cams")
    assert estimated(project, "cams").calls == ()
    project.env["VR_CALLS__MAX_ANSWERS"] = "2"
    assert foreseen(estimated(project, "cams")) == {Task.MCQ: 1}


def test_the_command_tells_calls_costs_and_how_to_cap_them_in_80_columns(serve: ServerFactory, tmp_path: Path) -> None:
    project = Project.at(tmp_path / "project", {"COLUMNS": "80"})
    project.vr("ingest", str(draw_videos(tmp_path / "videos", 2, seconds=1)), "--batch", "cams")
    said = project.vr("estimate", "--batch", "cams", "--set", "qa.qa_types=mcq")
    table = said[: said.index("About")]
    assert max(map(len, table.splitlines())) <= 80
    assert re.search(r"highlights +0 +0-4 ", table)
    assert re.search(r"total +0 +12-16 ", table)
    assert re.search(r"About 0\.\d+ USD; at most 0\.\d+ USD", said)
    assert re.search(r"--set budget\.run_usd=0\.\d+", said)
    assert Store(project.root / "data").read_batch("cams").settings == {}
    unknown = project.vr("estimate", "--batch", "cams", "--backend", "openai", "--set", "vlm.openai.model_name=house-7b")
    assert "Price not known:" in unknown and "house-7b" in unknown
