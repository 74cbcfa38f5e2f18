"""Failing tests: each text whole under its own heading; the same text again as a list of the headings it stood under.

    ________________ ERROR at setup of test_a ________________
    (the text)
    [the same text under 2 more headings, ERROR at setup of: test_b test_c]

Two texts are the same where they differ in nothing but the name of their test, addresses and line numbers; the places
that differ are listed beside the heading.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from headroom.compression import markers
from headroom.compression.compressors.reports import shared
from headroom.compression.compressors.reports.shared import Failure
from headroom.compression.compressors.reports.sheet import Sheet
from headroom.compression.contract import Context

SHORT = 3
"""Lines of text from which a reference to it is shorter."""
SAME = 3
"""Tests with one reason in the short summary from which a list is shorter."""
ABOVE = 5
"""Lines of source code kept around the part that level `aggressive` hides."""
TALL = 8
"""Lines of the tallest heading: nested suites, one a line."""
CAPTURED = 30
"""Lines of captured output inside a failing test from which it goes to the compressor that knows it."""


@dataclass(frozen=True)
class Grammar:
    """How one tool prints failing tests.

    Attributes:
        hint: a string without which the tool is not there: cheap to look for.
        begin: the line after which failing tests come, where the heading alone is too vague.
        heading: a line that opens a failing test.
        heading_ends: the last line of a heading of several lines.
        names: what the line below the first one looks like, where the first is only a rule.
        close: a line after the last text.
    """

    hint: str
    heading: re.Pattern[str]
    close: re.Pattern[str]
    begin: re.Pattern[str] | None = None
    heading_ends: re.Pattern[str] | None = None
    names: re.Pattern[str] | None = None


GRAMMARS = (
    Grammar(
        "____",
        re.compile(r"_{2,} \S.* _{2,}$|_ (?!_ ).+ _$"),
        re.compile(r"=+ .* =+$|!+ .* !+$|\d+ (?:passed|failed|errors?|skipped|xfailed|deselected)\b.* in \d"),
    ),
    Grammar(
        "=" * 70,
        re.compile(r"={70}$"),
        re.compile(r"-{70}$"),
        heading_ends=re.compile(r"-{70}$"),
        names=re.compile(r"[A-Z][A-Z ]+: \S"),
    ),
    Grammar("  ● ", re.compile(r"  ● (?!Console$)"), re.compile(r"\S")),
    Grammar(
        " failing\n",
        re.compile(r"  \d+\) \S"),
        re.compile(r"\Z(?!)"),
        re.compile(r" +\d+ failing$"),
        re.compile(r".*:$"),
    ),
    Grammar(
        "\nFailures:\n",
        re.compile(r"  \d+\) \S"),
        re.compile(r"Finished in |Failed examples:"),
        re.compile(r"Failures:$"),
    ),
    Grammar("stdout ----", re.compile(r"---- .+ stdout ----$"), re.compile(r"failures:$|test result:")),
    Grammar(" FAIL  ", re.compile(r" FAIL  \S"), re.compile(r" Test Files  ")),
    Grammar("<<< ", re.compile(r".*<<< (?:FAILURE|ERROR)!$"), re.compile(r"\s*$|\[")),
    Grammar(" > ", re.compile(r"\S.* > .* FAILED$"), re.compile(r"\S")),
)
"""pytest, unittest, jest, mocha, rspec, cargo, vitest, surefire, gradle."""

_VARIES = re.compile(r"\b0x[0-9a-fA-F]{4,}\b|\[gw\d+\]|(?<= \()\d{2,}(?=\) panicked)")
"""What differs between two runs of one test and says nothing: addresses, workers, threads."""
_PLACE = re.compile(r"[\w$/\\.-]*\.\w+:\d+(?::\d+)?|\"[^\"\n]+\", line \d+")
_NUMBERS = re.compile(r"(?<=[: ])\d+")
_OPENING = re.compile(r"(?:[A-Za-z]+ )+(?=\S+$)")
_NAME = re.compile(r"[\w$]+(?=\[|\W*$)")
_CAPTURED = re.compile(r"-{3,} Captured (?:stdout|stderr|log) \w+ -{3,}$")
_REASON = re.compile(r"(?P<word>FAILED|ERROR|XFAIL|XPASS) (?P<id>\S*::(?:(?! - ).)*)(?: - (?P<reason>.+))?$")


def fold(sheet: Sheet, context: Context) -> None:
    """Fold failing tests with one text, long captured output, and the short summary."""
    text = "\n".join(sheet.lines)
    lossless = context.level == "lossless"
    told: dict[str, int] = {}
    for grammar in GRAMMARS:
        if grammar.hint in text:
            found = list(_failures(sheet, grammar))
            told |= _same(sheet, found, lossless=lossless)
            _captured(sheet, found, context)
            shared.fold(sheet, found)
            if context.level == "aggressive":
                _excerpt(sheet, found)
    _summary(sheet, {} if lossless else told)


def _failures(sheet: Sheet, grammar: Grammar) -> Iterator[Failure]:
    """The failing tests of one grammar, in order; their lines are sealed."""
    lines, total = sheet.lines, len(sheet.lines)
    close = grammar.close.match
    index = 0
    if grammar.begin is not None:
        index = next(
            (i + 1 for i, line in enumerate(lines) if not sheet.sealed[i] and grammar.begin.match(line)), total
        )
    while index < total:
        text = _heading(sheet, index, grammar)
        if not text:
            index += 1
            continue
        end = text
        while end < total and not sheet.sealed[end] and not grammar.heading.match(lines[end]) and not close(lines[end]):
            end += 1
        sheet.sealed[index:end] = b"\1" * (end - index)
        title = " / ".join(filter(None, (line.strip(" _=-") for line in lines[index:text])))
        yield Failure(index, text, end, title)
        index = end


def _heading(sheet: Sheet, index: int, grammar: Grammar) -> int:
    """Where the text below a heading begins; 0 where line `index` opens none."""
    lines = sheet.lines
    if sheet.sealed[index] or not grammar.heading.match(lines[index]):
        return 0
    if grammar.names is not None and not (index + 1 < len(lines) and grammar.names.match(lines[index + 1])):
        return 0
    if grammar.heading_ends is None:
        return index + 1
    for line in range(index, min(index + TALL, len(lines))):
        if grammar.heading_ends.match(lines[line]):
            return line + 1
        if not lines[line].strip():
            break
    return 0


def _same(sheet: Sheet, found: list[Failure], *, lossless: bool) -> dict[str, int]:
    """List the headings of each text; gives the first line of the text that stands for each test, where it is certain."""
    exact: dict[str, list[Failure]] = defaultdict(list)
    for failure in found:
        body = "\n".join(sheet.lines[failure.text : failure.end]).strip("\n")
        if body.count("\n") + 1 >= SHORT:
            exact[body].append(failure)
    groups: dict[str, list[Failure]] = defaultdict(list)
    for body, alike in exact.items():
        groups[body if lossless else _mask(body, alike[0].title)] += alike
    told: dict[str, int] = {}
    for group in groups.values():
        group.sort(key=lambda failure: failure.start)
        if len(group) > 1:
            _refer(sheet, group)
        for failure in group:
            name = failure.title.split(" ")[-1]
            told[name] = -1 if name in told and told[name] != group[0].start else group[0].start
    return {name: start for name, start in told.items() if start >= 0}


def _mask(body: str, title: str) -> str:
    """A text without what differs between two tests that fail in the same way."""
    name = _NAME.search(title)
    if name and len(name[0]) > 3:
        body = re.sub(rf"\b{re.escape(name[0])}\b", "<test>", body)
    return _VARIES.sub("#", _PLACE.sub(lambda place: _NUMBERS.sub("#", place[0]), body))


def _refer(sheet: Sheet, group: list[Failure]) -> None:
    """Put a list of headings in the place of the texts that repeat the first one."""
    leader = group[0]
    shown = "\n".join(sheet.lines[leader.text : leader.end]).strip("\n")
    places = _PLACE.findall(shown)
    rows = []
    for failure in group[1:]:
        body = "\n".join(sheet.lines[failure.text : failure.end]).strip("\n")
        theirs = [] if body == shown else _PLACE.findall(body)
        differs = [place for place, first in zip(theirs, places, strict=False) if place != first]
        rows.append(failure.title + (f" ({', '.join(dict.fromkeys(differs))})" if differs else ""))
        sheet.partial = sheet.partial or body != shown
        sheet.move(failure.start, failure.end)
    last = max(i for i in range(leader.start, leader.end) if sheet.lines[i].strip())
    sheet.note(last, _listed(f"the same text under {len(rows)} more headings", rows))


def _listed(what: str, names: list[str]) -> list[str]:
    """A note with names: in it where none has a space (what all begin with is said once), else below it, a line each."""
    words = _OPENING.match(names[0])
    opening = words[0] if words else ""
    shared_by_all = all(name.startswith(opening) for name in names)
    bare = [name.removeprefix(opening) for name in names] if shared_by_all else names
    if any(" " in name for name in bare):
        return [markers.note(f"{what}:"), *("  " + name for name in names)]
    said = f"{what}, {opening.strip()}" if opening and shared_by_all else what
    return [markers.note(f"{said}: {' '.join(bare)}")]


def _captured(sheet: Sheet, found: list[Failure], context: Context) -> None:
    """Hand long captured output to the compressor that knows it."""
    for failure in found:
        if sheet.fate[failure.start] is not None:
            continue
        starts = [i for i in range(failure.text, failure.end) if _CAPTURED.match(sheet.lines[i])]
        for start, end in zip(starts, [*starts[1:], failure.end], strict=False):
            if end - start <= CAPTURED:
                continue
            routed = context.route("\n".join(sheet.lines[start + 1 : end]), context.first_line + start + 1)
            if routed:
                sheet.move(start + 1, end)
                sheet.note(start, routed.text.split("\n"))
                sheet.partial = sheet.partial or not routed.lossless


def _excerpt(sheet: Sheet, found: list[Failure]) -> None:
    """Hide the source code of a function far above the line that failed; its first line stays."""
    for failure in found:
        for failed in range(failure.text, failure.end):
            if not sheet.lines[failed].startswith(">"):
                continue
            top = failed
            while top > failure.text and (not sheet.lines[top - 1] or sheet.lines[top - 1].startswith("    ")):
                top -= 1
            for index in range(top + ABOVE, failed - ABOVE):
                if sheet.fate[index] is None and index not in sheet.notes:
                    sheet.hide(index, "lines of source code")


def _summary(sheet: Sheet, told: dict[str, int]) -> None:
    """List the tests that the short summary gives one reason; every id stays as printed.

    Args:
        sheet: the output.
        told: which text above tells of a test. pytest cuts reasons to the width of the line: tests told by one text have
            one reason, however it is cut.
    """
    groups: dict[tuple[str, str | int], list[re.Match[str]]] = defaultdict(list)
    at: dict[str, int] = {}
    for index, line in enumerate(sheet.lines):
        match = _REASON.match(line) if line[:1] in "FEX" and sheet.free(index) else None
        if match and line not in at:
            at[line] = index
            name = match["id"].split("::", 1)[1].replace("::", ".")
            reason = told.get(name, match["reason"])
            if reason is not None:
                groups[match["word"], reason].append(match)
    for group in groups.values():
        if len(group) < SAME:
            continue
        leader = max(group, key=lambda match: len(match["reason"] or ""))
        rest = [match for match in group if match is not leader]
        sheet.partial = sheet.partial or any(match["reason"] != leader["reason"] for match in rest)
        for match in rest:
            sheet.move(at[match[0]], at[match[0]] + 1)
        sheet.note(at[leader[0]], _listed(f"the same reason for {len(rest)} more", [match["id"] for match in rest]))
