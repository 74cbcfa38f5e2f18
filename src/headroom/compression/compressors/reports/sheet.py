"""The lines of an output, and what each of them becomes.

A line stays as it is unless a pass says otherwise. It may *move*: what it says stands in a note under an earlier line.
It may be *hidden*: what it says is missing, and a gap or a note says so. Nothing is ever put into a line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom.compression import markers
from headroom.compression.contract import Context, Folded
from headroom.compression.units import Unit, describe, len_lines, render

LONG = 5000
"""Characters from which a line is data, not a report: it stays, and no pattern is tried on it."""
MOVED = "\0moved"
"""The fate of a line that a note repeats."""
SOURCE = "\0source"
"""The fate of a line of source code, or of context, shown with a problem whose place is listed elsewhere."""


_ONE = re.compile(r"\b1 ([a-z]+?(?: [a-z]+?)*?)s\b(?= of| on| that|,|$)")
"""A kind counted once: its name is a plural."""


class Sheet:
    """Lines on their way through the passes.

    Attributes:
        lines: the output, without line ends.
        fate: for each line `None` (it stays), `MOVED`, `SOURCE`, or the kind of thing a gap says it hid.
        notes: lines to put after a line, by its index.
        sealed: lines inside a failing test, which only the pass for failures touches, and lines too long to be a report.
        partial: whether a note stands for texts that differ in more than it says.
    """

    def __init__(self, text: str) -> None:
        """Args: text: the output."""
        self.lines = text.split("\n")
        self.fate: list[str | None] = [None] * len(self.lines)
        self.notes: dict[int, list[str]] = {}
        self.sealed = bytearray(len(line) > LONG for line in self.lines)
        self.partial = False

    def free(self, index: int) -> bool:
        """Whether no pass has claimed this line yet."""
        return self.fate[index] is None and not self.sealed[index]

    def move(self, start: int, end: int) -> None:
        """Say that lines `start` to `end` (exclusive) stand in a note."""
        self.fate[start:end] = [MOVED] * (end - start)

    def hide(self, index: int, kind: str) -> None:
        """Say that a line is missing, and what it was."""
        self.fate[index] = kind

    def note(self, index: int, lines: Sequence[str]) -> None:
        """Put lines after line `index`."""
        self.notes.setdefault(index, []).extend(lines)

    def result(self, context: Context) -> Folded | None:
        """The lines that stay, the notes, and a marker for each gap; `None` where nothing changed."""
        if not any(self.fate):
            return None
        units = self._units(context.first_line)
        text, whole = render(units, [unit.keep for unit in units], context.handle, says=_says)
        source = self.fate.count(SOURCE)
        if source:
            what = f"{source} lines of source code and context left out at the places listed as the same"
            text += "\n" + markers.note(what, context.handle())
        elif self.partial and whole:
            text += "\n" + markers.note(
                "names, addresses and numbers of the texts noted as the same left out", context.handle()
            )
        return Folded(text, whole and not source and not self.partial)

    def _units(self, first: int) -> list[Unit]:
        units: list[Unit] = []
        run: list[str] = []
        since = 0
        for index, (line, fate) in enumerate(zip(self.lines, self.fate, strict=True)):
            notes = self.notes.get(index)
            if fate is None:
                since = since if run else index
                run.append(line)
            if run and (fate is not None or notes):
                units.append(Unit("\n".join(run), first + since, first + since + len(run) - 1, keep=True))
                run = []
            if fate is not None and fate not in (MOVED, SOURCE):
                units.append(Unit(line, first + index, first + index, kind=fate))
            if notes:
                units.append(Unit("\n".join(notes), first + index, first + index, keep=True))
        if run:
            units.append(Unit("\n".join(run), first + since, first + since + len(run) - 1, keep=True))
        return units


def _says(hidden: Sequence[Unit]) -> str:
    """What a gap hides; where lines of its span stand in notes, that too."""
    missing = len_lines(hidden)
    what = _ONE.sub(r"1 \1", describe(hidden))
    if missing == hidden[-1].last - hidden[0].first + 1:
        return what
    return f"{what}; the others of this span are listed elsewhere"
