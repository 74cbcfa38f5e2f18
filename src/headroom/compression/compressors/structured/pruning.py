"""Leaving parts out of a value: opaque strings, long texts, rows. What is left out is marked where it stood."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from headroom.compression import markers, units
from headroom.compression.compressors.structured import columns, rows
from headroom.compression.compressors.structured.columns import Column
from headroom.compression.compressors.structured.reading import (
    Embedded,
    Full,
    Number,
    Pruned,
    Record,
    Value,
    Verbatim,
    quote,
    record_of,
    write,
)
from headroom.compression.relevance import Query
from headroom.compression.units import Unit
from headroom.tokens import count

OPAQUE = re.compile(r"(?:[\w.-]{1,24}[-:,;/]){0,4}[A-Za-z0-9+/_=-]{72,}(?:\.[A-Za-z0-9+/_=-]+)*\Z")
"""A hash of over 64 hex digits, a signature, a key, an image: what nobody reads. Digests of 64 digits are names, they stay."""
OPAQUE_LENGTH = 80
_OPAQUE_SHOWN = 20
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
        if len(text) < OPAQUE_LENGTH or not OPAQUE.match(text) or "://" in text:
            return text
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

    def thin(items: list[Value]) -> Value:
        if len(items) < _MIN_NUMBERS or not all(type(item) is Number for item in items):
            return items
        left.texts += 1
        hidden = items[4:-2]
        return [*items[:4], Verbatim(markers.omitted(5, len(items) - 2, _numbers(hidden))), *items[-2:]]

    return Change(cut, thin, asked).of(value)


def saves(value: Value, size: int) -> int:
    """About how many characters `cut_long` would save."""
    saved = 0

    def note(text: str) -> str:
        nonlocal saved
        saved += max(0, len(text) - size) if len(text) >= size * 3 // 2 else 0
        return text

    Change(note).of(value)
    return saved


def _numbers(items: Sequence[str]) -> str:
    values = [float(item) for item in items]
    return (
        f"{len(items)} numbers, {min(items, key=float)} to {max(items, key=float)}, mean {statistics.fmean(values):.4g}"
    )


@dataclass(slots=True)
class Rows:
    """Leaves rows out of the long arrays of a document."""

    query: Query
    budget: int
    """Tokens for all long arrays together."""
    asked: frozenset[str] = frozenset()
    """Texts of records to spell out."""
    left: Left = field(default_factory=Left)
    _total: int = 1

    def prune(self, value: Value) -> Value:
        """The value with the rows of its long arrays selected; each array gets its share of the budget."""
        self._total = max(1, len(write(value)))
        return self._prune(value)

    def _prune(self, value: Value) -> Value:
        kind = type(value)
        if kind is list:
            if len(value) >= _MIN_ROWS and sum(map(len, map(write, value))) >= _MIN_CHARS:
                return self._list(value)
            return [self._prune(item) if type(item) in _HIDING else item for item in value]
        if kind is Record:
            if (
                len(value) >= _MIN_ROWS
                and len(value.text) >= _MIN_CHARS
                and all(type(item) is Record for item in value.values())
            ):
                return self._entries(value)
            return record_of(
                [(key, self._prune(item) if type(item) in _HIDING else item) for key, item in value.items()]
            )
        if kind is Embedded:
            return Embedded(self._prune(value.value), value.style)
        return value

    def _list(self, items: list[Value]) -> Value:
        texts = list(map(write, items))
        found = (
            columns.split(items, lambda _: None, write)
            if all(type(item) is Record for item in items)
            else [Column((), [*texts], name="values")]
        )
        shown, about = self._select(found, texts)
        if all(shown) and self.asked.isdisjoint(texts):
            return items
        pruned = Pruned(self._marked(items, shown))
        pruned.total = len(items)
        if about:
            pruned.append(Verbatim(about))
        return pruned

    def _entries(self, record: Record) -> Value:
        keys, items = list(record), list(record.values())
        texts = [f"{quote(key)}:{write(item)}" for key, item in record.items()]
        shown, about = self._select(columns.split(items, lambda _: None, write), texts)
        if all(shown):
            return record
        marked = self._marked(items, shown)
        pairs = [
            (item.text if type(item) is Verbatim else key, item)
            for key, item in zip(_at_gaps(keys, shown), marked, strict=True)
        ]
        made = record_of([*pairs, (about, Verbatim(about))] if about else pairs)
        assert isinstance(made, Record)
        made.total = len(record)
        return made

    def _select(self, found: list[Column], texts: list[str]) -> tuple[list[bool], str]:
        """Which rows to show, and what to say of the others."""
        must, worth = rows.keep(found, texts, self.query)
        columns.settle(found, len(texts), hard=True)
        varied = [column for column in found if column.template is None and (column.default is None or column.odd)]
        lines = [
            ",".join([column.cells[index] or "" for column in varied if column.default is None or index in column.odd])
            for index in range(len(texts))
        ]
        made = [
            Unit(line, index + 1, index + 1, keep=index in must, score=worth[index]) for index, line in enumerate(lines)
        ]
        share = sum(map(len, texts)) / self._total
        kept = count("\n".join([lines[index] for index in sorted(must)]))
        shown = units.select(made, int(self.budget * share) - kept)
        _bridge(shown, lines)
        hidden = [index for index, show in enumerate(shown) if not show]
        if not hidden:
            return shown, ""
        self.left.rows += len(hidden)
        self.left.of += len(shown)
        about = rows.summary(varied, hidden)
        return shown, markers.note(
            f"in the {len(hidden)} rows left out: {about.replace(chr(10), ' ')}"
        ) if about else ""

    def _marked(self, items: list[Value], shown: list[bool]) -> list[Value]:
        """The rows with a marker in place of each run that is left out."""
        made: list[Value] = []
        start = 0
        for index, item in enumerate(items):
            if not shown[index]:
                if index == 0 or shown[index - 1]:
                    start = index
                if index + 1 == len(items) or shown[index + 1]:
                    number = index - start + 1
                    made.append(Verbatim(markers.omitted(start + 1, index + 1, f"{number} row{'s' * (number > 1)}")))
            elif type(item) is Record and item.text in self.asked:
                made.append(Full(index + 1, item))
            else:  # a row larger than the whole budget has long arrays of its own
                made.append(self._prune(item) if type(item) in _HIDING and len(write(item)) > self.budget else item)
        return made


def _bridge(shown: list[bool], lines: Sequence[str]) -> None:
    """Show single rows that cost less than the marker in their place."""
    for index in range(1, len(shown) - 1):
        if not shown[index] and shown[index - 1] and shown[index + 1] and len(lines[index]) < units.GAP_TOKENS * 3:
            shown[index] = True


def _at_gaps(keys: Sequence[str], shown: Sequence[bool]) -> list[str]:
    """The keys of the rows that show, and one for each gap."""
    return [key for index, key in enumerate(keys) if shown[index] or index == 0 or shown[index - 1]]
