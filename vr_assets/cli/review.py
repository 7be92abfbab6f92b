"""`vr-assets review`: look at a batch in a browser, and decide what of it is good."""

import getpass
import socket
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import click

from vr_assets.cli.saying import note, say
from vr_assets.errors import SettingsError

if TYPE_CHECKING:
    from vr_assets.storage import Store

LOOPBACK = "127.0.0.1"


@click.command("review")
@click.option("--batch", "name", required=True, help="The batch to review.")
@click.option("--build", "only_build", is_flag=True, help="Bring the page up to date, and serve nothing.")
@click.option("--port", type=click.IntRange(0, 65535), default=3010, show_default=True, help="0: one that is free.")
@click.option("--by", default=None, help="Who decides; without it the name of the user.")
def command(name: str, *, only_build: bool, port: int, by: str | None) -> None:
    """Bring a batch's review page up to date and serve it on this machine, until Ctrl-C.

    There you accept, reject and edit; what you decide is kept in batches/BATCH/review/decisions.jsonl, which a release reads. The
    page is in the same folder and opens without this server too, to be read.
    """
    from vr_assets.settings import environment_layer, resolve
    from vr_assets.storage import Store

    settings = resolve(("environment", environment_layer())).settings
    store = Store.at(settings.data_root, settings.bucket)
    build(store, name)
    if not only_build:
        _serve(store, name, port=port, by=_user() if by is None else by)


def build(store: "Store", name: str) -> None:
    """Bring a batch's page up to date.

    Raises:
        StorageError: there is no such batch, or nothing was made for it yet.
    """
    import anyio

    from vr_assets.defs.review_pages import build_page
    from vr_assets.defs.surroundings import resolve_for
    from vr_assets.export.review.site import INDEX
    from vr_assets.media.library import MediaLibrary
    from vr_assets.media.workers import Workers
    from vr_assets.steps.findings import find_all

    settings = resolve_for(store.read_batch(name)).settings
    store.fetch_review(name)
    with closing(Workers(settings.media)) as workers:
        media = MediaLibrary.of(store, settings, workers)
        built = anyio.run(partial(build_page, store, name, media, find_all(store, name, settings)))
    say(f"{built.shown} in {store.address(store.review_folder(name) / INDEX)}")
    if built.without_pictures:
        note(f"{built.without_pictures} without a picture; the page says why")


def _serve(store: "Store", name: str, *, port: int, by: str) -> None:
    import uvicorn

    from vr_assets.cli.review_server import review_app

    with closing(_listening(port)) as listening:
        say(f"Review it on http://{LOOPBACK}:{listening.getsockname()[1]}/ (Ctrl-C ends this)")
        config = uvicorn.Config(review_app(store, name, by=by), log_level="warning", access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listening])


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise SettingsError(
            f"--port {port}: cannot be listened on ({error.strerror}); name another, or 0 for a free one"
        ) from None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        # A container's user may have no name.
        return ""
