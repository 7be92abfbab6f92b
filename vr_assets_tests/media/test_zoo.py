"""Any file: annotated with true times, or refused with a reason that a person can act on."""

import re
from pathlib import Path

import pytest

from vr_assets.errors import MediaError
from vr_assets.media.decode import frames
from vr_assets.media.probe import probe_header
from vr_assets.media.probes import probe_file
from vr_assets.media.proxy import ProxyRecipe, prepare
from vr_assets.records.media import VideoFacts
from vr_assets_tests.clips import read_count
from vr_assets_tests.media.zoo import ANIMALS, Animal, Refused, Shows

RECIPE = ProxyRecipe(longest_side_px=640, max_fps=12, crf=28)


def prepared(path: Path) -> tuple[VideoFacts, Path]:
    proxy, facts = path.with_name("made") / "proxy.mp4", path.with_name("made") / "facts.json"
    return prepare(path, proxy, facts, RECIPE, None), proxy


@pytest.mark.parametrize("animal", [pytest.param(one, id=ascii(one.name)) for one in ANIMALS if isinstance(one.outcome, Shows)])
def test_what_can_be_seen_is_prepared_with_its_true_times(tmp_path: Path, animal: Animal) -> None:
    assert isinstance(animal.outcome, Shows)
    shows, path = animal.outcome, tmp_path / animal.name
    animal.draw(path)
    header = probe_header(path)
    known_s = shows.length_s if shows.header_s is None else shows.header_s
    assert header.duration_s == pytest.approx(known_s, abs=0.06)
    assert (header.width_px, header.height_px) == shows.size
    facts, proxy = prepared(path)
    assert facts.frame_times_s == pytest.approx(shows.starts_s, abs=1e-3)
    assert facts.offset_s == 0.0
    assert facts.duration_s == pytest.approx(shows.length_s, abs=1e-3)
    assert facts.source_frame_count == len(shows.numbers)
    assert (facts.width_px, facts.height_px) == shows.size
    assert [read_count(frame.image) for frame in frames(proxy)] == list(shows.numbers)
    assert shows.remark in " ".join(facts.remarks)


@pytest.mark.parametrize("animal", [pytest.param(one, id=ascii(one.name)) for one in ANIMALS if isinstance(one.outcome, Refused)])
def test_what_cannot_be_seen_is_refused_before_it_is_decoded_with_a_reason(tmp_path: Path, animal: Animal) -> None:
    assert isinstance(animal.outcome, Refused)
    path = tmp_path / animal.name
    animal.draw(path)
    with pytest.raises(MediaError) as caught:
        probe_file(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert re.search(animal.outcome.says, str(caught.value))
