"""What the offline annotator says of drawn scenes, scored by how they were drawn.

python -m benchmarks.baseline                       # 120 scenes
python -m benchmarks.baseline --first 500 --scenes 40 --failures
python -m benchmarks.baseline --keep DIR --seed 7   # one scene: its film, its proxy, what was measured and said
"""

import argparse
import statistics
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from vr_assets_tests.drawn_facts import Truth
from vr_assets_tests.scoring.run import score
from vr_assets_tests.scoring.tally import Count, Tally

SCENES = 120
_SHARD = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=SCENES)
    parser.add_argument("--first", type=int, default=0, help="the first scene's seed")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--keep", type=Path, help="the folder for the films and what was measured in them")
    parser.add_argument("--failures", action="store_true", help="list what was wrong and what was missed")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    if asked.keep is not None:
        asked.keep.mkdir(parents=True, exist_ok=True)
    if asked.seed is not None:
        print_truth(Truth.of(asked.seed))
        print_tally(score([asked.seed], keep=asked.keep), failures=True)
        return
    seeds = range(asked.first, asked.first + asked.scenes)
    shards = [seeds[at : at + _SHARD] for at in range(0, len(seeds), _SHARD)]
    with ProcessPoolExecutor(asked.workers) as pool:
        tallies = list(pool.map(score_shard, shards, [asked.keep] * len(shards)))
    print_tally(Tally.of(tallies), failures=asked.failures)


def score_shard(seeds: range, keep: Path | None) -> Tally:
    return score(seeds, keep=keep)


def print_tally(tally: Tally, *, failures: bool) -> None:
    print(f"{'kind':28} {'stated':>6} {'right':>6} {'happened':>8} {'told':>6}  off by (median, worst)")
    for kind, count in sorted(tally.counts.items()):
        print(_line(kind, count))
    minutes = tally.video_s / 60
    print(
        f"{tally.scenes} scenes, {minutes:.1f} minutes, {tally.cpu_s / max(minutes, 1e-9):.2f} CPU s a minute beyond the decode"
    )
    if failures:
        for kind, count in sorted(tally.counts.items()):
            for what in count.wrong:
                print(f"wrong   {kind}: {what}")
            for what in count.missed:
                print(f"missed  {kind}: {what}")


def print_truth(truth: Truth) -> None:
    scene = truth.scene
    print(f"seed {scene.seed}: {scene.kind}, {scene.seconds} s, {'night' if scene.night else 'day'}, {scene.look}")
    print(f"cut {scene.cut_s}, turned {scene.turned}, noise {scene.noise:.1f}, crf {scene.crf}, shake {scene.shake}")
    for number, seen in enumerate(truth.seen):
        begins, ends = seen.span
        mover = seen.mover
        way = f"from {seen.entered or 'inside'} to {seen.left or 'inside'}"
        print(
            f"mover {number}: {mover.paint} {mover.other or ''} {mover.shape}, {begins:.2f} to {ends:.2f} s, {way}, {seen.stands}"
        )
    for happening in scene.happenings:
        print(happening)
    for thing in scene.things:
        print(thing)


def _line(kind: str, count: Count) -> str:
    right = f"{count.right_share:6.1%}" if count.stated else "     -"
    told = f"{count.told_share:6.1%}" if count.happened else "     -"
    late = ""
    if count.late_s:
        late = f"  {statistics.median(count.late_s):+.2f}, {max(count.late_s, key=abs):+.2f} s"
    return f"{kind:28} {count.stated:6} {right} {count.happened:8} {told}{late}"


if __name__ == "__main__":
    main()
