"""Names for outlines: the plain figure that an area shares nearly all of itself with."""

import cv2
import numpy as np
from numpy.typing import NDArray

from vr_assets.media.vision.colours import Mask
from vr_assets.records.image_scene import Shape

Points = NDArray[np.float32]

_FITS_ROUND = 0.95  # A hexagon shares 0.93 with the ellipse of its moments.
_FITS = 0.9
_FITS_TRIANGLE = 0.86  # Taking grain away blunts the tips of small ones: 0.888 was measured.
_EQUAL_SIDES = 1.12  # Longer by more than this, people say rectangle or ellipse.
_CLEARLY_UNEQUAL = 1.25
_DRAWN_PX = 160


def shape_of(mask: Mask) -> tuple[Shape | None, float]:
    """The shape of the largest part of a mask, holes filled, and intersection over union with it; (None, 0.0) for no plain shape.

    Args:
        mask: (H, W) uint8, 0 outside.
    """
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(contours, key=cv2.contourArea).astype(np.float32)
    left, top, wide, high = cv2.boundingRect(outline)
    if min(wide, high) < 3:
        return None, 0.0
    # Drawn large, so that the figures to compare with are not made of a few pixels.
    zoom = _DRAWN_PX / max(wide, high)
    points = np.asarray(((outline - np.array((left, top), np.float32) + 0.5) * zoom + 8), np.float32)
    area = _filled(points)
    (_, (one, other), _) = rectangle = cv2.minAreaRect(points)
    # The outline runs through the centres of the outermost pixels.
    one, other = one + zoom, other + zoom
    longer, shorter = max(one, other), max(1e-6, min(one, other))
    moments = cv2.moments(area, binaryImage=True)
    fits = {
        Shape.ELLIPSE: _iou(area, _ellipse(moments)),
        Shape.RECTANGLE: _iou(area, _filled(np.asarray(cv2.boxPoints(rectangle), np.float32))),
    }
    if (corners := _three_corners(points, float(area.sum()))) is not None:
        fits[Shape.TRIANGLE] = _iou(area, _filled(corners))
    shape = max(fits, key=lambda name: fits[name])
    fit = fits[shape]
    if fit < {Shape.ELLIPSE: _FITS_ROUND, Shape.TRIANGLE: _FITS_TRIANGLE}.get(shape, _FITS):
        return None, 0.0
    regular = {Shape.ELLIPSE: Shape.CIRCLE, Shape.RECTANGLE: Shape.SQUARE}.get(shape)
    if regular is None or longer / shorter >= _CLEARLY_UNEQUAL:
        return shape, fit
    return (regular, fit) if longer / shorter <= _EQUAL_SIDES else (None, 0.0)


def _three_corners(points: Points, area_px: float) -> Points | None:
    """The triangle of the same area, and of much the same corners; None where there are more of these.

    OpenCV's own enclosing triangles fail on some rectangles: one with an error, the other with corners at infinity.
    """
    hull = cv2.convexHull(points)
    for share in (0.02, 0.04, 0.06, 0.08, 0.1):
        corners = np.asarray(cv2.approxPolyDP(hull, share * cv2.arcLength(hull, True), True), np.float32).reshape(-1, 2)
        if len(corners) == 3:
            middle = corners.mean(axis=0)
            # Its tips are blunt in pixels.
            grown = middle + (corners - middle) * (area_px / max(1.0, cv2.contourArea(corners))) ** 0.5
            return np.asarray(grown, np.float32)
    return None


def _filled(points: Points) -> Mask:
    drawn = np.zeros((_DRAWN_PX + 16, _DRAWN_PX + 16), np.uint8)
    cv2.fillPoly(drawn, [np.round(points).astype(np.int32).reshape(-1, 1, 2)], 1)
    return drawn


def _ellipse(moments: dict[str, float]) -> Mask:
    """The ellipse that has the same first and second moments."""
    area = moments["m00"]
    spread = np.array([[moments["mu20"], moments["mu11"]], [moments["mu11"], moments["mu02"]]]) / area
    values, vectors = np.linalg.eigh(spread)
    axes = 4 * np.sqrt(np.maximum(values, 1e-6))
    angle = float(np.degrees(np.arctan2(vectors[1, 0], vectors[0, 0])))
    drawn = np.zeros((_DRAWN_PX + 16, _DRAWN_PX + 16), np.uint8)
    middle = (moments["m10"] / area, moments["m01"] / area)
    cv2.ellipse(drawn, (middle, (float(axes[0]), float(axes[1])), angle), 1, -1)
    return drawn


def _iou(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))
