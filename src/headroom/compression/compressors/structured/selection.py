"""Leaving rows out of the long arrays of a document: each gap is marked where it stands, and told about in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from headroom.compression import markers, units
from headroom.compression.compressors.structured import columns, rows
from headroom.compression.compressors.structured.columns import Column
from headroom.compression.compressors.structured.pruning import Left
from headroom.compression.compressors.structured.reading import (
    Doubled,
    Embedded,
    Full,
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

_MIN_ROWS = 12
"""An array of fewer items is shown whole."""
_MIN_CHARS = 600
"""A shorter array is shown whole, too."""
_HIDING = frozenset((Record, list, Embedded))


@dataclass(slots=True)
class Selection:
    """Chooses the rows of the long arrays of one document."""

    query: Query
    budget: int
    """Tokens for all long arrays together; each gets its share."""
    asked: frozenset[str]
    """Texts of records to spell out."""
    left: Left
    _total: int = field(default=1, init=False)

    def of(self, value: Value) -> Value:
        """The value with its rows chosen."""
        self._total = max(1, len(write(value)))
        return self._choose(value)

    def _choose(self, value: Value) -> Value:
        kind = type(value)
        if kind is list:
            texts = list(map(write, value))
            long = len(value) >= _MIN_ROWS and sum(map(len, texts)) >= _MIN_CHARS
            if long or not self.asked.isdisjoint(texts):
                return self._array(value, texts, long=long)
            return [self._choose(item) if type(item) in _HIDING else item for item in value]
        if kind is Record:
            if len(value) >= _MIN_ROWS and len(value.text) >= _MIN_CHARS and _is_map(list(value.values())):
                return self._map(value)
            return record_of(
                [(key, self._choose(item) if type(item) in _HIDING else item) for key, item in value.items()]
            )
        if kind is Embedded:
            return Embedded(self._choose(value.value), value.style)
        return value

    def _array(self, items: list[Value], texts: list[str], *, long: bool) -> Value:
        noun = "row" if type(items[0]) is Record else "value"
        shown, about = self._select(_columns(items), texts, noun) if long else ([True] * len(items), "")
        if all(shown) and self.asked.isdisjoint(texts):
            return items
        pruned = Pruned(self._marked(items, shown, noun))
        pruned.total = len(items)
        if about:
            pruned.append(Verbatim(about))
        return pruned

    def _map(self, record: Record) -> Value:
        items = list(record.values())
        texts = [f"{quote(key)}:{write(item)}" for key, item in record.items()]
        shown, about = self._select(_columns(items), texts, "entry")
        if all(shown):
            return record
        marked = self._marked(items, shown, "entry")
        keys = [key for index, key in enumerate(record) if shown[index] or index == 0 or shown[index - 1]]
        pairs = [(item.text if type(item) is Verbatim else key, item) for key, item in zip(keys, marked, strict=True)]
        made = record_of([*pairs, (about, Verbatim(about))] if about else pairs)
        assert isinstance(made, Record)
        made.total = len(record)
        return made

    def _select(self, found: list[Column], texts: list[str], noun: str) -> tuple[list[bool], str]:
        """Which rows to show, and what to say of the others."""
        must, worth = rows.keep(found, texts, self.query)
        columns.settle(found, len(texts), hard=True)
        varied = [column for column in found if column.template is None and (column.default is None or column.odd)]
        cells = [column.cells for column in varied if column.default is None]
        lines = (
            list(map(",".join, zip(*[[cell or "" for cell in column] for column in cells], strict=True)))
            if cells
            else texts
        )
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
        return shown, markers.note(f"in the {_many(len(hidden), noun)} left out: {about}") if about else ""

    def _marked(self, items: list[Value], shown: list[bool], noun: str) -> list[Value]:
        """The rows with a marker in place of each run that is left out."""
        made: list[Value] = []
        start = 0
        for index, item in enumerate(items):
            if not shown[index]:
                if index == 0 or shown[index - 1]:
                    start = index
                if index + 1 == len(items) or shown[index + 1]:
                    made.append(Verbatim(markers.omitted(start + 1, index + 1, _many(index - start + 1, noun))))
            elif type(item) is Doubled or (type(item) is Record and item.text in self.asked):
                made.append(Full(index + 1, item))
            else:  # a row larger than the whole budget has long arrays of its own
                made.append(self._choose(item) if type(item) in _HIDING and len(write(item)) > self.budget else item)
        return made


def _is_map(items: Sequence[Value]) -> bool:
    """Whether an object's values are of one kind, as entries of a table are: all objects, or all plain."""
    kinds = set(map(type, items))
    return kinds == {Record} or (len(items) >= 4 * _MIN_ROWS and not kinds & _HIDING)


def _columns(items: list[Value]) -> list[Column]:
    if all(type(item) is Record for item in items):
        found = columns.split(items, lambda _: None, write)
        if found:
            return found
    return [Column((), [write(item) for item in items], name="values")]


def _many(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else 'entries' if noun == 'entry' else noun + 's'}"


def _bridge(shown: list[bool], lines: Sequence[str]) -> None:
    """Show what costs less than the marker in its place."""
    start = 0
    for index, show in enumerate([*shown, True]):
        if show:
            if sum(map(len, lines[start:index])) < units.GAP_TOKENS * 3:
                shown[start:index] = [True] * (index - start)
            start = index + 1
