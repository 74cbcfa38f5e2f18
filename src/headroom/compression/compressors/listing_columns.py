"""Tables that list things (`ps`, `docker ps`, `kubectl get`, `df`, `dpkg -l`, `pip list`, `systemctl`): columns without padding.

    NAMESPACE   NAME       STATUS             [every NAMESPACE: default]
    default     web-1      Running            NAME STATUS
    default     worker-7   CrashLoopBackOff   web-1 Running
                                              worker-7 CrashLoopBackOff

Rules:
* a table is a heading whose words stand where the columns begin or end, and rows with a gap at each of these places.
* every row and every cell stays. One space parts the columns where no cell but the last has a space in it, ` | ` otherwise.
* a column with the same value in every row is said once. Three rows or more that agree in all columns but their own (the
  idle kernel threads of `ps`) stand below what they share, indented, where the table is sorted and so its order is known.
* padding follows from the widths; a rule line (`---- ----`) stays, it holds them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from headroom.compression import markers

_RULE = re.compile(r"[-=+ ]{5,}$")
_TITLE = re.compile(r"[A-Z%#][A-Z0-9%#()/_+:.-]*(?: [A-Z0-9()/_%-]+)*$")
MIN_ROWS = 3
WIDE = 1_000
"""Characters: a heading is never longer; what is, is no table made for reading."""
MIN_GROUP = 3
"""Rows that must agree before they are put below what they share."""
SHARE = 0.4
"""A column is shared where it has at most this many different values for each row."""


class Table(NamedTuple):
    """A table found in lines: what stands above it, its heading, rule and rows, what stands below."""

    above: list[str]
    titles: list[str]
    rule: list[str]
    rows: list[list[str]]
    below: list[str]


def find(lines: Sequence[str]) -> Table | None:
    """The table in the lines, when nearly all of them belong to it."""
    for index, line in enumerate(lines[:8]):
        if len(line) > WIDE:
            return None
        rule = index + 1 < len(lines) and _is_rule(lines[index + 1])
        words = [(match.start(), match.end()) for match in re.finditer(r"\S+", line)]
        capital = (
            len(words) >= 3
            and len(line) > 12
            and sum(bool(_TITLE.match(line[a:b])) for a, b in words) >= max(3, 0.75 * len(words))
        )
        if (capital or (rule and len(words) >= 2)) and not _is_rule(line):
            return _cut(lines, index, 1 + int(rule))
    return None


def _is_rule(line: str) -> bool:
    return bool(_RULE.match(line)) and ("---" in line or "===" in line)


def _cut(lines: Sequence[str], head: int, first: int) -> Table | None:
    body = list(lines[head + first :])
    end = next((at for at, line in enumerate(body) if not line.strip()), len(body))
    rows, below = body[:end], body[end:]
    if len(rows) < MIN_ROWS or len(rows) < 0.7 * len(lines) or any("\t" in line for line in rows):
        return None
    starts = _starts(lines[head], rows)
    if len(starts) < 2:
        return None
    cells = [_cells(row, starts) for row in rows]
    return Table(list(lines[:head]), _cells(lines[head], starts), list(lines[head + 1 : head + first]), cells, below)


def _starts(heading: str, rows: Sequence[str]) -> list[int]:
    """Where columns begin: gaps that run through every row, at a word of the heading."""
    width = max(map(len, [heading, *rows]))
    filled = 0
    for row in [heading, *rows]:
        filled |= int.from_bytes(row.ljust(width).translate(_SOLID).encode("latin-1", "replace"), "big")
    solid = filled.to_bytes(width, "big")
    begins = [0, *(match.start() + 1 for match in re.finditer(rb"\x00[\x01-\xff]", solid))]
    words = [(match.start(), match.end()) for match in re.finditer(r"\S+", heading)]
    ends = [*begins[1:], width]
    kept = [
        begin
        for begin, end in zip(begins, ends, strict=True)
        if any(begin == a or (begin < b <= end and a >= begin) for a, b in words)
    ]
    return sorted({0, *kept})


class _Solid(dict[int, int]):
    """Translates a space into NUL and any other character into one."""

    def __missing__(self, code: int) -> int:
        self[code] = 0 if code == 32 else 1
        return self[code]


_SOLID = _Solid()


def _cells(row: str, starts: Sequence[int]) -> list[str]:
    return [row[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)]


def fold(lines: Sequence[str]) -> list[str] | None:
    """The table without its padding; `None` where a cell could be mistaken for two."""
    table = find(lines)
    if not table or any(" | " in cell or cell.endswith(("|", ":")) for row in table.rows for cell in row):
        return None
    columns = list(zip(*table.rows, strict=True))
    constant = [
        at for at, column in enumerate(columns) if at and len(set(column)) == 1 and column[0] and table.titles[at]
    ]
    shown = [at for at in range(len(columns)) if at not in constant]
    if len(shown) < 2:
        constant, shown = [], list(range(len(columns)))
    out = list(table.above)
    if constant:
        out.append(markers.note("every " + ", ".join(f"{table.titles[at]}: {columns[at][0]}" for at in constant)))
    return [*out, *_body(table, columns, shown), *table.below]


def _body(table: Table, columns: Sequence[Sequence[str]], shown: Sequence[int]) -> list[str]:
    plain = all(
        cell and " " not in cell for at in shown[:-1] for cell in (*columns[at], table.titles[at] or "-")
    ) and all(columns[shown[-1]])
    apart = " " if plain else " | "
    head = [apart.join(table.titles[at] for at in shown), *table.rule]
    own, alike = _split(columns, shown)
    members: dict[tuple[str, ...], list[str]] = {}
    if alike:
        for row in table.rows:
            members.setdefault(tuple(row[at] for at in alike), []).append(" " + apart.join(row[at] for at in own))
    body: list[str] = []
    done: set[tuple[str, ...]] = set()
    for row in table.rows:
        key = tuple(row[at] for at in alike)
        group = members.get(key, [])
        if len(group) < MIN_GROUP:
            body.append(apart.join(row[at] for at in shown).rstrip())
        elif key not in done:
            done.add(key)
            body += [f"{apart.join(key)}:", *group]
    if done:
        titles = [apart.join(table.titles[at] for at in part) for part in (alike, own)]
        head.append(
            markers.note(
                f"rows alike in {titles[0]} stand indented below these, as {titles[1]}; in the order of {table.titles[own[0]]}"
            )
        )
    return head + body


def _split(columns: Sequence[Sequence[str]], shown: Sequence[int]) -> tuple[list[int], list[int]]:
    """Columns of a row's own and columns that many rows share; nothing is shared where the order would be lost."""
    alike = [at for at in shown if len(set(columns[at])) <= SHARE * len(columns[at])]
    own = [at for at in shown if at not in alike]
    if not own or len(alike) < 2:
        return list(shown), []
    first = columns[own[0]]
    keys: list[tuple[int, str]] = [
        (int(cell) if cell.isdecimal() else 0, "" if cell.isdecimal() else cell) for cell in first
    ]
    return (own, alike) if keys == sorted(keys) else (list(shown), [])
