"""Hunks with less context, as `git diff -U1` would print them: cut, split, and with the right line numbers."""

from __future__ import annotations

import re
from itertools import accumulate

from headroom.compression.compressors.diff_parse import Hunk, on_sides

WORTH_SPLITTING = 60
"""Characters. A second hunk header costs about fourteen tokens: fewer context lines than that between two changes stay."""
_TAIL_CHARS = 80
"""git cuts the function in a hunk header there."""
_WORD = re.compile(r"\w")
_DEFINES = re.compile(
    r"\s*(?:(?:export|default|pub(?:\([^)]{0,40}\))?|public|private|protected|internal|static|async|abstract|override|virtual|final|unsafe|extern)\s+)*"
    r"(?:def|class|func|fn|function|impl|trait|interface|struct|enum|module|namespace|object|package|sub)\b\s*[\w(<]"
    r"|[A-Za-z_$][^;]*[({:]\s*$"
)


def trim(hunk: Hunk, around: int) -> list[Hunk]:
    """The hunk as one or more with at most `around` lines of context at each addition.

    Returns:
        Hunks that together have every changed line; `[hunk]` itself where nothing can go.
    """
    if hunk.broken:
        return [hunk]
    kept = _kept(hunk, around)
    if all(kept):
        return [hunk]
    positions = _positions(hunk)
    found: list[Hunk] = []
    at = 0
    while at < len(kept):
        if not kept[at]:
            at += 1
            continue
        end = at
        while end < len(kept) and kept[end]:
            end += 1
        tail = _function(hunk, at) or (hunk.tail if not found else None)
        found.append(_cut(hunk, positions, (at, end), tail))
        at = end
    return found


def _kept(hunk: Hunk, around: int) -> list[bool]:
    """Which lines stay: changes, and beside what was only added the nearest `around` lines.

    Lines that were taken away show by themselves where that was.
    """
    changed = hunk.changed()
    kept = list(changed)
    at = 0
    while around and at < len(changed):
        end = at
        while end < len(changed) and changed[end]:
            end += 1
        if end > at and not any("-" in line[: hunk.marks] for line in hunk.body[at:end]):
            for near in (*range(max(0, at - around), at), *range(end, min(end + around, len(changed)))):
                kept[near] = kept[near] or _WORD.search(hunk.body[near]) is not None
        at = end + 1
    at = 0
    while at < len(kept):
        end = at
        while end < len(kept) and not kept[end]:
            end += 1
        inner = at > 0 and end < len(kept)
        if end > at and inner and sum(map(len, hunk.body[at:end])) < WORTH_SPLITTING:
            kept[at:end] = [True] * (end - at)
        at = end + 1
    for at in range(1, len(kept)):  # the remark on a missing line end goes with its line
        if hunk.body[at][:1] == "\\":
            kept[at] = kept[at - 1]
    return kept


def _positions(hunk: Hunk) -> list[list[int]]:
    """For each side, how many of its lines come before each body line; one more entry at the end."""
    width = hunk.marks
    sides: list[list[int]] = [[] for _ in hunk.starts]
    for line in hunk.body:
        marks = line[:width]
        has = [False] * (width + 1) if marks[:1] == "\\" else on_sides(marks if marks.strip("\r") else " " * width)
        for side, flag in enumerate(has):
            sides[side].append(flag)
    return [[0, *accumulate(side)] for side in sides]


def _cut(hunk: Hunk, positions: list[list[int]], span: tuple[int, int], tail: str | None) -> Hunk:
    at, end = span
    starts, counts = [], []
    for start, count, side in zip(hunk.starts, hunk.counts, positions, strict=True):
        number = side[end] - side[at]
        first = start + (count == 0) + side[at]
        starts.append(first if number else first - 1)
        counts.append(number)
    ranges = [f"{start},{count}" if count != 1 else f"{start}" for start, count in zip(starts, counts, strict=True)]
    signs = "@" * (hunk.marks + 1)
    header = f"{signs} {' '.join('-' + old for old in ranges[:-1])} +{ranges[-1]} {signs}"
    if tail is not None:
        header += f" {tail}" if tail else ""
    return Hunk(starts, counts, tail, hunk.body[at:end], header)


def _function(hunk: Hunk, end: int) -> str | None:
    """The last definition before body line `end` on the old side: what git prints after the ranges."""
    width = hunk.marks
    for line in reversed(hunk.body[:end]):
        if "+" not in line[:width] and _DEFINES.match(line, width):
            return line[width:].strip()[:_TAIL_CHARS]
    return None
