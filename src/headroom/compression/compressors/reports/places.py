"""How tools name a place, and the problems found in an output.

    src/a.ts(12,5): error TS2304: Cannot find name 'x'.          tsc, msbuild
    src/a.c:12:5: error: 'x' undeclared                          gcc, clang, mypy, javac, ruff, flake8, pylint, go, eslint -f unix
    src/a.ts:12:5 - error TS2304: Cannot find name 'x'.          tsc --pretty
    [ERROR] /src/A.java:[12,5] cannot find symbol                maven
    error[E0308]: mismatched types / --> src/a.rs:12:5           rustc, clippy, ruff, on two lines

A problem is such a line and what belongs to it: indented details, source code with a caret under it, notes. Its
*message* is all of that but the place and the source code, so two problems with one message say the same of two places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from headroom.compression.compressors.reports.sheet import Sheet

_SEVERITY = r"(?:(?:fatal |internal compiler |syntax )?error|warning|note|remark|info|hint|[A-Z]{1,5}\d{2,5}\b)"
_PATH = r"(?:[A-Za-z]:[\\/])?[^\s:()\[\]./\\]*[./\\][^\s:]*"
HEAD = re.compile(
    r"(?P<mark>\[(?:ERROR|WARNING)\] )?(?:"
    rf"(?P<path>{_PATH}):(?P<pos>\d+(?::\d+)?)(?P<sep>: (?=(?i:{_SEVERITY})|[^\n]* \[(?:Error|Warning)(?:/\S+)?\]$)| - (?=error |warning ))"
    r"|(?P<gopath>[^\s:]+\.go):(?P<gopos>\d+:\d+)(?P<gosep>: )"
    rf"|(?=[^:\n]+:(?<=\d\):))(?P<tspath>[^\s:][^:\n]{{0,400}}?)\((?P<tspos>\d+,\d+)\)(?P<tssep>: (?={_SEVERITY}))"
    r"|(?P<mvnpath>/[^\n:]{1,400}|[A-Z]:[^\n:]{1,400}):\[(?P<mvnpos>\d+,\d+)\](?P<mvnsep> )"
    r")(?P<message>.*)"
)
"""The first line of a problem, where the place stands in it."""
ARROW = re.compile(r"(?P<gutter> *--> )(?P<path>\S[^\n]*?):(?P<pos>\d+:\d+)$")
_ARROW_TITLE = re.compile(r"(?:error(?:\[E\d+\])?|warning|[A-Z]+\d{3,4}|invalid-syntax):? ?\S|[a-z]+(?:-[a-z]+)*: \S")
_NOTE = re.compile(r"(?:note|remark|help)\b", re.IGNORECASE)
_CARET = re.compile(r"[\s~|-]*\^[\s~^|-]*$|\s*~+\s*$")
_NUMBERED = re.compile(r" *\d+ +[-+|~]|\d+ (?= *\S)| *[>|] *\d+ *\|")
_RULED = re.compile(
    r"(?P<code> *\d+ +[-+|~]|\d+ (?= *\S)| *[>|] *\d+ *\|| *\.{3}| *= note: `#\[(?:warn|deny|forbid)\()|(?P<rule> *\|[ |_]*[~^_-]*)"
)
"""Source code behind its number; a rule with a caret or a label; where a lint's level comes from, said once a run."""
_NEXT_STEP = re.compile(
    r"(?:make|ninja|gmake)\b|(?:\S*/)?[\w.+-]*(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|ld|ar|javac)(?:-\d+)? |\[|\*{3}|\d+ |Found |FAILED|> |# |\$ |"
    r"(?:fatal )?error: |warning: |compilation terminated|collect2: |Note: |Exit "
)
"""What tools print after a problem that is complete; below an unknown line a problem may go on, and is left alone."""
FAR = 12
"""Lines in which a compiler says by which includes it came to a note."""
WRAPPED = 6
"""Lines, code and caret included, into which a tool wraps a message (mypy --pretty)."""
CONTEXT = re.compile(
    r"\S.*: (?:In|At) (?:(?:member |static |lambda )*function|constructor|destructor|instantiation|substitution|method|global scope|top level)\b"
    r"|In file included from |                 from \S+:\d+|\S+:\d+(?::\d+)?:   (?:recursively )?required "
)
"""A line that says where the next problem stands, and belongs to it."""


@dataclass(slots=True)
class Problem:
    """A problem, by its lines.

    Attributes:
        start, end: its lines, `end` excluded; lines of context above it are not in it.
        path, pos, form: the place as printed, and how the tool joins the two: `colon`, `paren`, `bracket`.
        message: everything it says but its place and its source code.
        source: indices of lines of source code.
        notes: first lines of the notes that belong to it.
    whole: whether it surely ends at `end`.
    """

    start: int
    end: int
    path: str
    pos: str
    form: str
    message: list[str]
    source: list[int] = field(default_factory=list)
    notes: list[int] = field(default_factory=list)
    whole: bool = True


