"""What people look at: contact sheets."""

from collections.abc import Sequence

import cv2
import numpy as np

from vr_assets.errors import MediaError
from vr_assets.media.decode import Image

JPEG_QUALITY = 85

_GAP_PX = 4
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


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
    height = drawn.shape[0]
    scale = max(0.4, height / 320)
    thickness = max(1, round(scale * 1.5))
    (text_width, text_height), below = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
    margin = text_height // 2
    top = height - text_height - below - margin
    cv2.rectangle(drawn, (0, top), (text_width + 2 * margin, height), _BLACK, thickness=-1)
    origin = (margin, height - below - margin // 2)
    cv2.putText(drawn, label, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, _WHITE, thickness, cv2.LINE_AA)
    return drawn
