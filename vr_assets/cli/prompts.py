"""`vr-assets prompts`: the domains there are, what is wrong with them, new ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vr_assets.cli.prompts_shown import diff, show_prompt, stale
from vr_assets.cli.saying import complain, note, say, show, table
from vr_assets.errors import PromptError

if TYPE_CHECKING:
    from vr_assets.prompts import Prompts

HASH_DIGITS = 8

into_option = click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), help="The folder of your own domains; else prompts.prompts_dir."
)


@click.group("prompts")
def command() -> None:
    """Look at prompts, check them, and make domains of your own."""


@command.command("list")
@click.argument("domain", required=False)
def list_domains(domain: str | None) -> int:
    """List the domains, or the prompts of one: values, hash, and the file each comes from."""
    from vr_assets.prompts import PROMPTS, folders
    from vr_assets.prompts.files import domains

    overlay = own_folder()
    if domain is None:
        shown = table("domain", "own files", "where", "state", numbers=("own files",))
        for name in domains(folders(overlay)):
            count = len(_own_files(name, overlay))
            shown.add_row(name, str(count), _place(name, overlay), _state(name, overlay)[0])
        show(shown)
        return 0
    prompts = _load(domain, overlay)
    shown = table("prompt", "hash", "from", "values")
    for column in shown.columns[:3]:
        column.no_wrap = True
    for asset in PROMPTS:
        for name in prompts.names(asset):
            files = prompts.sources(asset, name)
            values = sorted({value for file in files for value in file.declared or ()} & set(PROMPTS[asset][name]))
            short, source = prompts.prompt_fingerprint(asset, name)[:HASH_DIGITS], files[0].name.partition("/")[0]
            shown.add_row(f"{asset}/{name}", short, source, ", ".join(values))
    show(shown)
    return 0


@command.command("check")
@click.argument("names", metavar="[DOMAIN]...", nargs=-1)
def check(names: tuple[str, ...]) -> int:
    """Check domains, all by default: every problem with its file and line. Asks no model."""
    from vr_assets.prompts import folders
    from vr_assets.prompts.files import domains

    overlay = own_folder()
    code = 0
    for name in names or domains(folders(overlay)):
        state, problem = _state(name, overlay)
        say(f"{name}: {state}")
        if problem is not None:
            complain(str(problem))
            code = 1
    return code


@command.command("new")
@click.argument("domain")
@into_option
def new(domain: str, into: Path | None) -> None:
    """Make a domain from the template: a worksheet to fill in, and prompts with marked places for your own words."""
    from vr_assets.prompts.scaffold import PLACEHOLDER, new_domain

    folder = _into(into)
    files = new_domain(domain, folder)
    left = sum(len(PLACEHOLDER.findall(path.read_text(encoding="utf-8"))) for path in files if path.name != "WORKSHEET.md")
    say(f"{folder / domain}: {len(files)} files, {left} places for your own words")
    say(f"  1. fill in {files[0]}: what must a caption hold so that your questions can be answered?")
    say("  2. write its answers into the other files, in place of all that stands between << and >>")
    say(f"  3. vr-assets prompts check {domain}")
    say(f"  4. vr-assets try VIDEO --domain {domain}, captions first")
    _say_where(folder)


@command.command("import-module")
@click.argument("module", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("domain")
@into_option
def import_prompts(module: Path, domain: str, into: Path | None) -> int:
    """Make a domain of a Python MODULE with PROMPT_TEMPLATES. The module is read, never run."""
    from vr_assets.prompts.importing import import_module
    from vr_assets.prompts.scaffold import check_new, write

    folder = _into(into)
    check_new(domain, folder)
    made = import_module(module)
    if not made.files:
        raise PromptError(f"{module}: no key of it is the name of a prompt: {'; '.join(made.left_over)}")
    write({folder / domain / place: text for place, text in made.files.items()})
    say(f"{folder / domain}: {len(made.files)} prompts; the others come from general")
    for title, lines in (("had no place", made.left_over), ("look at", made.remarks)):
        if lines:
            say(f"{title}:")
            for line in lines:
                say(f"  {line}")
    _say_where(folder)
    _, problem = _state(domain, folder)
    if problem is not None:
        complain(str(problem))
        return 1
    return 0


for shown_command in (show_prompt, diff, stale):
    command.add_command(shown_command)


def own_folder() -> Path | None:
    """The folder that prompts.prompts_dir names."""
    from vr_assets.settings import environment_layer, resolve

    named = resolve(("environment", environment_layer())).settings.prompts.prompts_dir
    return Path(named) if named else None


def _into(into: Path | None) -> Path:
    folder = into or own_folder()
    if folder is None:
        raise PromptError("say where your own domains are: --into DIR, or VR_PROMPTS__PROMPTS_DIR=DIR in the environment or .env")
    return folder


def _say_where(folder: Path) -> None:
    own = own_folder()
    if own is None or own.absolute() != folder.absolute():
        note(f"so that it is found: VR_PROMPTS__PROMPTS_DIR={folder.absolute()} in the environment or .env")


def _state(name: str, overlay: Path | None) -> tuple[str, PromptError | None]:
    """A domain's state in words, and the error that names what is wrong with it."""
    from vr_assets.prompts.scaffold import PLACEHOLDER, TEMPLATE

    try:
        prompts = _load(name, overlay)
    except PromptError as error:
        if name == TEMPLATE:
            left = sum(len(PLACEHOLDER.findall(path.read_text("utf-8"))) for path in _own_files(name, overlay))
            return f"as it should be: to be copied (`prompts new`), refused while one of its {left} placeholders is left", None
        return "cannot be used", error
    from vr_assets.prompts import PROMPTS

    return f"ok, {sum(len(prompts.names(asset)) for asset in PROMPTS)} prompts", None


def _load(name: str, overlay: Path | None) -> "Prompts":
    from vr_assets.prompts import Prompts

    return Prompts.load(name, overlay=overlay)


def _own_files(name: str, overlay: Path | None) -> Sequence[Path]:
    from vr_assets.prompts import folders
    from vr_assets.prompts.files import PromptFiles

    return [path for _, path in PromptFiles(name, folders(overlay)).in_domain(name) if path.parent.name != name]


def _place(name: str, overlay: Path | None) -> str:
    return "yours" if overlay and (overlay / name).is_dir() else "shipped"
