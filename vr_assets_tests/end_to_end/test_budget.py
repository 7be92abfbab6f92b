"""A budget is never overspent, by the log of the one who charges; what was bought is kept, and is not bought again."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from vr_assets.settings import Graph
from vr_assets_tests.end_to_end.conftest import Calm
from vr_assets_tests.end_to_end.project import Project, by_content, hurried, openai_at
from vr_assets_tests.servers.faults import FaultMix
from vr_assets_tests.servers.openai import OpenAIDialect
from vr_assets_tests.servers.serving import Behaviour, ModelServer, Price, Served, serve

pytestmark = pytest.mark.slow

PRICE = Price(input_usd=1.0, output_usd=100.0)
# About half of what the batch costs, and several times what the calls in flight may cost at most.
BUDGET_USD = 0.4
CHARGING = Behaviour(price=PRICE, mix=FaultMix(seed=6), delay_s=0.03)

TABLE = f"""
[[models]]
names = ["loopback"]
source = "the test's server"
input_usd = {PRICE.input_usd}
output_usd = {PRICE.output_usd}
video_tokens_per_s = 258
frame_tokens = 258
"""


def project_at(root: Path, server: ModelServer, videos: Path) -> Project:
    project = Project.at(root, {**openai_at(server), **hurried("openai")})
    (root / "own_prices.toml").write_text(TABLE)
    project.env["VR_BUDGET__PRICES_FILE"] = str(root / "own_prices.toml")
    project.env |= {f"VR_{role}__OPENAI__MAX_TOKENS": "512" for role in ("VLM", "LLM")}
    project.vr("ingest", str(videos), "--batch", "cams")
    return project


def spent_usd(served: Sequence[Served]) -> float:
    return sum(one.cost_usd for one in served)


@pytest.mark.thorough
def test_a_run_stops_at_its_budget_keeps_what_it_bought_and_goes_on_with_a_higher_one(
    videos: Path, calm: Calm, tmp_path: Path
) -> None:
    with serve(OpenAIDialect(), CHARGING) as server:
        project = project_at(tmp_path, server, videos)
        project.env["VR_BUDGET__RUN_USD"] = str(BUDGET_USD)
        said = project.vr("run", "--batch", "cams", code=1)
        assert "budget.run_usd" in said or "VR_BUDGET__RUN_USD" in said
        first = server.served
        assert 0.5 * BUDGET_USD < spent_usd(first) <= BUDGET_USD
        bought = [one for one in first if one.usable]
        kept = [line for line in project.journal() if line["outcome"] == "answered" and line["text"]]
        assert len(kept) == len(bought)

        project.env["VR_BUDGET__RUN_USD"] = "10"
        project.vr("run", "--batch", "cams")
        served = server.served
    assert {sum(one.usable for one in requests) for requests in by_content(served).values()} == {1}
    for asset in Graph.VIDEOS.assets:
        assert project.statuses("cams", asset) == {"ok": 6}
    assert project.task_files("cams") == calm(videos).task_files("cams")
    whole = sum(float(str(line["cost_usd"])) for line in project.journal())
    # An answer without a word in it is paid for, and there is nothing of it to keep.
    assert whole == pytest.approx(spent_usd([one for one in served if one.sent_at is not None and one.output_tokens]))


@pytest.mark.thorough
def test_a_batch_has_one_budget_over_all_its_runs(videos: Path, tmp_path: Path) -> None:
    with serve(OpenAIDialect(), CHARGING) as server:
        project = project_at(tmp_path, server, videos)
        project.env["VR_BUDGET__BATCH_USD"] = str(BUDGET_USD)
        for _ in range(2):
            said = project.vr("run", "--batch", "cams", code=1)
            assert "budget.batch_usd" in said or "VR_BUDGET__BATCH_USD" in said
            assert 0.5 * BUDGET_USD < spent_usd(server.served) <= BUDGET_USD


def test_a_budget_without_a_price_asks_nothing_and_says_so(two: Path, tmp_path: Path) -> None:
    with serve(OpenAIDialect(), CHARGING) as server:
        project = project_at(tmp_path, server, two)
        del project.env["VR_BUDGET__PRICES_FILE"]
        project.env["VR_BUDGET__RUN_USD"] = "1"
        said = project.vr("run", "--batch", "cams", code=1)
        assert "loopback" in said and "prices_file" in said.lower()
        assert not server.served
