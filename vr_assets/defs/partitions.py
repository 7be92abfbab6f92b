"""A partition is a named batch of one graph's items."""

from collections.abc import Mapping

import dagster as dg

from vr_assets.settings import Asset, Graph

VIDEO_BATCHES = "video_batches"
IMAGE_BATCHES = "image_batches"

video_batches = dg.DynamicPartitionsDefinition(name=VIDEO_BATCHES)
image_batches = dg.DynamicPartitionsDefinition(name=IMAGE_BATCHES)

PARTITION_SETS: Mapping[Graph, str] = {Graph.VIDEOS: VIDEO_BATCHES, Graph.IMAGES: IMAGE_BATCHES}
_DEFINITIONS: Mapping[Graph, dg.DynamicPartitionsDefinition] = {Graph.VIDEOS: video_batches, Graph.IMAGES: image_batches}


def batches_of(asset: Asset) -> dg.DynamicPartitionsDefinition:
    """The partitions of an asset: the batches of its graph."""
    return _DEFINITIONS[Graph.of(asset)]


def registered(instance: dg.DagsterInstance) -> set[str]:
    """The batches of all graphs that Dagster knows; names are unique over graphs."""
    return {name for partitions in PARTITION_SETS.values() for name in instance.get_dynamic_partitions(partitions)}
