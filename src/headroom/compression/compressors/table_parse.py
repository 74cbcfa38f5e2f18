"""Tables in text, read into cells: CSV and its kin, psql, mysql and markdown tables, boxes, sqlite's columns, figures in columns.

Reading is strict: a text of which some row does not fit the header is not a table here.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

DELIMITERS = ",\t;|"
_MOST_COLUMNS = 400
_NAME = re.compile(r"[^\W\d][^\n{}<>;=]{0,59}$|$")
"""A column's name: words, not a number, not a piece of code."""
NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?%?")
"""A cell that is a number as programs print it; no thousands separators, which would be another reading in CSV."""
DATE = re.compile(
    r"\d{4}-\d\d(?:-\d\d)?(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?: ?(?:Z|UTC|[-+]\d\d:?(?:\d\d)?))?|\d\d?[/.]\d\d?[/.]\d{4}|\d\d:\d\d(?::\d\d(?:\.\d+)?)?"
)
_BARS = re.compile(r"[|│┃║]")
_RULE = re.compile(r"(?=[-=+|:\s─━═┄┈╌│┃║┌┬┐├┼┤└┴┘┏┳┓┡╇┩┗┻┛┣╋┫╞╪╡╔╦╗╠╬╣╚╩╝╟╫╢╭╮╰╯╤╧┠┨╂┯┷]*$).*?(?:--|──|━━|══|==)")
_MARKDOWN = re.compile(r"(?:\s*\|)?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*(?:\|\s*)?$")
_RECORD = re.compile(r"-\[ RECORD (\d+) \][-+]*$")


@dataclass(slots=True)
class Table:
    """A table, and where its rows stand.

    Attributes:
        names: of the columns; made up (`column 1`) where there is no header.
        header: the lines above the rows as the model reads them.
        rows: their cells, stripped of padding.
        texts: the rows as the model reads them.
        at: for each row, the index of its first line in the text.
        verbatim: the texts are the original's own lines.
        numbered: a row's number is its number among the records of the original, which can be fetched by it.
        join: what stands between two cells.
        foot: lines under the rows.
    """

    names: list[str]
    header: list[str]
    rows: list[list[str]]
    at: list[int]
    texts: list[str] = field(default_factory=list)
    verbatim: bool = False
    numbered: bool = False
    join: str = "|"
    rule: str = ""
    foot: list[str] = field(default_factory=list)


def delimiter(lines: Sequence[str]) -> str | None:
    """What separates the cells of lines that look like CSV; `None` for all other text."""
    lines = [line.rstrip("\r") for line in lines[:60]]
    if len(lines) < 4 or any(line[:1] in " (<{[#|" for line in lines[:10]):
        return None
    for sign in DELIMITERS:
        if sign not in lines[0]:
            continue
        rows = _cells(lines, sign)
        width = len(rows[0])
        if not 2 <= width <= _MOST_COLUMNS or sum(len(row) == width for row in rows) < 0.95 * len(rows):
            continue
        body = [row for row in rows[1:] if len(row) == width]
        if _has_header(rows[0]):
            if width > 2 or sum(map(_regular, zip(*body, strict=True))):
                return sign
        elif (
            width > 2
            and sum(map(_regular, zip(*rows[: len(body)], strict=False))) > 0.5 * width
            and not all(row[-1] == "" for row in rows)
        ):
            return sign
    return None


def _has_header(cells: Sequence[str]) -> bool:
    named = [cell.strip() for cell in cells]
    return all(map(_NAME.match, named)) and len(set(named)) == len(named) and sum(not name for name in named) < 2


def _regular(column: Sequence[str]) -> bool:
    """Whether the cells of a column are of one type that no sentence has."""
    cells = [cell.strip() for cell in column if cell.strip()]
    return len(cells) > 2 and sum(1 for cell in cells if NUMBER.fullmatch(cell) or DATE.fullmatch(cell)) >= 0.9 * len(
        cells
    )


def _cells(lines: Sequence[str], sign: str) -> list[list[str]]:
    try:
        if sign == "\t":
            return list(csv.reader(lines, delimiter=sign, quoting=csv.QUOTE_NONE))
        return list(csv.reader(lines, delimiter=sign))
    except csv.Error:  # a cell of over 128 KB: no table that anyone reads
        return [[]]


def delimited(lines: list[str]) -> Table | None:
    """CSV, TSV and their kin: rows stay word for word."""
    sign = delimiter([line for line in lines[:80] if line.strip()])
    if sign is None:
        return None
    texts, at = _records(lines, sign)
    rows = _cells(texts, sign)
    if len(rows) != len(texts) or not rows:
        return None
    width = len(rows[0])
    if sum(len(row) == width for row in rows) < 0.98 * len(rows):
        return None
    if not _has_header(rows[0]):
        return Table([f"column {index + 1}" for index in range(width)], [], rows, at, texts, verbatim=True)
    return Table(rows[0], [texts[0]], rows[1:], at[1:], texts[1:], verbatim=True, numbered=at[0] == 0)


def _records(lines: list[str], sign: str) -> tuple[list[str], list[int]]:
    """The lines of each record (a quoted cell may hold several lines), and where each begins; blank lines are none."""
    if sign == "\t" or all(line.count('"') % 2 == 0 for line in lines):
        at = [index for index, line in enumerate(lines) if line.strip()]
        return [lines[index] for index in at], at
    texts, at, held = [], [], list[str]()
    inside = False
    for index, line in enumerate(lines):
        if not held:
            if not line.strip():
                continue
            at.append(index)
        held.append(line)
        inside ^= line.count('"') % 2 == 1
        if not inside:
            texts.append("\n".join(held))
            held = []
    return (texts, at) if not held else ([], [])


