"""What people run as one."""

import dagster as dg

from vr_assets.settings import Asset

_CAPTIONS = (Asset.RAW_VIDEOS, Asset.FILTERED_VIDEOS, Asset.CAPTIONS, Asset.CHUNK_CAPTIONS)

annotate_videos = dg.define_asset_job(
    "annotate_videos",
    selection=dg.AssetSelection.assets(*Asset),
    description="A batch of videos, all the way to task files.",
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

JOBS = [annotate_videos, videos_to_captions, qa_and_task_files]
