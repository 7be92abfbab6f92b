"""What a backend is."""

from typing import Protocol

from vr_assets.records.call import Reply, Request


class Backend(Protocol):
    """Answers requests. One instance lives as long as a run and is used from one event loop."""

    @property
    def name(self) -> str:
        """As settings name it: gemini, openai, opencv, scripted."""
        ...

    @property
    def model(self) -> str:
        """The model's own name, as provenance records it."""
        ...

    @property
    def endpoint(self) -> str:
        """What shares one ceiling on calls in flight: a base URL, or the backend's name."""
        ...

    @property
    def structured(self) -> bool:
        """Whether replies come as JSON under the request's schema, as far as is known now."""
        ...

    def identity(self, request: Request) -> str:
        """What makes this backend's answer to the request what it is: model, sampling, how media are shown. Canonical JSON.

        Without endpoint URL, negotiated reply style, transport, timeouts and output limits.
        """
        ...

    def check_ready(self) -> None:
        """Raises StageError that names the ways out when no call can succeed (no key, no model name). Makes no call."""
        ...

    @property
    def output_limit(self) -> int:
        """The output limit as set, in tokens, thinking included; 0 where answers cost nothing."""
        ...

    async def prepare(self, request: Request) -> Request:
        """The same request with all made that sending it takes: media rendered, and uploaded where they are large.

        May take long and holds no place at the endpoint. What it returns may be sent several times; its media say how they
        will be shown (`records.call.Media.form`).

        Raises:
            MediaError: what the request shows cannot be made.
            RefusedError: it is too large, however small its media are made.
            TransientError: an upload failed.
            StageError: no request can succeed.
        """
        ...

    async def generate(self, request: Request) -> Reply:
        """One attempt at a request that was prepared (where it was not, it is prepared first).

        Raises:
            TransientError: another attempt may help.
            RefusedError: this request is refused for good.
            StageError: no request can succeed.
            ReplyError: there is no answer, asking again gives none, and it cost nothing: nothing is kept.
            MediaError: what the request shows cannot be made.
        """
        ...

    def plainer(self) -> bool:
        """From now on ask for replies in a plainer style (JSON under a schema, any JSON object, labelled layout), because what
        came back was not in the style asked for. False where there is none plainer, or a setting fixes the style.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections, uploads, and servers that were started."""
        ...
