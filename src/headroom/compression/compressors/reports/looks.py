"""Whether a text is the output of a test, build or lint run: by lines that only such tools print.

Two kinds of proof: lines that are surely theirs (`SURE`), and the lines they close with or open a part with (`FRAME`).
Source code of tests and prose about tests have neither in number.
"""

from __future__ import annotations

import re

from headroom.compression.compressors.reports.places import HEAD
from headroom.compression.compressors.reports.sheet import LONG
from headroom.compression.contract import Probe

_SURE = (
    r"\S.*::.* (?:PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b.*(?:\[ *\d+%\]|\))? *$",
    r"\[gw\d+\] \[ *\d+%\] (?:PASSED|FAILED|ERROR|SKIPPED) ",
    r"(?:PASSED|FAILED|ERROR|SKIPPED|XFAIL) (?:\[\d+\] )?\S+\.py(?:::|:\d+: | - )",
    r"(?:\S+\.py )?[.FEsxX]+ +\[ *\d+%\]$",
    r"\S.* \.\.\. (?:ok|FAIL|ERROR|FAILED|ignored|skipped\b.*)$",
    r"(?:ERROR|FAIL): \w+ \([\w.]+\)",
    r"\s*[✓✔√✕✖\u00d7] .*\(?\b[\d.]+ ?m?s\)?$",
    r"(?:PASS|FAIL) \S+\.[cm]?[jt]sx?\b",
    r"\s*--- (?:PASS|FAIL|SKIP): \S+ \([\d.]+s\)$",
    r"=== (?:RUN|PAUSE|CONT|NAME)  +\S",
    r"(?:ok|FAIL)\s+\S+\t[\d.]+s|\?   \t\S+\t\[no test files\]",
    r"\s*(?:not )?ok \d+ (?:- )?\S|\s*# Subtest: ",
    r"\[ (?: RUN     |      OK|  FAILED )  \] |\[-{10}\] ",
    r"\s*\d+/\d+ Test +#\d+: ",
    r" +(?:Compiling|Checking|Downloaded) [\w-]+ v\d",
    r"\s+\d+:\d+\s+(?:error|warning|[✖⚠\u00d7✘])\s+\S",
    r" *--> \S+:\d+:\d+$",
    r"(?:error(?:\[E\d+\])?|warning): ",
    r"make(?:\[\d+\])?: (?:\*\*\*|Entering|Leaving|Nothing) ",
    r"\[ *\d+%\] (?:Building|Linking|Built target) ",
    r"\[INFO\] (?:---|BUILD|Tests run|Downloading|Scanning|Building |Running )|\[ERROR\] (?:Tests run|Failed to execute|COMPILATION|/)",
    r"(?:\[INFO\] )?Download(?:ing|ed) from \S+: http",
    r"> Task :\S",
    r"(?:\s*Collecting |Requirement already satisfied: |  Using cached |  Downloading )\S",
    r"npm (?:ERR!|error|WARN|warn) ",
    r"(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+) .*-[cIoWOD]",
    r"In file included from \S+:\d|\S+: (?:In|At) (?:member |static )?function ",
)
_SHORT = rf"(?!.{{{LONG}}})"
"""Nothing is tried on a line too long to be a report."""
LINE = re.compile(_SHORT + "(?:" + "|".join((HEAD.pattern, *_SURE)) + ")")
"""A line that is surely of a test, build or lint run."""
_FRAME = re.compile(
    _SHORT
    + r"(?:=+ (?:test session starts|ERRORS|FAILURES|short test summary info|warnings summary.*|.*\d+ (?:passed|failed|errors?)\b.* in [\d.]+s.*) =+$"
    r"|\d+ (?:passed|failed|skipped|errors?)\b.* in [\d.]+s"
    r"|Ran \d+ tests? in [\d.]+s$|FAILED \((?:failures|errors)="
    r"|Tests?: +.*\d+ total$|Test Suites: | Test Files  |  \d+ (?:passing|failing|pending)\b"
    r"|test result: |error: could not compile |warning: `[\w-]+` \(|error: test failed"
    r"|✖ \d+ problems? \(|Found \d+ errors?\b|\[\*\] \d+ fixable|Success: no issues found|All checks passed!"
    r"|(?:FAIL|ok)\s+\S+\t|\[(?:INFO|ERROR)\] BUILD |\[INFO\] BUILD |BUILD (?:SUCCESSFUL|FAILED) in "
    r"|npm (?:ERR!|error) code |error: subprocess-exited-with-error|ERROR: (?:Cannot install|No matching distribution|ResolutionImpossible)"
    r"|Successfully (?:installed|built) |added \d+ packages|make(?:\[\d+\])?: \*\*\* |\d+ (?:errors?|warnings?)(?: generated\.)?$"
    r"|1\.\.\d+$|TAP version |\[={10}\] |\d+% tests passed|Tests run: \d+, |\u2139 (?:tests|pass|fail) \d+|\d+ examples?, \d+ failures?"
    r"|(?:E  |>  ) +\S|_{3,} \S.* _{3,}$|---- .+ stdout ----$|  ● \S| FAIL  \S)"
)
_COMMAND = (
    r"\b(?:pytest|unittest|tox|nox|jest|vitest|mocha|npm (?:test|t|run|install|ci|i)|yarn|pnpm|go (?:test|build|vet)|cargo|tsc|eslint|"
    r"ruff|mypy|pyright|flake8|pylint|gcc|g\+\+|clang|make|cmake|ninja|javac|mvn|gradlew?|pip install|rspec|phpunit|dotnet|ctest)\b"
)
_CODE = re.compile(r" *\d* +\|(?: |$)|\s*[~^]+\s*$")
"""Source code as compilers print it: behind a rule, or with a caret below."""
_FENCE = re.compile(r"```|~~~")
_LOGGED = re.compile(r"\[?\d{4}-\d\d-\d\d[ T]\d\d:\d\d")


def most(probe: Probe) -> float:
    """What `score` gives at most."""
    return 0.95 if probe.ran(_COMMAND) else 0.85


def score(probe: Probe) -> float:
    """How surely the text is the output of such a run."""
    if not probe.lines or probe.share(_LOGGED) > 0.5 or probe.share(_FENCE):
        return 0.0
    sure = probe.share(LINE)
    end = [line for line in probe.text[-1500:].splitlines()[-5:] if line.strip()]
    framed = probe.share(_FRAME) * len(probe.lines) + sum(1 for line in end if _FRAME.match(line))
    ran = 0.1 if probe.ran(_COMMAND) else 0.0
    if sure >= 0.5 or (sure >= 0.2 and framed) or (sure >= 0.05 and sure + probe.share(_CODE) >= 0.5):
        return min(1.0, 0.85 + ran)
    if framed >= 3 or (framed and sure >= 0.08):
        return 0.75 + ran
    if ran and (framed or sure >= 0.05):
        return 0.6 + ran
    return 0.0
