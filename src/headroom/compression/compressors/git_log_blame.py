"""`git blame`: who and when once for each run of lines, in place of once for each line.

    4fee01c2 (Ada Byron 2026-04-08 21:04:03 -0700)
    12) def retry(n):
    13)     return n

A commit met again is named by its hash alone. Nothing is lost: columns are padded to the widest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LINE = re.compile(
    r"(?P<hash>\^?[0-9a-f]{7,40})(?: (?P<file>\S+))? +\((?P<who>\S+(?: +\S+)*?) +(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}) +(?P<line>\d+)\)(?: (?P<text>.*))?$",
    re.DOTALL,
)


def fold(lines: Sequence[str]) -> list[str] | None:
    """The lines under their commits; `None` where some line is not one of a blame, or columns are not padded as git does."""
    matches = [match for match in map(LINE.match, lines) if match]
    if len(matches) != len(lines) or not _padded_by_git(lines, matches):
        return None
    made: list[str] = []
    known: dict[str, str] = {}
    before = ""
    for match in matches:
        name = match["hash"] + (f" {match['file']}" if match["file"] else "")
        said = f"({match['who']} {match['when']})"
        if known.get(name, said) != said:
            return None
        if name != before:
            made.append(name if name in known else f"{name} {said}")
        known[name], before = said, name
        made.append(f"{match['line']}) {match['text']}" if match["text"] else f"{match['line']})")
    return made


def _padded_by_git(lines: Sequence[str], matches: Sequence[re.Match[str]]) -> bool:
    who = max(len(match["who"]) for match in matches)
    file = max(len(match["file"] or "") for match in matches)
    number = max(len(match["line"]) for match in matches)
    for line, match in zip(lines, matches, strict=True):
        name = match["hash"] + (f" {match['file'] or '':{file}}" if file else "")
        if line.rstrip(
            " "
        ) != f"{name} ({match['who']:{who}} {match['when']} {match['line']:>{number}}) {match['text'] or ''}".rstrip(
            " "
        ):
            return False
    return True
