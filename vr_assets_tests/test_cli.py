"""The command line, as a user meets it."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values
from pytest import CaptureFixture, MonkeyPatch

from vr_assets.backends.scripted import Line, ScriptedBackend
from vr_assets.cli import main
from vr_assets.cli.init import TEMPLATES, template
from vr_assets.errors import StageError
from vr_assets.records.call import Request
from vr_assets.settings import Asset, Graph, Task, leaves
from vr_assets.steps.rows import ROWS
from vr_assets.storage import Store
from vr_assets_tests.end_to_end.project import draw_videos
from vr_assets_tests.export.test_task_files import validate
from vr_assets_tests.instances import place_databases
from vr_assets_tests.steps.graph import Script, valid

SHORT = "raw_videos,captions,chunk_captions,qa,task_files"


@dataclass
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


@dataclass
class Terminal:
    """Commands run in this process, in a project folder, with a scripted model."""

    root: Path
    capture: CaptureFixture[str]
    monkeypatch: MonkeyPatch
    script: Script = valid
    requests: Sequence[Request] = ()

    @property
    def store(self) -> Store:
        return Store(self.root / "data")

    def vr(self, *arguments: str) -> Said:
        made: list[ScriptedBackend] = []

        def make(*_: object, **__: object) -> ScriptedBackend:
            made.append(ScriptedBackend(self.script))
            return made[-1]

        for user in ("vr_assets.steps.stage", "vr_assets.steps.session"):
            self.monkeypatch.setattr(f"{user}.make_backend", make)
        self.monkeypatch.setattr(sys, "argv", ["vr-assets", *arguments])
        self.capture.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        self.requests = [request for backend in made for request in backend.requests]
        out, err = self.capture.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, out, err)


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_videos(tmp_path_factory.mktemp("videos"), 2, seconds=1)


@pytest.fixture
def terminal(tmp_path: Path, capfd: CaptureFixture[str], monkeypatch: MonkeyPatch) -> Iterator[Terminal]:
    """A folder that is a project, with nothing of the caller's environment."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("VR_", "DAGSTER_", "GOOGLE_", "OPENAI_"))]:
        del os.environ[name]
    monkeypatch.chdir(tmp_path)
    for name in TEMPLATES:
        (tmp_path / name).write_text(template(name))
    place_databases(tmp_path)
    yield Terminal(tmp_path, capfd, monkeypatch)
    os.environ.clear()
    os.environ.update(before)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_help_does_not_wait_for_dagster() -> None:
    code = "import sys; from vr_assets.cli import main; print({'dagster', 'av', 'numpy', 'rich'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_init_makes_a_project_that_keeps_what_is_there_and_is_ready(
    terminal: Terminal, videos: Path, monkeypatch: MonkeyPatch
) -> None:
    (terminal.root / "own").mkdir()
    (terminal.root / "own" / "dagster.yaml").write_text("# mine\n")
    assert terminal.vr("init", "own").code == 0
    made = terminal.root / "own"
    assert (made / "dagster.yaml").read_text() == "# mine\n"
    assert (made / "workspace.yaml").read_text() == template("workspace.yaml")
    assert dotenv_values(made / ".env") == {"DAGSTER_HOME": str(made), "VR_PROMPTS__PROMPTS_DIR": str(made / "prompts")}
    monkeypatch.chdir(made)
    assert terminal.vr("ingest", str(videos), "--batch", "cams").code == 0


def test_init_puts_the_instance_into_postgresql_once_and_leaves_another_storage_alone(terminal: Terminal) -> None:
    for _ in range(2):
        assert terminal.vr("init", "own", "--postgres").code == 0
    made = yaml.safe_load((terminal.root / "own" / "dagster.yaml").read_text())
    assert made["storage"] == {"postgres": {"postgres_url": {"env": "DAGSTER_PG_URL"}}}
    assert made["concurrency"] == yaml.safe_load(template("dagster.yaml"))["concurrency"]

    (terminal.root / "other").mkdir()
    (terminal.root / "other" / "dagster.yaml").write_text("storage:\n  sqlite:\n    base_dir: /x\n")
    said = terminal.vr("init", "other", "--postgres")
    assert said.code == 2 and "it has storage; take that out" in said.err


def test_the_first_command_notes_the_instance_in_dotenv_and_keeps_what_is_in_it(terminal: Terminal, videos: Path) -> None:
    (terminal.root / ".env").write_text("VR_MODE=normal")
    shutil.rmtree(terminal.root / "history")
    assert terminal.vr("ingest", str(videos), "--batch", "cams").code == 0
    assert dotenv_values(terminal.root / ".env") == {"VR_MODE": "normal", "DAGSTER_HOME": str(terminal.root)}
    assert (terminal.root / "history").is_dir()


