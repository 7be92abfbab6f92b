"""The resources: where the rows lie, and the project with its settings."""

from collections.abc import Callable, Mapping
from datetime import UTC

import dagster as dg
from pydantic import Field, PrivateAttr

from vr_assets.defs.groups import SettingsGroup, group_types
from vr_assets.defs.recipes import observe_recipes
from vr_assets.defs.run_sessions import RunSession
from vr_assets.defs.surroundings import DATASET_FILE, ENVIRONMENT, RUN_CONFIG, environment, resolve_for
from vr_assets.errors import SettingsError, VrAssetsError
from vr_assets.journal import Epochs
from vr_assets.records.release import Dataset
from vr_assets.settings import Asset, Resolved, Settings, environment_layer, resolve
from vr_assets.steps.session import Session
from vr_assets.storage import Store

ALL = "all"
PARTITION_TAG = "dagster/partition"


class StoreResource(dg.ConfigurableResource["StoreResource"]):
    """Where everything is written. `data_root` set here beats the environment's."""

    data_root: str | None = Field(default=None, description=Settings.model_fields["data_root"].description)

    def open(self) -> Store:
        """Raises SettingsError when data_root is no folder."""
        run = {} if self.data_root is None else {"data_root": self.data_root}
        settings = resolve((RUN_CONFIG, run), (ENVIRONMENT, environment_layer())).settings
        return Store.at(settings.data_root, settings.bucket)


class Project(dg.ConfigurableResource["Project"]):
    """The settings of a run: run config before the batch's own, the environment and the defaults. Nothing is set here."""

    store: dg.ResourceDependency[StoreResource]
    run: dg.ResourceDependency[SettingsGroup]
    vlm: dg.ResourceDependency[SettingsGroup]
    llm: dg.ResourceDependency[SettingsGroup]
    endpoints: dg.ResourceDependency[SettingsGroup]
    routes: dg.ResourceDependency[SettingsGroup]
    calls: dg.ResourceDependency[SettingsGroup]
    budget: dg.ResourceDependency[SettingsGroup]
    prompts: dg.ResourceDependency[SettingsGroup]
    videos: dg.ResourceDependency[SettingsGroup]
    filter: dg.ResourceDependency[SettingsGroup]
    chunks: dg.ResourceDependency[SettingsGroup]
    highlights: dg.ResourceDependency[SettingsGroup]
    long_video: dg.ResourceDependency[SettingsGroup]
    qa: dg.ResourceDependency[SettingsGroup]
    evidence: dg.ResourceDependency[SettingsGroup]
    task_files: dg.ResourceDependency[SettingsGroup]
    media: dg.ResourceDependency[SettingsGroup]
    images: dg.ResourceDependency[SettingsGroup]
    grounding: dg.ResourceDependency[SettingsGroup]
    video_captions: dg.ResourceDependency[SettingsGroup]
    checks: dg.ResourceDependency[SettingsGroup]
    release: dg.ResourceDependency[SettingsGroup]

    _session: RunSession | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Observe the recipes before the first step: a step notes the version of its recipe when it starts."""
        batch = context.run.tags.get(PARTITION_TAG) if context.run else None
        if batch is None or context.instance is None:
            return
        try:
            observe_recipes(context.instance, self.store.open(), [batch])
        except VrAssetsError as error:
            if context.log:
                context.log.warning(f"recipes not observed: {error}")

    def session(self, make: Callable[[], Session]) -> RunSession:
        """The run's session, made when its first stage needs one."""
        if self._session is None:
            self._session = RunSession(make())
        return self._session

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """End the run's session; also after a failure."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def resolved(self, batch: str) -> Resolved:
        """Settings for a batch.

        Raises:
            SettingsError: a setting cannot be used, or run config would change the batch's recipe.
            StorageError: there is no such batch.
        """
        return resolve_for(self.store.open().read_batch(batch), run=self._run_layer())

    def release_settings(self, dataset: Dataset) -> Settings:
        """Settings for a data set. Raises SettingsError: one cannot be used."""
        layers = (RUN_CONFIG, self._run_layer()), (DATASET_FILE, dataset.settings), (ENVIRONMENT, environment_layer())
        return resolve(*layers).settings

    def _run_layer(self) -> dict[str, object]:
        layer: dict[str, object] = {}
        for group in GROUP_TYPES:
            layer.update(getattr(self, group).layer(group))
        return layer

    def environment(self) -> Mapping[str, str]:
        """Where keys are looked up."""
        return environment()


GROUP_TYPES = group_types()


def epochs_of(asset: Asset, settings: Settings, run: dg.DagsterRun, instance: dg.DagsterInstance) -> Epochs:
    """From when on answers count: the root run's start for an asset that is forced or retried, so that a forced run that dies and
    is started again does not pay twice.

    Raises:
        SettingsError: `force_reprocess` or `retry` names no asset.
    """
    named = {"force_reprocess": settings.force_reprocess, "retry": settings.retry}
    for name, assets in named.items():
        unknown = sorted(set(assets) - {*Asset, ALL})
        if unknown:
            raise SettingsError(f"{name} names {', '.join(unknown)}; there are {', '.join(Asset)} and {ALL}")
    if not any(asset in assets or ALL in assets for assets in named.values()):
        return Epochs()
    record = instance.get_run_record_by_id(run.root_run_id or run.run_id)
    if record is None:
        raise SettingsError(f"run {run.root_run_id} was deleted, so force_reprocess cannot tell from when on; launch a new run")
    started = record.create_timestamp.astimezone(UTC).isoformat()
    return Epochs(
        forced=started if {asset, ALL} & set(settings.force_reprocess) else None,
        retried=started if {asset, ALL} & set(settings.retry) else None,
    )
