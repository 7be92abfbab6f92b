"""The offline annotator over scenes drawn from seeds, two of each kind: what it says is right, and most of what happens it says.

`python -m benchmarks.baseline` takes 120 scenes and tells of every kind of fact, also of those that two scenes in forty show. The
scenes are shared out among tests, so that workers can take them at the same time; whichever test is the last one judges them all.
"""

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from vr_assets_tests.scoring.run import score
from vr_assets_tests.scoring.tally import Tally
from vr_assets_tests.scoring.texts import UNJUDGED

SCENES, SHARDS = 40, 4
RIGHT, TOLD = 0.95, 0.80
# Fewer say nothing about a share.
LEAST = 20

_TALLIES = TypeAdapter(Tally)


@pytest.fixture
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """One folder for all workers of this run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "offline-baseline"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.slow
@pytest.mark.thorough
@pytest.mark.parametrize("shard", range(SHARDS))
def test_what_is_said_of_drawn_scenes_is_right_and_most_of_what_happens_is_said(shared: Path, shard: int) -> None:
    tally = score(range(shard, SCENES, SHARDS))
    written = shared / f"{shard}.tmp"
    written.write_bytes(_TALLIES.dump_json(tally))
    written.rename(shared / f"{shard}.json")
    tallies = [_TALLIES.validate_json(path.read_bytes()) for path in sorted(shared.glob("*.json"))]
    if len(tallies) == SHARDS:
        assert not amiss(Tally.of(tallies))


def amiss(tally: Tally) -> list[str]:
    """The aims that are missed, each with what was wrong or missed."""
    found = []
    for kind, count in tally.counts.items():
        if kind == UNJUDGED or (count.stated >= LEAST and count.right_share < RIGHT):
            found.append(f"{kind}: {count.right} right of {count.stated}: {count.wrong}")
        if count.happened >= LEAST and count.told_share < TOLD:
            found.append(f"{kind}: {count.told} told of {count.happened}: {count.missed}")
    return found