def is_rule(line: str) -> bool:
    """Whether a line only draws: `-----+-----`, `|---|:-:|`, `├──┼──┤`."""
    return _RULE.match(line) is not None


def bars(line: str) -> list[str]:
    """The cells of a line with bars between them, padding taken off."""
    cells = [cell.strip() for cell in _BARS.split(line)]
    bordered = (
        len(cells) > 2
        and not cells[0]
        and not cells[-1]
        and line.strip()[:1] in "|│┃║"
        and line.rstrip()[-1:] in "|│┃║"
    )
    return cells[1:-1] if bordered else cells


def ruled(lines: list[str]) -> Iterator[Table | list[str]]:
    """The tables between rules and bars in a text, and the lines around them."""
    at, plain = 0, list[str]()
    while at < len(lines):
        end = at
        while end < len(lines) and (_BARS.search(lines[end]) or is_rule(lines[end])):
            end += 1
        table = _one_ruled(lines, at, end) if end - at >= 4 else None
        if table is None:
            plain += lines[at : max(end, at + 1)]
        else:
            if plain:
                yield plain
            plain = []
            yield table
        at = max(end, at + 1)
    if plain:
        yield plain


def _one_ruled(lines: list[str], start: int, end: int) -> Table | None:
    content = [index for index in range(start, end) if not is_rule(lines[index])]
    if len(content) < 3 or not is_rule(lines[min(content[0] + 1, end - 1)]):
        return None
    names = bars(lines[content[0]])
    rows = [bars(lines[index]) for index in content[1:]]
    if len(names) < 2 or any(len(row) != len(names) for row in rows):
        return None
    rules = [lines[index] for index in range(start, end) if is_rule(lines[index])]
    marked = _MARKDOWN.match(rules[0]) is not None and len(rules) == 1 and "|" in rules[0]
    rule = "|".join(re.sub("-+", "-", cell) for cell in bars(rules[0])) if marked else ""
    return Table(names, [], rows, content[1:], numbered=start == 0 and content[0] == 0, rule=rule)


def columns(lines: list[str]) -> Table | None:
    """What sqlite prints in its column mode: a rule of dashes under the header says where each column begins."""
    if len(lines) < 4 or not re.fullmatch(r"-+(?:  -+)+", lines[1].rstrip()):
        return None
    spans = [match.span() for match in re.finditer("-+", lines[1])]
    starts = [start for start, _ in spans]
    ends: list[int | None] = [*starts[1:], None]
    body = lines[2:]
    if any(line[start - 2 : start].strip() for line in (lines[0], *body) for start in starts[1:]):
        return None
    cut = [[line[start:end].strip() for start, end in zip(starts, ends, strict=True)] for line in (lines[0], *body)]
    if any("|" in cell for row in cut for cell in row):
        return None
    return Table(cut[0], [], cut[1:], list(range(2, len(lines))))


def expanded(lines: list[str]) -> Table | None:
    r"""What psql prints after `\x`: a block of `name | value` lines for each record."""
    starts = [index for index, line in enumerate(lines) if line.startswith("-[ RECORD ") and _RECORD.match(line)]
    if len(starts) < 3 or starts[0] != 0:
        return None
    end = next((index for index in range(starts[-1], len(lines)) if not lines[index].strip()), len(lines))
    rows, names = [], list[str]()
    for number, (start, stop) in enumerate(zip(starts, [*starts[1:], end], strict=True), 1):
        pairs = [line.partition("|") for line in lines[start + 1 : stop]]
        keys = [key.strip() for key, _, _ in pairs]
        match = _RECORD.match(lines[start])
        if not match or int(match[1]) != number or not all(bar for _, bar, _ in pairs) or (names and keys != names):
            return None
        if any("|" in value or value.rstrip().endswith("+") for _, _, value in pairs):
            return None
        names = keys
        rows.append([value.strip() for _, _, value in pairs])
    return Table(names, [], rows, starts, foot=lines[end:]) if len(names) > 1 else None


def figures(lines: list[str]) -> Table | None:
    """Figures in columns: vmstat, a data frame as printed. Most columns are numbers; the header names each."""
    cells = [line.split() for line in lines]
    top = next(
        (index for index in range(min(4, len(cells))) if len(cells) - index > 5 and _is_figures(cells[index:])), None
    )
    if top is None:
        return None
    names, rows = cells[top], cells[top + 1 :]
    foot = len(rows)
    while foot and len(rows[foot - 1]) != len(rows[0]):
        foot -= 1
    if foot < 5 or any(len(row) != len(rows[0]) for row in rows[:foot]):
        return None
    numeric = sum(1 for column in zip(*rows[:foot], strict=True) if _regular(column))
    if numeric < 0.7 * len(rows[0]):
        return None
    head = [" ".join(line.split()) for line in lines[:top]]
    named = names if len(names) == len(rows[0]) else ["", *names]
    at = list(range(top + 1, top + 1 + foot))
    return Table(named, head, rows[:foot], at, join=" ", foot=lines[top + 1 + foot :])


def _is_figures(cells: Sequence[list[str]]) -> bool:
    head, first = cells[0], cells[1]
    return len(first) >= 3 and len(head) in (len(first), len(first) - 1) and all(map(_NAME.match, head)) and bool(head)
