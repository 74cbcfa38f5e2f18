"""What the syntaxes share: paths, and what each can do.

* `get(text, path)`: plain data, or `MISSING`; the empty path is the whole document.
* `put(text, path, value)`: the text with this value there; tables on the way are made where they are missing.
* `drop(text, path)`: the text without it; where nothing stands there, the same text.
* Each raises `SyntaxFaultError` for a text that is broken, and where something that is no table stands on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

Step = str | tuple[str, str]


class SyntaxFaultError(ValueError):
    """A text that cannot be read or changed; the message says why."""


class _Missing:
    """Where nothing stands."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Syntax:
    """One syntax."""

    get: Callable[[str, Sequence[Step]], Any]
    put: Callable[[str, Sequence[Step], Any], str]
    drop: Callable[[str, Sequence[Step]], str]


def descend(data: Any, path: Sequence[Step]) -> Any:  # noqa: ANN401 - plain data
    """What stands at a path of plain data; `MISSING` where nothing does."""
    for step in path:
        if isinstance(step, str):
            if not isinstance(data, dict) or step not in data:
                return MISSING
            data = data[step]
            continue
        key, name = step
        if not isinstance(data, list):
            return MISSING
        data = next((item for item in data if isinstance(item, dict) and item.get(key) == name), MISSING)
        if data is MISSING:
            return MISSING
    return data


def nested(path: Sequence[Step], value: Any) -> Any:  # noqa: ANN401 - plain data
    """Tables around a value, one for each step of a path that does not exist yet.

    Raises:
        SyntaxFaultError: an item of a list would be made that lacks the key by which it is picked.
    """
    for step in reversed(path):
        if isinstance(step, str):
            value = {step: value}
        elif isinstance(value, dict) and value.get(step[0]) == step[1]:
            value = [value]
        else:
            raise SyntaxFaultError(f"no item with {step[0]} {step[1]!r}")
    return value
