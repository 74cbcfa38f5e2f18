r"""JSON inside strings, which tool servers and queues love: opened, so that it folds like the rest.

`"{\"a\":1}"` becomes `JSON({"a":1})`, and only where the string can be made again exactly: its layout must be one of
`STYLES`, which is said where it is not the compact one.
"""

from __future__ import annotations

from collections.abc import Callable

from headroom.compression.compressors.structured.reading import Embedded, Record, Value, parse, quote, record_of, write

_MIN_LENGTH = 24


def spaced(value: Value) -> str:
    """With a space after each comma and colon."""
    if type(value) is Record:
        return "{" + ", ".join([f"{quote(key)}: {spaced(item)}" for key, item in value.items()]) + "}"
    return "[" + ", ".join(map(spaced, value)) + "]" if type(value) is list else write(value)


def indented(value: Value, by: int, depth: int = 1) -> str:
    """One item a line."""
    if not value or type(value) not in (Record, list):
        return write(value)
    inner, outer = "\n" + " " * (by * depth), "\n" + " " * (by * (depth - 1))
    if type(value) is Record:
        return (
            "{"
            + inner
            + f",{inner}".join([f"{quote(key)}: {indented(item, by, depth + 1)}" for key, item in value.items()])
            + outer
            + "}"
        )
    return "[" + inner + f",{inner}".join([indented(item, by, depth + 1) for item in value]) + outer + "]"


STYLES: dict[str, Callable[[Value], str]] = {
    "JSON": write,
    "spaced JSON": spaced,
    "JSON indented by 2": lambda value: indented(value, 2),
    "JSON indented by 4": lambda value: indented(value, 4),
}


def open_strings(value: Value) -> Value:
    """The value with its JSON strings opened; the very same object where there are none."""
    if type(value) is str:
        return _open(value)
    if type(value) is list:
        items = [open_strings(item) if type(item) in _INNER else item for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if type(value) is Record:
        pairs = [(key, open_strings(item) if type(item) in _INNER else item) for key, item in value.items()]
        return (
            record_of(pairs)
            if any(new is not old for (_, new), old in zip(pairs, value.values(), strict=True))
            else value
        )
    return value


_INNER = frozenset((str, list, Record))


def _open(text: str) -> Value:
    if len(text) < _MIN_LENGTH or (text[0], text[-1]) not in (("{", "}"), ("[", "]")):
        return text
    try:
        value = parse(text)
        style = next((name for name, layout in STYLES.items() if layout(value) == text), None)
    except (ValueError, RecursionError):
        return text
    return Embedded(open_strings(value), style) if style else text
