"""Diffstats: ` src/app.py | 8 ++++++--` as ` src/app.py +6 -2`, and like files together.

    packages/{core,dom,shared}/package.json +1 -1 each

Nothing is lost. git draws a bar from the counts, to scale where they are large, but never without a sign for what is
there: a bar of one sign is an exact count, and of one file with both the last line tells the rest. Where it does not,
the bar stays. The last line goes where it follows from the others, word for word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LINE = re.compile(
    r" (?P<path>\S+(?: +\S+)*?) +\| +(?:(?P<total>\d+)(?: (?P<plus>\+*)(?P<minus>-*))?|(?P<binary>Bin\b.*))$"
)
SUMMARY = re.compile(r" (\d+) files? changed(?:, (\d+) insertions?\(\+\))?(?:, (\d+) deletions?\(-\))?$")
_LOOKS_FOLDED = re.compile(r" [+-]\d+$| each$|[{},|]")
TOGETHER = 3
"""Files that differ in one part of their path and have the same counts stand together from this many on."""


@dataclass(slots=True)
class _Row:
    path: str
    total: int
    plus: int
    minus: int
    bar: str
    exact: bool


def fold(lines: Sequence[str], *, alone: bool = False) -> list[str]:
    """A diffstat's lines, folded; lines of another kind in between (` create mode 100644 x`) stay.

    Args:
        lines: as git prints them.
        alone: the diffstat is all there is: its last line, the total, stays.
    """
    rows = [_row(match) if (match := LINE.match(line)) else None for line in lines]
    summaries = [SUMMARY.match(line) for line in lines]
    said = next((match for match in summaries if match), None)
    found = [row for row in rows if row]
    if said and sum(match is not None for match in summaries) == 1 and len(found) == int(said[1]):
        _solve(found, int(said[2] or 0), int(said[3] or 0))
        told = not alone and all(row.exact for row in found) and said[0] == _summary(found)
    else:
        told = False
    made: list[str] = []
    run: list[_Row] = []
    for line, row, summary in zip(lines, rows, summaries, strict=True):
        if row and row.exact and row.total and not _LOOKS_FOLDED.search(row.path):
            run.append(row)
            continue
        made += _together(run)
        run = []
        if row:
            made.append(f" {row.path} | {row.bar}")
        elif not (summary and told):
            made.append(line)
    return made + list(_together(run))


def _row(match: re.Match[str]) -> _Row:
    if match["binary"]:
        return _Row(match["path"], 0, 0, 0, match["binary"], exact=True)
    total, plus, minus = int(match["total"]), len(match["plus"] or ""), len(match["minus"] or "")
    bar = f"{match['total']} {match['plus'] or ''}{match['minus'] or ''}".rstrip()
    if not plus or not minus:
        exact = bool(plus or minus) or total == 0
        return _Row(match["path"], total, total if plus else 0, total if minus else 0, bar, exact)
    return _Row(match["path"], total, plus, minus, bar, exact=plus + minus == total)


def _solve(rows: Sequence[_Row], added: int, deleted: int) -> None:
    """Of one file with an inexact bar, the last line and the other files tell the counts."""
    open_rows = [row for row in rows if not row.exact]
    if len(open_rows) != 1:
        return
    row = open_rows[0]
    plus = added - sum(other.plus for other in rows if other.exact)
    minus = deleted - sum(other.minus for other in rows if other.exact)
    if plus > 0 and minus > 0 and plus + minus == row.total:
        row.plus, row.minus, row.exact = plus, minus, True


def _summary(rows: Sequence[_Row]) -> str:
    """The last line under a diffstat as git words it."""
    added, deleted = sum(row.plus for row in rows), sum(row.minus for row in rows)
    text = f" {len(rows)} file{'s' if len(rows) != 1 else ''} changed"
    if added or not deleted:
        text += f", {added} insertion{'s' if added != 1 else ''}(+)"
    if deleted or not added:
        text += f", {deleted} deletion{'s' if deleted != 1 else ''}(-)"
    return text


def _together(rows: Sequence[_Row]) -> Iterator[str]:
    """The rows, runs of like ones as one line with braces."""
    at = 0
    while at < len(rows):
        counts = (f" +{rows[at].plus}" if rows[at].plus else "") + (f" -{rows[at].minus}" if rows[at].minus else "")
        end, part = _run(rows, at)
        if end - at < TOGETHER:
            yield f" {rows[at].path}{counts}"
            at += 1
            continue
        paths = [row.path.split("/") for row in rows[at:end]]
        paths[0][part] = "{" + ",".join(path[part] for path in paths) + "}"
        yield f" {'/'.join(paths[0])}{counts} each"
        at = end


def _run(rows: Sequence[_Row], at: int) -> tuple[int, int]:
    """How far from `at` rows have the same counts and paths that differ in one part only, and which part."""
    first, part, end = rows[at].path.split("/"), -1, at + 1
    while end < len(rows) and (rows[end].plus, rows[end].minus) == (rows[at].plus, rows[at].minus):
        other = rows[end].path.split("/")
        differ = [index for index, (a, b) in enumerate(zip(first, other, strict=False)) if a != b]
        if len(other) != len(first) or len(differ) != 1 or part not in (-1, differ[0]):
            break
        part, end = differ[0], end + 1
    return end, part
