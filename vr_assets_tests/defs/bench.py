"""A project in a temporary folder: real videos, a real instance, and a scripted model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest
from pydantic import JsonValue

from vr_assets.backends.base import Backend
from vr_assets.backends.scripted import ScriptedBackend
from vr_assets.definitions import defs
from vr_assets.defs.instance import run_config
from vr_assets.defs.partitions import VIDEO_BATCHES
from vr_assets.defs.recipes import observe_recipes
from vr_assets.defs.runs import RunOutcome, run_batch
from vr_assets.records.batch import Batch, ManifestRow
from vr_assets.settings import Asset, Graph
from vr_assets.steps.stage import Progress
from vr_assets.storage import Store
from vr_assets_tests.steps.graph import Script, valid

# The shortest way to task files. Dagster takes a quarter of a second a stage for its events.
SHORT = (Asset.RAW_VIDEOS, Asset.CAPTIONS, Asset.CHUNK_CAPTIONS, Asset.QA, Asset.TASK_FILES)


GENERAL = Path(__file__).parents[2] / "prompts" / "general"


def edit(prompt: Path) -> None:
    """Some words more at the end of the prompt's first block."""
    prompt.write_text(prompt.read_text().replace("{% endblock", "Be brief.\n{% endblock", 1))


@dataclass
class Bench:
    """The model answers as `script` says; `asked` is what it was asked in the last run."""

    store: Store
    instance: dg.DagsterInstance
    script: Script = valid
    made: list[ScriptedBackend] = field(default_factory=list)
    reported: list[Progress] = field(default_factory=list)

    def make_backend(self, *_: object, **__: object) -> Backend:
        """Takes the place of the real one."""
        self.made.append(ScriptedBackend(self.script))
        return self.made[-1]

    def ingest(self, name: str, videos: Sequence[Path], **settings: JsonValue) -> None:
        """Register a batch; `settings` are those it keeps, with `__` for the dot."""
        kept = {key.replace("__", "."): value for key, value in settings.items()}
        batch = Batch(name=name, family=name, source_root=None, settings=kept, created="2026-01-02T00:00:00+00:00")
        self.store.create_batch(batch, [ManifestRow(video_path=str(path)) for path in videos])
        self.instance.add_dynamic_partitions(VIDEO_BATCHES, [name])
        observe_recipes(self.instance, self.store, [name])

    def run(
        self, batch: str, assets: Sequence[Asset] = Graph.VIDEOS.assets, *, given: Mapping[str, object] | None = None
    ) -> RunOutcome:
        """Run assets of a batch, with settings as run config."""
        self.made.clear()
        self.reported.clear()
        config = run_config(given or {})
        return run_batch(self.instance, defs, batch, assets=assets, config=config, listener=self.reported.append)

    @property
    def asked(self) -> list[str]:
        """The tasks that the model was asked in the last run, sorted."""
        return sorted(request.task for backend in self.made for request in backend.requests)

    def states(self, batch: str) -> dict[Asset, StaleStatus]:
        """What the UI shows of each asset."""
        resolver = CachingStaleStatusResolver(self.instance, defs.resolve_asset_graph(), LoadingContextForTest(self.instance))
        return {asset: resolver.get_status(dg.AssetKey(asset.value), batch) for asset in Graph.VIDEOS.assets}

    def stale(self, batch: str) -> list[Asset]:
        return [asset for asset, state in self.states(batch).items() if state is StaleStatus.STALE]

    def materialization(self, batch: str, asset: Asset) -> dg.AssetMaterialization:
        """The last one."""
        wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset.value), asset_partitions=[batch])
        made = self.instance.fetch_materializations(wanted, limit=1).records[0].asset_materialization
        assert made is not None
        return made
