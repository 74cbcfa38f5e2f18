"""What varies within one kind of log entry: the values seen once, the numbers far off, and a few words about the rest.

Rules:
* Columns are the slots of the kind's first line; those in the entry's own head (time, process id) are left aside.
* A column speaks where the line names it (`port 51060`, `status=503`, `took 30 ms`) or where it has few values.
* Bounded: at most `PER_KIND` entries are picked from a kind, two from a column.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from operator import le
from typing import NamedTuple

from headroom.compression.relevance import outliers

LEAST = 8
"""Entries of a kind below this say nothing about what is usual."""
FEW = 12
"""A column of at most so many different values is a choice (a status, a shard), not a measure."""
PER_KIND = 4
"""Entries picked from a kind: the first that differ show what to look for."""
_SAID = 4
"""Values listed with their counts; of more, numbers are told by their range."""
_SAYS_AT_MOST = 90
"""Characters said of one column."""
_BLOCK = 5_000
"""Entries read at a time: half a megabyte."""
_LONG = 4_000
"""Characters; a longer line is a dump, whose columns nobody reads."""
_SHORT = 7
"""Digits; a longer number is an id or a time stamp, whose range says nothing."""
_SAMPLE = 4_000
"""Values that stand for a longer column when its middle and spread are estimated."""
_NAME = re.compile(r"([A-Za-z][\w.-]{0,30})[\"']?[ =:#(]{1,2}[\"']?-?$")
_MONTH = re.compile(r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)$")
_UNIT = re.compile(r" ?(?:ms|us|ns|s|min|[kKMGT]i?B|[KMG]|bytes|%|seconds|msec)(?![A-Za-z])")
_PLAIN = re.compile(r"[-0-9](?:(?<!-)|(?=[0-9]))[0-9]*(?:[.:,/-](?:[A-Z][a-z]{2}[/-])?[0-9]+)*")
"""A number and what it is joined to, with its sign: `-?[0-9]+...`, written so that its first character is of a set, which
`re` looks for at C speed."""
_MIXED = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|-?[0-9](?:[0-9A-Za-z]{0,64}[0-9])?(?:[.:,/-](?:[A-Z][a-z]{2}[/-])?[0-9]+)*"
)
"""Values where ids of letters and digits stand among the numbers."""
_FAILED = re.compile(r"[45]\d\d$")
_STATUS = re.compile(r"(?i)(?:status|code|exit|errno|rc|ret)(?:[_ -]?code)?$")


class Findings(NamedTuple):
    """About one kind."""

    picked: list[int]
    """Positions, among the entries given, of those that differ from the rest."""
    says: str
    """`port 1024 to 65000, status 200 x900, 503 x1`; may be empty."""


class _Column:
    """One slot over all entries of a kind, read block by block so that a million values cost eight bytes each."""

    def __init__(self, name: str, unit: str) -> None:
        self.name, self.unit = name, unit
        self.number: Counter[str] | None = Counter()  # None: too many different values to be a choice
        self.first: dict[str, int] = {}
        self.numbers: array[float] | None = array("d")  # None: not numbers
        self.low = self.high = (0.0, "")

    def add(self, start: int, cells: list[str]) -> None:
        if self.number is not None:
            if len(self.number.keys() | set(cells)) > FEW:
                self.number = None
            else:
                self.number.update(cells)
                for value in self.number.keys() - self.first.keys():
                    self.first[value] = start + cells.index(value)
        if self.numbers is not None:
            try:
                known = {value: float(value) for value in self.number or ()}
                block = array("d", map(known.__getitem__ if known else float, cells))
            except ValueError:  # a time, an address, a version
                self.numbers = None
                return
            least, most = min(block), max(block)
            if not self.numbers or least < self.low[0]:
                self.low = (least, cells[block.index(least)])
            if not self.numbers or most > self.high[0]:
                self.high = (most, cells[block.index(most)])
            self.numbers.extend(block)


def look(lines: Callable[[int, int], list[str]], total: int, head: int) -> Findings:
    """What varies within a kind.

    Args:
        lines: gives the first lines of its entries from one position to another.
        total: how many there are.
        head: characters of the first entry's head, whose slots are left aside.
    """
    example = lines(0, 1)[0]
    slots = list(_MIXED.finditer(example))
    value = _PLAIN if len(_PLAIN.findall(example)) == len(slots) else _MIXED
    if not slots or len(example) > _LONG:
        return Findings([], "")
    columns = _named(example, slots, head)
    for start in range(0, total, _BLOCK):
        block = lines(start, min(start + _BLOCK, total))
        joined = "\n".join(block)
        values = value.findall(joined)
        if len(values) != len(slots) * len(block):
            return Findings([], "")
        for at, column in columns:
            column.add(start, values[at :: len(slots)])
    judged = [_judge(column, total) for _, column in columns]
    picked = sorted({position for positions, _ in judged for position in positions})
    said = {
        phrase.partition(" ")[2]: phrase for _, phrase in reversed(judged) if phrase
    }  # one number printed twice is said once
    return Findings(picked[:PER_KIND], ", ".join([*reversed(said.values())][:4]))


def _named(example: str, slots: Sequence[re.Match[str]], head: int) -> list[tuple[int, _Column]]:
    """A column for each slot after the head, by its place among the slots, called what the line calls it."""
    columns, before = [], 0
    for at, slot in enumerate(slots):
        lead, before = example[before : slot.start()], slot.end()
        name = _NAME.search(lead)
        if slot.start() >= head and not (name and _MONTH.match(name.group(1))):
            unit = _UNIT.match(example, slot.end())
            called = "HTTP status" if lead.endswith('" ') else name.group(1) if name else ""
            columns.append((at, _Column(called, unit.group().strip() if unit else "")))
    return columns


def _judge(column: _Column, total: int) -> tuple[list[int], str]:
    """Positions of entries to show, and what to say of the column."""
    number, numbers = column.number, column.numbers
    if number is not None and len(number) == 1:
        return [], ""
    picked: list[int] = []
    says = ""
    if number is not None:
        picked = _rare(column, number, total)
        if len(number) <= _SAID and (column.name or picked):
            says = ", ".join(f"{value}{column.unit} x{count}" for value, count in number.most_common())
    elif numbers is not None and (column.name or column.unit) and not all(map(le, numbers, islice(numbers, 1, None))):
        picked = _far(numbers)
    low, high = column.low[1], column.high[1]
    if not says and column.name and numbers and max(len(low), len(high)) <= _SHORT:
        says = f"{low} to {high}{' ' + column.unit if column.unit else ''}"
    return picked, f"{column.name} {says}".strip() if says and len(says) <= _SAYS_AT_MOST else ""


def _rare(column: _Column, number: Counter[str], total: int) -> list[int]:
    """Where each value stands first that came once or twice beside one that came at least twenty times as often."""
    order = number.most_common()
    rare = [value for value, count in order if count <= min(2, max(1, total // 200)) and order[0][1] >= 20 * count]
    if column.name == "HTTP status" or _STATUS.search(column.name):
        rare += [value for value, count in order if count < total / 2 and _FAILED.match(value)]
    return sorted(column.first[value] for value in rare)[:3]


def _far(numbers: array[float]) -> list[int]:
    """Positions of the largest and the smallest number, where they are far from the rest."""
    sample = numbers[:: max(1, len(numbers) // _SAMPLE)].tolist()
    ends = [numbers.index(max(numbers)), numbers.index(min(numbers))]
    far = outliers([*sample, *(numbers[at] for at in ends)], first=len(sample))
    return [at for place, at in enumerate(ends) if len(sample) + place in far]
