"""Objects that occur again and again (the same owner in twenty records), written once and referred to by a key of theirs.

`{"login":"octocat",...}` stands for an object that is given in full at the end. The rule for the key: a short scalar
that tells the objects of this shape apart, and that no other shortened object shares.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from headroom.compression.compressors.structured.columns import aligned, alike
from headroom.compression.compressors.structured.reading import Embedded, Number, Pruned, Record, Value, quote, write

_MIN_TEXT = 60
"""Characters from which an object is worth a reference: the reference takes about thirty."""
_MIN_GAIN = 200
"""Characters that a shape must save: its heading in the list at the end takes about a hundred."""
_LONGEST_KEY = 48
_KEYS = 120
"""Keys of a shape that are looked at."""
_WHO = re.compile(r"(?:^|_|[a-z](?=[IN]))(?:(?i:id|name|key|login|number|slug|sha|ref|path|email|url|uid|arn|code))$")
_NAME = re.compile(r"[^/:\s]{1,40}(?: [^/:\s]{1,20}){0,3}\Z")


class Pool(NamedTuple):
    """What is given at the end."""

    keys: dict[str, str]
    """Compact text of an object to the key that stands for it."""
    shapes: list[tuple[str, list[Record]]]
    """For each shape: the key, and the objects."""


EMPTY = Pool({}, [])


class _Census:
    """How often each object stands in a value, and where."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self.records: dict[str, Record] = {}
        self.loose: Counter[str] = Counter()
        """How often outside tables, where it would be written with its keys."""
        self.cost: Counter[str] = Counter()
        """Characters that all its places take; in a table, what is the same in the whole column counts once."""

    def visit(self, value: Value, *, tabled: bool = False) -> None:
        """Count the objects in a value; what is inside one that was met before counts once."""
        if isinstance(value, list):
            self._visit_all([item for item in value if type(item) in _HOLDS])
        elif type(value) is Embedded:
            self.visit(value.value)
        elif type(value) is Record and self._new(value, tabled=tabled):
            self._visit_all([item for item in value.values() if type(item) in _HOLDS])

    def _visit_all(self, items: list[Value]) -> None:
        if len(items) > 2 and all(type(item) is Record for item in items) and alike(items):
            self._visit_rows(items)
        else:
            for item in items:
                self.visit(item)

    def _visit_rows(self, rows: list[Record]) -> None:
        """Rows of a table: objects of one shape in one column become columns themselves."""
        for row, size in zip(rows, _sizes(rows), strict=True):
            self.cost[row.text] += size
        fresh = [row for row in rows if self._new(row, tabled=True)]
        for key in dict.fromkeys(key for row in fresh for key in row):
            inner = [row[key] for row in fresh if type(row.get(key)) in _HOLDS]
            places = aligned(inner) if inner else 0
            for cells in [[item[index] for item in inner] for index in range(places)] or [inner]:
                if cells and all(type(item) is Record for item in cells) and alike(cells):
                    self._visit_rows(cells)
                else:
                    list(map(self.visit, cells))

    def _new(self, record: Record, *, tabled: bool) -> bool:
        if len(record.text) < _MIN_TEXT:
            return True
        self.times[record.text] += 1
        if not tabled:
            self.loose[record.text] += 1
            self.cost[record.text] += len(record.text)
        if self.times[record.text] > 1:
            return False
        self.records[record.text] = record
        return True


def _sizes(rows: list[Record]) -> list[int]:
    """About how many characters each row of a table takes, with its share of the heading."""
    heading, sizes = 0, [0] * len(rows)
    for key, first in rows[0].items():
        values = [row.get(key) for row in rows]
        if all(value == first for value in values):
            heading += _size(first) + len(key) + 3
        else:
            sizes = [size + _size(value) + 1 for size, value in zip(sizes, values, strict=True)]
    return [size + heading // len(rows) for size in sizes]


def _size(value: Value) -> int:
    kind = type(value)
    if kind is str:
        return len(value) + 2
    if kind is Number:
        return len(value)
    return len(value.text) if kind is Record else len(write(value))


_HOLDS = frozenset((Record, list, Pruned, Embedded))


def gather(value: Value) -> Pool:
    """The objects of a value that are worth being written once."""
    census = _Census()
    census.visit(value)
    shapes: dict[tuple[str, ...], list[Record]] = {}
    for record in census.records.values():
        shapes.setdefault(tuple(record), []).append(record)
    pool = Pool({}, [])
    taken: set[tuple[str, str]] = set()
    for shape, records in shapes.items():
        if len(records) < 3 and max(census.times[record.text] for record in records) < 2:
            continue
        for candidates in (records, [record for record in records if census.times[record.text] > 1]):
            key, told = _key(shape, candidates, taken)
            if told and _gain(key, told, census) >= _MIN_GAIN:
                taken.update((key, write(record[key])) for record in told)
                pool.keys.update((record.text, key) for record in told)
                pool.shapes.append((key, told))
                break
    return pool


def _gain(key: str, records: list[Record], census: _Census) -> int:
    """Characters saved by writing each of the objects once, at the end, and its key wherever it stands."""
    first = {name: write(value) for name, value in records[0].items()}
    common = [name for name, text in first.items() if all(write(record[name]) == text for record in records)]
    said = sum(len(first[name]) for name in common)
    gain = -sum(len(name) + 3 for name in first) - said if len(records) > 2 else 0
    # A record's text but for its braces, keys and what all of them say: its cells, a comma behind each.
    around = 1 + sum(len(quote(name)) + 1 for name in first) + said + len(common)
    total, once = 0, True
    for record in records:
        times, loose = census.times[record.text], census.loose[record.text]
        now = census.cost[record.text]
        then = loose * len(reference(record, key)) + (times - loose) * (len(write(record[key])) + 1)
        gain += now - then - (len(record.text) - around if len(records) > 2 else len(record.text))
        total += now
        once = once and times == 1
    return gain if not once or gain * 4 >= total else 0  # a reader had better find it where it belongs


def _key(shape: tuple[str, ...], records: list[Record], taken: set[tuple[str, str]]) -> tuple[str, list[Record]]:
    """The key that tells most of the records apart, and those: one that is called an identifier, else the shortest."""
    best: tuple[int, int, int, int] | None = None
    chosen: tuple[str, list[Record]] = ("", [])
    for index, key in enumerate(shape[:_KEYS]):
        values = [record[key] for record in records]
        if not all(
            type(value) is Number or (type(value) is str and 0 < len(value) <= _LONGEST_KEY) for value in values
        ):
            continue
        texts = list(map(write, values))
        times = Counter(texts)
        told = [
            record for record, text in zip(records, texts, strict=True) if times[text] == 1 and (key, text) not in taken
        ]
        if len(told) * 2 < len(records) or not told:
            continue
        name = all(type(value) is str and _NAME.match(value) for value in values)
        rank = (0 if name else 1) if _WHO.search(key) else 2
        this = (len(records) - len(told), rank, sum(map(len, texts)), index)
        if best is None or this < best:
            best, chosen = this, (key, told)
    return chosen


def reference(record: Record, key: str) -> str:
    """`{"login":"octocat",...}`."""
    return f"{{{quote(key)}:{write(record[key])},...}}"
