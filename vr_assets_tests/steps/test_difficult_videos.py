"""Videos that harm a stage, or whose headers lie, in the middle of a batch."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from vr_assets.media.workers import Workers
from vr_assets.records.batch import ManifestRow
from vr_assets.records.row import Row
from vr_assets.settings import Asset, Status
from vr_assets_tests.clips import moving_box, write_clip
from vr_assets_tests.media import misbehaviour
from vr_assets_tests.media.zoo import ANIMALS
from vr_assets_tests.steps.graph import Graph, Rows

T = TypeVar("T")


class Unlucky(Workers):
    """Media processes in which the decoding of `harmful.mp4` goes wrong."""

    harm: Callable[[Path], object]

    async def run(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        if fn.__name__ == "prepare" and args[0].name == "harmful.mp4":
            await super().run(self.harm, args[0])
        return await super().run(fn, *args, **kwargs)


@pytest.fixture
def manifest(tmp_path: Path) -> list[ManifestRow]:
    """The one in the middle is `harmful.mp4`."""
    names = ("a", "b", "harmful", "c", "d")
    paths = [write_clip(tmp_path / f"{name}.mp4", moving_box(16, box_px=20 + at), 8) for at, name in enumerate(names)]
    return [ManifestRow(video_path=str(path)) for path in paths]


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return Graph(tmp_path / "data")


def of_all_stages(rows: Rows) -> list[tuple[Row, ...]]:
    """The rows of each video."""
    return list(zip(*(getattr(rows, stage.name) for stage in fields(rows)), strict=True))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (misbehaviour.crash, "SIGSEGV"),
        (misbehaviour.swallow_memory, "needs more than 512 MB"),
        (misbehaviour.leave_hard, "exit status 4"),
        pytest.param(misbehaviour.hang_in_c, "not done after 15 s", marks=pytest.mark.slow),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_decoder_that_goes_wrong_is_one_videos_row_and_nothing_of_the_others(
    tmp_path: Path, manifest: list[ManifestRow], graph: Graph, harm: Callable[[Path], object], says: str
) -> None:
    kind = type("Harmed", (Unlucky,), {"harm": staticmethod(harm)})
    rows, _ = replace(graph, workers=kind).run(manifest, media__deadline_s=15, media__memory_mb=512, media__workers=2)
    *others, (raw, filtered, *later) = [*of_all_stages(rows)[:2], *of_all_stages(rows)[3:], of_all_stages(rows)[2]]
    assert (raw.status, filtered.status) == (Status.OK, Status.FAILED)
    assert says in filtered.reason and manifest[2].video_path in filtered.reason
    assert {(row.status, row.blocked_by) for row in later} == {(Status.SKIPPED, Asset.FILTERED_VIDEOS)}
    undisturbed, _ = Graph(tmp_path / "other").run([*manifest[:2], *manifest[3:]])
    assert others == of_all_stages(undisturbed)


def test_a_video_that_decodes_longer_than_its_header_said_is_not_asked_about(tmp_path: Path, graph: Graph) -> None:
    (liar,) = (one for one in ANIMALS if one.name == "variable rate.mp4")
    liar.draw(tmp_path / liar.name)
    rows, requests = graph.run([ManifestRow(video_path=str(tmp_path / liar.name))], videos__max_video_length_sec=5.5)
    assert (rows.raw[0].status, rows.filtered[0].status) == (Status.OK, Status.FILTERED_OUT)
    assert "7.1 s decode, over videos.max_video_length_sec = 5.5, although its header says 5.4 s" in rows.filtered[0].reason
    assert rows.qa[0].blocked_by is Asset.FILTERED_VIDEOS
    assert requests == []


def test_what_is_odd_about_a_file_is_in_its_row(tmp_path: Path, graph: Graph) -> None:
    (cameras,) = (one for one in ANIMALS if one.name == "two cameras.mp4")
    cameras.draw(tmp_path / cameras.name)
    rows, _ = graph.run([ManifestRow(video_path=str(tmp_path / cameras.name))])
    assert rows.filtered[0].status is Status.OK
    assert "of its 2 videos number 0" in rows.filtered[0].media_remarks[0]
