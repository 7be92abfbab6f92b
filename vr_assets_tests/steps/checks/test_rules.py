"""Every rule of every stage: it passes on good data, fails on data made to fail it, and never passes on none."""

import pytest

from vr_assets.settings import Asset, Check, Graph, Settings, Status
from vr_assets.steps.checks import RULES
from vr_assets.steps.checks.batch_rows import BatchRows
from vr_assets.steps.checks.rule import Look
from vr_assets.storage import Store
from vr_assets_tests.steps.checks.batches import NAME, Rows, change, manifest_of, put, written
from vr_assets_tests.steps.checks.spoiled import OF_FILES, SPOILED

EACH = [pytest.param(asset, check, id=f"{asset}-{check}") for asset, rules in RULES.items() for check in rules]
# They judge the rows themselves, whatever those hold.
OF_ROWS = (Check.FAILED_ROWS, Check.MISSING_ROWS)


def look(store: Store, asset: Asset, check: Check, settings: Settings | None = None) -> Look:
    return RULES[asset][check](BatchRows(store, NAME), asset, settings or Settings())


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, sound_rows: Rows) -> dict[Graph, Store]:
    """A good batch of each graph."""
    stores = {graph: Store(tmp_path_factory.mktemp(graph)) for graph in Graph}
    for graph, store in stores.items():
        put(store, sound_rows, graph)
    return stores


@pytest.mark.parametrize(("asset", "check"), EACH)
def test_good_data_passes(asset: Asset, check: Check, sound: dict[Graph, Store]) -> None:
    found = look(sound[Graph.of(asset)], asset, check)
    assert (found.passed, found.breaches) == (True, ())
    assert found.looked_at > 0


@pytest.mark.parametrize(("asset", "check"), EACH)
def test_data_made_to_fail_a_check_fails_it_and_names_what_is_wrong(asset: Asset, check: Check, store: Store, rows: Rows) -> None:
    manifest = manifest_of(rows, Graph.of(asset))
    if check in OF_FILES:
        put(store, rows, Graph.of(asset))
        OF_FILES[check](store.task_files_folder(NAME))
    else:
        if asset is Asset.TASK_FILES:
            rows[asset] = written(rows)
        SPOILED[check](rows, asset)
        put(store, rows, Graph.of(asset), manifest=manifest)
    found = look(store, asset, check)
    assert found.passed is False
    assert found.breaches and all(subject and said for subject, said in found.breaches)


@pytest.mark.parametrize(("asset", "check"), EACH)
def test_no_check_passes_on_an_asset_without_rows(asset: Asset, check: Check, store: Store) -> None:
    put(store, {one: [] for one in Asset}, Graph.of(asset))
    found = look(store, asset, check)
    assert not found.passed
    assert found.said


@pytest.mark.parametrize(("asset", "check"), [one for one in EACH if one.values[1] not in OF_ROWS])
def test_no_check_passes_on_rows_that_hold_nothing(asset: Asset, check: Check, store: Store, rows: Rows) -> None:
    for one in Asset:
        change(rows, one, lambda _: {"status": Status.SKIPPED, "reason": "stopped before", "blocked_by": Asset.RAW_VIDEOS})
    put(store, rows, Graph.of(asset))
    assert look(store, asset, check).passed is None


def test_every_check_has_data_that_is_made_to_fail_it() -> None:
    assert {check for rules in RULES.values() for check in rules} == {*SPOILED, *OF_FILES} == set(Check)
    assert RULES.keys() == set(Asset)
