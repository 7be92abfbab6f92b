"""Which record each asset's rows are."""

from collections.abc import Mapping

from vr_assets.records.conversation import CaptionedConversation
from vr_assets.records.image import ExpressedImage, GroundedImage, RawImage
from vr_assets.records.row import Row
from vr_assets.records.video import (
    CaptionedVideo,
    ChunkCaptionedVideo,
    DescribedVideo,
    EvidenceVideo,
    FilteredVideo,
    HighlightedVideo,
    QaVideo,
    RawVideo,
    TaskFilesVideo,
)
from vr_assets.settings import Asset

ROWS: Mapping[Asset, type[Row]] = {
    Asset.RAW_VIDEOS: RawVideo,
    Asset.FILTERED_VIDEOS: FilteredVideo,
    Asset.CAPTIONS: CaptionedVideo,
    Asset.CHUNK_CAPTIONS: ChunkCaptionedVideo,
    Asset.HIGHLIGHTS: HighlightedVideo,
    Asset.DESCRIPTIONS: DescribedVideo,
    Asset.QA: QaVideo,
    Asset.TASK_FILES: TaskFilesVideo,
    Asset.EVIDENCE: EvidenceVideo,
    Asset.RAW_IMAGES: RawImage,
    Asset.EXPRESSIONS: ExpressedImage,
    Asset.GROUNDINGS: GroundedImage,
    Asset.VIDEO_CAPTIONS: CaptionedConversation,
}
