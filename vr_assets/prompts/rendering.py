"""Templates to text: the sandboxed environment, the filters that reply parts use, and where an error came from."""

import json
import re
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import BytecodeCache, StrictUndefined, TemplateError, UndefinedError, nodes
from jinja2.bccache import Bucket
from jinja2.exceptions import SecurityError
from jinja2.loaders import FunctionLoader
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import JsonValue

from vr_assets.prompts import limits
from vr_assets.prompts.files import PromptFile, PromptFiles

RENDER_ERRORS = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What a template can raise while it is rendered."""

_WITH_TENTHS = re.compile(r"\b(\d\d:\d\d)\.\d\b")


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with one file. `line` counts from 1."""

    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


class ExampleError(ValueError):
    """A worked example is not what its prompt asks for. `line` counts from the line of the first brace, from 1."""

    def __init__(self, what: str, line: int = 1) -> None:
        super().__init__(what)
        self.line = line


class _Compiled(BytecodeCache):
    """Compiled templates, shared by both styles and by all loads of a process: 0.13 s and then 0.08 s in place of 0.2 s."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._code.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """Renders in one reply style, within limits. Without what would render differently each time (`lipsum`, `random`)."""

    code_generator_class = limits.CountingGenerator
    intercepted_binops = limits.REFUSED_OPERATORS
    sized = staticmethod(limits.sized)
    counted = staticmethod(limits.counted)

    def __init__(self, files: PromptFiles, *, structured: bool, clock_in_picture: bool) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=False,
            finalize=limits.sized,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=-1,
            bytecode_cache=_COMPILED,
            loader=FunctionLoader(lambda name: _source(files, name)),
        )
        self._files = files
        self.globals["structured"] = structured
        self.globals["clock_in_picture"] = clock_in_picture
        self.filters["to_json"] = _to_json
        self.filters["read_example"] = _read_example
        del self.globals["lipsum"]
        for name in limits.REFUSED_FILTERS:
            del self.filters[name]

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError(f"a prompt does not calculate with {operator}")

    def call(__self, __context: Context, __obj: Callable[..., Any], *args: Any, **named: Any) -> Any:
        # The names are those of the method it overrides: `self` may be an argument of a template's own.
        limits.step()
        if any(isinstance(given, int) and given > limits.LARGEST_NUMBER for given in (*args, *named.values())):
            raise SecurityError(f"{max(args)} is too large a number for a prompt")
        return super().call(__context, __obj, *args, **named)

    def join_path(self, template: str, parent: str) -> str:
        limits.step()
        return self._files.resolve(template)

    def text(self, name: str, values: dict[str, str]) -> str:
        """One prompt with its values; blank lines at both ends and beyond one in a row are dropped."""
        limits.begin()
        text = self.get_template(name).render(values, alone=True)
        # A pattern for the blanks at line ends costs more than all the rest of rendering.
        text = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
        return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def locate(error: Exception, closure: Sequence[PromptFile]) -> Problem:
    """The file and line an error of rendering comes from."""
    if isinstance(error, ExampleError):
        for file in closure:
            for block in file.tree.find_all(nodes.Block):
                if block.name == "example":
                    return Problem(file.path, _first_brace(file.text, block.lineno) + error.line - 1, f"example: {error}")
    paths = {str(file.path): file.path for file in closure}
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in paths:
            return Problem(paths[frame.filename], frame.lineno or 1, _words(error))
    return Problem(closure[0].path, 1, _words(error))


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, UndefinedError) else f"{type(error).__name__}: {error}"


def _first_brace(text: str, from_line: int) -> int:
    lines = text.splitlines()
    return next((at for at in range(from_line, len(lines) + 1) if re.search(r"\{(?![{%#])", lines[at - 1])), from_line)


def _source(files: PromptFiles, name: str) -> tuple[str, str, None] | None:
    if files.find(name) is None:
        return None
    file = files.read(name)
    return file.text, str(file.path), None


def _to_json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _read_example(text: str, fields: Sequence[Sequence[JsonValue]], duration: str = "") -> dict[str, JsonValue]:
    """`text`: a sentence about the example's video, then the reply as JSON. Gives `video` and `reply`.

    Times keep their tenths only where the duration of the video at hand has them, so that the example shows the form asked for.

    Raises:
        ExampleError: no JSON, or other fields than the prompt asks for.
    """
    if duration and "." not in duration:
        text = _WITH_TENTHS.sub(r"\1", text)
    brace = text.find("{")
    if brace < 0:
        raise ExampleError("write a sentence about the example's video, then the reply as a JSON object")
    try:
        reply = json.loads(text[brace:])
    except json.JSONDecodeError as error:
        raise ExampleError(f"not JSON: {error.msg}", error.lineno) from None
    _check_fields(reply, fields)
    return {"video": text[:brace].strip(), "reply": reply}


def _check_fields(reply: JsonValue, fields: Iterable[Sequence[JsonValue]]) -> None:
    wanted = {str(name): parts for name, _, *parts in fields}
    if not isinstance(reply, dict) or list(reply) != list(wanted):
        raise ExampleError(f"its fields must be {', '.join(wanted)}, in this order")
    for name, parts in wanted.items():
        value = reply[name]
        if parts and isinstance(parts[0], list):
            if not isinstance(value, list) or not value:
                raise ExampleError(f"{name} must be a list of objects")
            for part in value:
                _check_fields(part, [part_field for part_field in parts[0] if isinstance(part_field, list)])
        elif not isinstance(value, str) or not value.strip():
            raise ExampleError(f"{name} must be text")
