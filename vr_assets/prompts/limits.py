"""What keeps a template that somebody else wrote from running without end or filling the memory.

Jinja's sandbox lets nobody out, but it lets loops run: every round of a loop, every call and every part drawn in is a step
here, and steps and characters are counted.
"""

from contextvars import ContextVar
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

MOST_STEPS = 20_000
"""Of one prompt. The longest shipped one takes about a hundred."""
MOST_CHARACTERS = 4_000_000
"""That are put together on the way to one prompt: twenty times what models take."""
LARGEST_NUMBER = 10_000
"""That a function may be given."""

REFUSED_FILTERS = frozenset({"batch", "center", "format", "indent", "random", "slice", "wordwrap"})
"""Filters that make much of little, and one that renders differently each time."""
REFUSED_OPERATORS = frozenset({"*", "**", "%"})

_steps: ContextVar[int] = ContextVar("steps", default=0)
_characters: ContextVar[int] = ContextVar("characters", default=0)


def begin() -> None:
    """Count anew."""
    _steps.set(0)
    _characters.set(0)


def step() -> None:
    """Raises SecurityError: too many."""
    _steps.set(_steps.get() + 1)
    if _steps.get() > MOST_STEPS:
        raise SecurityError(f"it takes more than {MOST_STEPS:,} steps: a loop or a macro goes on without end")


def sized(text: Any) -> Any:
    """A piece of text as it is. Raises SecurityError: together with the others it is too long."""
    _characters.set(_characters.get() + len(str(text)))
    if _characters.get() > MOST_CHARACTERS:
        raise SecurityError(f"it puts together more than {MOST_CHARACTERS:,} characters")
    return text


def counted(items: Any) -> Any:
    """The items of a loop."""
    for item in items:
        step()
        yield item


class LimitedParser(ImmutableSandboxedEnvironment):
    """For looking into templates: what is looked at is compiled too, and constant expressions are worked out."""

    intercepted_binops = REFUSED_OPERATORS

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True)
        for name in REFUSED_FILTERS:
            del self.filters[name]


class CountingGenerator(CodeGenerator):
    """Compiles loops that count their rounds, and texts that count their characters."""

    def visit_For(self, node: nodes.For, frame: Frame) -> None:
        items = nodes.Call(nodes.EnvironmentAttribute("counted"), [node.iter], [], None, None, lineno=node.lineno)
        counting = nodes.For(node.target, items, node.body, node.else_, node.test, node.recursive, lineno=node.lineno)
        super().visit_For(counting, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("environment.sized(")
        super().visit_Concat(node, frame)
        self.write(")")
