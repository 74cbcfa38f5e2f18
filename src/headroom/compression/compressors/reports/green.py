"""Passed tests and build steps that went well: counted, not shown. A run that prints none of them loses nothing here.

A line is green only by a tool's own sign for "well" (`PASSED`, `... ok`, a check mark) or as a step that failed in no
word. Anything else stays: a line that no rule knows, and the last step before a line that is not green.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from headroom.compression.compressors.reports.sheet import MOVED, SOURCE, Sheet
from headroom.compression.relevance import Query, hits

PASSED = "passed tests"
STEPS = "build steps"
STARTED = "started tests"
PROGRESS = "progress lines"
DOTS = "lines of dots"
PACKAGES = "packages that passed"
FEW = 90
"""Characters of hidden lines below which the gap's marker costs what it saves."""

_TOOLS = r"(?:\S*/)?(?:[\w.]+-)*(?:gcc|g\+\+|cc|c\+\+|clang(?:\+\+)?|ld|ar|ranlib|libtool|rustc|nvcc)(?:-[\d.]+)?"
_RULES: tuple[tuple[str, str, str], ...] = (
    # kind, a string without which the rule finds nothing, the line
    (PASSED, " PASSED", r"\S.*(?:::| > ).* PASSED *(?:\[ *\d+%\])?$"),
    (PASSED, "] PASSED ", r"\[gw\d+\] \[ *\d+%\] PASSED \S"),
    (DOTS, "%]", r"(?:\S+\.py )?[.sx]+ +\[ *\d+%\]$"),
    (DOTS, "%)", r"[.]+ +\d+ / \d+ \( *\d+%\)$"),
    (DOTS, "....", r"\.{10,}$"),
    (PASSED, "... ok", r"\S.* \.\.\. ok$"),
    (PASSED, "✓", r"\s*✓ (?!.*\bskipped\b)\S"),
    (PASSED, "✔", r"\s*✔ \S"),
    (PASSED, "√", r"\s*√ \S"),
    ("passed test files", "PASS ", r"PASS \S+(?: \([\d.]+ ?m?s\))?$"),
    (PASSED, "--- PASS: ", r"\s*--- PASS: "),
    (STARTED, "=== ", r"=== (?:RUN|PAUSE|CONT|NAME) "),
    (PACKAGES, "ok  \t", r"ok  \t\S+\t"),
    ("packages without tests", "[no test files]", r"\?   \t\S+\t\[no test files\]$"),
    (PASSED, "ok ", r"\s*ok \d+\b(?!.*# (?:SKIP|TODO|skip|todo))"),
    (STARTED, "# Subtest", r"\s*# Subtest: "),
    (PASSED, "[       OK ] ", r"\[       OK \] "),
    (STARTED, "[ RUN      ] ", r"\[ RUN      \] "),
    (PASSED, " Passed ", r"\s*\d+/\d+ Test +#\d+: .* Passed +[\d.]+ sec$"),
    (STARTED, " Start ", r"\s+Start +\d+: "),
    (PASSED, "  Passed ", r"  +Passed \S.* \[[^\]]+\]$"),
    (PASSED, "Failures: 0, Errors: 0", r"\[INFO\] Tests run: \d+, Failures: 0, Errors: 0,.* (?:- in|-- in) "),
    (STARTED, "] Running ", r"\[INFO\] Running \S+$"),
    (PASSED, ".. ok", r"\S+\.t \.+ ok\b"),
    (PROGRESS, "   ", r" +(?:Compiling|Checking|Downloaded|Downloading|Fresh|Adding|Locking|Updating|Unpacking) \S"),
    (STEPS, " -", rf"{_TOOLS} .*-[coIDWOLf]"),
    (PROGRESS, "make", r"make(?:\[\d+\])?: (?:Entering|Leaving) directory "),
    (STEPS, "libtool: ", r"libtool: (?:compile|link|install): "),
    (STEPS, "  ", r"  +(?:CC|CXX|LD|AR|AS|GEN|LINK|HOSTCC|HOSTLD|CCLD|CXXLD|OBJCOPY|CPP)(?: \[M\])? +\S+$"),
    (PROGRESS, "%] ", r"\[ *\d+%\] (?:Building|Linking|Built target|Generating|Scanning|Consolidate) "),
    (STEPS, "/", r"\[\d+/\d+\] (?:Building|Linking|Compiling|Generating|CC|CXX|C\+\+) ?\S"),
    (
        PROGRESS,
        "-- ",
        r"-- .*(?: - (?:found|done|works|Success|skipped|yes)|\.\.\. (?:found|done|yes))$|-- (?:Configuring|Generating) done",
    ),
    (STEPS, "Collecting ", r"\s*Collecting \S"),
    (PROGRESS, "ownload", r"\s*Download(?:ing|ed) \S+\.(?:whl|tar\.gz|zip|metadata)\b|Download(?:ing)? https?://"),
    (PROGRESS, "/", r"\s{0,12}(?=\S)[━╸╺█▉▊▋▌▍▎▏#=> |-]{8,200}[\d.]+/[\d.]+ ?[kMG]?B"),
    (PROGRESS, "Requirement already satisfied", r"\s*Requirement already satisfied: "),
    (PROGRESS, "Processing ", r"\s*Processing \S+\.(?:whl|tar\.gz|zip)\b"),
    (PROGRESS, "Using cached ", r"\s*Using cached \S"),
    (PROGRESS, ": started", r"\s+[A-Z][\w .()-]+: started$"),
    (PROGRESS, "status 'done'", r"\s+[A-Z][\w .()-]+: finished with status 'done'$"),
    (PROGRESS, "wheel", r"\s+(?:Created wheel for|Stored in directory:) \S|Building wheels? for "),
    (
        PROGRESS,
        "nstall",
        r"\s+(?:Attempting uninstall:|Found existing installation:|Uninstalling |Successfully uninstalled )",
    ),
    (PROGRESS, "npm ", r"npm (?:http|timing|verb|sill|info) "),
    (PROGRESS, "Progress", r"Progress(?: \(\d+\))?: "),
    (PROGRESS, "ownload", r"(?:\[INFO\] )?Download(?:ing|ed)(?: from \S+)?: "),
    (
        PROGRESS,
        "[INFO]",
        r"\[INFO\] *(?:-{10,}.*)?$|\[INFO\] (?:Nothing to compile|Copying \d+ resource|skip non existing|Using '|Compiling \d+ source|Changes detected)",
    ),
    (STEPS, "[INFO] --- ", r"\[INFO\] --- "),
    (PROGRESS, "> Task :", r"> Task :\S+ (?:UP-TO-DATE|NO-SOURCE|FROM-CACHE)$"),
    (STEPS, "> Task :", r"> Task :\S+$"),
)
_MARKED = re.compile(r"\s*[✓✔√\u00d7✕✖] |\s+\d+\) \S|\s*- \S|\s*[○↓] ")
_SUITE = re.compile(r"\s+(?!\d+\) |[-✕\u00d7✖○↓] )\S.{0,200}$|▶ ")
_UNITTEST_NAME = re.compile(r"\w+ \([\w.]+\)$")
_TROUBLE = re.compile(r"(?i)\b(?:error|warning|fail(?:ed|ure)?|not found)\b")


