"""Any file: annotated with true times, or refused with a reason that a person can act on."""

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vr_assets.errors import MediaError
from vr_assets.media.decode import frames
from vr_assets.media.probe import probe_header
from vr_assets.media.probes import probe_file
from vr_assets.media.proxy import prepare
from vr_assets.media.recipe import ProxyRecipe
from vr_assets.media.workers import Workers
from vr_assets.records.base import Span
from vr_assets.records.media import VideoFacts
from vr_assets.settings import MediaSettings
from vr_assets_tests.clips import counting, read_count, write_clip
from vr_assets_tests.media.misbehaviour import peak_mb
from vr_assets_tests.media.zoo import ANIMALS, FPS, Animal, Refused, Shows, minute_in_4k, three_hours

RECIPE = ProxyRecipe(longest_side_px=640, max_fps=12, crf=28)
SHOWN = [pytest.param(one, one.outcome, id=ascii(one.name)) for one in ANIMALS if isinstance(one.outcome, Shows)]
REFUSED = [pytest.param(one, one.outcome, id=ascii(one.name)) for one in ANIMALS if isinstance(one.outcome, Refused)]


def prepared(path: Path) -> tuple[VideoFacts, Path]:
    proxy, facts = path.with_name("made") / "proxy.mp4", path.with_name("made") / "facts.json"
    return prepare(path, proxy, facts, RECIPE, None), proxy


@pytest.mark.parametrize(("animal", "shows"), SHOWN)
def test_what_can_be_seen_is_prepared_with_its_true_times(tmp_path: Path, animal: Animal, shows: Shows) -> None:
    path = tmp_path / animal.name
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
    # Later readers of the source, such as a highlight, find the same frames at the same times.
    for start_s in {shows.starts_s[len(shows.numbers) * quarter // 4] for quarter in (1, 2, 3)}:
        later = list(frames(path, start_s=start_s))
        assert [read_count(frame.image) for frame in later] == list(shows.numbers)[-len(later) :]
        assert [frame.time_s for frame in later] == pytest.approx([at for at in shows.starts_s if at >= start_s], abs=1e-3)


@pytest.mark.parametrize(("animal", "refused"), REFUSED)
def test_what_cannot_be_seen_is_refused_before_it_is_decoded_with_a_reason(
    tmp_path: Path, animal: Animal, refused: Refused
) -> None:
    path = tmp_path / animal.name
    animal.draw(path)
    assert re.search(refused.says, refusal(path))


def refusal(path: Path) -> str:
    """The reason, after the file's name."""
    with pytest.raises(MediaError) as caught:
        probe_file(path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(lambda path: path.mkdir(), "a folder", id="a folder"),
        pytest.param(os.mkfifo, "a device, pipe or socket", id="a pipe"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), "a device, pipe or socket", id="a device"),
        pytest.param(lambda path: path.symlink_to("gone.mp4"), "a link to gone.mp4, which is not there", id="a dangling link"),
        pytest.param(lambda path: path.symlink_to(path), "cannot be looked at", id="a link to itself"),
        pytest.param(lambda path: None, "no such file", id="nothing"),
    ],
)
def test_what_is_no_file_is_refused_without_being_read(tmp_path: Path, make: Callable[[Path], object], says: str) -> None:
    make(tmp_path / "a.mp4")
    assert says in refusal(tmp_path / "a.mp4")


@contextmanager
def without_privileges() -> Iterator[None]:
    """Whoever may read everything becomes nobody."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", counting(2), FPS)
    path.chmod(0)
    with without_privileges():
        assert "check its permissions" in refusal(path)


def test_a_list_opens_none_of_the_files_that_it_names(tmp_path: Path) -> None:
    """One of them would be waited for."""
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile pipe.mp4\n")
    assert "a list of other files" in refusal(tmp_path / "list.mp4")


async def _prepared(path: Path, folder: Path, *, part: Span | None = None) -> tuple[VideoFacts, int]:
    """The facts by the default recipe, within the least memory and time that can be set sensibly, and the memory taken in MB."""
    settings = MediaSettings(workers=1, memory_mb=512)
    workers = Workers(settings)
    try:
        await workers.run(probe_file, path)
        made = folder / "proxy.mp4", folder / "facts.json"
        return await workers.run(prepare, path, *made, ProxyRecipe.of(settings), part), await workers.run(peak_mb)
    finally:
        workers.close()


@pytest.mark.thorough
@pytest.mark.slow
def test_a_minute_in_4k_stays_within_time_and_memory(tmp_path: Path) -> None:
    facts, taken_mb = asyncio.run(_prepared(minute_in_4k(tmp_path / "a.mp4"), tmp_path))
    assert facts.duration_s == pytest.approx(60)
    assert (facts.source_frame_count, len(facts.frame_times_s)) == (1800, 480)
    assert (facts.proxy_width_px, facts.proxy_height_px) == (640, 360)
    assert taken_mb < 400


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return three_hours(tmp_path_factory.mktemp("long") / "a.mp4")


@pytest.mark.thorough
@pytest.mark.slow
@pytest.mark.xdist_group("three hours")
def test_three_hours_stay_within_time_and_memory(long: Path, tmp_path: Path) -> None:
    facts, taken_mb = asyncio.run(_prepared(long, tmp_path))
    assert facts.duration_s == pytest.approx(3 * 3600)
    assert (facts.source_frame_count, len(facts.keyframe_times_s)) == (3 * 3600 * 2, 3 * 3600)
    assert taken_mb < 400


@pytest.mark.slow
@pytest.mark.xdist_group("three hours")
def test_a_part_of_three_hours_is_found_without_reading_what_is_before_it(long: Path, tmp_path: Path) -> None:
    part = Span(start_s=9000.0, end_s=9012.5)
    facts, _ = asyncio.run(_prepared(long, tmp_path, part=part))
    assert (facts.offset_s, facts.duration_s, facts.source_frame_count) == (9000.0, 12.5, 25)
    assert [read_count(frame.image) for frame in frames(tmp_path / "proxy.mp4")] == list(range(25))
