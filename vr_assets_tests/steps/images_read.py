"""Rows of images, read as in a run."""

from collections.abc import Sequence

import anyio

from vr_assets.backends.prices import Prices
from vr_assets.records.batch import ImageEntry
from vr_assets.records.image import RawImage
from vr_assets.settings import Asset, Settings
from vr_assets.steps.foreseeing import Notes, foreseeing
from vr_assets.steps.raw_images import read_images
from vr_assets.storage import Store


def read_in(store: Store, entries: Sequence[ImageEntry], settings: Settings) -> list[RawImage]:
    async def rows() -> list[RawImage]:
        notes, prices = Notes(set(), set()), Prices.load("")
        opened = foreseeing(Asset.RAW_IMAGES, settings, store, batch="b", environ={}, prices=prices, notes=notes)
        async with opened as stage:
            return await read_images(entries, stage)

    return anyio.run(rows)
