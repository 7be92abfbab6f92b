"""Three runs at once share one endpoint's ceiling, and none of them starves."""

from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from vr_assets.settings import Graph
from vr_assets_tests.end_to_end.conftest import ServerFactory
from vr_assets_tests.end_to_end.project import Project, draw_videos, hurried, openai_at
from vr_assets_tests.servers.serving import Behaviour, Served

pytestmark = pytest.mark.slow

CEILING = 6
VIDEOS = 5
# By what a request says, runs are told apart: each batch has a temperature of its own.
TEMPERATURES = {"first": 0.1, "second": 0.2, "third": 0.3}
# While all three want answers, each has one among so many in a row: twice what a fair turn would need.
WINDOW = 2 * len(TEMPERATURES) * CEILING


def run_of(one: Served) -> float:
    assert one.question is not None
    return float(str(one.question.parameters["temperature"]))


@pytest.mark.thorough
def test_three_runs_never_have_more_in_flight_than_the_ceiling_and_none_starves(serve: ServerFactory, tmp_path: Path) -> None:
    videos = draw_videos(tmp_path / "videos", VIDEOS * len(TEMPERATURES), seconds=1)
    server = serve(Behaviour(delay_s=0.25))
    project = Project.at(tmp_path / "project", {**openai_at(server, workers=CEILING), **hurried("openai", timeout_s=30)})
    paths = sorted(videos.iterdir())
    for position, (batch, temperature) in enumerate(TEMPERATURES.items()):
        own = tmp_path / batch
        own.mkdir()
        for path in paths[position::3]:
            path.rename(own / path.name)
        both = [f"{role}.openai.temperature={temperature}" for role in ("vlm", "llm")]
        project.vr("ingest", str(own), "--batch", batch, "--set", both[0], "--set", both[1])

    with ExitStack() as running:
        for life in [running.enter_context(project.live("run", "--batch", batch)) for batch in TEMPERATURES]:
            assert life.code() == 0, life.said

    served = sorted(server.served, key=lambda one: one.until)
    for batch in TEMPERATURES:
        for asset in Graph.VIDEOS.assets:
            assert project.statuses(batch, asset) == {"ok": VIDEOS}
    assert server.most_in_flight <= CEILING
    assert server.most_in_flight >= CEILING - 1, "the runs did not use what they may"
    assert all(one.fault == "" for one in served)

    runs = TEMPERATURES.values()
    asked = {run: [one for one in served if run_of(one) == run] for run in runs}
    since = max(min(one.at for one in own) for own in asked.values())
    until = min(max(one.at for one in own) for own in asked.values())
    answers = [run_of(one) for one in served if since <= one.until <= until]
    assert len(answers) >= 2 * WINDOW, "the three did not work at the same time for long enough to tell"
    for start in range(len(answers) - WINDOW + 1):
        among = Counter(answers[start : start + WINDOW])
        assert set(among) == set(runs), (start, among)