def test_an_instance_in_the_environment_is_not_overridden(terminal: Terminal, videos: Path) -> None:
    os.environ["DAGSTER_HOME"] = str(terminal.root / "elsewhere")
    assert terminal.vr("ingest", str(videos), "--batch", "cams").code == 0
    assert not (terminal.root / ".env").exists()
    assert (terminal.root / "elsewhere" / "history").is_dir()


def test_outside_a_project_the_error_names_the_cure(terminal: Terminal, videos: Path) -> None:
    (terminal.root / "dagster.yaml").unlink()
    said = terminal.vr("ingest", str(videos))
    assert said.code == 2
    assert "vr-assets init DIR" in said.err


def test_config_lists_every_setting_with_its_value_source_and_reason_in_80_columns(terminal: Terminal) -> None:
    lines = ["VR_CHUNKS__MAX_CHUNKS=7", "VR_VLM__OPENAI__BASE_URL=http://me:secret@host/v1", "GOOGLE_API_KEY=secret"]
    (terminal.root / ".env").write_text("\n".join(lines))
    said = terminal.vr("config")
    assert said.code == 0
    assert max(map(len, said.out.splitlines())) <= 80
    for leaf in leaves():
        assert leaf.name in said.out
    assert "chunks.max_chunks 7 environment Most chunks of one video" in flat(said.out)
    assert "secret" not in said.out
    assert "GOOGLE_API_KEY (set)" in flat(said.out)


