"""JSON written short: compact, its arrays of records as tables, its repeated objects once.

A table stands where the array stood. Its cells are JSON; an empty cell means that the record has no such key:

    {"total":3,"users":[3 records; in all: type: "User", plan.seats: 1
    id,login,plan{name}
    1,"ann","free"
    2,"bob","pro"
    3,"cyd",; email: null
    ]}
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from headroom.compression.compressors.structured import columns
from headroom.compression.compressors.structured.columns import Column
from headroom.compression.compressors.structured.pool import EMPTY, Pool, reference
from headroom.compression.compressors.structured.reading import (
    Doubled,
    Embedded,
    Full,
    Pruned,
    Record,
    Value,
    Verbatim,
    quote,
    write,
)

_ROWS = frozenset((Record, Verbatim, Full, Doubled))
_NO_CELLS = frozenset((Verbatim, Full, Doubled))
"""What stands in a table on a line of its own."""
_CLEAR = 0.7
"""A table this much shorter than its records as JSON is taken without trying tables inside the records."""


class Writer:
    """Writes one document."""

    def __init__(self, pool: Pool = EMPTY, *, hard: bool = False) -> None:
        """Args: pool: objects given at the end. hard: also fold what a reader can work out from other columns."""
        self._pool = pool
        self._hard = hard

    def document(self, value: Value) -> str:
        """The whole text: the value, then the objects that it refers to."""
        return self._with_definitions(self.block(value))

    def lines(self, values: list[Value]) -> str:
        """One JSON value a line, or a table of them."""
        plain = "\n".join(map(self.inline, values))
        if any(type(item) is Record and item for item in values) and all(type(item) in _ROWS for item in values):
            plain = min(self._table(values, "lines of JSON"), plain, key=len)
        return self._with_definitions(plain)

    def _with_definitions(self, text: str) -> str:
        parts = [text]
        for key, records in self._pool.shapes:
            parts.append(f"[Above, {{{quote(key)}:...,...}} is short for one of these:]\n{self.definitions(records)}")
        return "\n".join(parts)

    def definitions(self, records: Sequence[Record]) -> str:
        """Objects of one shape, in full."""
        if len(records) > 2:
            return self._shortest(list(records), self._table(records, "records"), top=True)
        return "\n".join(self._open(record) for record in records)

    def inline(self, value: Value) -> str:
        """A value on one line."""
        kind = type(value)
        if kind is str:
            return quote(value)
        if kind is Record:
            key = self._pool.keys.get(value.text)
            if key is not None:
                return reference(value, key)
            return self._open(value) if self._pool.keys else str(value.text)
        if kind is list or kind is Pruned:
            return "[" + ",".join(map(self.inline, value)) + "]"
        if kind is Embedded:
            return f"{value.style}({self.inline(value.value)})"
        return write(value)

    def _open(self, record: Record) -> str:
        return "{" + ",".join([f"{quote(key)}:{self.inline(value)}" for key, value in record.items()]) + "}"

    def block(self, value: Value) -> str:
        """A value, with tables where they are shorter."""
        kind = type(value)
        if kind is list or kind is Pruned:
            return self._array(value)
        if kind is Record and value.text not in self._pool.keys:
            if len(value) > 2 and all(
                (type(item) is Record and item) or _is_gap(key, item) for key, item in value.items()
            ):
                return self._shortest(value, self._entries(value))
            return self._expanded(value)
        if kind is Embedded:
            return f"{value.style}({self.block(value.value)})"
        return self.inline(value)

    def _array(self, items: list[Value]) -> str:
        rows = [item for item in items if type(item) not in _NO_CELLS]
        if any(type(item) is Record and item.text in self._pool.keys for item in rows):
            return self._expanded(items)
        if len(items) > 1 and any(rows) and all(type(item) is Record for item in rows):
            return self._shortest(items, self._table(items, "records"))
        if len(rows) > 2 and _is_matrix(rows):
            return self._shortest(items, self._matrix(items))
        return self._expanded(items)

    def _shortest(self, value: Value, table: str, *, top: bool = False) -> str:
        plain = (
            len(value.text)
            if type(value) is Record
            else sum(len(item.text) if type(item) is Record else 20 for item in value)
        )
        if len(table) < plain * _CLEAR:
            return table
        expanded = "[" + ",".join(map(self._open, value)) + "]" if top else self._expanded(value)
        return min(table, expanded, key=len)

    def _expanded(self, value: Value) -> str:
        if type(value) is Record:
            return (
                "{"
                + ",".join(
                    [
                        item.text if _is_gap(key, item) else f"{quote(key)}:{self.block(item)}"
                        for key, item in value.items()
                    ]
                )
                + "}"
            )
        return "[" + ",".join([f"{self.block(item)}" for item in value]) + "]"

    def _key_of(self, value: Value) -> str | None:
        return self._pool.keys.get(value.text)

    def _table(self, items: Sequence[Value], noun: str) -> str:
        records = [item for item in items if type(item) is Record]
        return self._render(items, columns.split(records, self._key_of, self.inline), noun)

    def _entries(self, record: Record) -> str:
        items = Pruned(record.values())
        items.total = getattr(record, "total", len(record))
        keys: list[str | None] = [quote(key) for key, item in record.items() if type(item) is Record]
        found = columns.split([item for item in items if type(item) is Record], self._key_of, self.inline)
        return self._render(items, [Column((), keys, name="(key)"), *found], "entries")

    def _matrix(self, items: Sequence[Value]) -> str:
        arrays = [item for item in items if type(item) not in _NO_CELLS]
        width = max(map(len, arrays))
        found = [
            Column(
                (), [self.inline(row[index]) if index < len(row) else None for row in arrays], name=f"item{index + 1}"
            )
            for index in range(width)
        ]
        return self._render(items, found, "arrays")

    def _render(self, items: Sequence[Value], found: list[Column], noun: str) -> str:
        total = items.total if isinstance(items, Pruned) else len(items)
        rows = len(found[0].cells)
        columns.settle(found, rows, hard=self._hard)
        cells = [column for column in found if column.default is None and column.template is None]
        if not cells and len(items) > rows:  # amid gaps each row needs a line
            found[0].default, found[0].template, found[0].odd = None, None, set()
            cells = [found[0]]
        opening, closing = "{}" if noun == "entries" else "[]"
        lines = [f"{opening}{total} {noun}{_heading(found)}"]
        if cells and (noun != "arrays" or len(cells) < len(found)):
            lines.append(_names(cells))
        said = {row for column in found for row in column.odd}
        texts = (
            map(",".join, zip(*[[cell or "" for cell in column.cells] for column in cells], strict=True))
            if cells
            else [""] * rows
        )
        made = [text + _odd(found, row) if row in said else text for row, text in enumerate(texts)]
        if cells:
            rest = iter(made)
            lines += [_line(item, number) or next(rest) for number, item in enumerate(items, 1)]
        else:
            lines += [f"row {row + 1}{made[row]}" for row in sorted(said)]
        lines.append(closing)
        return "\n".join(lines)


def _is_matrix(rows: Sequence[Value]) -> bool:
    return (
        all(
            type(row) is list
            and 0 < len(row) < 60
            and not any(type(cell) is list or type(cell) is Record for cell in row)
            for row in rows
        )
        and len(set(map(len, rows))) == 1
    )


def _is_gap(key: str, item: Value) -> bool:
    return type(item) is Verbatim and item.text == key


def _line(item: Value, number: int) -> str | None:
    """The line of what is not an ordinary row."""
    if type(item) is Verbatim:
        return item.text
    if type(item) is Full:
        return f"[row {item.number} in full] {item.record.text}"
    return f"[row {number} in full] {item.text}" if type(item) is Doubled else None


def _heading(found: Sequence[Column]) -> str:
    """What holds for every row."""
    plainly = [column for column in found if column.default and column.given is None]
    made = [column for column in found if column.template is not None]
    text = ""
    for what, group, say in (("in all", plainly, _default), ("in each", made, _template)):
        for unless, chosen in (
            ("", [column for column in group if not column.odd]),
            (" unless a row says otherwise", [column for column in group if column.odd]),
        ):
            if chosen:
                text += f"; {what}{unless}: {', '.join(map(say, chosen))}"
    for sign in dict.fromkeys(column.given for column in found if column.given is not None):
        text += (
            f"; in all with {_label(sign)}: {', '.join([_default(column) for column in found if column.given is sign])}"
        )
    return text


def _default(column: Column) -> str:
    return _pair(column, column.default)


def _template(column: Column) -> str:
    parts = column.template or []
    text = "".join(part if isinstance(part, str) else f"<{part.label}>" for part in parts)
    return f"{column.label}: {text}" if column.same else f'{column.label}: "{text}"'


def _label(column: Column) -> str:
    return columns.label_of(column.path[:-1]) if column.short else column.label


def _pair(column: Column, cell: str | None) -> str:
    if column.short and cell != "null":
        return f"{_label(column)}: {{{quote(str(column.path[-1]))}:{cell},...}}"
    return f"{_label(column)}: {cell}"


def _odd(found: Iterable[Column], row: int) -> str:
    """`; state: "gone", email: null, no phone`: where a row differs from the heading, or has more."""
    pairs = [
        _pair(column, column.cells[row]) if column.cells[row] is not None else f"no {_label(column)}"
        for column in found
        if row in column.odd
    ]
    return f"; {', '.join(pairs)}"


def _names(cells: Sequence[Column]) -> str:
    """The column names, nested as the objects are: `id,owner{login,id}`."""
    named = [column.name for column in cells if column.name]
    return ",".join(
        [*named, *([_group(keyed, 0)] if (keyed := [column for column in cells if not column.name]) else [])]
    )


def _group(cells: Iterable[Column], depth: int) -> str:
    parts = []
    for (start, leaf), group in groupby(cells, key=lambda column: _step(column, depth)):
        label = columns.label_of(start)
        if leaf:
            parts += [label, *["..." for column in group if column.short]]
        else:
            parts.append(f"{label}{{{_group(group, depth + len(start))}}}")
    return ",".join(parts)


def _step(column: Column, depth: int) -> tuple[columns.Path, bool]:
    """The next key of a column's path, with the place in an array that follows it, and whether that is all."""
    end = depth + 1
    while end < len(column.path) and isinstance(column.path[end], int):
        end += 1
    return column.path[depth:end], end == len(column.path)
