"""The records in a text, each with the place where it stands, so that it can be cut out as it is.

    a JSON array             its elements
    NDJSON                   its lines; also JSON values one after another
    a JSON object            the elements of the biggest array in it, or its members where they are alike (keyed by id)
    CSV, TSV                 the rows under a header; fields apart by a comma, tab, semicolon or bar (psql, markdown)

JSON is read as Python's `json` reads it: NaN, duplicate keys, big integers and lone surrogates pass. Words before and
after it do no harm. A record that is cut off at the end of the text is not one.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import accumulate, islice
from typing import Any, NamedTuple

from headroom.errors import SliceError

_SAMPLE = 20
"""Rows looked at to tell a table from other text."""
_STARTS = 5
"""Places tried where JSON may begin after other text."""
_TAIL = 2_000
"""Characters that a record cut off at the end may have left, however short the others are."""
_NEVER_CLOSED = 10
"""How many times the average record the one cut off may be."""
_SAME = 0.8
"""The share of rows that have as many fields as the header, in a table."""
_BLANK = " \t\r\n\ufeff"
_SPACE = re.compile(r"[ \t\r\n]*")
_START = re.compile(r"^[ \t\ufeff]*(?=[\[{])", re.MULTILINE)
_LINE = re.compile(r"[^\n]*[^\s][^\n]*")
_RULER = re.compile(r"[\s|+:=-]*--[\s|+:=-]*")
"""The line under the header of a table that psql or markdown draws."""
_SEPARATORS = "\t,;|"

_scan: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder(strict=False).scan_once  # type: ignore[attr-defined]
_UNREADABLE = (StopIteration, ValueError)
"""What `_scan` raises where there is no JSON value."""


class Record(NamedTuple):
    """One record."""

    start: int
    """Where it begins in the text, in characters."""
    end: int
    value: Any
    """As `json` gives it; a dict of strings for a row of a table; `None` for a line that cannot be read."""
    name: str | None = None
    """Its key, in an object keyed by id."""


class Records(NamedTuple):
    """All records of a text."""

    text: str
    items: list[Record]
    header: str = ""
    """What stands above the rows of a table, with its line end."""
    between: str = "\n"
    """What to put between two records; empty where each has its own line end."""


def find(text: str) -> Records:
    """The records of `text`.

    Raises:
        SliceError: it has none, or they cannot be read to the end.
    """
    try:
        return _find(text)
    except RecursionError as error:
        raise SliceError("the records are nested too deeply to be read: use lines= or grep=") from error
    except csv.Error as error:
        raise SliceError(f"the table cannot be read ({error}): use lines= or grep=") from error


def _find(text: str) -> Records:
    starts = [start.end() for start in islice(_START.finditer(text), _STARTS)]
    if (not starts or text[: starts[0]].strip(_BLANK)) and (table := _table(text)):
        return table
    for at in starts:
        if items := _json(text, at):
            return Records(text, items)
    raise SliceError("this text has no records (JSON, NDJSON, CSV or TSV): use lines= or grep=")


def _json(text: str, at: int) -> list[Record]:
    """The records of the JSON that begins at `at`; none where that is no JSON."""
    values = list(_values(text, at))
    end = values[-1].end if values else at
    if text[end:].strip(_BLANK):  # unreadable: a damaged line, a cut, or words after the JSON
        if lines := _lines(text, at):
            return lines
        if values and _rest_of_line(text, end).strip(_BLANK):
            return []
    if len(values) > 1:
        return values
    return list(_elements(text, at)) if text[at] == "[" else _object(text, at)


def _values(text: str, at: int) -> Iterator[Record]:
    """JSON values one after another, up to the first that cannot be read."""
    while at < len(text):
        try:
            value, end = _scan(text, at)
        except _UNREADABLE:
            return
        yield Record(at, end, value)
        at = _skip(text, end)


def _lines(text: str, at: int) -> list[Record]:
    """A record a line, blank ones aside; none unless two lines at least, and half of all, are JSON objects or arrays."""
    found = []
    for line in _LINE.finditer(text, at):
        start = _skip(text, line.start())
        whole = text[start : line.end()].rstrip()
        read = list(_values(whole, 0)) if whole[0] in "[{" else []
        value = read[0].value if len(read) == 1 and read[0].end == len(whole) else None
        found.append(Record(start, start + len(whole), value))
    readable = sum(1 for record in found if record.value is not None)
    return found if readable >= max(2, len(found) / 2) else []


def _elements(text: str, at: int) -> list[Record]:
    """The elements of the array that begins at `at`."""
    found: list[Record] = []
    at = first = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        try:
            value, end = _scan(text, at)
        except _UNREADABLE:
            return found if _is_cut(text, first, at, len(found)) else []
        found.append(Record(at, end, value))
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            return found if _is_cut(text, first, at, len(found)) else []
    return found


def _members(text: str, at: int) -> list[tuple[Record, int]]:
    """The members of the object that begins at `at`, and where the value of each begins; one that is cut off included."""
    found: list[tuple[Record, int]] = []
    at = first = _skip(text, at + 1)
    while text[at : at + 1] == '"':
        start = at
        try:
            name, at = _scan(text, at)
            at = _skip(text, _skip(text, at) + 1)  # over the colon
            value, end = _scan(text, at)
        except _UNREADABLE:
            if _is_cut(text, first, at, len(found)) and text[at : at + 1] in ("[", "{"):
                found.append((Record(start, len(text), [] if text[at] == "[" else {}, name), at))
            return found
        found.append((Record(start, end, value, name), at))
        at = _skip(text, end)
        if text[at : at + 1] != ",":
            break
        at = _skip(text, at + 1)
    return found


def _object(text: str, at: int) -> list[Record]:
    """The elements of the biggest array in the object that begins at `at`, or its members."""
    members = _members(text, at)
    alike = Counter(name for record, _ in members if isinstance(record.value, dict) for name in record.value)
    if (
        len(members) > 1
        and all(isinstance(record.value, dict) for record, _ in members)
        and any(number * 2 > len(members) for number in alike.values())
    ):
        return [record for record, _ in members]
    nested = [(record.end - start, start) for record, start in members if isinstance(record.value, (list, dict))]
    if not nested:
        return [record for record, _ in members]
    _, start = max(nested)
    return _elements(text, start) if text[start] == "[" else _object(text, start)


def _is_cut(text: str, first: int, at: int, number: int) -> bool:
    """Whether the text simply ends in the record that begins at `at`, after `number` whole ones from `first` on.

    Raises:
        SliceError: after records, something else follows that cannot be read; to leave it out would be to hide it.
    """
    rest = len(text) - at
    starts = rest <= 0 or text[at] in '[{"' or rest <= len("false")
    if starts and rest <= max(_TAIL, _NEVER_CLOSED * (at - first) // max(number, 1)):
        return True
    if number < 2:
        return False
    line = text.count("\n", 0, at) + 1
    raise SliceError(f"the JSON cannot be read beyond line {line}: use lines= or grep=")


def _table(text: str) -> Records | None:
    lines = split(text)
    top = next((at for at, line in enumerate(lines) if line.strip(_BLANK)), len(lines))
    separator = _separator(lines[top : top + _SAMPLE + 1])
    if separator is None:
        return None
    reader = _reader(lines[top:], separator)
    names = [name.strip(_BLANK) for name in next(reader)]
    ends = list(accumulate((len(line) for line in lines), initial=0))
    at = top + reader.line_num
    if at < len(lines) and _RULER.fullmatch(lines[at]):
        next(reader)
        at += 1
    header = text[ends[top] : ends[at]]
    found = []
    for fields in reader:
        start, at = at, top + reader.line_num
        if fields:
            values = map(str.strip, fields) if separator == "|" else fields  # columns between bars are padded
            found.append(Record(ends[start], ends[at], dict(zip(names, values, strict=False))))
    return Records(text, found, header if header.endswith("\n") else header + "\n", "")


def _separator(lines: list[str]) -> str | None:
    """What separates the fields, if nearly all of these lines have as many as the first."""
    lines = [line for line in lines if not _RULER.fullmatch(line)]
    best: tuple[float, int, str] | None = None
    for separator in _SEPARATORS:
        widths = [len(fields) for fields in _reader(lines, separator) if fields]
        if len(widths) < 2 or widths[0] < 2:
            continue
        same = sum(1 for width in widths[1:] if width == widths[0]) / (len(widths) - 1)
        if same >= _SAME:
            best = max(best or (0.0, 0, ""), (same, widths[0], separator))
    return best[2] if best else None


def _reader(lines: list[str], separator: str) -> Any:  # noqa: ANN401 - the module has no public type for it
    """Fields line by line; tab-separated text has no quoting."""
    return csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL)


def split(text: str) -> list[str]:
    r"""The lines of `text`, each with its line end; only `\n` ends a line."""
    parts = text.split("\n")
    last = parts.pop()
    lines = [part + "\n" for part in parts]
    return [*lines, last] if last else lines


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _rest_of_line(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[at:] if end < 0 else text[at:end]
