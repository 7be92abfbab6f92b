"""What is drawn into pictures: contact sheets for people, the time for models."""

from collections.abc import Sequence

import cv2
import numpy as np
from av.video.frame import VideoFrame

from vr_assets.errors import MediaError
from vr_assets.media.decode import Image
from vr_assets.media.planes import from_planes, plane_rows

JPEG_QUALITY = 85

CLOCK_VERSION = 1
"""Raise it when a clock is drawn otherwise into what models are shown."""

_GAP_PX = 4
# Black, white and grey in limited-range YUV.
_LOWEST, _HIGHEST, _COLOURLESS = 16, 235, 128


def jpeg(image: Image, *, quality: int = JPEG_QUALITY) -> bytes:
    """A BGR (H, W, 3) uint8 image as JPEG. Raises MediaError when it has no pixels or too many."""
    done, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise MediaError(f"an image of {image.shape[1]}x{image.shape[0]} pixels cannot be written as JPEG")
    return content.tobytes()


def contact_sheet(images: Sequence[Image], labels: Sequence[str], columns: int) -> Image:
    """Images of one size in rows of `columns`, each with its label on it; places left over stay white."""
    height, width = images[0].shape[:2]
    rows = -(-len(images) // columns)
    sheet = np.full((rows * (height + _GAP_PX) + _GAP_PX, columns * (width + _GAP_PX) + _GAP_PX, 3), 255, np.uint8)
    for place, (image, label) in enumerate(zip(images, labels, strict=True)):
        row, column = divmod(place, columns)
        top, left = _GAP_PX + row * (height + _GAP_PX), _GAP_PX + column * (width + _GAP_PX)
        sheet[top : top + height, left : left + width] = labelled(image, label)
    return sheet


def labelled(image: Image, label: str) -> Image:
    """A copy with a label in the lower left corner, white on black: legible on any picture."""
    drawn = image.copy()
    plate = _plate(label, image.shape[1], image.shape[0])
    drawn[-plate.shape[0] :, : plate.shape[1]] = plate[..., None]
    return drawn


def labelled_frame(frame: VideoFrame, label: str) -> VideoFrame:
    """The same of a limited-range yuv420p frame of even sides, which keeps neither its time nor its picture type."""
    luma, *chroma = (plane_rows(plane).copy() for plane in frame.planes)
    plate = _plate(label, frame.width, frame.height)
    height, width = plate.shape
    luma[-height:, :width] = _LOWEST + plate * ((_HIGHEST - _LOWEST) / 255)
    for plane in chroma:
        plane[-height // 2 :, : width // 2] = _COLOURLESS
    return from_planes((luma, *chroma), frame.colorspace)


def _plate(label: str, width_px: int, height_px: int) -> Image:
    """White on black as (H, W) uint8 with even sides, of a size that goes with a picture's and is no wider than that."""
    scale = max(0.4, min(width_px, height_px) / 400)
    thickness = max(1, round(scale * 1.5))
    (text_width, text_height), _ = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
    margin = text_height // 3
    plate = np.zeros([(side + 1) // 2 * 2 for side in (text_height + 2 * margin, text_width + 2 * margin)], np.uint8)
    cv2.putText(plate, label, (margin, plate.shape[0] - margin), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness, cv2.LINE_AA)
    return plate[:height_px, :width_px]