def problems(sheet: Sheet) -> list[Problem]:
    """The problems of an output, in order; lines that a pass has claimed are nobody's."""
    found: list[Problem] = []
    index, lines = 0, sheet.lines
    while index < len(lines):
        problem = _at(sheet, index)
        if problem is None:
            index += 1
            continue
        last = found[-1] if found else None
        if last is not None and _NOTE.match(problem.message[0].split(" ", 1)[-1]) and _adjoin(sheet, last, problem):
            _adopt(last, problem)
        else:
            found.append(problem)
        index = problem.end
    starts = {problem.start for problem in found}
    for problem in found:
        problem.whole = problem.end in starts or _ended(sheet, problem.end)
    return found


def _adjoin(sheet: Sheet, above: Problem, below: Problem) -> bool:
    """Whether nothing but lines that lead to the one below stands between two problems."""
    return below.start - above.end < FAR and all(CONTEXT.match(line) for line in sheet.lines[above.end : below.start])


def _ended(sheet: Sheet, index: int) -> bool:
    """Whether nothing that stands at `index` can belong to a problem above it."""
    if index >= len(sheet.lines) or not sheet.lines[index].strip() or not sheet.free(index):
        return True
    return bool(CONTEXT.match(sheet.lines[index]) or _NEXT_STEP.match(sheet.lines[index]))


def _adopt(problem: Problem, note: Problem) -> None:
    """Make a note part of the problem that it explains."""
    here = (note.path, note.pos) == (problem.path, problem.pos)
    problem.message.append(note.message[0] if here else f"{note.path} {note.pos} {note.message[0]}")
    problem.message += note.message[1:]
    problem.source += note.source
    problem.notes.append(note.start)
    problem.end = note.end


def _at(sheet: Sheet, index: int) -> Problem | None:
    """The problem whose first line this is."""
    line = sheet.lines[index]
    if not line or line[0] in " \t" or not sheet.free(index):
        return None
    head = HEAD.match(line)
    if head:
        return _placed(sheet, index, head)
    if index + 1 < len(sheet.lines) and sheet.free(index + 1) and _ARROW_TITLE.match(line):
        arrow = ARROW.match(sheet.lines[index + 1])
        if arrow:
            return _arrowed(sheet, index, arrow)
    return None


def _placed(sheet: Sheet, index: int, head: re.Match[str]) -> Problem:
    kind = next(name for name in ("", "go", "ts", "mvn") if head[f"{name}path"] is not None)
    form = {"ts": "paren", "mvn": "bracket"}.get(kind, "colon")
    sep = head[f"{kind}sep"]
    opening = f"{head['mark'] or ''}{sep.strip()} {head['message']}"
    problem = Problem(index, index + 1, head[f"{kind}path"], head[f"{kind}pos"], form, [opening])
    while (end := _belongs(sheet, problem.end, pretty=sep == " - ")) > problem.end:
        for line in range(problem.end, end):
            _describe(sheet, problem, line)
        problem.end = end
    return problem


def _belongs(sheet: Sheet, index: int, *, pretty: bool) -> int:
    """Where a problem whose lines so far end at `index` ends, one step on; `index` itself where it ends there."""
    lines = sheet.lines
    if index >= len(lines) or not sheet.free(index) or CONTEXT.match(lines[index]):
        return index
    line = lines[index]
    if line.strip() and line[0] in " \t":
        return index + 1
    for below in range(index + 1, min(index + WRAPPED, len(lines))):
        if (
            not lines[below - 1].strip()
            or not sheet.free(below)
            or HEAD.match(lines[below - 1])
            or CONTEXT.match(lines[below])
        ):
            break
        if _CARET.match(lines[below]):
            return below + 1
    if pretty and (
        _NUMBERED.match(line) or (not line and index + 1 < len(lines) and _NUMBERED.match(lines[index + 1]))
    ):
        return index + 1
    return index


def _arrowed(sheet: Sheet, index: int, arrow: re.Match[str]) -> Problem:
    problem = Problem(index, index + 2, arrow["path"], arrow["pos"], "colon", [sheet.lines[index]])
    while problem.end < len(sheet.lines) and sheet.lines[problem.end].strip() and sheet.free(problem.end):
        _ruled(sheet.lines[problem.end], problem, problem.end)
        problem.end += 1
    return problem


def _describe(sheet: Sheet, problem: Problem, index: int) -> None:
    """Add a line below the first to what a problem says: source code, a caret with or without words, a detail."""
    line = sheet.lines[index]
    below = sheet.lines[index + 1] if index + 1 < len(sheet.lines) else ""
    if not line.strip() or _CARET.match(line) or _CARET.match(below):
        problem.source.append(index)
    else:
        _ruled(line, problem, index)


def _ruled(line: str, problem: Problem, index: int) -> None:
    """The same for a line where source code stands behind a number or a rule."""
    ruled = _RULED.match(line)
    if ruled is None:
        problem.message.append(line)
        return
    problem.source.append(index)
    if ruled.lastgroup == "rule":
        label = line[ruled.end() :].strip(" |^~_-")
        if label:
            problem.message.append(label)
