"""Which rows of a long table stay, and what is said of the others.

A table of measurements (a time, or a running number, and figures) can be summarised: what is odd stays, with some rows
from all over it, and each column's range and middle. A table of names cannot: it stays whole as long as it fits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from statistics import fmean, median

from headroom.compression import relevance, units
from headroom.compression.compressors.table_parse import DATE, NUMBER, Table
from headroom.compression.relevance import Query
from headroom.settings import Level
from headroom.tokens import count

SMALL = {"balanced": 1500, "aggressive": 600}
"""Tokens (cl100k) up to which a table stays whole."""
MOST = {"balanced": 12_800, "aggressive": 800}
"""Tokens (cl100k) up to which rows with names in them stay: in `balanced` a tenth of a context of 128,000."""
SAMPLED = 8
"""Rows shown from all over a summarised table, so that its course can be seen."""
_EDGE = 3
"""First and last rows that stay."""
_MOSTLY = 0.95
"""The share of a column's cells that give it its type."""
_EMPTY = frozenset(("", "na", "n/a", "nan", "null", "none", "-", "?"))
"""How programs write that there is no value."""
_SAMPLE = 200
"""Cells looked at to see whether a column may be of a type; each cell is looked at where over half of these are."""
_ALL_NUMBERS = re.compile(r"(?:[-+]?\d+(?:\.\d+)?\n)+")
_FEW = 24
"""Different values up to which a column is a category and its values are named."""


@dataclass(slots=True)
class Column:
    """A column's cells and what they are: `number`, `date`, `constant`, `category` or `text`."""

    name: str
    cells: Sequence[str]
    kind: str
    numbers: list[float]
    """The values of cells that are numbers, in order; for a column of numbers."""
    rows: list[int]
    """The rows that `numbers` come from."""


def columns(table: Table) -> list[Column]:
    """The table's columns; rows of another width than the header are left aside."""
    width = len(table.names)
    rows = [row if len(row) == width else [""] * width for row in table.rows]
    return [_column(name, cells) for name, cells in zip(table.names, zip(*rows, strict=True), strict=True)]


