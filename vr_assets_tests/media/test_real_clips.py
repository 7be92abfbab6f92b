"""What cameras and converters really write."""

import io
import os
from pathlib import Path

import av
import pytest

from vr_assets.media.cut import copy_clip
from vr_assets.media.decode import frames
from vr_assets.media.probe import probe_header
from vr_assets.media.proxy import prepare
from vr_assets.media.recipe import ProxyRecipe
from vr_assets.media.spans import plan_chunks

FOLDER = Path(os.environ.get("VR_TEST_VIDEOS") or Path(__file__).parents[3] / "shared" / "videos")

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no real clips: set VR_TEST_VIDEOS, or put them in {FOLDER}")

CLIPS = {
    "traffic-cars.mp4": (30.16, 12.5, 377, (768, 432)),
    "conveyor-bottles.mp4": (39.855, 29.833, 1189, (640, 360)),
    "gesture-walk.mkv": (2.966, 30.0, 89, (640, 480)),
    "gesture-eat.mkv": (1.566, 30.0, 47, (640, 480)),
}


@pytest.mark.parametrize("name", CLIPS)
def test_the_header_is_read_honestly_also_without_a_duration(name: str) -> None:
    duration_s, fps, count, size = CLIPS[name]
    header = probe_header(FOLDER / name)
    assert header.duration_s == pytest.approx(duration_s, abs=1e-3)
    assert header.fps == pytest.approx(fps, abs=1e-3)
    assert (header.frame_count, (header.width_px, header.height_px), header.codec) == (count, size, "h264")


@pytest.mark.parametrize("name", CLIPS)
def test_chunks_cut_from_the_proxy_hold_every_frame_once(name: str, tmp_path: Path) -> None:
    duration_s, _, count, _ = CLIPS[name]
    proxy = tmp_path / "proxy.mp4"
    recipe = ProxyRecipe(longest_side_px=256, max_fps=8.0, crf=28)
    facts = prepare(FOLDER / name, proxy, tmp_path / "facts.json", recipe, None)
    assert facts.duration_s == pytest.approx(duration_s, abs=1e-3)
    assert (facts.source_frame_count, facts.damaged_packets) == (count, 0)
    assert [round(frame.time_s, 3) for frame in frames(proxy)] == [round(t, 3) for t in facts.frame_times_s]
    seen: list[float] = []
    for chunk in plan_chunks(facts, (5.0, 10.0), 10):
        with av.open(io.BytesIO(copy_clip(proxy, chunk.start_s, chunk.end_s)), "r") as container:
            seen += [chunk.start_s + frame.time for frame in container.decode(video=0)]
    assert seen == pytest.approx(facts.frame_times_s, abs=1e-4)
