"""A partition is a named batch of videos."""

import dagster as dg

VIDEO_BATCHES = "video_batches"

video_batches = dg.DynamicPartitionsDefinition(name=VIDEO_BATCHES)
