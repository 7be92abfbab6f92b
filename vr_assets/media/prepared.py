"""What the one decode of each video made: facts, which are kept, and proxies, which make room for each other."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from vr_assets.errors import MediaError
from vr_assets.media.proxies import Proxies, alone
from vr_assets.media.proxy import prepare
from vr_assets.media.recipe import ProxyRecipe
from vr_assets.media.sharing import Shared
from vr_assets.media.sources import named
from vr_assets.media.watched import part_of
from vr_assets.media.workers import Workers
from vr_assets.mirror import Mirror
from vr_assets.records.base import Record
from vr_assets.records.media import FACTS_VERSION, VideoFacts
from vr_assets.records.row import VideoMedia
from vr_assets.settings import MediaSettings

R = TypeVar("R", bound=Record)
T = TypeVar("T")

_PROXY_LIVES = 3


class Prepared:
    """Videos decoded once, whichever process asks first."""

    def __init__(
        self,
        folder: Path,
        settings: MediaSettings,
        workers: Workers,
        source: Callable[[VideoMedia], Awaitable[Path]],
        mirror: Mirror | None = None,
    ) -> None:
        """`source` finds the file of a video, or raises MediaError. `mirror`: of the bucket whose copy the folder is."""
        self.recipe = ProxyRecipe.of(settings)
        self._folder = folder
        self._workers = workers
        self._source = source
        self._mirror = mirror
        self._proxies = Proxies(folder / "proxies", limit_bytes=int(settings.proxies_gb * 1e9))
        self._shared = Shared()

    def known_facts(self, media: VideoMedia) -> VideoFacts | None:
        return self.read(VideoFacts, self.fact_file(media, f"v{FACTS_VERSION}"))

    def read(self, kind: type[R], path: Path) -> R | None:
        """A record that is here or in the bucket."""
        if self._mirror:
            self._mirror.fetch_once(path)
        try:
            return kind.model_validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):
            # Torn or of another version: it is measured again.
            return None

    def share(self, path: Path) -> None:
        """Put a file into the bucket, where there is one."""
        if self._mirror:
            self._mirror.publish(path)

    async def facts(self, media: VideoMedia) -> VideoFacts:
        """Raises MediaError."""
        return await asyncio.to_thread(self.known_facts, media) or await self._prepared(media)

    async def proxy(self, media: VideoMedia) -> Path:
        """The proxy's file, made again if it was evicted, which may happen again at any time. Raises MediaError."""
        path = self._proxy_file(media)
        if not self._proxies.use(path):
            await self._prepared(media)
        return path

    async def make(
        self, media: VideoMedia, facts: VideoFacts, work: Callable[[Path, float], Awaitable[T]], *, from_source: bool
    ) -> T:
        """What `work` makes of the source or the proxy, given its file and the time in it at which the video starts.

        A proxy that is evicted by another process before it is opened is made again.

        Raises:
            MediaError: `work` raised it, or there is no such file and none can be made.
        """
        if from_source:
            source = await self._source(media)
            with named(media.path, source):
                return await work(source, facts.offset_s)
        for _ in range(_PROXY_LIVES):
            proxy = await self.proxy(media)
            try:
                return await work(proxy, 0.0)
            except (MediaError, FileNotFoundError):
                if proxy.is_file():
                    raise
        raise MediaError(f"{media.path}: its proxy is evicted again and again before it is read; raise media.proxies_gb")

    def fact_file(self, media: VideoMedia, kind: str) -> Path:
        return self._folder / "facts" / f"{_name(media)}.{self.recipe.name}.{kind}.json"

    def _proxy_file(self, media: VideoMedia) -> Path:
        return self._folder / "proxies" / f"{_name(media)}.{self.recipe.name}.mp4"

    def _fetched(self, proxy: Path) -> bool:
        if self._proxies.use(proxy):
            return True
        if self._mirror is None or not self._mirror.fetch_once(proxy):
            return False
        self._proxies.added(proxy)
        return True

    async def _prepared(self, media: VideoMedia) -> VideoFacts:
        return await self._shared.once(self._proxy_file(media), lambda: self._prepare(media))

    async def _prepare(self, media: VideoMedia) -> VideoFacts:
        source, proxy = await self._source(media), self._proxy_file(media)
        async with alone(self._folder / "locks" / f"{proxy.name}.lock"):
            known = await asyncio.to_thread(self.known_facts, media)
            if known is not None and (not self.recipe.stored or await asyncio.to_thread(self._fetched, proxy)):
                return known
            facts_file = self.fact_file(media, f"v{FACTS_VERSION}")
            with named(media.path, source):
                facts = await self._workers.run(prepare, source, proxy, facts_file, self.recipe, part_of(media))
            # Before the lock goes: others on this machine find them here, and on other machines there.
            for made in [proxy] * self.recipe.stored + [facts_file]:
                await asyncio.to_thread(self.share, made)
        if self.recipe.stored:
            await asyncio.to_thread(self._proxies.added, proxy)
        return facts


def _name(media: VideoMedia) -> str:
    part = part_of(media)
    return media.content if part is None else f"{media.content}@{part.start_s:.6f}-{part.end_s:.6f}"