def test_config_of_a_batch_shows_what_the_batch_remembers(terminal: Terminal, videos: Path) -> None:
    terminal.vr("ingest", str(videos), "--batch", "cams", "--mode", "normal")
    assert "mode normal batch.json" in flat(terminal.vr("config", "--batch", "cams").out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ingest", "VIDEOS", "--set", "chunks.max_chunk=8"), "did you mean chunks.max_chunks"),
        (("ingest", "VIDEOS", "--set", "chunks.max_chunks=0"), "greater than or equal to 1"),
        (("ingest", "VIDEOS", "--set", "chunks.max_chunks"), "name=value"),
        (("run", "--batch", "cams", "--set", "max_worker=8"), "did you mean calls.max_workers"),
        (("run", "--batch", "cams", "--set", "ingest.batch_size=8"), "only `vr-assets ingest` and the drop sensor use it"),
        (("run", "--batch", "cams", "--force", "caption"), "caption: no asset; there are raw_videos"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_was_asked_wrongly_is_told_in_one_message_with_exit_code_2(
    arguments: Sequence[str], said: str, terminal: Terminal, videos: Path
) -> None:
    answer = terminal.vr(*(str(videos) if part == "VIDEOS" else part for part in arguments))
    assert answer.code == 2
    assert said in flat(answer.err)
    assert "Traceback" not in answer.err
    assert terminal.store.batches() == ()


def test_a_selection_that_names_no_asset_is_told_with_those_there_are(terminal: Terminal, videos: Path) -> None:
    terminal.vr("ingest", str(videos), "--batch", "cams")
    answer = terminal.vr("run", "--batch", "cams", "--select", "caption+")
    assert answer.code == 2
    assert "--select caption+ names no asset; there are raw_videos" in flat(answer.err)


def test_an_unknown_batch_is_named_with_those_there_are(terminal: Terminal, videos: Path) -> None:
    terminal.vr("ingest", str(videos), "--batch", "cams")
    said = terminal.vr("run", "--batch", "cam")
    assert said.code == 1
    assert "no batch 'cam'" in said.err and "cams" in said.err


def test_an_unknown_domain_registers_nothing(terminal: Terminal, videos: Path) -> None:
    said = terminal.vr("ingest", str(videos), "--batch", "cams", "--domain", "trafic")
    assert said.code == 1
    assert "trafic" in said.err
    assert terminal.store.batches() == ()


def test_ingest_remembers_what_is_part_of_the_recipe_and_says_what_it_does_not(terminal: Terminal, videos: Path) -> None:
    options = ["--backend", "opencv", "--mode", "anomaly", "--license", "CC-BY-4.0", "--batch-size", "5"]
    assignments = ["chunks.max_chunks=4", "vlm.openai.base_url=http://x", "llm.backend=openai"]
    said = terminal.vr("ingest", str(videos), "--batch", "cams", *options, *(f"--set={one}" for one in assignments))
    assert said.code == 0
    assert terminal.store.read_batch("cams").settings == {
        "mode": "anomaly",
        "task_files.license": "CC-BY-4.0",
        "vlm.backend": "opencv",
        "llm.backend": "openai",
        "chunks.max_chunks": 4,
    }
    assert "vlm.openai.base_url" in said.err


def test_ingesting_again_registers_what_is_new_and_counts_the_rest(terminal: Terminal, videos: Path) -> None:
    assert "cams: 0 known, 2 new" in terminal.vr("ingest", str(videos), "--batch", "cams").out
    more = draw_videos(terminal.root / "more", 1, seconds=1)
    said = terminal.vr("ingest", str(videos), str(more), "--batch", "cams")
    assert (said.code, "cams: 2 known, 1 new" in said.out) == (0, True)
    assert terminal.store.batches() == ("cams", "cams-2")


def test_ingest_says_how_many_recordings_are_too_long_and_the_command_that_splits_them(terminal: Terminal, videos: Path) -> None:
    arguments = ("ingest", str(videos), "--batch", "cams", "--set", "videos.max_video_length_sec=0.5")
    said = terminal.vr(*arguments).out
    assert "2 longer than videos.max_video_length_sec = 0.5 (2 s in all): each gets a row that says it is skipped" in said
    assert "To annotate them in 2 parts, up to about 30 calls:" in said
    [command] = [line.strip() for line in said.splitlines() if line.startswith("  vr-assets ingest ")]
    again = terminal.vr(*shlex.split(command)[1:])
    assert "0 known, 2 new" in again.out
    assert "2 longer than videos.max_video_length_sec = 0.5 (2 s in all): made into 2 parts, up to about 30 calls" in again.out
    assert [row.split for row in terminal.store.read_manifest("cams-2")] == [True, True]
    assert "too long" not in again.out


def test_ingest_of_nothing_readable_fails(terminal: Terminal) -> None:
    (terminal.root / "empty").mkdir()
    assert terminal.vr("ingest", "empty", "--batch", "cams").code == 1


def test_a_batch_that_dagster_forgot_is_registered_again(terminal: Terminal, videos: Path) -> None:
    os.environ["DAGSTER_HOME"] = str(terminal.root / "old")
    terminal.vr("ingest", str(videos), "--batch", "cams")
    os.environ["DAGSTER_HOME"] = str(terminal.root / "new")
    assert terminal.vr("run", "--batch", "cams", "--select", "raw_videos").code == 0


def test_a_run_tells_of_every_stage_and_a_second_one_reuses_every_answer(terminal: Terminal, videos: Path) -> None:
    terminal.vr("ingest", str(videos), "--batch", "cams")
    first = terminal.vr("run", "--batch", "cams")
    assert first.code == 0
    for asset in Graph.VIDEOS.assets:
        assert asset in first.out
    assert "10 task files in" in first.out
    assert "captions: 2 of 2" in first.err
    assert "DEBUG" not in first.err and "RUN_START" not in first.err
    terminal.vr("run", "--batch", "cams")
    assert terminal.requests == []


def test_status_counts_rows_and_gives_reasons_when_asked(terminal: Terminal, videos: Path) -> None:
    terminal.vr("ingest", str(videos), "--batch", "cams", "--set", "videos.max_video_length_sec=0.5")
    terminal.vr("run", "--batch", "cams", "--select", "raw_videos")
    said = terminal.vr("status")
    assert "cams: 2 videos" in said.out
    assert "raw_videos 0 0 2 0" in flat(said.out)
    assert "qa - - - -" in flat(said.out)
    assert "raw_videos: 2 skipped: 1.0 s long" in terminal.vr("status", "--batch", "cams", "--reasons").out


def test_status_of_many_batches_is_a_line_each(terminal: Terminal, tmp_path: Path) -> None:
    for number in range(11):
        (tmp_path / "many" / f"{number}.mp4").parent.mkdir(exist_ok=True)
        (tmp_path / "many" / f"{number}.mp4").touch()
    terminal.vr("ingest", str(tmp_path / "many"), "--batch", "cams", "--set", "ingest.batch_size=1")
    terminal.vr("run", "--batch", "cams-7", "--select", "raw_videos")
    said = flat(terminal.vr("status").out)
    assert "cams-7 1 raw_videos 0 1 0 0 0.0000" in said
    assert "cams-11 1 - - - - - 0.0000" in said
    assert "raw_videos 0 1 0 0" in flat(terminal.vr("status", "--batch", "cams-7").out)


def test_settings_of_a_recipe_given_to_run_are_remembered_and_said(terminal: Terminal, videos: Path) -> None:
    terminal.vr("ingest", str(videos), "--batch", "cams")
    said = terminal.vr(
        "run", "--batch", "cams", "--select", "raw_videos", "--set", "qa.qa_types=mcq", "--set", "calls.max_workers=2"
    )
    assert "remembered in batch.json" in said.out and "qa.qa_types" in said.out
    assert terminal.store.read_batch("cams").settings == {"qa.qa_types": ["mcq"]}


def test_a_dry_run_tells_what_is_missing_and_changes_nothing(terminal: Terminal, videos: Path) -> None:
    terminal.vr("ingest", str(videos), "--batch", "cams")
    said = terminal.vr("run", "--batch", "cams", "--dry-run", "--set", "qa.qa_types=mcq", "--select", "qa+")
    assert (said.code, terminal.requests) == (0, [])
    assert "qa 2 missing" in flat(said.out) and "captions" not in said.out
    assert terminal.store.read_batch("cams").settings == {}


def test_a_dry_run_tells_what_a_changed_setting_would_make_stale(terminal: Terminal, videos: Path) -> None:
    terminal.vr("ingest", str(videos), "--batch", "cams")
    terminal.vr("run", "--batch", "cams", "--select", SHORT)
    said = terminal.vr("run", "--batch", "cams", "--select", SHORT, "--dry-run", "--set", "qa.qa_types=mcq")
    assert "qa 2 stale its prompts, model or settings changed task_files 2 fresh unless qa changes" in flat(said.out)
    assert flat(said.out).count("stale") == 1


def test_force_asks_again(terminal: Terminal, videos: Path) -> None:
    terminal.vr("ingest", str(videos), "--batch", "cams")
    terminal.vr("run", "--batch", "cams", "--select", "raw_videos,captions")
    terminal.vr("run", "--batch", "cams", "--select", "raw_videos,captions", "--force", "captions,qa")
    assert len(terminal.requests) == 4


def test_an_error_is_one_sentence_with_the_runs_id(terminal: Terminal, videos: Path) -> None:
    def refused(_: Request) -> Line:
        return StageError("the endpoint refuses the key")

    terminal.script = refused
    terminal.vr("ingest", str(videos), "--batch", "cams")
    said = terminal.vr("run", "--batch", "cams")
    assert said.code == 1
    assert "error: filtered_videos: the endpoint refuses the key\n(run " in said.err
    assert "Traceback" not in said.err


def test_failed_rows_of_one_batch_do_not_keep_the_next_from_running(terminal: Terminal, videos: Path) -> None:
    def fails_in_one(request: Request) -> Line:
        broken = request.task is Task.GLOBAL_CAPTION and "anomaly" in request.prompt.name
        return "I cannot see the video." if broken else valid(request)

    terminal.script = fails_in_one
    terminal.vr("ingest", str(videos), "--batch", "a", "--mode", "anomaly")
    terminal.vr("ingest", str(videos), "--batch", "b", "--mode", "normal")
    said = terminal.vr("run", "--batch", "a", "--batch", "b", "--select", "raw_videos,captions,chunk_captions")
    assert said.code == 1
    assert "captions: 2 of 2 rows failed" in said.err
    assert terminal.store.read_rows("a", Asset.CHUNK_CAPTIONS, ROWS[Asset.CHUNK_CAPTIONS]) is None
    assert terminal.store.read_rows("b", Asset.CHUNK_CAPTIONS, ROWS[Asset.CHUNK_CAPTIONS]) is not None


@pytest.mark.thorough
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_an_interrupt_ends_a_run_with_the_exit_code_of_its_signal(
    number: signal.Signals, terminal: Terminal, videos: Path
) -> None:
    def interrupts(request: Request) -> Line:
        signal.pthread_kill(threading.main_thread().ident or 0, number)
        threading.Event().wait(0.2)
        return valid(request)

    terminal.vr("ingest", str(videos), "--batch", "cams")
    terminal.script = interrupts
    said = terminal.vr("run", "--batch", "cams")
    assert said.code == 128 + number
    assert "interrupted" in said.err and "goes on from there" in said.err
    terminal.script = valid
    assert terminal.vr("run", "--batch", "cams", "--select", "raw_videos,filtered_videos").code == 0


def test_the_templates_of_an_installed_package_are_those_of_the_checkout() -> None:
    shipped = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    for name in TEMPLATES:
        assert f'"{name}" = "vr_assets/_project/{name}"' in shipped
        assert template(name).strip()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demo_ends_with_task_files_a_sample_and_the_way_to_the_ui(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    vr = [str(Path(sys.executable).with_name("vr-assets"))]
    subprocess.run([*vr, "init", "."], cwd=tmp_path, env=environment, check=True, capture_output=True)
    for expected in ("0 reused", "reused, 0 asked"):
        done = subprocess.run([*vr, "demo"], cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert expected in done.stderr
        assert "opencv" in done.stdout
        assert "Why:" in done.stdout
        assert done.stdout.rstrip().endswith("vr-assets ui")
    files = list((tmp_path / "data" / "batches" / "demo" / "task_files").glob("*.json"))
    assert files and all(json.loads(path.read_text())["items"] for path in files)
    assert "Unchanged: " in done.stdout
    (version,) = (tmp_path / "data" / "datasets" / "demo").glob("2*")
    validated = validate(version)
    assert "VALIDATION PASSED" in validated.stdout, validated.stdout
    card = json.loads((version / "card.json").read_text())
    assert card["baseline"] and sum(side["samples"] for side in card["splits"].values()) > 50
