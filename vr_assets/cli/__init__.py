"""`vr-assets`: ingest videos, run the stages, look at what came of it.

Commands import what they need when they run: Dagster takes half a second to import, `--help` must not.
"""

import sys
from pathlib import Path

import click
from dotenv import load_dotenv

from vr_assets.cli import (
    config,
    demo,
    estimate,
    import_results,
    import_spec,
    ingest,
    init,
    preflight,
    prompts,
    prune,
    register,
    release,
    remove,
    retry,
    review,
    run,
    status,
    try_video,
    ui,
    why,
)
from vr_assets.cli.saying import complain
from vr_assets.errors import SettingsError, VrAssetsError

INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="vr-assets")
def commands() -> None:
    """Turn videos into training data for vision-language models.

    \b
    vr-assets demo                       the whole way on drawn clips, no key needed
    vr-assets prompts new DOMAIN         what to look for, in your own words
    vr-assets try VIDEO --domain DOMAIN  one video, to see what it gives
    vr-assets ingest DIR --batch NAME    register a folder of videos
    vr-assets preflight                  try the models before a run pays them
    vr-assets estimate --batch NAME      what a run would ask and cost
    vr-assets run --batch NAME           annotate it
    vr-assets status                     what became of every video
    vr-assets why ITEM                   how an item came to be, prompt by prompt
    vr-assets retry --batch NAME         ask again about the rows that failed
    vr-assets review --batch NAME        look at it, accept, reject, edit
    vr-assets release NAME --batch NAME  merge batches into a data set to hand on
    vr-assets ui                         the same in Dagster's UI
    """


_MODULES = (
    demo, init, config, prompts, ingest, import_spec, import_results, try_video, preflight, estimate, run, retry, status, why,
    review, release, ui, register, remove, prune,
)  # fmt: skip
for module in _MODULES:
    commands.add_command(module.command)


def main() -> None:
    """Run a command. Errors are one clean message: exit code 2 for what was asked, 1 for what went wrong."""
    load_dotenv(Path(".env"))
    try:
        code = commands.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except VrAssetsError as error:
        complain(str(error))
        sys.exit(2 if isinstance(error, SettingsError) else 1)
    sys.exit(code if isinstance(code, int) else 0)
