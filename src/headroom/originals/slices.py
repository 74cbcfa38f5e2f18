r"""Slices of an original: lines, records, matches. What comes back is the original's own text, to the byte.

    cut(text)                             all of it
    cut(text, lines="41-388")             lines, from 1, inclusive, with their line ends
    cut(text, rows="status!=completed")   records of JSON, NDJSON, CSV or TSV (see `records` and `conditions`)
    cut(text, grep="timeout|refused")     matching lines as `grep -n` prints them: `412:connection refused`

A line ends at `\n`; `\r\n` is kept as it is. Slices given together are all applied: lines in the range that match;
records that match and lie on those lines. Numbers are always those of the whole original.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

from headroom.errors import SliceError
from headroom.originals import conditions
from headroom.originals.patterns import Pattern
from headroom.originals.records import Record, find, split

Lines = str | int | tuple[int, int]
"""`"41-388"`, `"41"`, `"41-"`, `"-20"` (the last 20), `"1-5,9,20-30"`, `41`, `(41, 388)`."""
Rows = Lines
"""As `Lines`, counting records; or a condition: `"status!=completed"`."""

_RANGE = re.compile(
    r"\s*(?:(?P<first>[0-9]{1,18})\s*(?P<to>-\s*(?P<last>[0-9]{1,18})?)?|-\s*(?P<final>[0-9]{1,18}))\s*"
)
_LINES = 'lines="41-388", "41", "41-", "-20" (the last 20) or "1-5,9,20-30", from 1'


def cut(
    text: str, lines: Lines | None = None, rows: Rows | None = None, grep: str | None = None, context: int = 0
) -> str:
    """The slice of `text` that was asked for; all of it if nothing was.

    Args:
        text: the original.
        lines: which lines; in the original's order, each once. What lies outside the text is left out.
        rows: which records, by number from 1 or by a condition; one after another, CSV and TSV under their header.
        grep: a regular expression, case-sensitive unless it begins with `(?i)`, looked for in each line, or in each record
            where `rows` is given. What it is found in comes as `number:line`.
        context: lines to show around each match as `number-line`, with `--` between groups; not for records.

    Raises:
        SliceError: a slice that cannot be read, `rows` of a text without records, or a search without end.
    """
    if not isinstance(context, int) or context < 0:
        raise SliceError(f"context={context!r} must be a whole number, 0 or more")
    pattern = None if grep is None else Pattern(grep)
    if rows is not None:
        return _rows(text, rows, lines, pattern)
    if lines is None and pattern is None:
        return text
    every = split(text)
    chosen = [(1, len(every))] if lines is None else _spans(lines, len(every), _LINES)
    if pattern is None:
        return "".join(chain.from_iterable(every[first - 1 : last] for first, last in chosen))
    return _grep(every, [number for first, last in chosen for number in range(first, last + 1)], pattern, context)


def _grep(every: Sequence[str], numbers: Sequence[int], pattern: Pattern, context: int) -> str:
    """The lines of `numbers` in which the pattern is found, as `grep -n` prints them."""
    hits = [at for at, number in enumerate(numbers) if pattern.found(every[number - 1])]
    if not context:
        return "".join(f"{numbers[at]}:{every[numbers[at] - 1]}" for at in hits)
    marks = dict.fromkeys(hits, ":")
    until = 0
    for at in hits:
        for near in range(max(until, at - context), min(len(numbers), at + context + 1)):
            marks.setdefault(near, "-")
        until = at + context + 1
    printed: list[str] = []
    before: int | None = None
    for at in sorted(marks):
        number = numbers[at]
        if before is not None and number != before + 1:
            printed.append("--\n")
        printed.append(f"{number}{marks[at]}{every[number - 1]}")
        before = number
    return "".join(printed)


def _rows(text: str, rows: Rows, lines: Lines | None, pattern: Pattern | None) -> str:
    records = find(text)
    total = len(records.items)
    if isinstance(rows, str) and not _is_spans(rows):
        chosen = conditions.select(records.items, rows)
    else:
        chosen = [
            index for first, last in _spans(rows, total, f"rows={conditions.FORMS}") for index in range(first - 1, last)
        ]
    if lines is not None:
        spans = _spans(lines, text.count("\n") + 1, _LINES)
        where = _lines_of(text, records.items)
        chosen = [at for at in chosen if any(first <= where[at][1] and where[at][0] <= last for first, last in spans)]
    pieces = [(index + 1, text[records.items[index].start : records.items[index].end]) for index in chosen]
    if pattern is None:
        found = [piece for _, piece in pieces]
    else:
        found = [f"{number}:{piece}" for number, piece in pieces if pattern.found(piece)]
    return records.header * bool(found) + records.between.join(found)


def _lines_of(text: str, records: Sequence[Record]) -> list[tuple[int, int]]:
    """The first and the last line of each record."""
    found = []
    line, at = 1, 0
    for record in records:
        line += text.count("\n", at, record.start)
        at = record.start
        found.append((line, line + text.count("\n", record.start, max(record.start, record.end - 1))))
    return found


def _is_spans(asked: str) -> bool:
    return all(_RANGE.fullmatch(part) for part in asked.split(","))


def _spans(asked: Lines, total: int, forms: str) -> list[tuple[int, int]]:
    """Ranges `(first, last)` within 1 to `total`: in order, apart from each other, none empty.

    Raises:
        SliceError: `asked` is not a range; `forms` says what would be.
    """
    merged: list[tuple[int, int]] = []
    for first, last in sorted(_pairs(asked, total, forms)):
        low, high = max(first, 1), min(last, total)
        if low > high:
            continue
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _pairs(asked: Lines, total: int, forms: str) -> list[tuple[int, int]]:
    if isinstance(asked, int) and not isinstance(asked, bool):
        asked = str(asked)
    pairs: list[tuple[int, int] | None] = [None]
    if isinstance(asked, str):
        pairs = [_pair(_RANGE.fullmatch(part), total) for part in asked.split(",")]
    elif isinstance(asked, (tuple, list)) and len(asked) == 2 and all(type(number) is int for number in asked):
        pairs = [(asked[0], asked[1]) if asked[0] <= asked[1] else None]
    good = [pair for pair in pairs if pair is not None]
    if len(good) < len(pairs):
        raise SliceError(f"{asked!r} cannot be read: use {forms}")
    return good


def _pair(part: re.Match[str] | None, total: int) -> tuple[int, int] | None:
    if part is None:
        return None
    if part["final"]:
        return total - int(part["final"]) + 1, total
    first = int(part["first"])
    if not part["last"]:
        return first, total if part["to"] else first
    return (first, int(part["last"])) if first <= int(part["last"]) else None
