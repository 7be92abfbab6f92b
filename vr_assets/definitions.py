"""Everything Dagster loads: `dagster dev -m vr_assets.definitions`."""

import dagster as dg

from vr_assets.defs.assets import CONVERSATION_ASSETS, IMAGE_ASSETS, VIDEO_ASSETS
from vr_assets.defs.automation import automation
from vr_assets.defs.checks import checks_of
from vr_assets.defs.executors import executor
from vr_assets.defs.io_managers import RowsIOManager
from vr_assets.defs.jobs import JOBS
from vr_assets.defs.recipes import recipe_spec
from vr_assets.defs.release import dataset
from vr_assets.defs.resources import GROUP_TYPES, Project, StoreResource
from vr_assets.defs.reviews import REVIEWS
from vr_assets.defs.sensors import recipe_changes, video_drops
from vr_assets.settings import Asset

# Nothing is set here: environment, batch.json and run config fill them.
_store = StoreResource.configure_at_launch()
_groups = {name: kind.configure_at_launch() for name, kind in GROUP_TYPES.items()}

defs = dg.Definitions(
    assets=[*VIDEO_ASSETS, *IMAGE_ASSETS, *CONVERSATION_ASSETS, *REVIEWS.values(), dataset, *map(recipe_spec, Asset)],
    asset_checks=[*map(checks_of, Asset)],
    jobs=JOBS,
    sensors=[recipe_changes, video_drops, automation],
    resources={
        "store": _store,
        **_groups,
        "project": Project(store=_store, **_groups),
        "rows": RowsIOManager(store=_store),
    },
    executor=executor(),
)
