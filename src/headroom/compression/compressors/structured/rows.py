"""Which rows of a long array stay, and what is said of the others.

What stays, whatever the budget: the first and last rows; a value that is rare among few; a number far off; a type, a
shape or a missing key that hardly another row has; a word that reports trouble; what the question names.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from headroom.compression import relevance
from headroom.compression.compressors.structured.columns import Column
from headroom.compression.relevance import Query

_FIRST, _LAST = 3, 2
_RED_LENGTH = 300
"""A longer string is prose: words of trouble in it say nothing about the row."""
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")
_DATE = re.compile(r'"\d{4}[-/]\d\d[-/]\d\d')
_SCORED = 4_000
"""Rows up to which each is compared with the question, word by word."""
_APART = 16
"""Rows between two of them, at least: a narrower gap costs as much as it hides."""
_TOLD = 14
"""Columns that a summary tells about; about ten tokens each."""
_SPREAD, _SPREAD_PLAIN = 40, 8
"""Ordinary rows, evenly spread, that may fill up the budget; fewer plain values, which cost less than the gap between two."""


def wanted(query: Query, texts: Sequence[str], most: int = 5) -> set[int]:
    """Rows that have a whole value which the question names; a value of more than `most` rows names none of them."""
    found: set[int] = set()
    for key in query.keys[:64]:
        whole, path = f'"{key}"', f'/{key}"'  # a URL is named with or without what stands before its host
        at = [
            index
            for index, text in enumerate(texts)
            if path in text or (whole in text and text.count(whole) > text.count(f"{whole}:"))
        ]
        if not at and len(key) > 3 and key.replace(".", "").replace("-", "").isdigit():
            number = re.compile(rf":{re.escape(key)}[,}}]")
            at = [index for index, text in enumerate(texts) if key in text and number.search(text)]
        if len(at) <= most:
            found.update(at)
    return found


def striking(columns: Iterable[Column], rows: int) -> set[int]:
    """Rows that must stay for what they hold."""
    found: set[int] = set()
    for column in columns:
        if len(set(column.cells)) > 1:
            found |= _red(column.cells, rows)
            if (
                2 * column.cells.count(None) <= rows or column.cells.count(None) >= rows - 2
            ):  # else one kind of row among several
                found |= _rare(column.cells, rows) | _far(column.cells, rows)
    return found


def _few(rows: int) -> int:
    """How many different values a category may have."""
    return max(4, 2 * math.isqrt(rows))


def _rare(cells: Sequence[str | None], rows: int) -> set[int]:
    """Values, types or patterns that hardly another row has, where the others have few."""
    most = max(1, rows // 200)
    keys: list[object] = [list(cells), [_kind(cell) for cell in cells]]
    if len(set(cells)) > _few(rows):
        keys = [keys[1], [None if cell is None else _DIGITS.sub("0", _LETTERS.sub("a", cell[:200])) for cell in cells]]
    found: set[int] = set()
    for key in keys:
        assert isinstance(key, list)
        if len(set(key)) <= _few(rows):
            rare = relevance.rare(key, most)
            found |= rare if len(rare) <= max(3, rows // 30) else set()
    return found


def _kind(cell: str | None) -> str:
    return "" if cell is None else "0" if cell[0] in "-0123456789" else cell[0]


def _far(cells: Sequence[str | None], rows: int) -> set[int]:
    at = [index for index, cell in enumerate(cells) if cell is not None and _kind(cell) == "0"]
    if len(at) < max(8, rows // 2):
        return set()
    numbers = [float(cells[index] or 0) for index in at]
    far = relevance.outliers(numbers)
    if len(far) > max(3, rows // 25):  # a long tail: only its ends are news
        middle = sorted(numbers)[len(numbers) // 2]
        far = set(sorted(far, key=lambda index: -abs(numbers[index] - middle))[:3])
    return {at[index] for index in far}


def _red(cells: Sequence[str | None], rows: int) -> set[int]:
    texts = {cell for cell in set(cells) if cell and cell[0] == '"' and len(cell) < _RED_LENGTH}
    words = set(filter(relevance.is_red, texts)) if relevance.is_red("\n".join(texts)) else set()
    found = {index for index, cell in enumerate(cells) if cell in words} if words else set()
    return found if len(found) <= max(3, rows // 5) else found & relevance.rare(list(cells), max(1, rows // 100))


def keep(columns: Sequence[Column], texts: Sequence[str], query: Query) -> tuple[set[int], list[float]]:
    """Rows that must stay, and what each of the others is worth.

    Args:
        columns: of the rows, or none where they are not records.
        texts: the rows as JSON.
        query: what is asked for.
    """
    rows = len(texts)
    must = set(range(min(_FIRST, rows))) | set(range(max(0, rows - _LAST), rows))
    must |= striking(columns, rows) | wanted(query, texts) | relevance.hits(query, texts, most=max(3, rows // 50))
    worth = relevance.scores(query, texts) if rows <= _SCORED else [0.0] * rows
    step = max(_APART, rows // (_SPREAD_PLAIN if columns[0].name else _SPREAD))
    return must, [score + (0.01 if index % step == 0 else 0.0) for index, score in enumerate(worth)]


def summary(columns: Iterable[Column], hidden: Sequence[int]) -> str:
    """What the rows that are not shown hold, by column, with counts."""
    told = [text for column in columns for text in [_tell(column, hidden)] if text][:_TOLD]
    return "; ".join(told)


def _tell(column: Column, hidden: Sequence[int]) -> str:
    cells = [cell for index in hidden for cell in [column.cells[index]] if cell is not None]
    counts = Counter(cells)
    if not cells or len(counts) == 1 or sum(map(len, counts)) > 60 * len(counts):
        return ""
    missing = f", missing in {len(hidden) - len(cells)}" if len(cells) < len(hidden) else ""
    if len(counts) <= _few(len(hidden)) and len(counts) * 2 <= len(cells):
        return f"{column.label}: {_top(counts)}{missing}"
    if all(_kind(cell) == "0" for cell in cells):
        ordered = sorted(cells, key=float)
        mean = f"{statistics.fmean(map(float, cells)):.6g}"
        return (
            f"{column.label}: {ordered[0]} to {ordered[-1]}, mean {mean}, median {ordered[len(ordered) // 2]}{missing}"
        )
    if all(_DATE.match(cell) for cell in cells):
        return f"{column.label}: {min(cells)} to {max(cells)}{missing}"
    return f"{column.label}: {_top(counts)}{missing}" if len(counts) * 2 <= len(cells) else ""


def _top(counts: Counter[str]) -> str:
    shown = counts.most_common(6)
    more = len(counts) - len(shown)
    return ", ".join(f"{cell} {number}" for cell, number in shown) + (f", {more} others" if more else "")
