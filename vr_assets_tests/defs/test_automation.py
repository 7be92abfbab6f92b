"""New batches and changes of what stages are made from, carried on without a click."""

from pathlib import Path

import dagster as dg

from vr_assets.definitions import defs
from vr_assets.defs.recipes import observe_recipes
from vr_assets.settings import Asset
from vr_assets_tests.defs.bench import SHORT, Bench


class Ticks:
    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.cursor = None

    def __call__(self, batch: str) -> list[str]:
        import time

        t = time.monotonic()
        result = dg.evaluate_automation_conditions(defs=defs, instance=self.bench.instance, cursor=self.cursor)
        self.cursor = result.cursor
        print("tick", round(time.monotonic() - t, 2))
        return [a for a in Asset if batch in result.get_requested_partitions(dg.AssetKey(a.value))]


def test_x(bench: Bench, videos: list[Path], prompt) -> None:
    tick = Ticks(bench)
    bench.ingest("old", videos[:1])
    print("first", tick("old"))
    print("second", tick("old"))
    bench.ingest("ours", videos[:1], prompts__prompts_module="ours", mode="anomaly")
    print("new", tick("ours"), tick("ours"), tick("old"))
    bench.run("ours")
    print("after run", tick("ours"), tick("ours"))
    prompt.write_text(prompt.read_text().replace("{% endblock", "Be brief.\n{% endblock", 1))
    observe_recipes(bench.instance, bench.store, ["ours"])
    print("edit", tick("ours"), tick("ours"))
    bench.run("ours", [Asset.QA])
    print("after qa", tick("ours"), tick("ours"))
    bench.run("ours", [Asset.TASK_FILES])
    print("after tf", tick("ours"), tick("ours"))
    bench.run("ours", [Asset.FILTERED_VIDEOS])
    print("rerun same", tick("ours"), tick("ours"))
    assert 0
