"""One message at many places: shown whole once, with every other place listed below it, under its own file.

    src/a.ts(12,5): error TS2304: Cannot find name '__DEV__'.
    [the same at:]
      src/a.ts(31,9) (40,1)
      src/b.ts(7,22)

In lists under the name of a file (eslint), the places stand with that file:

    /src/app.js
      16:1  error  Unexpected var, use let or const instead  no-var
    [the same at 17:1 18:1 24:1]

Problems that stand alone stay as printed, in their order.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from headroom.compression import markers
from headroom.compression.compressors.reports.places import ARROW, CONTEXT, Problem
from headroom.compression.compressors.reports.sheet import SOURCE, Sheet

NAMES = 6
"""Problems that differ in one quoted name from which the places are listed with their names."""
WORTH = 100
"""Characters of message that a list of places must spare: the note, its path and its line cost about that."""
SAME = 8
"""Errors printed with their source code stay whole up to this many: what is wrong often stands in the code alone."""
NOTE = re.compile(r"^ *\[the (?:same (?:at[: ]|with |reason|text)|next \d+ lines as under )", re.MULTILINE)
"""Our own notes; a text that has such lines is not folded again."""
_LISTED = re.compile(r"\s+(?P<pos>\d+:\d+)\s+(?P<what>\S.*\S)$")
_STYLISH = re.compile(r"(?P<level>error|warning|[✖⚠\u00d7✘]|info)\s+(?P<message>\S.*)$")
_NAMED = re.compile(r"(?<![\w'])'[^'\s,]+'(?!\w)|`[^`\s,]+`|\"[^\"\s,]+\"|\u2018[^\u2019\s,]+\u2019")
"""The first quoted word of a message: the name it is about."""
_SPACES = re.compile(r"\s{2,}")
_NEXT = {"colon": "{}", "paren": "({})", "bracket": "[{}]"}


def fold(sheet: Sheet, every: Sequence[Problem], *, lossless: bool) -> None:
    """List the places of each message that stands at many.

    Args:
        sheet: the output.
        every: its problems, in order.
        lossless: leave alone problems that are printed with source code, which a list of places would drop.
    """
    groups: dict[tuple[str, str], list[Problem]] = defaultdict(list)
    kinds: dict[tuple[str, str], list[Problem]] = defaultdict(list)
    for problem in filter(lambda problem: problem.whole, every):
        groups[problem.form, "\n".join(problem.message)].append(problem)
    for (form, message), group in groups.items():
        if _worth(group, lossless=lossless):
            _list(sheet, group)
        else:
            kinds[form, _NAMED.sub("\0", message, count=1)] += group
    for (_, kind), group in kinds.items():
        if "\0" in kind and len(group) >= NAMES and _worth(group, lossless=lossless):
            _list(sheet, group, named=True)
    if not lossless:
        _contexts(sheet, every)
    _stylish(sheet)


def _worth(group: Sequence[Problem], *, lossless: bool) -> bool:
    """Whether to list the places of a message."""
    if any(problem.source for problem in group):
        return not lossless and len(group) >= (SAME if _is_error(group[0]) else 2)
    return sum(map(len, group[0].message)) * (len(group) - 1) >= WORTH


def _is_error(problem: Problem) -> bool:
    return "error" in problem.message[0][:60]


def _list(sheet: Sheet, group: Sequence[Problem], *, named: bool = False) -> None:
    """Show the first problem of a group and list the places of the others; with their names, where these differ."""
    leader, *rest = sorted(group, key=lambda problem: problem.start)
    places: dict[str, list[str]] = {}
    for problem in rest:
        name = _NAMED.search("\n".join(problem.message)) if named else None
        spot = _NEXT[problem.form].format(problem.pos)
        places.setdefault(problem.path, []).append(f"{spot} {name[0]}" if name else spot)
        _take_away(sheet, problem)
    rows = _rows(places, leader.form)
    arrow = sheet.lines[leader.start + 1] if leader.source else ""
    if _is_error(leader) and ARROW.match(arrow):
        rows = [sheet.lines[problem.start + 1] for problem in rest]
    sheet.note(leader.end - 1, [markers.note(f"the same {'with another name ' if named else ''}at:"), *rows])


def _take_away(sheet: Sheet, problem: Problem) -> None:
    """Move a problem, its source code, and the blank line that ended it."""
    sheet.move(problem.start, problem.end)
    for index in problem.source:
        sheet.hide(index, SOURCE)
    after = problem.end
    if problem.source and after < len(sheet.lines) and not sheet.lines[after] and sheet.free(after):
        sheet.move(after, after + 1)


def _rows(places: dict[str, list[str]], form: str) -> list[str]:
    """The places by file, the files by folder: a row for each folder, or for a file whose path could be misread in one."""
    folders: dict[str, list[str]] = {}
    for path, spots in places.items():
        folder, _, name = path.rpartition("/")
        counted = [spot if times == 1 else f"{spot} x{times}" for spot, times in Counter(spots).items()]
        spelled = name + ("" if form == "paren" else ":") + " ".join(counted)
        plain = folder and " " not in path and "," not in path
        folders.setdefault(f"{folder}/" if plain else path, []).append(spelled if plain else spelled[len(name) :])
    return [
        f"  {folder}{names[0]}" if len(names) == 1 else f"  {folder}: {', '.join(names)}"
        for folder, names in folders.items()
    ]


def _contexts(sheet: Sheet, every: Sequence[Problem]) -> None:
    """Take away the lines that name a function or an include of which no problem is left in place."""
    ends = {problem.start: problem.end for problem in every}
    index, total = 0, len(sheet.lines)
    while index < total:
        opening = index
        while index < total and sheet.free(index) and CONTEXT.match(sheet.lines[index]):
            index += 1
        first = index
        while index in ends:
            index = ends[index]
        if opening < first < index and not any(fate is None for fate in sheet.fate[first:index]):
            sheet.fate[opening:first] = [SOURCE] * (first - opening)
        index = max(index, opening + 1)


def _stylish(sheet: Sheet) -> None:
    """Fold runs of problems listed under the name of their file."""
    run: dict[tuple[str, ...], list[tuple[int, str]]] = defaultdict(list)
    for index, line in enumerate(sheet.lines):
        listed = _LISTED.match(line) if line[:1] in (" ", "\t") and sheet.free(index) else None
        styled = _STYLISH.match(listed["what"]) if listed else None
        if listed and styled:
            run[tuple(_SPACES.split(listed["what"]))].append((index, listed["pos"]))
        elif run:
            _close(sheet, run)
            run = defaultdict(list)
    _close(sheet, run)


def _close(sheet: Sheet, run: dict[tuple[str, ...], list[tuple[int, str]]]) -> None:
    for what, group in run.items():
        if sum(map(len, what)) * (len(group) - 1) < WORTH // 2:
            continue
        leader = group[0][0]
        indent = sheet.lines[leader][: len(sheet.lines[leader]) - len(sheet.lines[leader].lstrip())]
        for index, _ in group[1:]:
            sheet.move(index, index + 1)
        sheet.note(leader, [indent + markers.note("the same at " + " ".join(pos for _, pos in group[1:]))])
