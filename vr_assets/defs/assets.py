"""The graphs."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from vr_assets.defs.automation import FLOWS_DOWN
from vr_assets.defs.columns import column_schema
from vr_assets.defs.io_managers import LEFT_OUT
from vr_assets.defs.partitions import batches_of
from vr_assets.defs.recipes import recipe_key
from vr_assets.defs.resources import Project
from vr_assets.defs.stage_runs import carry_out
from vr_assets.export.annotations import annotations
from vr_assets.export.conversations import conversation_files
from vr_assets.export.grounded import exports
from vr_assets.export.task_files import assemble, write_task_files
from vr_assets.records.batch import ConversationEntry, ImageEntry
from vr_assets.records.conversation import CaptionedConversation
from vr_assets.records.image import ExpressedImage, GroundedImage, RawImage
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
from vr_assets.settings import ON_REQUEST, Asset, Graph
from vr_assets.steps.captions import caption_videos
from vr_assets.steps.chunk_captions import caption_chunks
from vr_assets.steps.descriptions import describe_videos
from vr_assets.steps.evidence_checks import check_evidence
from vr_assets.steps.expressions import express_images
from vr_assets.steps.filtered_videos import filter_videos
from vr_assets.steps.groundings import ground_images
from vr_assets.steps.highlights import caption_highlights
from vr_assets.steps.qa import ask_questions
from vr_assets.steps.raw_images import read_images
from vr_assets.steps.raw_videos import read_videos
from vr_assets.steps.stage import Stage
from vr_assets.steps.task_files import task_file_rows
from vr_assets.steps.video_captions import caption_conversations

_GROUPS = {Graph.VIDEOS: "video", Graph.IMAGES: "image", Graph.CONVERSATIONS: "conversation"}

_optional = dg.AssetIn(metadata=LEFT_OUT)


def _stage(
    asset: Asset, *kinds: str, ins: Mapping[str, dg.AssetIn] | None = None
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    return dg.asset(
        name=asset.value,
        ins=ins,
        deps=[recipe_key(asset)],
        partitions_def=batches_of(asset),
        io_manager_key="rows",
        # A group of its own, so that "materialize all" of the videos' stages asks for no checks.
        group_name="evidence" if asset in ON_REQUEST else _GROUPS[Graph.of(asset)],
        kinds={*kinds, "jsonl"},
        owners=["team:vr-assets"],
        code_version="1",
        automation_condition=None if asset in ON_REQUEST else FLOWS_DOWN,
        metadata={"dagster/column_schema": column_schema(asset)},
    )


@_stage(Asset.RAW_VIDEOS, "video")
def raw_videos(context: dg.AssetExecutionContext, project: Project) -> list[RawVideo]:
    """The videos of a batch, with what their headers say. Asks no model; broken or too long files and copies stop here."""
    return carry_out(
        context, project, lambda stage: read_videos(project.store.open().read_manifest(context.partition_key), stage)
    )


@_stage(Asset.FILTERED_VIDEOS, "video", "vlm")
def filtered_videos(context: dg.AssetExecutionContext, project: Project, raw_videos: list[RawVideo]) -> list[FilteredVideo]:
    """Whether each video suits the domain, and whether it shows an anomaly, as the model judges; quality as measured."""
    return carry_out(context, project, lambda stage: filter_videos(raw_videos, stage))


@_stage(Asset.CAPTIONS, "video", "vlm", ins={"filtered_videos": _optional})
def captions(
    context: dg.AssetExecutionContext,
    project: Project,
    raw_videos: list[RawVideo],
    filtered_videos: list[FilteredVideo] | None,
) -> list[CaptionedVideo]:
    """Each video told twice: as one narrative, and as timed events."""
    return carry_out(context, project, lambda stage: caption_videos(raw_videos, filtered_videos, stage))


@_stage(Asset.CHUNK_CAPTIONS, "video", "vlm")
def chunk_captions(
    context: dg.AssetExecutionContext, project: Project, captions: list[CaptionedVideo]
) -> list[ChunkCaptionedVideo]:
    """Each stretch of a video told by itself, with its true times."""
    return carry_out(context, project, lambda stage: caption_chunks(captions, stage))


@_stage(Asset.HIGHLIGHTS, "video", "vlm")
def highlights(
    context: dg.AssetExecutionContext,
    project: Project,
    captions: list[CaptionedVideo],
    chunk_captions: list[ChunkCaptionedVideo],
) -> list[HighlightedVideo]:
    """The incident of each anomaly: its moment found in the text, then looked at closely."""
    return carry_out(context, project, lambda stage: caption_highlights(captions, chunk_captions, stage))


@_stage(Asset.DESCRIPTIONS, "llm", ins={"highlights": _optional})
def descriptions(
    context: dg.AssetExecutionContext,
    project: Project,
    captions: list[CaptionedVideo],
    chunk_captions: list[ChunkCaptionedVideo],
    highlights: list[HighlightedVideo] | None,
) -> list[DescribedVideo]:
    """One structured account of each video: the scene, the events in order, the incident or activity."""
    return carry_out(context, project, lambda stage: describe_videos(captions, chunk_captions, highlights, stage))


@_stage(Asset.QA, "llm", ins={"highlights": _optional, "descriptions": _optional})
def qa(
    context: dg.AssetExecutionContext,
    project: Project,
    captions: list[CaptionedVideo],
    chunk_captions: list[ChunkCaptionedVideo],
    highlights: list[HighlightedVideo] | None,
    descriptions: list[DescribedVideo] | None,
) -> list[QaVideo]:
    """Questions, answers and the reasoning between them, one call a QA type."""
    return carry_out(context, project, lambda stage: ask_questions(captions, chunk_captions, highlights, descriptions, stage))


@_stage(Asset.TASK_FILES, "json")
def task_files(context: dg.AssetExecutionContext, project: Project, qa: list[QaVideo]) -> list[TaskFilesVideo]:
    """The training data: a `tao-vl-reason-v1.0` file for each task, and how many items each video gave to it."""

    async def write(stage: Stage) -> list[TaskFilesVideo]:
        store, name = project.store.open(), context.partition_key
        today = datetime.now(UTC).date()
        made = assemble(qa, batch=store.read_batch(name), settings=stage.settings.task_files, date=today)
        write_task_files(store.task_files_folder(name), made.files)
        store.publish_task_files(name)
        return task_file_rows(qa, made.outcomes)

    return carry_out(context, project, write)


@_stage(Asset.EVIDENCE, "llm", "vlm", ins={"highlights": _optional, "descriptions": _optional})
def evidence(
    context: dg.AssetExecutionContext,
    project: Project,
    captions: list[CaptionedVideo],
    chunk_captions: list[ChunkCaptionedVideo],
    highlights: list[HighlightedVideo] | None,
    descriptions: list[DescribedVideo] | None,
    qa: list[QaVideo],
) -> list[EvidenceVideo]:
    """QA items asked again without the video, judged by what was written down, or answered by a second model; marks.jsonl."""

    async def work(stage: Stage) -> list[EvidenceVideo]:
        rows = await check_evidence(captions, chunk_captions, highlights, descriptions, qa, stage)
        project.store.open().write_marks(context.partition_key, [mark for row in rows for mark in row.marks])
        return rows

    return carry_out(context, project, work)


@_stage(Asset.RAW_IMAGES, "image")
def raw_images(context: dg.AssetExecutionContext, project: Project) -> list[RawImage]:
    """Every image read once: its real size, upright, and an id. What is missing or damaged fails here."""
    store = project.store.open()
    return carry_out(context, project, lambda stage: read_images(store.read_entries(context.partition_key, ImageEntry), stage))


@_stage(Asset.EXPRESSIONS, "image", "vlm")
def expressions(context: dg.AssetExecutionContext, project: Project, raw_images: list[RawImage]) -> list[ExpressedImage]:
    """Each caption cleaned, and the expressions in it that name something to be seen, with their places in the text."""
    return carry_out(context, project, lambda stage: express_images(raw_images, stage))


@_stage(Asset.GROUNDINGS, "image", "vlm")
def groundings(context: dg.AssetExecutionContext, project: Project, expressions: list[ExpressedImage]) -> list[GroundedImage]:
    """A box for each thing that an expression names, in pixels of the original; annotations.jsonl, COCO, ODVG and task file."""

    async def work(stage: Stage) -> list[GroundedImage]:
        rows = await ground_images(expressions, stage)
        store, name = project.store.open(), context.partition_key
        made = exports(rows, batch=store.read_batch(name), settings=stage.settings.task_files, date=datetime.now(UTC).date())
        for file, content in {"annotations.jsonl": annotations(rows), **made}.items():
            store.write_file(name, file, content)
        return rows

    return carry_out(context, project, work)


@_stage(Asset.VIDEO_CAPTIONS, "video", "vlm")
def video_captions(context: dg.AssetExecutionContext, project: Project) -> list[CaptionedConversation]:
    """One caption a row of conversations, of all its videos and images; also in the form of the input and as ShareGPT."""
    store, name = project.store.open(), context.partition_key

    async def work(stage: Stage) -> list[CaptionedConversation]:
        manifest = store.read_entries(name, ConversationEntry)
        rows = await caption_conversations(manifest, stage)
        for file, content in conversation_files(manifest, rows).items():
            store.write_file(name, file, content)
        return rows

    return carry_out(context, project, work)


CONVERSATION_ASSETS = [video_captions]

IMAGE_ASSETS = [raw_images, expressions, groundings]

VIDEO_ASSETS = [raw_videos, filtered_videos, captions, chunk_captions, highlights, descriptions, qa, task_files, evidence]
