"""Odd image files: each is read for what it is, or refused with what to do about it."""

import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from vr_assets.errors import MediaError
from vr_assets.media.stills import read_still, render, upright

Make = Callable[[Path], None]
RED, BLUE = (230, 20, 20), (20, 40, 220)


def halves(width: int = 80, height: int = 40) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def turned(path: Path) -> None:
    """Stored on its side; shown, it is 40 x 80 with red on top."""
    exif = Image.Exif()
    exif[0x0112] = 6
    halves().save(path, "JPEG", exif=exif, quality=95)


def sixteen_bits(path: Path) -> None:
    ramp = np.full((40, 80), 40_000, np.uint16)
    ramp[:, 40:] = 10_000
    cv2.imwrite(str(path), ramp)


def palette_with_alpha(path: Path) -> None:
    image = halves().convert("RGBA")
    image.putpixel((0, 0), (0, 0, 0, 0))
    image.paste((0, 0, 0, 0), (0, 0, 10, 40))
    image.quantize(16).save(path, "PNG")


def animated(path: Path) -> None:
    halves().save(path, "GIF", save_all=True, append_images=[Image.new("RGB", (80, 40), (0, 255, 0))])


def rgb(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    found = image.getpixel((x, y))
    assert isinstance(found, tuple)
    return tuple(found)


def near(found: tuple[int, ...], wanted: tuple[int, ...], *, within: int = 25) -> bool:
    return all(abs(one - other) <= within for one, other in zip(found, wanted, strict=True))


def test_a_picture_that_was_stored_on_its_side_is_shown_upright(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    turned(path)
    still = read_still(path)
    assert (still.width_px, still.height_px) == (40, 80)
    image = upright(path)
    assert image.size == (40, 80)
    assert near(rgb(image, 20, 5), RED) and near(rgb(image, 20, 75), BLUE)


def test_it_is_upright_also_where_it_is_made_much_smaller(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    exif = Image.Exif()
    exif[0x0112] = 8
    halves(4000, 2000).save(path, "JPEG", exif=exif)
    content, _, _ = render(path, (100, 200))
    image = Image.open(io.BytesIO(content)).convert("RGB")
    assert image.size == (100, 200)
    assert near(rgb(image, 50, 190), RED) and near(rgb(image, 50, 10), BLUE)
    assert not image.getexif().get(0x0112)


def test_sixteen_bits_are_scaled_and_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "depth.png"
    sixteen_bits(path)
    image = upright(path)
    assert rgb(image, 5, 5) == (40_000 >> 8,) * 3
    assert rgb(image, 75, 5) == (10_000 >> 8,) * 3


def test_cmyk_keeps_its_colours(tmp_path: Path) -> None:
    path = tmp_path / "print.jpg"
    halves().convert("CMYK").save(path, "JPEG", quality=95)
    image = upright(path)
    assert near(rgb(image, 5, 5), RED) and near(rgb(image, 75, 5), BLUE)


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    path = tmp_path / "logo.png"
    palette_with_alpha(path)
    image = upright(path)
    assert near(rgb(image, 2, 20), (255, 255, 255), within=2)
    assert near(rgb(image, 30, 20), RED)


def test_of_an_animation_the_first_picture_is_shown_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "loop.gif"
    animated(path)
    assert read_still(path).remarks == ("the first of 2 pictures is shown",)
    assert near(rgb(upright(path), 5, 5), RED)


def test_a_wrong_extension_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "really_a_png.jpg"
    halves().save(path, "PNG")
    assert read_still(path).format == "PNG"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(lambda path: None, "no such file", id="missing"),
        pytest.param(lambda path: path.write_bytes(b""), "is empty", id="empty"),
        pytest.param(lambda path: path.write_bytes(b"no image at all"), "not an image", id="text"),
        pytest.param(lambda path: path.mkdir(), "a folder", id="folder"),
        pytest.param(lambda path: Image.new("RGB", (1, 1)).save(path, "PNG"), "1x1 pixels show nothing", id="one pixel"),
        pytest.param(lambda path: cut(path, "JPEG"), "damaged", id="truncated jpeg"),
        pytest.param(lambda path: cut(path, "PNG"), "damaged", id="truncated png"),
        pytest.param(lambda path: Image.new("F", (40, 40)).save(path, "TIFF"), "floating-point", id="floating point"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_reason(make: Make, said: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.jpg"
    make(path)
    with pytest.raises(MediaError, match=said) as refused:
        read_still(path)
        upright(path)
    assert str(path) in str(refused.value)


def cut(path: Path, form: str) -> None:
    made = io.BytesIO()
    Image.effect_noise((200, 200), 80).convert("RGB").save(made, form)
    path.write_bytes(made.getvalue()[: len(made.getvalue()) // 2])


def test_a_drawing_is_sent_as_png_and_a_photograph_as_jpeg(tmp_path: Path) -> None:
    drawing, photograph = tmp_path / "drawing.png", tmp_path / "photograph.png"
    halves().save(drawing)
    Image.effect_noise((300, 200), 80).convert("RGB").save(photograph)
    noise = np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8)
    Image.fromarray(noise).save(photograph)
    assert render(drawing, (80, 40))[1] == "image/png"
    assert render(photograph, (300, 200))[1] == "image/jpeg"


def test_a_limit_costs_quality_and_never_size(tmp_path: Path) -> None:
    path = tmp_path / "photograph.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8)).save(path)
    whole, _, nothing = render(path, (300, 200))
    content, _, reduced = render(path, (300, 200), len(whole) // 2)
    assert nothing == "" and "to stay under" in reduced
    assert len(content) <= len(whole) // 2
    assert Image.open(io.BytesIO(content)).size == (300, 200)