@lru_cache(maxsize=64)
def _pattern(active: tuple[int, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<r{number}>{_RULES[number][2]})" for number in active))


def hide(sheet: Sheet, query: Query) -> None:
    """Hide the green lines.

    Args:
        sheet: the output.
        query: green lines that hold what it names stay.
    """
    text = "\n".join(sheet.lines)
    active = tuple(number for number, (_, hint, _) in enumerate(_RULES) if hint in text)
    if not active:
        return
    match = _pattern(active).match
    kinds: list[str | None] = [None] * len(sheet.lines)
    for index, line in enumerate(sheet.lines):
        found = match(line) if line and sheet.free(index) else None
        if found and found.lastgroup:
            rule = _RULES[int(found.lastgroup[1:])][0]
            kinds[index] = None if rule in (STEPS, PROGRESS) and _TROUBLE.search(line) else rule
    _details(sheet, kinds)
    _leads(sheet, kinds)
    _headings(sheet, kinds)
    _asked_for(sheet, kinds, query)
    _closing(sheet, kinds)
    _drop_small_gaps(sheet, kinds)
    for index, kind in enumerate(kinds):
        if kind is not None:
            sheet.hide(index, kind)


def _details(sheet: Sheet, kinds: list[str | None]) -> None:
    """Give the lines that belong to a green line its fate: the name above a docstring, the block below a TAP line."""
    for index, kind in enumerate(kinds):
        if kind != PASSED:
            continue
        line = sheet.lines[index]
        if line.endswith("... ok") and index and _UNITTEST_NAME.match(sheet.lines[index - 1]):
            kinds[index - 1] = "names of tests"
        if index + 1 < len(kinds) and sheet.lines[index + 1].strip() == "---":
            end = _block_end(sheet.lines, index + 1)
            kinds[index + 1 : end + 1] = ["details of passed tests"] * (end - index)


def _block_end(lines: Sequence[str], start: int) -> int:
    """The `...` that closes the block whose `---` stands at `start`; the line above it where the block is cut off."""
    indent = lines[start][: lines[start].index("-")]
    for index in range(start + 1, min(start + 40, len(lines))):
        if lines[index] == f"{indent}...":
            return index
        if not lines[index].startswith(indent):
            break
    return start - 1


def _leads(sheet: Sheet, kinds: list[str | None]) -> None:
    """Keep a step, or the start of a test, that a line which is not green follows: it says what that line is about."""
    below: str | None = PASSED
    for index in range(len(kinds) - 1, -1, -1):
        kind = kinds[index]
        if kind == PROGRESS or sheet.fate[index] is not None or not sheet.lines[index].strip():
            continue
        if kind in (STEPS, STARTED) and below is None:
            kinds[index], below = None, STEPS
        else:
            below = kind


def _headings(sheet: Sheet, kinds: list[str | None]) -> None:
    """Hide the names of suites in which everything is green, and blank lines amid green."""
    rows = [index for index, line in enumerate(sheet.lines) if line.strip()]
    marks = [index for index in rows if kinds[index] == PASSED and _MARKED.match(sheet.lines[index])]
    if marks:
        _suites(sheet, kinds, rows)
    for above, below in pairwise(rows):
        if below - above > 1 and kinds[above] and kinds[below]:
            for index in range(above + 1, below):
                if sheet.free(index):
                    kinds[index] = ""


def _suites(sheet: Sheet, kinds: list[str | None], rows: Sequence[int]) -> None:
    """A line directly above deeper lines of which all are green is the name of a green suite."""
    open_below: list[tuple[int, bool]] = []
    for index in reversed(rows):
        line = sheet.lines[index]
        indent = len(line) - len(line.lstrip())
        green = kinds[index] is not None
        children = []
        while open_below and open_below[-1][0] > indent:
            children.append(open_below.pop()[1])
        if (
            children
            and not green
            and all(children)
            and sheet.free(index)
            and _SUITE.match(line)
            and not _TROUBLE.search(line)
        ):
            kinds[index] = "names of suites"
            green = True
        open_below.append((indent, green and (not children or all(children))))


def _asked_for(sheet: Sheet, kinds: list[str | None], query: Query) -> None:
    """Keep the green lines that the question names."""
    at = [index for index, kind in enumerate(kinds) if kind]
    together = "\n".join(sheet.lines[index] for index in at)
    if any(key in together for key in query.keys):
        for position in hits(query, [sheet.lines[index] for index in at]):
            kinds[at[position]] = None


def _closing(sheet: Sheet, kinds: list[str | None]) -> None:
    """Keep the tool's own word that all went well: the last line, the first and the last package that passed."""
    last = next((index for index in range(len(kinds) - 1, -1, -1) if sheet.lines[index].strip()), 0)
    packages = [index for index, kind in enumerate(kinds) if kind == PACKAGES]
    for index in (last, *packages[:1], *packages[-1:]):
        kinds[index] = None


def _drop_small_gaps(sheet: Sheet, kinds: list[str | None]) -> None:
    """Show what a marker would not shorten; a step whose problems are listed elsewhere goes with them."""
    run: list[int] = []
    for index, kind in enumerate([*kinds, None]):
        if kind is not None:
            run.append(index)
            continue
        if run and sum(len(sheet.lines[i]) for i in run) < FEW:
            listed = index < len(kinds) and sheet.fate[index] in (MOVED, SOURCE)
            for i in run:
                kinds[i] = SOURCE if listed and kinds[i] == STEPS else None
        run = []
