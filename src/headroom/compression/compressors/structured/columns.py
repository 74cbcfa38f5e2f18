"""Records turned into columns, and what needs saying only once about a column.

A column is *constant* (said in the heading; rows that differ say so), *made* from another by a template
(`https://api.github.com/users/<login>`), or *sparse* (only the rows that have it say so). Everything else is a cell in
each row. Numbers that count up stay: a reader who has to count rows to know one's id will count wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from headroom.compression.compressors.structured.reading import Record, Value, quote

Path = tuple[str | int, ...]
"""Keys, and places in arrays."""

_PLAIN = re.compile(r"[A-Za-z_][\w-]*\Z")
_PLAIN_WORDS = frozenset((None, "null", "true", "false", '""', "[]"))
_PLACES = 3
"""Objects in an array up to which each place becomes columns: the one container of a pod, the two ends of a line."""
_SOURCES = 40
"""Columns that a template may be made from; the ones with the longest values are tried."""


@dataclass(slots=True, eq=False)
class Column:
    """The values at one path of all records."""

    path: Path
    cells: list[str | None]
    """The JSON text of each value; `None`: the record has no such key."""
    short: bool = False
    """The cells are keys of objects given elsewhere in full."""
    default: str | None = None
    """What the heading says; rows that differ say so."""
    template: list[str | Column] | None = None
    """What the heading says, in parts: text, and columns whose value goes there."""
    given: Column | None = None
    """The default holds only for rows that have this column."""
    same: bool = False
    """The template is one other column, types and all."""
    odd: set[int] = field(default_factory=set)
    """Rows that differ from what the heading says."""
    name: str = ""
    """What to call it where the path is no path of keys."""

    @property
    def label(self) -> str:
        """`owner.login`, `containers[0].name`; a key that is no plain word is quoted."""
        return self.name or label_of(self.path)


def label_of(path: Path) -> str:
    """A path as it stands in a heading."""
    return "".join([f"[{key}]" if isinstance(key, int) else f".{plain(key)}" for key in path])[1:]


def plain(key: str) -> str:
    """A key as it stands in a heading."""
    return key if _PLAIN.match(key) else quote(key)


def split(
    records: Sequence[Record | None], key_of: Callable[[Value], str | None], show: Callable[[Value], str]
) -> list[Column]:
    """The columns of records, in the order of their keys; nested objects of one shape become columns of their own.

    Args:
        records: `None` where the object itself is missing.
        key_of: the key that stands for an object given elsewhere, or `None`.
        show: the JSON text of a value.
    """
    found: list[Column] = []
    _split(records, (), key_of, show, found)
    return found


def _split(
    records: Sequence[Record | None],
    path: Path,
    key_of: Callable[[Value], str | None],
    show: Callable[[Value], str],
    found: list[Column],
) -> None:
    for key in dict.fromkeys(chain.from_iterable(record for record in records if record is not None)):
        values: list[Value] = [_MISSING if record is None else record.get(key, _MISSING) for record in records]
        places = aligned([value for value in values if value is not _MISSING])
        if not places:
            _add((*path, key), values, key_of, show, found)
        for index in range(places):
            inner = [_MISSING if value is _MISSING else value[index] for value in values]
            _add((*path, key, index), inner, key_of, show, found)


def aligned(values: Sequence[Value]) -> int:
    """How many objects each of these arrays has: the same few in all, so that each place makes columns of its own; else 0."""
    first = values[0]
    size = len(first) if type(first) is list else 0
    if not 0 < size <= _PLACES:
        return 0
    fits = all(
        type(value) is list and len(value) == size and all(type(item) is Record and item for item in value)
        for value in values
    )
    return size if fits else 0


def _add(
    path: Path,
    values: list[Value],
    key_of: Callable[[Value], str | None],
    show: Callable[[Value], str],
    found: list[Column],
) -> None:
    """The column, or the columns, of the values at one path."""
    if not all(value is _MISSING or value is None or (type(value) is Record and value) for value in values):
        found.append(Column(path, _cells(values, show)))
        return
    objects = [value if type(value) is Record else None for value in values]
    inner = [value for value in objects if value is not None]
    short = {key_of(value) for value in inner}
    name = next(iter(short)) if len(short) == 1 else None
    if name is not None:
        cells = [
            show(inside[name]) if inside is not None else None if value is _MISSING else show(value)
            for value, inside in zip(values, objects, strict=True)
        ]
        found.append(Column((*path, name), cells, short=True))
    elif short == {None} and alike(inner):
        if any(value is None for value in values):
            found.append(Column(path, ["null" if value is None else None for value in values]))
        _split(objects, path, key_of, show, found)
    else:
        found.append(Column(path, _cells(values, show)))


_MISSING: Value = object()


def _cells(values: Sequence[Value], show: Callable[[Value], str]) -> list[str | None]:
    return [None if value is _MISSING else show(value) for value in values]


def alike(records: Sequence[Record]) -> bool:
    """Whether objects have so many keys in common that columns of their own pay: dependency lists have not."""
    first = records[0].keys()
    if all(record.keys() == first for record in records):
        return True
    number = Counter([key for record in records for key in record])
    often = max(2, len(records) // 4)
    return 10 * sum(times for times in number.values() if times >= often) >= 8 * sum(number.values())


def settle(columns: list[Column], rows: int, *, hard: bool) -> None:
    """Say in the heading what can be said there.

    Args:
        columns: in order.
        rows: how many records.
        hard: templates too, which a reader has to fill in.
    """
    for column in columns:
        _constant(column, rows)
    if rows >= 3:
        _given([column for column in columns if column.default is None])
    varied = [column for column in columns if column.default is None]
    if rows >= 3:
        _equals(varied)
    if hard and rows >= 3:
        _templates(varied, rows)


def _constant(column: Column, rows: int) -> None:
    value, number = Counter(column.cells).most_common(1)[0]
    others = rows - number
    if rows < 2 or (others and (rows < 8 or 2 * others > rows)):
        return
    spent = others * (len(column.label) + 4) if others else 0
    if value is None:  # sparse: a row that has it says so
        if spent >= number:
            return
        value = ""
    elif others and spent * 2 > number * (len(value) + 1):
        return
    missing = value or None
    column.default = value
    column.odd = {index for index, cell in enumerate(column.cells) if cell != missing} if others else set()


def _given(columns: list[Column]) -> None:
    """Columns that always say the same, but are missing in some rows: just those in which another one is missing."""
    signs: dict[tuple[bool, ...], Column] = {}
    alone: list[tuple[tuple[bool, ...], Column]] = []
    for column in columns:
        if None in column.cells:
            missing = tuple([cell is None for cell in column.cells])
            if len(set(column.cells)) > 2:
                signs.setdefault(missing, column)
            else:
                alone.append((missing, column))
    for missing, column in alone:
        sign = signs.setdefault(missing, column)
        if sign is not column and missing.count(False) > 1:
            column.default, column.given = next(cell for cell in column.cells if cell is not None), sign


def _equals(columns: list[Column]) -> None:
    """Columns that say what an earlier one says."""
    first: dict[tuple[str | None, ...], Column] = {}
    for column in columns:
        if len(set(column.cells) - _PLAIN_WORDS) < 2:
            continue  # two columns of flags are alike by chance
        source = first.setdefault(tuple(column.cells), column)
        if source is not column and not column.short and not source.short:
            column.template, column.same = [source], True


def _inner(cell: str | None) -> str | None:
    """What of a cell a template can hold: the text inside the quotes, or a number."""
    if not cell or cell[0] in "[{" or cell in ("null", "true", "false"):
        return None
    return cell[1:-1] if cell[0] == '"' else cell


def _templates(columns: list[Column], rows: int) -> None:
    texts = [list(map(_inner, column.cells)) for column in columns]
    probes = (0, rows // 2, rows - 1)
    sources = [index for index, column in enumerate(columns) if not column.short and '"' not in column.label]
    for index, column in enumerate(columns):
        first = next((row for row in range(rows) if texts[index][row] is not None), None)
        if (
            first is None
            or column.short
            or column.template is not None
            or any(cell is not None and cell[0] != '"' for cell in column.cells)
        ):
            continue
        whole = texts[index][first]
        if whole is None or len(whole) < 12 or "<" in whole:
            continue
        fits = []
        for source in sources:
            text = texts[source][first]
            if source == index or not text or text not in whole or (len(text) < 3 and not text.isdigit()):
                continue
            if _depends(columns[source], column):
                continue
            if all(
                (texts[source][row] or "\0") in (texts[index][row] or "\0") or texts[index][row] is None
                for row in probes
            ):
                fits.append((len(text), source))
        fits.sort(key=lambda pair: (-pair[0], pair[1]))
        _try_templates(columns, texts, index, [source for _, source in fits[:_SOURCES]], first)


def _depends(source: Column, target: Column) -> bool:
    """Whether `source` is itself made from `target`, at any remove."""
    return any(
        not isinstance(part, str) and (part is target or _depends(part, target)) for part in source.template or ()
    )


def _try_templates(
    columns: list[Column], texts: list[list[str | None]], index: int, fits: list[int], first: int
) -> None:
    whole = texts[index][first]
    assert whole is not None
    tried = [fits] + [[source] for source in fits[:6]]
    for sources in tried:
        parts: list[str | int] = [whole]
        for source in sources:
            text = texts[source][first]
            assert text is not None
            parts = [
                piece for part in parts for piece in (_cut(part, text, source) if isinstance(part, str) else [part])
            ]
        used = [part for part in parts if isinstance(part, int)]
        if not used:
            continue
        odd = _misfits(texts, index, parts)
        if odd is not None and (not odd or (len(texts[index]) >= 16 and len(odd) * 16 <= len(texts[index]))):
            columns[index].template = [part if isinstance(part, str) else columns[part] for part in parts]
            columns[index].odd = odd
            return


def _cut(text: str, value: str, source: int) -> list[str | int]:
    pieces = text.split(value)
    return [part for piece in pieces for part in (piece, source) if part != ""][:-1] if len(pieces) > 1 else [text]


def _misfits(texts: list[list[str | None]], index: int, parts: list[str | int]) -> set[int] | None:
    """The rows that the template does not give; `None`: the template cannot be told for them."""
    odd = set()
    limit = len(texts[index]) // 16
    for row, text in enumerate(texts[index]):
        made = fill(parts, [texts[part][row] for part in parts if isinstance(part, int)])
        if made == text:
            continue
        if text is None:
            return None
        odd.add(row)
        if len(odd) > limit:
            return None
    return odd


def fill(parts: list[str | int], values: list[str | None]) -> str | None:
    """A template with its values; `None` where one is missing."""
    if None in values:
        return None
    rest = iter(values)
    return "".join([part if isinstance(part, str) else str(next(rest)) for part in parts])
