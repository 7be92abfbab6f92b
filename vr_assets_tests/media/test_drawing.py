"""What is drawn for people can be read."""

import numpy as np
import pytest
from av.video.frame import VideoFrame

from vr_assets.media.drawing import contact_sheet, labelled, labelled_frame
from vr_assets.media.planes import plane_rows
from vr_assets_tests.clips import blank


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("size", [(160, 120), (320, 180), (120, 320)])
def test_a_label_stands_out_on_any_picture_and_leaves_it_as_it_is(level: int, size: tuple[int, int]) -> None:
    image = blank(1, size=size, level=level)[0]
    drawn = labelled(image, "01:02.5")
    assert (image == level).all()
    changed = drawn if level == 128 else np.where(image == drawn, 128, drawn)
    rows, columns = np.nonzero((changed != 128).any(axis=2))
    assert rows.min() > size[1] / 2
    assert columns.max() < size[0]
    box = drawn[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert box.min() < 10
    assert box.max() > 245


def test_labels_differ_by_what_they_say() -> None:
    image = blank(1, size=(320, 180), level=90)[0]
    assert (labelled(image, "00:01.0") != labelled(image, "00:02.0")).any()


def test_a_sheet_of_one_row_is_no_higher_than_its_images() -> None:
    sheet = contact_sheet(blank(3, size=(32, 24)), ["a", "b", "c"], columns=4)
    assert sheet.shape == (24 + 8, 4 * 36 + 4, 3)


@pytest.mark.parametrize("size", [(640, 360), (640, 480), (360, 640), (1280, 720), (160, 120)])
def test_a_label_takes_a_small_corner_of_the_picture(size: tuple[int, int]) -> None:
    image = blank(1, size=size, level=90)[0]
    rows, columns = np.nonzero((labelled(image, "01:02.5") != image).any(axis=2))
    assert (columns.min(), rows.max()) == (0, size[1] - 1)
    share = (columns.max() + 1) * (size[1] - rows.min()) / (size[0] * size[1])
    assert share < (0.03 if max(size) >= 640 else 0.06)


def test_a_label_in_a_video_frame_is_the_one_in_an_image_and_the_frame_stays_as_it_is() -> None:
    image = blank(1, size=(320, 240), level=90)[0]
    frame = VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuv420p")
    before = [plane_rows(plane).copy() for plane in frame.planes]
    drawn = labelled_frame(frame, "01:02.5").to_ndarray(format="bgr24")
    assert np.abs(drawn.astype(int) - labelled(image, "01:02.5")).max() <= 4
    assert all((plane_rows(plane) == rows).all() for plane, rows in zip(frame.planes, before, strict=True))
