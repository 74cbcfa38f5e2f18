"""Leaving parts out of a value: opaque strings, long texts, rows. What is left out is marked where it stood."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headroom.compression import markers
from headroom.compression.compressors.structured.reading import (
    Embedded,
    Number,
    Record,
    Value,
    Verbatim,
    quote,
    record_of,
    write,
)

OPAQUE = re.compile(r"(?:[\w.-]{1,24}[-:,;/]){0,4}[A-Za-z0-9+/_=-]{72,}(?:\.[A-Za-z0-9+/_=-]+)*\Z")
"""A hash of over 64 hex digits, a signature, a key, an image: what nobody reads. Digests of 64 digits are names, they stay."""
OPAQUE_LENGTH = 80
_OPAQUE_SHOWN = 20
SHORTEST_CUT = 150
"""A shorter string is never cut."""
_MIN_ROWS = 12
"""An array of fewer items is shown whole."""
_MIN_CHARS = 600
"""A shorter array is shown whole, too."""
_MIN_NUMBERS = 48
_HIDING = frozenset((Record, list, Embedded))


@dataclass(slots=True)
class Left:
    """What was left out of a document."""

    strings: int = 0
    texts: int = 0
    rows: int = 0
    of: int = 0
    """How many rows the shortened arrays have."""

    def says(self) -> str:
        """For the note at the end."""
        parts = [f"{self.rows} of {self.of} rows left out above"] if self.rows else []
        parts += [f"{self.texts} long values cut"] if self.texts else []
        parts += [f"{self.strings} opaque strings cut"] if self.strings else []
        return ", ".join(parts)


@dataclass(slots=True)
class Change:
    """Puts other values in place of strings and of arrays of plain values; what does not change stays the same object."""

    strings: Callable[[str], Value]
    arrays: Callable[[list[Value]], Value] | None = None
    asked: frozenset[str] = frozenset()
    """Texts of records that stay as they are."""

    def of(self, value: Value) -> Value:
        """The changed value."""
        kind = type(value)
        if kind is str:
            return self.strings(value)
        if kind is list:
            return self._list(value)
        if kind is Record and value.text not in self.asked:
            pairs = [(key, self.of(item)) for key, item in value.items()]
            return (
                record_of(pairs)
                if any(new is not old for (_, new), old in zip(pairs, value.values(), strict=True))
                else value
            )
        if kind is Embedded:
            inner = self.of(value.value)
            return value if inner is value.value else Embedded(inner, value.style)
        return value

    def _list(self, value: list[Value]) -> Value:
        if self.arrays is not None and value and type(value[0]) not in _HIDING:
            new = self.arrays(value)
            if new is not value:
                return new
        items = list(map(self.of, value))
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value


def cut_opaque(value: Value, asked: frozenset[str], left: Left) -> Value:
    """Hashes, signatures and base64 shown by their first characters."""

    def cut(text: str) -> Value:
        if len(text) < OPAQUE_LENGTH or not OPAQUE.match(text) or sum(map(text.count, "/-_.")) * 12 > len(text):
            return text  # the last: paths and slugs have words
        left.strings += 1
        return Verbatim(f"{quote(text[:_OPAQUE_SHOWN])}[+{len(text) - _OPAQUE_SHOWN} characters]")

    return Change(cut, asked=asked).of(value)


def cut_long(value: Value, size: int, asked: frozenset[str], left: Left) -> Value:
    """Long texts shown by their beginning, long arrays of numbers by both ends."""

    def cut(text: str) -> Value:
        if len(text) < size * 3 // 2:
            return text
        left.texts += 1
        shown = text[:size].rsplit(" ", 1)[0] if " " in text[size // 2 : size] else text[:size]
        return Verbatim(f"{quote(shown)}[+{len(text) - len(shown)} characters]")

    main = len(write(value)) // 4  # an array that makes up more is what the document is about: see `selection`

    def thin(items: list[Value]) -> Value:
        if len(items) < _MIN_NUMBERS or not all(type(item) is Number for item in items) or sum(map(len, items)) > main:
            return items
        left.texts += 1
        hidden = items[4:-2]
        return [*items[:4], Verbatim(markers.omitted(5, len(items) - 2, _numbers(hidden))), *items[-2:]]

    return Change(cut, thin, asked).of(value)


def lengths(value: Value) -> list[int]:
    """How long each string is that `cut_long` may cut."""
    found: list[int] = []

    def note(text: str) -> str:
        if len(text) > SHORTEST_CUT:
            found.append(len(text))
        return text

    Change(note).of(value)
    return found


def _numbers(items: Sequence[str]) -> str:
    values = [float(item) for item in items]
    return (
        f"{len(items)} numbers, {min(items, key=float)} to {max(items, key=float)}, mean {statistics.fmean(values):.4g}"
    )
