"""What the offline annotator measures in a video. Times are seconds on the source's clock."""

from vr_assets.records.base import Record


class Scene(Record):
    """Measured facts of one video."""

    duration_s: float
