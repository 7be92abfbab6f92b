"""What people run as one."""

from collections.abc import Mapping

import dagster as dg

from vr_assets.defs.release import DATASET
from vr_assets.defs.reviews import REVIEWS
from vr_assets.settings import Asset, Graph

_CAPTIONS = (Asset.RAW_VIDEOS, Asset.FILTERED_VIDEOS, Asset.CAPTIONS, Asset.CHUNK_CAPTIONS)

annotate_videos = dg.define_asset_job(
    "annotate_videos",
    selection=dg.AssetSelection.assets(*Graph.VIDEOS.assets, REVIEWS[Graph.VIDEOS]),
    description="A batch of videos, all the way to task files and a page to review them.",
)
videos_to_captions = dg.define_asset_job(
    "videos_to_captions",
    selection=dg.AssetSelection.assets(*_CAPTIONS),
    description="The stages that watch the videos. Read the captions before you pay for questions about them.",
)
qa_and_task_files = dg.define_asset_job(
    "qa_and_task_files",
    selection=dg.AssetSelection.assets(Asset.QA, Asset.TASK_FILES),
    description="Questions and task files from captions that are there, such as after an edit of the QA prompts.",
)

ground_images = dg.define_asset_job(
    "ground_images",
    selection=dg.AssetSelection.assets(*Graph.IMAGES.assets, REVIEWS[Graph.IMAGES]),
    description="A batch of images with captions, all the way to boxes, annotations.jsonl and a page to review them.",
)
images_to_expressions = dg.define_asset_job(
    "images_to_expressions",
    selection=dg.AssetSelection.assets(Asset.RAW_IMAGES, Asset.EXPRESSIONS),
    description="Cleaned captions and their expressions. Read them before you pay for boxes.",
)
ground_expressions = dg.define_asset_job(
    "ground_expressions",
    selection=dg.AssetSelection.assets(Asset.GROUNDINGS),
    description="Boxes for expressions that are there, such as with another model.",
)

caption_videos = dg.define_asset_job(
    "caption_videos",
    selection=dg.AssetSelection.assets(*Graph.CONVERSATIONS.assets, REVIEWS[Graph.CONVERSATIONS]),
    description="A batch of conversations: one caption a row, in rows and in the form of the input, and a page to review them.",
)

release_dataset = dg.define_asset_job(
    "release_dataset",
    selection=dg.AssetSelection.assets(DATASET),
    description="A data set of the batches that `vr-assets release NAME --batch A --batch B` named for it; costs no call.",
)

JOBS = [
    *(annotate_videos, videos_to_captions, qa_and_task_files),
    *(ground_images, images_to_expressions, ground_expressions),
    caption_videos,
    release_dataset,
]

_OF_A_GRAPH = {Graph.VIDEOS: annotate_videos, Graph.IMAGES: ground_images, Graph.CONVERSATIONS: caption_videos}
WHOLE_JOBS = list(_OF_A_GRAPH.values())
WHOLE: Mapping[Graph, str] = {graph: job.name for graph, job in _OF_A_GRAPH.items()}
"""The job of all assets of a graph."""
