"""Lines printed over and over, whatever they are: shown once, with how often they stood there.

The last resort of the router: any text whose lines, or groups of up to eight lines, follow themselves at least four times.
"""

from __future__ import annotations

import re
from operator import eq

from headroom.compression.contract import Compressor, Context, Folded, Probe

TIMES = 4
"""Repetitions from which the note is shorter than the lines."""
GROUP = 8
"""Lines in a group, at most: two functions that call each other make six a round in a Python traceback."""
_RUN = re.compile(r"^((?:[^\n]*\n){1,8}?)\1{3,}", re.MULTILINE)
_NOTE = re.compile(r"^\[the (?:line|\d lines) above, \d+ times in all\]$", re.MULTILINE)
MAX_CHARS = 4_000_000
"""Above this only runs of single lines are looked for: the search for groups goes over every line eight times."""
_SINGLE = re.compile(r"^([^\n]*\n)\1{3,}", re.MULTILINE)


def score(probe: Probe) -> float:
    """Enough by itself where the sample shows the same line again and again."""
    lines = probe.lines
    least = max(TIMES, len(lines) // 10)
    if len(lines) - len(set(lines)) < least:
        return 0.0
    again: set[int] = set()
    for size in range(1, GROUP + 1):
        same = bytes(map(eq, lines, lines[size:]))
        again.update(at for at in range(len(same)) if same.startswith(b"\1" * size, at))
    return 0.5 if len(again) >= least else 0.0


def compress(text: str, context: Context) -> Folded | None:
    """The text with every repetition shown once and counted; `None`: there is none."""
    del context
    if _NOTE.search(text):
        return None
    pattern = _RUN if len(text) <= MAX_CHARS else _SINGLE
    folded = pattern.sub(_once, text + "\n").removesuffix("\n")
    return Folded(folded, lossless=True) if folded != text else None


def _once(match: re.Match[str]) -> str:
    group = match[1]
    lines = group.count("\n")
    times = len(match[0]) // len(group)
    if not group.strip() or (len(group) < 24 and times < 2 * TIMES):
        return match[0]
    return f"{group}[the {'line' if lines == 1 else f'{lines} lines'} above, {times} times in all]\n"


COMPRESSOR = Compressor(
    name="repeated",
    promise="Every line that differs from the ones before it, and how often each was printed.",
    score=score,
    compress=compress,
    most=lambda _: 0.5,
)
