"""Unified diffs, read into files and hunks: git (also combined), svn, `diff -u`, `diff -ru`, bare hunks.

A hunk is believed only as far as its header's line counts; what does not add up (a cut-off diff, an edited one) is
marked `broken` and stays as it is. The pieces put together again are the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

HUNK = re.compile(r"(@@+) -(\d+)(?:,(\d+))? (?:-(\d+)(?:,(\d+))? )*\+(\d+)(?:,(\d+))? \1(?: (.*)|(\r?))$", re.DOTALL)
"""`@@ -3,6 +3,9 @@ function`, and `@@@ -3,6 -4,6 +3,9 @@@` for a merge of two parents."""
_RANGE = re.compile(r"[-+](\d+)(?:,(\d+))?")
_EXTENDED = re.compile(
    r"(?:index |old mode |new mode |deleted file mode |new file mode |mode |similarity index |dissimilarity index |rename (?:from|to|old|new) "
    r"|copy (?:from|to) |Binary files |={20,}\s*$)"
)
_OPENS = re.compile(r"diff (?:--git|--cc|--combined|-[a-zA-Z-]\S*) |Index: \S")
_BINARY = re.compile(r"(?:literal|delta) \d+$")


@dataclass(slots=True)
class Hunk:
    """Changed lines and the lines around them.

    Attributes:
        starts: first line of each side, in the order of the header: the old sides, then the new one.
        counts: how many lines of each side.
        tail: what the header says after the ranges (the function), or `None`.
        body: the lines, with their marks.
        broken: the body does not have the counts that the header gives.
    """

    starts: list[int]
    counts: list[int]
    tail: str | None
    body: list[str]
    header: str = ""
    broken: bool = False

    @property
    def marks(self) -> int:
        """How many columns of marks a body line has: one for each old side."""
        return len(self.starts) - 1

    def changed(self) -> list[bool]:
        """Which body lines are changes; the remark on a missing line end counts with the line before it."""
        width = self.marks
        blank, flags = " " * width, list[bool]()
        for line in self.body:
            flags.append(flags[-1] if line[:1] == "\\" and flags else line[:width].strip("\r") not in (blank, ""))
        return flags


@dataclass(slots=True)
class FileDiff:
    """What happened to one file: its header lines, hunks, and lines of a binary patch."""

    head: list[str] = field(default_factory=list)
    hunks: list[Hunk] = field(default_factory=list)
    binary: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The file's name on the new side (on the old one where it was deleted); empty where none is given."""
        names = [_name(line[4:]) for line in self.head if line.startswith(("+++ ", "--- "))]
        found = next((name for name in reversed(names) if name != "/dev/null"), "")
        if not found:
            for line in self.head:
                if line.startswith("diff --git "):
                    return halves(line[11:])[1] or line[11:].rpartition(" b/")[2]
                if line.startswith(("diff --cc ", "diff --combined ", "Index: ")):
                    return line.partition(": ")[2] or line.split(" ", 2)[2]
            return ""
        sided = any(line.startswith("diff --") for line in self.head)
        return found[2:] if sided and found[:2] in ("a/", "b/", "i/", "w/", "c/", "o/") else found


def on_sides(marks: str) -> list[bool]:
    """Which sides have a line with these marks: the old sides in order, then the new one."""
    if "-" in marks:
        return [mark == "-" for mark in marks] + [False]
    return [mark != "+" for mark in marks] + [True]


def _name(rest: str) -> str:
    return rest.rstrip("\r").partition("\t")[0]


def halves(names: str) -> tuple[str, str]:
    """The two names of `a/x b/x`, sides taken off, where both are the same file; else two empty strings."""
    names = names.rstrip("\r")
    size = (len(names) - 1) // 2
    left, right = names[:size], names[size + 1 :]
    same = (
        len(names) % 2 == 1 and names[size] == " " and left[:2] == "a/" and right[:2] == "b/" and left[2:] == right[2:]
    )
    return (left[2:], right[2:]) if same else ("", "")


Piece = str | FileDiff


def parse(lines: Sequence[str]) -> list[Piece]:
    """The text as lines that belong to no file (commit headers, messages) and files."""
    pieces: list[Piece] = []
    current: FileDiff | None = None
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("@@") and (match := HUNK.match(line)):
            if current is None:
                pieces.append(current := FileDiff())
            hunk, at = _hunk(match, lines, at)
            current.hunks.append(hunk)
            continue
        header = current is not None and not current.hunks
        if line.startswith("--- ") and _is_names(lines, at):
            if current is None or not header or any(earlier.startswith("--- ") for earlier in current.head):
                pieces.append(current := FileDiff())
            current.head += lines[at : at + 2]
            at += 1
        elif line[:1] in ("d", "I") and _OPENS.match(line):
            pieces.append(current := FileDiff([line]))
        elif current is not None and header and _EXTENDED.match(line):
            current.head.append(line)
        elif current is not None and header and line.startswith("GIT binary patch"):
            end = _binary_end(lines, at)
            current.binary, at = list(lines[at:end]), end - 1
        else:
            current = None
            pieces.append(line)
        at += 1
    return pieces


def _is_names(lines: Sequence[str], at: int) -> bool:
    return at + 2 < len(lines) and lines[at + 1].startswith("+++ ") and lines[at + 2].startswith("@@")


def _binary_end(lines: Sequence[str], at: int) -> int:
    end = at + 1
    while end < len(lines) and (
        not lines[end]
        or _BINARY.match(lines[end])
        or (lines[end][:1].isalpha() and " " not in lines[end] and len(lines[end]) <= 66)
    ):
        end += 1
    return end


def _hunk(match: re.Match[str], lines: Sequence[str], at: int) -> tuple[Hunk, int]:
    ranges = _RANGE.findall(match[0][: match[0].index(match[1], 2)])
    starts = [int(start) for start, _ in ranges]
    counts = [int(number) if number else 1 for _, number in ranges]
    hunk = Hunk(starts, counts, match[8], [], match[0])
    left, width, at = list(counts), len(ranges) - 1, at + 1
    begin = at
    if len(match[1]) != len(ranges):
        hunk.broken = True
        return hunk, at
    if width == 1:
        at = _body(lines, at, left)
    while width > 1 and at < len(lines) and any(left):
        marks = lines[at][:width]
        if marks[:1] != "\\":
            if not marks.strip("\r"):
                marks = " " * width
            if len(marks) < width or marks.strip(" +-"):
                break
            for side, has in enumerate(on_sides(marks)):
                left[side] -= has
            if min(left) < 0:
                break
        at += 1
    if at < len(lines) and lines[at].startswith("\\ "):
        at += 1
    hunk.body = list(lines[begin:at])
    hunk.broken = any(left)
    return hunk, at


def _body(lines: Sequence[str], at: int, left: list[int]) -> int:
    """Go through the lines of a hunk with one old side, as nearly all have; what is missing of either side stays in `left`."""
    old, new = left
    while at < len(lines) and (old or new):
        mark = lines[at][:1]
        if mark in " \r":
            old, new = old - 1, new - 1
        elif mark == "-":
            old -= 1
        elif mark == "+":
            new -= 1
        elif mark != "\\":
            break
        if old < 0 or new < 0:
            break
        at += 1
    left[:] = old, new
    return at
