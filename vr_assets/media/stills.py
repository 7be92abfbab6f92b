"""Image files: what they hold, and what is made of them to be shown. Runs in media processes.

Whatever a file is (16 bits, CMYK, a palette with alpha, turned by EXIF), what is made is upright, 8 bit, RGB, opaque.
"""

import hashlib
import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from vr_assets.errors import MediaError
from vr_assets.media.opening import stat
from vr_assets.records.base import Record

STILL_VERSION = 1
"""Raise it when a file is read otherwise."""

RENDERING_VERSION = 1
"""Raise it when the same file would be shown with other pixels: all that was asked about images is asked again."""

Size = tuple[int, int]

LEAST_SIDE_PX = 8
_ORIENTATION, _ON_ITS_SIDE = 0x0112, range(5, 9)
_QUALITIES = (92, 80, 65, 50, 35)
# An image of fewer colours is drawn, or a screen: JPEG would blur its edges, and PNG makes it small.
_FEW_COLOURS = 4096
_REDUCED_AT_ONCE = frozenset({"RGB", "L", "CMYK", "RGBA", "LA", "YCbCr"})
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error)

# A large scan is no attack, and the process has a memory limit.
Image.MAX_IMAGE_PIXELS = None


class Still(Record):
    """A file as it was read, decoded once to know that it can be. `content` is the SHA-256 of its bytes; size as shown."""

    content: str
    size_bytes: int
    width_px: int
    height_px: int
    format: str
    remarks: tuple[str, ...]


def read_still(path: Path) -> Still:
    """Raises MediaError: there is no such file, or it is no image, damaged, or too small to show anything."""
    before = stat(path)
    if before.st_size == 0:
        raise MediaError(f"{path}: the file is empty; copy it again")
    with _opened(path) as image:
        width, height = shown_size(image)
        if min(width, height) < LEAST_SIDE_PX:
            raise MediaError(f"{path}: {width}x{height} pixels show nothing; take it out of the list")
        remarks = []
        count = getattr(image, "n_frames", 1)
        if count > 1 and getattr(image, "is_animated", False) and image.format != "MPO":
            remarks.append(f"the first of {count} pictures is shown")
        form = image.format or "unknown"
        image.draft("RGB", (LEAST_SIDE_PX, LEAST_SIDE_PX))
        image.load()
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    after = stat(path)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise MediaError(f"{path}: is being written; try again when it is complete")
    return Still(content=content, size_bytes=after.st_size, width_px=width, height_px=height, format=form, remarks=tuple(remarks))


def render(path: Path, size: Size, at_most_bytes: int | None = None) -> tuple[bytes, str, str]:
    """The image in a size, upright: its bytes, their MIME type, and what was done to keep to the limit, in words.

    The size never changes with the limit: boxes are told in it. Raises MediaError.
    """
    image = upright(path, size)
    if image.getcolors(_FEW_COLOURS) is not None:
        content = _encoded(image, "PNG", optimize=True)
        if at_most_bytes is None or len(content) <= at_most_bytes:
            return content, "image/png", ""
    content = b""
    for quality in _QUALITIES:
        content = _encoded(image, "JPEG", quality=quality, subsampling=0)
        if at_most_bytes is None or len(content) <= at_most_bytes:
            reduced = "" if quality == _QUALITIES[0] else f"at JPEG quality {quality} to stay under {at_most_bytes} bytes"
            return content, "image/jpeg", reduced
    return content, "image/jpeg", f"at JPEG quality {_QUALITIES[-1]}, and still over {at_most_bytes} bytes"


def upright(path: Path, size: Size | None = None) -> Image.Image:
    """RGB, 8 bit, opaque, turned as it is shown, in a size or its own. Raises MediaError."""
    with _opened(path) as image:
        own = shown_size(image)
        size = size or own
        turned = image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
        if max(size) < max(own):
            image.draft("RGB", (size[1], size[0]) if turned else size)
        image.load()
        made: Image.Image = image
        # Less memory than a copy of all of it in another mode.
        factor = max(made.size) // (2 * max(size))
        if factor > 1 and made.mode in _REDUCED_AT_ONCE:
            exif = image.getexif()
            made = made.reduce(factor)
            made.info["exif"] = exif.tobytes()
        made = ImageOps.exif_transpose(_opaque(made, path))
        return made if made.size == size else made.resize(size, Image.Resampling.LANCZOS)


def shown_size(image: Image.Image) -> Size:
    """Width and height once it is turned as its EXIF orientation says."""
    width, height = image.size
    return (height, width) if image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE else (width, height)


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Raises MediaError, also for what goes wrong inside."""
    try:
        with Image.open(path) as image:
            yield image
    except UnidentifiedImageError:
        raise MediaError(f"{path}: not an image that can be read, whatever its name says; save it as JPEG or PNG") from None
    except PermissionError:
        raise MediaError(f"{path}: not readable by this user; check its permissions") from None
    except _DAMAGE as error:
        raise MediaError(f"{path}: the image is damaged ({error}); copy it again or save it anew") from None


def _opaque(image: Image.Image, path: Path) -> Image.Image:
    """RGB; what is transparent is white, as on a page."""
    exif = image.info.get("exif")
    if image.mode.startswith("I"):
        made = Image.fromarray(_eight_bits(np.asarray(image), path)).convert("RGB")
    elif image.mode == "F":
        raise MediaError(f"{path}: its pixels are floating-point numbers; save it with 8 or 16 bits a channel")
    elif image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        made = Image.new("RGB", layer.size, (255, 255, 255))
        made.paste(layer, mask=layer.getchannel("A"))
    else:
        made = image.convert("RGB")
    if exif:
        made.info["exif"] = exif
    return made


def _eight_bits(pixels: "np.typing.NDArray[np.generic]", path: Path) -> "np.typing.NDArray[np.uint8]":
    highest = int(pixels.max(initial=0))
    if highest > 65535 or int(pixels.min(initial=0)) < 0:
        raise MediaError(f"{path}: its pixels go up to {highest}; save it with 8 or 16 bits a channel")
    return np.asarray(pixels.astype(np.uint16) >> 8, np.uint8)


def _encoded(image: Image.Image, form: str, **options: int | bool) -> bytes:
    made = io.BytesIO()
    # Without EXIF: it is upright, and would be turned again.
    image.save(made, form, **options, exif=b"") if form == "JPEG" else image.save(made, form, **options)
    return made.getvalue()
