"""What headers say, and what is remembered of a file."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from vr_assets.errors import MediaError, StorageError
from vr_assets.media import probes
from vr_assets.media.memo import FileMemo
from vr_assets.media.probe import probe_header
from vr_assets.media.probes import Probe, probe_file
from vr_assets.media.sources import FileState, Sources
from vr_assets.records.media import VideoHeader
from vr_assets_tests.clips import blank, moving_box, spoil, write_clip, write_sound


@pytest.mark.parametrize(
    ("name", "how", "codec"),
    [
        pytest.param("plain.mp4", {}, "h264", id="mp4"),
        pytest.param("bare.mkv", {}, "h264", id="mkv, whose streams have no duration"),
        pytest.param("late.mkv", {"starts_at_s": 4.0}, "h264", id="mkv that starts at 4 s"),
        pytest.param("sound.mkv", {"audio_s": 6.0}, "h264", id="mkv whose sound is longer"),
        pytest.param("vp9.webm", {"codec": "libvpx-vp9"}, "vp9", id="webm"),
        pytest.param("mpeg4.avi", {"codec": "mpeg4"}, "mpeg4", id="avi"),
        pytest.param("stream.ts", {}, "h264", id="transport stream"),
    ],
)
def test_duration_rate_and_size_are_the_pictures_own(tmp_path: Path, name: str, how: dict[str, Any], codec: str) -> None:
    header = probe_header(write_clip(tmp_path / name, moving_box(30), 12.5, **how))
    assert header.duration_s == pytest.approx(2.4, abs=2e-3)
    assert header.fps == pytest.approx(12.5, abs=0.02)
    assert (header.width_px, header.height_px, header.codec) == (160, 120, codec)
    assert header.frame_count in ({None, 30} if name.endswith(".ts") else {30})


def test_variable_frame_rate_counts_from_first_to_last(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "phone.mkv", blank(4), 10, times_s=[0, 0.1, 3, 7])
    header = probe_header(path)
    assert header.duration_s == pytest.approx(7.1, abs=2e-3)
    assert header.frame_count == 4


def test_a_turned_video_has_the_size_it_is_shown_at(tmp_path: Path) -> None:
    header = probe_header(write_clip(tmp_path / "phone.mp4", blank(3), 10, rotation=-90))
    assert (header.width_px, header.height_px) == (120, 160)


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    header = probe_header(write_clip(tmp_path / "one.mp4", blank(1), 10))
    assert header.duration_s == pytest.approx(0.1)
    assert header.frame_count == 1


def test_a_video_of_which_nothing_decodes_is_refused_at_once(tmp_path: Path) -> None:
    path = spoil(write_clip(tmp_path / "gone.mp4", moving_box(20), 10), 0, 19)
    with pytest.raises(MediaError, match="not one frame"):
        probe_header(path)


def test_a_song_with_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "song.m4a")
    covered = tmp_path / "covered.mp4"
    with av.open(str(path)) as source, av.open(str(covered), "w") as target:
        sound = target.add_stream_from_template(source.streams.audio[0])
        cover = target.add_stream("mjpeg")
        assert isinstance(cover, av.VideoStream)
        cover.width, cover.height, cover.pix_fmt = 160, 120, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(blank(1)[0], format="bgr24")
        target.mux(cover.encode(picture))
        target.mux(cover.encode())
        for packet in source.demux(audio=0):
            if packet.size:
                packet.stream = sound
                target.mux(packet)
    with pytest.raises(MediaError, match="no video stream"):
        probe_header(covered)


def test_every_byte_counts_in_the_content_hash(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", moving_box(20), 10)
    before = probe_file(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    after = probe_file(path)
    assert len(before.content) == 64
    assert before.content != after.content
    assert before.size_bytes == after.size_bytes == len(content)


@pytest.mark.parametrize("write", [lambda path: _grown(path), lambda path: _touched(path)], ids=["longer", "in place"])
def test_a_file_that_is_written_to_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
) -> None:
    def read_while_written(path: Path) -> VideoHeader:
        header = probe_header(path)
        write(path)
        return header

    monkeypatch.setattr(probes, "probe_header", read_while_written)
    with pytest.raises(MediaError, match="is being written"):
        probe_file(write_clip(tmp_path / "growing.mp4", moving_box(5), 10))


def state(path: Path) -> FileState:
    return asyncio.run(Sources().state(str(path)))


def memo(path: Path, version: int = 1) -> FileMemo[Probe]:
    return FileMemo(path, Probe, version=version)


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    return probe_file(write_clip(tmp_path / "a.mp4", moving_box(5), 10))


def test_a_file_that_did_not_change_is_remembered_across_processes(tmp_path: Path, probe: Probe) -> None:
    path = tmp_path / "a.mp4"
    memo(tmp_path / "media" / "probes.sqlite").put(str(path), state(path), probe)
    assert memo(tmp_path / "media" / "probes.sqlite").get(str(path), state(path)) == probe


def _grown(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


def _touched(path: Path) -> None:
    os.utime(path, ns=(0, 1))


def _replaced(path: Path) -> None:
    before = path.stat()
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [_grown, _touched, _replaced], ids=["size", "time", "inode"])
def test_a_file_that_changed_is_read_again(tmp_path: Path, probe: Probe, change: Any) -> None:
    path = tmp_path / "a.mp4"
    held = memo(tmp_path / "probes.sqlite")
    held.put(str(path), state(path), probe)
    change(path)
    assert held.get(str(path), state(path)) is None


def test_what_another_version_found_is_found_again(tmp_path: Path, probe: Probe) -> None:
    path = tmp_path / "a.mp4"
    memo(tmp_path / "probes.sqlite").put(str(path), state(path), probe)
    assert memo(tmp_path / "probes.sqlite", version=2).get(str(path), state(path)) is None


def test_records_of_several_kinds_about_one_file_do_not_meet(tmp_path: Path, probe: Probe) -> None:
    path = tmp_path / "a.mp4"
    headers = FileMemo(tmp_path / "probes.sqlite", VideoHeader, version=1)
    headers.put(str(path), state(path), probe.header)
    assert memo(tmp_path / "probes.sqlite").get(str(path), state(path)) is None
    assert headers.get(str(path), state(path)) == probe.header


def test_a_memo_that_is_no_database_says_how_to_get_rid_of_it(tmp_path: Path) -> None:
    torn = tmp_path / "probes.sqlite"
    torn.write_bytes(b"torn" * 1000)
    path = write_clip(tmp_path / "a.mp4", blank(2), 10)
    with pytest.raises(StorageError, match="delete the file"):
        memo(torn).get(str(path), state(path))
