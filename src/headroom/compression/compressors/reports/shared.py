"""Lines that a failing test shares with one shown above it: the frames of one library, the source of one function.

    sklearn/linear_model/base.py:1125: in fit
    [the next 17 lines as under test_lars_cv above]
    >       if copy_X is None:
    E       UnboundLocalError: local variable 'copy_X' referenced before assignment

The line above such a note stands once under the heading it names, so a reader finds the lines below it there. What is
red is never in it: the failing line, the error, the last line of a text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from headroom.compression import markers
from headroom.compression.compressors.reports.sheet import Sheet

WINDOW = 4
"""Lines that must agree before a run is looked at."""
WORTH = 200
"""Characters of a run from which the note, some twenty tokens, is clearly shorter."""
_RED = re.compile(
    r"E  |>  |E$|\S+:\d+: \S*(?:Error|Exception|Failure|Warning|Exit|Interrupt)|\S*(?:Error|Exception|Failed|Failure|Exit|Interrupt)\b|_ _ |\s*at |\S.* panicked at"
)


class Failure:
    """A failing test by its lines: heading from `start`, text from `text` to `end` (excluded)."""

    __slots__ = ("end", "start", "text", "title")

    def __init__(self, start: int, text: int, end: int, title: str) -> None:
        """Args: title: the heading in one line, without its frame."""
        self.start, self.text, self.end, self.title = start, text, end, title


def fold(sheet: Sheet, failures: Iterable[Failure]) -> None:
    """Refer to the lines that stand under an earlier heading."""
    lines = sheet.lines
    known: dict[tuple[str, ...], tuple[int, Failure]] = {}
    titles: Counter[str] = Counter()
    for failure in failures:
        if sheet.fate[failure.start] is not None:
            continue
        titles[failure.title] += 1
        last = max((i for i in range(failure.text, failure.end) if lines[i].strip()), default=failure.text)
        index = failure.text
        while index < last:
            found = known.get(tuple(lines[index : index + WINDOW]))
            certain = found is not None and titles[found[1].title] == 1
            index += _refer(sheet, index, last, found) if found and certain else 1
        for index in range(failure.text, failure.end - WINDOW + 1):
            if not any(sheet.fate[index : index + WINDOW]):
                known.setdefault(tuple(lines[index : index + WINDOW]), (index, failure))


def _refer(sheet: Sheet, index: int, last: int, found: tuple[int, Failure]) -> int:
    """Fold the run that starts at `index` if that is worth it; gives how many lines to go on."""
    lines, (there, failure) = sheet.lines, found
    length = 0
    while (
        index + length < last
        and there + length < failure.end
        and lines[index + length] == lines[there + length]
        and sheet.fate[there + length] is None
        and sheet.fate[index + length] is None
        and not (length and _RED.match(lines[index + length]))
    ):
        length += 1
    below = lines[index + 1 : index + length]
    anchors = lines[failure.start : failure.end].count(lines[index])
    if sum(map(len, below)) < WORTH or not lines[index].strip() or anchors != 1:
        return 1
    sheet.move(index + 1, index + length)
    sheet.note(index, [markers.note(f"the next {length - 1} lines as under {failure.title} above")])
    return length
