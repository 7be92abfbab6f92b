"""Review pages as assets: what people look at when a batch is through."""

from collections.abc import Mapping

import dagster as dg

from vr_assets.defs.faults import told_to_dagster
from vr_assets.defs.links import link
from vr_assets.defs.partitions import batches_of
from vr_assets.defs.resources import Project
from vr_assets.defs.review_pages import build_page
from vr_assets.defs.shared import shared_folder
from vr_assets.defs.stage_runs import one_batch
from vr_assets.export.review.site import INDEX
from vr_assets.settings import Graph
from vr_assets.steps.findings import find_all
from vr_assets.steps.session import Run, Session


def _reviews(graph: Graph, name: str) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        # Of all stages: that of task files does not change with every text.
        deps=[asset.value for asset in graph.assets],
        partitions_def=batches_of(graph.assets[0]),
        group_name="release",
        kinds={"html"},
        owners=["team:vr-assets"],
        code_version="1",
        description="A page to look at a batch in a browser; `vr-assets review` lets people accept, reject and edit. No calls.",
    )
    def reviews(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult[None]:
        with told_to_dagster(context.op_execution_context.retry_number):
            batch, store = one_batch(context), project.store.open()
            settings = project.resolved(batch).settings
            run = Run(id=context.run.run_id, batch=batch, shared=shared_folder(context.instance))
            session = project.session(lambda: Session(settings, store, run, environ=project.environment()))
            findings = find_all(store, batch, settings)
            built = session.with_media(lambda media: build_page(store, batch, media, findings))
        page = store.review_folder(batch) / INDEX
        return dg.MaterializeResult(
            metadata={
                "page": link(store, page.relative_to(store.root).as_posix(), settings.files_url),
                "shown": built.shown,
                "without_pictures": built.without_pictures,
                "findings": len(findings),
            }
        )

    return reviews


REVIEWS: Mapping[Graph, dg.AssetsDefinition] = {
    Graph.VIDEOS: _reviews(Graph.VIDEOS, "video_reviews"),
    Graph.IMAGES: _reviews(Graph.IMAGES, "image_reviews"),
    Graph.CONVERSATIONS: _reviews(Graph.CONVERSATIONS, "conversation_reviews"),
}
