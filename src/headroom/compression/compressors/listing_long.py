"""`ls -l` in any of its variants: what is the same for most entries is said once, the rest stays in its order.

    total 12                                        [root root, Oct 24 2024 unless shown; "size name": -rw-r--r-- 1; ...]
    -rw-r--r-- 1 root root 120 Oct 24  2024 a       total 12
    drwxr-xr-x 2 root root 4096 Oct 24  2024 src    120 a
                                                    2 src/

Rules:
* four classes of entries: files, directories `name/`, executables `name*`, symbolic links `name -> target`. Each has the
  mode and link count of most of its members; a directory also the size, a link the length of its target.
* an entry that differs (a setuid bit, another owner, an odd size of a directory) is printed in full.
* a date that differs is shown in its row; so is every date where none is common, without the day that most share.
* order, names, sizes and dates are all kept. Only the padding between columns goes, which the columns' widths give back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from headroom.compression import markers

_SIZE = r"\d[\d.,]*[KMGTPE]?i?B?"
_DATE = r"[A-Z][a-z]{2} +\d{1,2} +(?:\d{1,2}:\d\d(?::\d\d)?(?: \d{4})?|\d{4})|\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d(?:\.\d+)?(?: [-+]\d{4})?)?)?|\d{1,2} [A-Z][a-z]{2} +(?:\d\d:\d\d|\d{4})|\d\d-\d\d +\d\d:\d\d"
ROW = re.compile(
    rf"([-dlbcpsD][-rwxsStT]{{9}}[.+@]?) +(\d+) +((?:[^\s:]+ +){{1,2}}?)({_SIZE}|\d+, +\d+) +({_DATE}) (.+)"
)
"""Mode, link count, owner and group, size, date, name."""
_HEADED = re.compile(r"total \S+$|.*:$|$")
_TIME = re.compile(r"(.*\S) +(\d{1,2}:\d\d(?::\d\d)?\S*(?: [-+]\d{4})?)$")
_STARTS_LIKE_A_FIELD = re.compile(rf"(?:{_SIZE}|{_DATE}|\d{{1,2}}:\d\d\S*) ")
_LIKE_A_ROW = re.compile(rf"{_SIZE} \S|.*(?:[/*]$| -> )")
MOST = 0.6
"""A link count or size is said once where this share of a class has it; below, the exceptions in full cost more."""
_MARKS = {"-": "", "x": "*", "d": "/", "l": ""}
PRINTED = "/ and * as printed"
"""Said where the listing itself marks its names (`ls -F`)."""
_FORMS = {"-": "name", "x": "name*", "d": "name/", "l": "name -> target"}


class Row(NamedTuple):
    """One entry, its columns as printed, runs of spaces in them made one."""

    mode: str
    links: str
    owner: str
    size: str
    date: str
    name: str

    @property
    def kind(self) -> str:
        """`-` file, `x` executable, `d` directory, `l` link; anything else is shown in full."""
        return "x" if self.mode[0] == "-" and "x" in self.mode else self.mode[0]


class Shape(NamedTuple):
    """What the members of a class have in common; `None`: shown in each row."""

    mode: str
    links: str | None
    size: str | None


def parse(line: str) -> Row | None:
    """An entry of `ls -l`, or `None`."""
    match = ROW.match(line)
    if not match:
        return None
    mode, links, owner, size, date, name = match.groups()
    return Row(mode, links, " ".join(owner.split()), " ".join(size.split()), " ".join(date.split()), name)


def fold(lines: Sequence[str]) -> list[str] | None:
    """The listing, one line for each line after a remark that says what was hoisted; `None` where it cannot be said safely."""
    parsed = [parse(line) for line in lines]
    rows = [row for row in parsed if row]
    if len(rows) < 4 or any(_LIKE_A_ROW.match(line) for line, row in zip(lines, parsed, strict=True) if not row):
        return None
    owner = Counter(row.owner for row in rows).most_common(1)[0][0]
    kinds: dict[str, list[Row]] = {kind: [] for kind in _MARKS}
    for row in rows:
        kinds.setdefault(row.kind, []).append(row)
    marked = bool(kinds["d"]) and all(row.name.endswith("/") for row in kinds["d"])  # as `ls -F` does
    shapes = {kind: shape for kind in _MARKS if (shape := _shape([row for row in kinds[kind] if row.owner == owner]))}
    day, date = _dates(rows)
    out = [_remark(owner, shapes, day, date, marked)]
    out += [
        _short(row, owner, shapes, (day, date), marked) if row else line
        for line, row in zip(lines, parsed, strict=True)
    ]
    return out


def _shape(rows: Sequence[Row]) -> Shape | None:
    if len(rows) < 2:
        return None
    mode = _common([row.mode for row in rows], 0.0)
    same = [row for row in rows if row.mode == mode]
    if len(same) < 2 or mode is None:
        return None
    links = _common([row.links for row in same], MOST)
    if mode[0] == "l":
        return Shape(mode, links, "") if links else None
    return Shape(mode, links, _common([row.size for row in same], MOST) if mode[0] == "d" else None)


def _common(values: Iterable[str], share: float) -> str | None:
    numbers = Counter(values)
    value, number = numbers.most_common(1)[0]
    return value if number >= share * numbers.total() else None


def _dates(rows: Sequence[Row]) -> tuple[str | None, str | None]:
    """The day that most entries share, or the whole date."""
    date = _common([row.date for row in rows], 0.5)
    if date:
        return None, date
    split = [match[1] for row in rows if (match := _TIME.match(row.date))]
    day = _common(split, 0.0) if split else None
    return (day if day and split.count(day) >= 0.5 * len(rows) else None), None


def _remark(owner: str, shapes: dict[str, Shape], day: str | None, date: str | None, marked: bool) -> str:
    parts = [owner]
    if date:
        parts[0] += f", {date} unless shown"
    elif day:
        parts[0] += f", {day} where only a time is shown"
    for kind, shape in shapes.items():
        shown = [label for label, value in (("links", shape.links), ("size", shape.size)) if value is None]
        said = [
            value
            for value in (
                shape.mode,
                shape.links and f"{shape.links} {'link' if shape.links == '1' else 'links'}",
                shape.size and f"size {shape.size}",
            )
            if value
        ]
        parts.append(f'"{" ".join([*shown, _FORMS[kind]])}": {" ".join(said)}')
    if marked:
        parts.append(PRINTED)
    return markers.note("; ".join(parts))


def _short(row: Row, owner: str, shapes: dict[str, Shape], common: tuple[str | None, str | None], marked: bool) -> str:
    full = " ".join(row)
    kind = row.kind
    shape = shapes.get(kind)
    if shape is None or row.owner != owner or row.mode != shape.mode or shape.links not in (None, row.links):
        return full
    if kind == "l":
        target = row.name.partition(" -> ")[2]
        if row.size != str(len(target.encode("utf-8", "surrogatepass"))) or target.endswith(("/", "*")):
            return full
    elif shape.size not in (None, row.size) or " -> " in row.name:
        return full
    if _STARTS_LIKE_A_FIELD.match(row.name) or row.name[0].isspace():
        return full
    if (row.name[-1] if row.name[-1] in "/*" else "") != (_MARKS[kind] if marked else ""):
        return full
    fields = [value for value, hoisted in ((row.links, shape.links), (row.size, shape.size)) if hoisted is None]
    return " ".join([*fields, *_date_shown(row.date, *common), row.name + ("" if marked else _MARKS[kind])])


def _date_shown(date: str, day: str | None, whole: str | None) -> list[str]:
    if date == whole:
        return []
    match = _TIME.match(date)
    return [match[2]] if day and match and match[1] == day else [date]
