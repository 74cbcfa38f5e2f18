"""What C++ compilers print around one error: a note for every overload that does not fit, a line for every template on the way.

The error, its first notes, the ends of the chain of templates and every note of another kind stay; the rest is hidden
and counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from headroom.compression.compressors.reports.places import HEAD, Problem
from headroom.compression.compressors.reports.sheet import Sheet

FEW = 2
"""Candidate notes of one error, and lines at the outer end of a chain of templates, that stay."""
_CANDIDATE = re.compile(
    r"note: +(?:candidate\b|template argument deduction/substitution failed|.* is not derived from |"
    r"mismatched types |candidate expects |cannot convert |couldn't deduce |no known conversion )"
)
_REQUIRED = re.compile(r"\S+:\d+(?::\d+)?:   (?:recursively )?required ")


def hide(sheet: Sheet, found: Sequence[Problem]) -> None:
    """Hide the notes about candidates beyond the first ones of each error, and the middle of chains of templates."""
    for problem in found:
        notes = [*problem.notes, problem.end]
        candidates = [
            (start, end)
            for start, end in pairwise(notes)
            if (head := HEAD.match(sheet.lines[start])) and _CANDIDATE.match(f"{head['message']}")
        ]
        for start, end in candidates[FEW:]:
            for index in range(start, end):
                sheet.hide(index, "candidate notes" if index == start else "")
    if found:
        _chains(sheet)


def _chains(sheet: Sheet) -> None:
    index, total = 0, len(sheet.lines)
    while index < total:
        start = index
        while index < total and sheet.free(index) and _REQUIRED.match(sheet.lines[index]):
            index += 1
        for middle in range(start + 1, index - FEW):
            sheet.hide(middle, "templates on the way")
        index = max(index, start + 1)
