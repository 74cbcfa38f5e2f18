"""`git log` in its long forms: each commit's header on one line, people's addresses once, diffstats as counts.

    4fee01c... Ada Byron <ada@example.org> 2026-04-08 21:04:03 -0700 (merge 258d68b6 68936208)
    Subject

    Body
     src/app.py +6 -2

Nothing is lost: the weekday follows from the date, an address from the name's last mention, a diffstat's bar, padding
and last line from its counts. A commit that is laid out in another way stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from headroom.compression.compressors import git_log_stat

COMMIT = re.compile(r"commit ([0-9a-f]{7,64})( \([^()]*\))?$")
_PERSON = re.compile(r"(?P<name>[^\s<>(][^<>]*?) <(?P<email>[^<>\s]*)>$")
_DATE = re.compile(r"Date:   ([A-Z][a-z]{2}) ([A-Z][a-z]{2}) (\d{1,2}) (\d\d:\d\d:\d\d) (\d{4}) ([+-]\d{4})$")
_ISO = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}")
_OTHER_DATE = re.compile(r"Date:   (\w.*)$")
"""Any other form: it stays as it is, after a comma."""
_STATUS = re.compile(r"(?:[ACDMRTUX]\d*|\d+\t\d+|-\t-)\t")
_TRAILER = re.compile(r"([A-Z][\w-]*-[Bb]y: )(.+)$")
_LOOKS_OURS = re.compile(r"[0-9a-f]{7,64}[ (]|commit | [^ ]|[ACDMRTUX]\d*\t|\d+\t\d+\t|-\t-\t")
"""A line of a message that could be taken for a header or a diffstat if it were not indented."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_INDENT = "    "


@dataclass(slots=True)
class Entry:
    """One commit as printed: its lines, cut by what they are."""

    raw: list[str]
    hash: str = ""
    refs: str = ""
    merge: str = ""
    author: str = ""
    when: str = ""
    message: list[str] | None = None
    """Without the indent; `None`: the commit is laid out in a way that is not folded."""
    stat: list[str] | None = None


def entries(lines: Sequence[str]) -> tuple[list[str], list[Entry]]:
    """The lines before the first commit, and the commits."""
    starts = [at for at, line in enumerate(lines) if line.startswith("commit ") and COMMIT.match(line)]
    if not starts:
        return list(lines), []
    ends = [*starts[1:], len(lines)]
    return list(lines[: starts[0]]), [
        _entry(list(lines[at:end]), end == len(lines)) for at, end in zip(starts, ends, strict=True)
    ]


def _entry(raw: list[str], last: bool) -> Entry:
    match = COMMIT.match(raw[0])
    assert match is not None
    entry = Entry(raw, match[1], match[2] or "")
    at = 1
    if at < len(raw) and raw[at].startswith("Merge: "):
        entry.merge, at = raw[at][7:], at + 1
    if at >= len(raw) or not raw[at].startswith("Author: ") or not _PERSON.match(raw[at][8:]):
        return entry
    entry.author, at = raw[at][8:], at + 1
    if at < len(raw) and raw[at].startswith("Date: "):
        when = _iso(raw[at])
        if when is None:
            return entry
        entry.when, at = when, at + 1
    rest = raw[at:]
    if not last:
        if len(rest) < 2 or rest[-1]:
            return entry
        rest.pop()
    return _body(entry, rest)


def _body(entry: Entry, rest: list[str]) -> Entry:
    if not rest or rest[0]:
        return entry
    at = 1
    while at < len(rest) and (
        rest[at].startswith(_INDENT) or (not rest[at] and at + 1 < len(rest) and rest[at + 1].startswith(_INDENT))
    ):
        at += 1
    message, stat = rest[1:at], rest[at:]
    if stat:
        if len(stat) < 2 or stat[0]:
            return entry
        stat = stat[1:]
        if not all(map(_STATUS.match, stat)):
            if all(line and not line[0].isspace() for line in stat):  # --name-only
                stat = [f" {line}" for line in stat]
            if not all(line[:1] == " " and line[1:2] not in ("", " ") for line in stat):
                return entry
    if not message or not message[-1].strip() or not message[0].strip():
        return entry
    entry.message, entry.stat = [line[len(_INDENT) :] if line.strip() else "" for line in message], stat
    return entry


def _iso(line: str) -> str | None:
    """`2026-04-08 21:04:03 -0700` for git's own form of a date; `None` where that would not tell the same."""
    match = _DATE.match(line)
    if not match:
        other = _OTHER_DATE.match(line)
        return None if other is None else other[1] if _ISO.fullmatch(other[1]) else f", {other[1]}"
    try:
        day = date(int(match[5]), _MONTHS.index(match[2]) + 1, int(match[3]))
    except ValueError:
        return None
    return (
        f"{day.isoformat()} {match[4]} {match[6]}" if _DAYS[day.weekday()] == match[1] and match[3][0] != "0" else None
    )


def fold(head: Sequence[str], found: Sequence[Entry]) -> list[str]:
    """The log's lines, folded without loss."""
    messages = [line for entry in found for line in entry.message or ()]
    indent = _INDENT if any(map(_LOOKS_OURS.match, messages)) else ""
    named_only = any((match := _TRAILER.match(line)) and "<" not in match[2] for line in messages)
    known: dict[str, str] = {}
    lines = list(head)
    for entry in found:
        if entry.message is None:
            lines += entry.raw
            continue
        said = f"{entry.hash}{entry.refs} {_person(entry.author, known)}"
        said += (entry.when if entry.when.startswith(",") else f" {entry.when}") if entry.when else ""
        lines.append(f"{said} (merge {entry.merge})" if entry.merge else said)
        for line in entry.message:
            match = None if named_only else _TRAILER.match(line)
            text = match[1] + _person(match[2], known) if match else line
            lines.append(indent + text if text else "")
        lines += git_log_stat.fold(entry.stat or [])
    return lines


def _person(who: str, known: dict[str, str]) -> str:
    match = _PERSON.match(who)
    if not match:
        return who
    if known.get(match["name"]) == match["email"]:
        return match["name"]
    known[match["name"]] = match["email"]
    return who


def machine_blocks(message: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Where dependency bots repeat a message for machines (`--- updated-dependencies: ... ...`): first line, end, entries."""
    at = 0
    while at < len(message) - 2:
        if message[at] == "---" and message[at + 1] == "updated-dependencies:" and "..." in message[at:]:
            end = message.index("...", at) + 1
            yield at, end, sum(1 for line in message[at:end] if line.startswith("- "))
            at = end
        else:
            at += 1
