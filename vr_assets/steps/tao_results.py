"""The step files of an earlier TAO run: found below its results folder, read line by line, and what their lines name."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import JsonValue

from vr_assets.errors import IngestError
from vr_assets.media.roots import Roots
from vr_assets.settings import Asset, Graph
from vr_assets.steps.intake import Problem
from vr_assets.steps.lists import lines_of, parse_line
from vr_assets.steps.places import absolute, read_content

STEP_FILES: Mapping[str, Asset] = {
    "filter_results.jsonl": Asset.FILTERED_VIDEOS,
    "captions.jsonl": Asset.CAPTIONS,
    "chunk_captions.jsonl": Asset.CHUNK_CAPTIONS,
    "highlight_captions.jsonl": Asset.HIGHLIGHTS,
    "descriptions.jsonl": Asset.DESCRIPTIONS,
    "qa_output.jsonl": Asset.QA,
}
ANNOTATIONS = "annotations.jsonl"
"""The name of both step files of images: what a line has says which step wrote it."""


@dataclass(frozen=True)
class Line:
    """One line of a step file. `place` is the file's path and the line's number, from 1."""

    place: str
    fields: Mapping[str, JsonValue]

    @property
    def named(self) -> str:
        """The video or image, as the line names it; empty where it names none."""
        values = (self.fields.get(name) for name in ("video", "video_path", "image_path", "image"))
        return next((value for value in values if isinstance(value, str)), "")


@dataclass(frozen=True)
class Results:
    """All lines that can be read and name something, by the stage that they are of; a later line of a file comes later."""

    graph: Graph
    lines: Mapping[Asset, Sequence[Line]]
    problems: Sequence[Problem]

    @property
    def named(self) -> list[str]:
        """Every video or image that is named, once."""
        return sorted({line.named for lines in self.lines.values() for line in lines})


def find_results(folder: Path, *, skip: Collection[Path] = ()) -> Results:
    """Look for step files in a folder and all folders below it but those in `skip` (resolved): ours have such names too.

    Raises:
        IngestError: there are none, or those of both pipelines.
    """
    named = (path for name in (*STEP_FILES, ANNOTATIONS) for path in folder.rglob(name) if path.is_file())
    files = sorted(path for path in named if not set(path.resolve().parents) & set(skip))
    graphs = {Graph.IMAGES if path.name == ANNOTATIONS else Graph.VIDEOS for path in files}
    if len(graphs) != 1:
        what = "step files of videos and of images; name the folder of one pipeline" if graphs else "no step file in it"
        raise IngestError(f"{folder}: {what} (looked for {', '.join(STEP_FILES)}, {ANNOTATIONS})")
    lines: defaultdict[Asset, list[Line]] = defaultdict(list)
    problems: list[Problem] = []
    for path in files:
        for number, content in _lines(path, problems):
            place = f"{absolute(path)}:{number}"
            try:
                line = Line(place, parse_line(content, '{"video": ...}'))
            except IngestError as error:
                problems.append(Problem(place, str(error)))
                continue
            if not line.named:
                problems.append(Problem(place, "names no video or image"))
                continue
            for asset in _stages(path.name, line):
                lines[asset].append(line)
    return Results(graphs.pop(), lines, problems)


def _lines(path: Path, problems: list[Problem]) -> Iterator[tuple[int, bytes]]:
    try:
        yield from lines_of(read_content(path, Roots()), str(path))
    except IngestError as error:
        problems.append(Problem(absolute(path), str(error)))


def _stages(file: str, line: Line) -> Collection[Asset]:
    if file in STEP_FILES:
        return [STEP_FILES[file]]
    expressions = line.fields.get("expressions")
    has_boxes = isinstance(expressions, list) and any(isinstance(one, dict) and one.get("instances") for one in expressions)
    return [Asset.EXPRESSIONS, Asset.GROUNDINGS] if has_boxes else [Asset.EXPRESSIONS]


def find_files(named: Iterable[str], known: Iterable[str]) -> tuple[dict[str, str], list[Problem]]:
    """Which of the known paths each name means: that very path, else the only one that ends most like it.

    So results of another machine find their videos in another folder. Two names for one path must be the same file's: a shorter
    and a longer form.
    """
    paths = set(known)
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(paths):
        by_name[PurePosixPath(path).name].append(path)
    found: dict[str, str] = {}
    problems = []
    for name in named:
        alike = [name] if name in paths else _most_alike(name, by_name[PurePosixPath(name).name])
        if len(alike) == 1:
            found[name] = alike[0]
        else:
            either = f"may be {' or '.join(alike[:3])}; its lines are left out, for none is more like it"
            problems.append(
                Problem(name, either if alike else "the batch has no file of that path or name; its lines are left out")
            )
    taken: defaultdict[str, list[str]] = defaultdict(list)
    for name, path in found.items():
        taken[path].append(name)
    for path, names in taken.items():
        longest = max(names, key=len)
        if not all(_tail(longest, name) == len(PurePosixPath(name).parts) or name == path for name in names):
            problems += [Problem(name, f"is one of {len(names)} that only {path} could be; none is taken") for name in names]
            for name in names:
                del found[name]
    return found, problems


def moved(places: Mapping[str, str]) -> dict[tuple[str, str], int]:
    """Which folders the files were in, by their names, and are in now, and how many they are; those that stayed are left out."""
    counts: Counter[tuple[str, str]] = Counter()
    for name, path in places.items():
        tail = _tail(name, path)
        before, now = PurePosixPath(name).parts[:-tail], PurePosixPath(path).parts[:-tail]
        if before:
            counts[str(PurePosixPath(*before)), str(PurePosixPath(*now))] += 1
    return dict(counts)


def _most_alike(name: str, paths: Sequence[str]) -> list[str]:
    tails = {path: _tail(name, path) for path in paths}
    return [path for path, tail in tails.items() if tail == max(tails.values())]


def _tail(one: str, other: str) -> int:
    """How many parts two paths have in common at their ends."""
    pairs = zip(reversed(PurePosixPath(one).parts), reversed(PurePosixPath(other).parts), strict=False)
    count = 0
    for mine, theirs in pairs:
        if mine != theirs:
            break
        count += 1
    return count
