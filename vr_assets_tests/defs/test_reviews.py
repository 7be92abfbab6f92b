"""Review pages as part of a run."""

from pathlib import Path

import dagster as dg

from vr_assets.cli.review import build
from vr_assets.definitions import defs
from vr_assets.defs.partitions import CONVERSATION_BATCHES, IMAGE_BATCHES, VIDEO_BATCHES
from vr_assets.defs.reviews import REVIEWS
from vr_assets.settings import Asset, Graph
from vr_assets_tests.defs.bench import SHORT, Bench


def files(folder: Path) -> dict[str, int]:
    """When each was last written."""
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_a_review_page_follows_all_stages_of_its_graph_batch_by_batch() -> None:
    graph = defs.resolve_asset_graph()
    for kind, partitions in {
        Graph.VIDEOS: VIDEO_BATCHES,
        Graph.IMAGES: IMAGE_BATCHES,
        Graph.CONVERSATIONS: CONVERSATION_BATCHES,
    }.items():
        node = graph.get(REVIEWS[kind].key)
        assert (node.group_name, {key.to_user_string() for key in node.parent_keys}) == ("release", set(kind.assets))
        assert isinstance(node.partitions_def, dg.DynamicPartitionsDefinition) and node.partitions_def.name == partitions


def test_a_whole_run_makes_a_page_and_the_command_finds_nothing_to_change(bench: Bench, videos: list[Path]) -> None:
    bench.ingest("cams", videos)
    outcome = bench.run("cams")
    assert outcome.error is None
    assert [stage.asset for stage in outcome.stages] == list(Graph.VIDEOS.assets)
    folder = bench.store.review_folder("cams")
    made = files(folder)
    assert {name.partition("/")[0] for name in made} == {
        *("index.html", "entries.js", "search.js", "decisions.js"),
        *("page", "items", "thumbs", "clips"),
    }
    assert sum(name.startswith("clips/") for name in made) == len(videos)
    wanted = dg.AssetRecordsFilter(asset_key=REVIEWS[Graph.VIDEOS].key, asset_partitions=["cams"])
    told = bench.instance.fetch_materializations(wanted, limit=1).records[0].asset_materialization
    assert told is not None and told.metadata["page"].value == str(folder / "index.html")
    assert (told.metadata["shown"].value, told.metadata["without_pictures"].value) == (2, 0)
    build(bench.store, "cams")
    assert files(folder) == made


def test_a_run_of_some_stages_makes_no_page(bench: Bench, videos: list[Path]) -> None:
    bench.ingest("cams", videos[:1])
    assert bench.run("cams", [Asset.RAW_VIDEOS, Asset.CAPTIONS]).error is None
    assert set(SHORT) < set(Graph.VIDEOS.assets) and not bench.store.review_folder("cams").exists()