def _column(name: str, cells: Sequence[str]) -> Column:
    different = set(cells)
    if len(different) == 1:
        return Column(name, cells, "constant", [], [])
    if _ALL_NUMBERS.fullmatch("\n".join((*cells, ""))):  # by far the most frequent, in one step
        return Column(name, cells, "number", list(map(float, cells)), list(range(len(cells))))
    filled = [index for index, cell in enumerate(cells) if cell.strip()]
    sample = filled[:: max(1, len(filled) // _SAMPLE)]
    if sum(1 for index in sample if NUMBER.fullmatch(cells[index])) > len(sample) // 2:
        numeric = [index for index in filled if NUMBER.fullmatch(cells[index])]
        if len(numeric) >= _MOSTLY * len(filled):
            return Column(name, cells, "number", [float(cells[index].rstrip("%")) for index in numeric], numeric)
    if sum(1 for index in sample if DATE.fullmatch(cells[index])) > len(sample) // 2:
        dated = sum(1 for index in filled if DATE.fullmatch(cells[index]))
        if dated >= _MOSTLY * len(filled):
            return Column(name, cells, "date", [], [])
    category = len(different) <= min(_FEW, len(cells) // 4)
    return Column(name, cells, "category" if category else "text", [], [])


def is_series(found: Sequence[Column]) -> bool:
    """Whether rows are measurements: a time or a running number, and figures; no names."""
    if any(column.kind in ("text", "category") for column in found):
        return False
    figures = [column for column in found if column.kind == "number"]
    timed = any(column.kind == "date" for column in found)
    running = any(_runs(column.numbers) for column in figures)
    broken = any("." in cell for column in figures for cell in column.cells[:50])
    return bool(figures) and (timed or (running and broken and len(figures) > 1))


def _runs(numbers: Sequence[float]) -> bool:
    """Whether numbers only rise, by the same step."""
    return len(numbers) > 2 and len({round(b - a, 9) for a, b in pairwise(numbers)}) == 1 and numbers[1] > numbers[0]


def odd(table: Table, found: Sequence[Column], query: Query) -> set[int]:
    """Rows that stay: first, last, outliers, extremes, empty or mistyped cells where that is rare, rare categories, asked for."""
    size = len(table.rows)
    few = max(1, size // 50)
    stay = set(range(min(_EDGE, size))) | set(range(max(0, size - _EDGE), size))
    stay |= {index for index, row in enumerate(table.rows) if len(row) != len(table.names)}
    for column in found:
        full = column.kind in ("number", "constant") and len(column.rows) in (0, size)
        blank = set() if full else {cell for cell in set(column.cells) if cell.strip().lower() in _EMPTY}
        empty = [index for index, cell in enumerate(column.cells) if cell in blank] if blank else []
        if len(empty) <= few:
            stay.update(empty)
        if column.kind == "number":
            typed = set(column.rows)
            if size - len(typed) <= few:
                stay.update(index for index in range(size) if index not in typed)
            stay.update(column.rows[index] for index in relevance.outliers(column.numbers))
            stay.add(column.rows[column.numbers.index(min(column.numbers))])
            stay.add(column.rows[column.numbers.index(max(column.numbers))])
        elif column.kind == "date":
            stay.update(_unordered(column.cells, few))
        elif column.kind == "category":
            number = Counter(column.cells)
            stay.update(index for index, cell in enumerate(column.cells) if number[cell] == 1)
    return stay | relevance.hits(query, table.texts)


def _unordered(cells: Sequence[str], few: int) -> list[int]:
    """Rows whose date is before the row before, or of another form, where that is rare."""
    lengths = Counter(map(len, cells)).most_common(1)[0][0]
    found = [index for index in range(1, len(cells)) if len(cells[index]) != lengths or cells[index] < cells[index - 1]]
    return found if len(found) <= few else []


def choose(table: Table, found: Sequence[Column], level: Level, query: Query) -> list[bool] | None:
    """One flag a row: whether it is shown; `None`: all are."""
    costs = [len(text) for text in table.texts]
    if level == "lossless" or sum(costs) < SMALL[level]:
        return None
    total = count("\n".join(table.texts))
    series = is_series(found)
    if total <= (SMALL if series else MOST)[level]:
        return None
    shown = [index in stay for stay in (odd(table, found, query),) for index in range(len(table.rows))]
    if series:
        step = max(1, len(shown) // SAMPLED)
        for index in range(step // 2, len(shown), step):
            shown[index] = True
        return shown
    return _until(table, shown, relevance.scores(query, table.texts), MOST[level] * sum(costs) // total)


def _until(table: Table, shown: list[bool], scores: Sequence[float], characters: int) -> list[bool]:
    """Rows by relevance, then from both ends inward, as far as `characters` go: what is left out is the middle, as data frames print it."""
    left = characters - sum(len(text) + 1 for text, flag in zip(table.texts, shown, strict=True) if flag)
    size = len(shown)
    relevant = (index for index, score in enumerate(scores) if score)
    order = sorted(relevant, key=lambda index: (-scores[index], min(index, size - index)))
    for index in chain(order, (index for index in _inward(size) if not scores[index])):
        if shown[index]:
            continue
        left -= len(table.texts[index]) + 1
        if left < 0:
            break
        shown[index] = True
    return shown


def _inward(size: int) -> Iterator[int]:
    """0, 1, the last, 2, the last but one ..."""
    yield 0
    for near in range(1, size // 2 + 1):
        yield near
        if size - near != near:
            yield size - near


def summary(found: Sequence[Column], rows: int) -> str:
    """What the columns hold, over all rows: ranges and middles of numbers, first and last of dates, counts of categories."""
    said = []
    for column in found:
        if column.kind == "number":
            cells = [column.cells[row] for row in column.rows]
            low, high = (
                cells[column.numbers.index(min(column.numbers))],
                cells[column.numbers.index(max(column.numbers))],
            )
            said.append(
                f"{column.name} {low} to {high}, median {median(column.numbers):.6g}, mean {fmean(column.numbers):.6g}"
            )
        elif column.kind == "date":
            said.append(f"{column.name} {column.cells[0]} to {column.cells[-1]}")
        elif column.kind == "constant":
            said.append(f"{column.name} {column.cells[0] or 'empty'}")
        elif column.kind == "category":
            number = Counter(column.cells).most_common()
            said.append(f"{column.name} " + ", ".join(f"{cell or 'empty'} {times}" for cell, times in number))
        else:
            said.append(f"{column.name} {len(set(column.cells))} values")
    return f"all {rows} rows: " + "; ".join(said)


def as_units(table: Table, first_line: int) -> list[units.Unit]:
    """The rows as units: numbered from 1 where they can be fetched so, else by their lines in the original."""
    if table.numbered:
        return [units.Unit(text, index, index) for index, text in enumerate(table.texts, 1)]
    ends = [*table.at[1:], table.at[-1] + 1]
    return [
        units.Unit(text, first_line + start, first_line + end - 1)
        for text, start, end in zip(table.texts, table.at, ends, strict=True)
    ]
