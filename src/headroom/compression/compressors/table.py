"""Tables: CSV and its kin, psql, mysql, sqlite, markdown, boxes drawn with lines, figures in columns.

* The header stays; a row that stays, stays as written where cells are separated (CSV, TSV), else cell by cell as
  written: padding, rules and borders go, and a column that is the same in every row is said once. Nothing is lost in that.
* A long table of measurements is summarised, one of names stays whole up to a tenth of a large context (`table_rows`).
  What is odd, asked for, first and last always stays; the row numbers in the gaps are those to fetch them by.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom.compression import markers, units
from headroom.compression.compressors import table_parse, table_rows
from headroom.compression.compressors.table_parse import Table
from headroom.compression.contract import Compressor, Context, Folded, Probe

SAME = 4
"""A column that is the same in every row is said once from this many rows on."""
_COMMAND = r"\.(?:csv|tsv|tab)\b|\b(?:psql|mysql|sqlite3|duckdb|vmstat|iostat|mpstat|sar|csvlook|xsv|mlr)\b|\bSELECT\b"
_NOTHING = '""'
"""How a cell without anything in it is said."""
_TOP = 20_000
"""Characters in which the header and enough rows stand to tell a table."""
_JOINT = re.compile("-[+]-|[─━═][┼╇╪╬┬┳╦┿╋][─━═]")
_JOINED, _PLAIN = 0.75, 0.9
"""The share of lines with bars or rules: lower where a rule has joints, as a client draws them, with words between tables."""
_BARRED = re.compile(r".*[|│┃║]")


def score(probe: Probe) -> float:
    """How surely the text is a table: rows of one width under a header, or rules and bars on nearly every line."""
    lines = [line for line in probe.text[:_TOP].split("\n") if line.strip()]
    if len(probe.text) > _TOP:
        lines = lines[:-1]
    if len(lines) < 4:
        return 0.0
    ran = 0.1 if probe.ran(_COMMAND) else 0.0
    sign = table_parse.delimiter(lines)
    if sign is not None and sum(sign in line for line in probe.lines) >= 0.9 * len(probe.lines):
        return 0.85 + ran
    if lines[0].startswith("-[ RECORD 1 ]"):
        return 0.9
    if re.fullmatch(r"-+(?:  -+)+\s*", lines[1]):
        return 0.8 + ran
    if any(map(table_parse.is_rule, lines[:4])) and _is_drawn(probe.lines):
        return 0.8 + ran
    if len(lines) > 5 and table_parse.figures(lines[:60]) is not None:
        return 0.6 + ran
    return 0.0


def _is_drawn(lines: Sequence[str]) -> bool:
    """Whether nearly every line has a bar or is a rule."""
    drawn = [line for line in lines if table_parse.is_rule(line)]
    barred = sum(1 for line in lines if _BARRED.match(line) and not table_parse.is_rule(line))
    least = _JOINED if any(map(_JOINT.search, drawn)) else _PLAIN
    return bool(drawn) and barred > 2 and len(drawn) + barred >= least * len(lines)


def most(probe: Probe) -> float:
    """What `score` gives at most."""
    return (0.9 if "-[ RECORD 1 ]" in probe.text[:_TOP] else 0.85) + (0.1 if probe.ran(_COMMAND) else 0.0)


def compress(text: str, context: Context) -> Folded | None:
    """The table without its padding and, where it is long, without its ordinary rows."""
    lines = text.split("\n")
    table = table_parse.delimited(lines) or table_parse.expanded(lines) or table_parse.columns(lines)
    if table is None and any(map(table_parse.is_rule, lines[:6])):
        return _several(list(table_parse.ruled(lines)), context)
    table = table or table_parse.figures(lines)
    return _several([table], context) if table else None


def _several(parts: Sequence[Table | list[str]], context: Context) -> Folded | None:
    tables = [part for part in parts if isinstance(part, Table)]
    if not tables:
        return None
    made: list[str] = []
    lossless = True
    for part in parts:
        if isinstance(part, list):
            made += part
            continue
        part.numbered = part.numbered and len(tables) == 1
        folded = _one(part, context)
        made += [*folded.text.split("\n"), *part.foot]
        lossless = lossless and folded.lossless
    return Folded("\n".join(made), lossless)


def _one(table: Table, context: Context) -> Folded:
    found = table_rows.columns(table)
    head = list(table.header)
    if not table.verbatim:
        head += _squeeze(table, found)
    shown = table_rows.choose(table, found, context.level, context.query)
    if shown is None or all(shown):
        return Folded("\n".join([*head, *table.texts]), lossless=True)
    rows = table_rows.as_units(table, context.first_line)
    noun = "rows" if table.numbered else "lines"
    body, whole = units.render(rows, shown, context.handle, noun=noun)
    if whole:
        return Folded("\n".join([*head, body]), lossless=True)
    return Folded("\n".join([*head, body, markers.note(table_rows.summary(found, len(table.rows)))]), lossless=False)


def _squeeze(table: Table, found: Sequence[table_rows.Column]) -> list[str]:
    """Gives the rows their texts; returns what stands above them."""
    same = {
        index
        for index, column in enumerate(found)
        if column.kind == "constant" and len(table.rows) >= SAME and column.name
    }
    if len(same) == len(found):
        same = set()
    left = [index for index in range(len(found)) if index not in same]
    table.texts = [table.join.join(row[index] for index in left) for row in table.rows]
    lines = [table.join.join(table.names[index] for index in left).lstrip(" ")]
    if table.rule:
        rule = table.rule.split("|")
        lines.append("|".join(rule[index] for index in left))
    if same:
        said = ", ".join(f"{found[index].name}={found[index].cells[0] or _NOTHING}" for index in sorted(same))
        lines.insert(0, markers.note(f"in every row: {said}"))
    return lines


COMPRESSOR = Compressor(
    name="table",
    promise="the header, every cell of a row that is shown as written, and every odd row: outliers, extremes, gaps, rare values, what was asked for, first and last",
    score=score,
    compress=compress,
    most=most,
)
