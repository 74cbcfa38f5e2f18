"""The entries of a log: a line with what hangs on it (stack frames, wrapped text), and how often each kind of entry comes.

Rules:
* What continues an entry is told by its looks: indented, a frame (`at ...`), `Caused by:`, `Traceback`, an exception's
  own line. It is judged once for each kind of line, not for each line.
* Two entries are of one kind if all their lines are, in the same order.
* A blank line belongs to nothing and is of no kind.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from headroom.compression.compressors.log_templates import Ids, Mined
from headroom.compression.relevance import is_red

_LEVEL_NEXT = r"(?:TRACE|DEBUG|INFO|NOTICE|WARN|ERROR|FATAL|CRITICAL)\b"
_BEFORE = r"(?:[\w./-]{1,60} {0,30}\| |(?:[^\t\n]{1,80}\t[^\t\n]{1,80}\t)?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z )?"
"""A container's name, a CI runner's time."""
_GOES_ON = (
    rf"(?:[ \t]+(?=\S)(?!\[?\d{{1,4}}[-:/.]\d\d|\[?{_LEVEL_NEXT})|at [\w$.<>]+[(/]|Caused by: |Suppressed: |\.\.\. \d+ (?:more|common)"
    r"|Traceback \(most|Stack trace:|goroutine \d+ \[|During handling of the above|The above exception was"
    r"|(?:[\w$]{1,80}\.){0,12}[\w$]{0,80}(?=:|$)(?:(?<=Error)|(?<=Exception)|(?<=Throwable)|(?<=Interrupt)|(?<=Warning)))"
)
_CONTINUES = re.compile(_GOES_ON)
_CONTINUES_AFTER = re.compile(_BEFORE + _GOES_ON)


def continues(text: str) -> Callable[[str], re.Match[str] | None]:
    """What matches a line that continues the entry before it, in a text; most have nothing that could stand before it."""
    return (_CONTINUES_AFTER if "| " in text or "Z " in text else _CONTINUES).match


@dataclass(slots=True)
class Kind:
    """One kind of entry."""

    first: int
    """Its first entry: an index into `Entries.bounds`."""
    last: int
    count: int
    line: int
    """The kind of its first line, in `Mined.names`."""
    red: bool
    """Whether an entry of it reports trouble."""


class Entries:
    """A log as entries.

    Attributes:
        mined: its lines.
        bounds: index of each entry's first line, and last one past the end.
        kind_of: the kind of each entry, an index into `kinds`; -1 for blank ones.
        kinds: the kinds, in order of first appearance.
        layered: whether some entry has more than one line.
    """

    def __init__(self, mined: Mined) -> None:
        """Args: mined: the lines and their kinds."""
        self.mined = mined
        total = len(mined.kinds)
        first_of = dict(zip(reversed(mined.kinds), range(total - 1, -1, -1), strict=True))
        goes_on = continues(mined.text)
        continued = {kind for kind, at in first_of.items() if at and goes_on(mined.lines(at, at + 1))}
        blank = {kind for kind, name in enumerate(mined.names) if not name or name.isspace()}
        self.layered = bool(continued - blank)
        self.bounds: array[int] = array("I", range(total))
        ids: Iterable[int] = mined.kinds
        if self.layered:
            continued -= blank
            self.bounds = array("I", [at for at, kind in enumerate(mined.kinds) if kind not in continued])
        self.bounds.append(total)
        if self.layered:
            keys = Ids()
            ids = [
                keys[mined.kinds[a:b].tobytes().hex() if b - a > 1 else str(mined.kinds[a])]
                for a, b in pairwise(self.bounds)
            ]
        self._count(list(ids), blank)

    def _count(self, ids: list[int], blank: set[int]) -> None:
        number = Counter(ids)
        last = dict(zip(ids, range(len(ids)), strict=True))
        first = dict(zip(reversed(ids), range(len(ids) - 1, -1, -1), strict=True))
        order = sorted(first.items(), key=lambda item: item[1])
        renumber: dict[int, int] = {}
        self.kinds: list[Kind] = []
        for name, at in order:
            line = self.mined.kinds[self.bounds[at]]
            if line in blank and self.bounds[at + 1] - self.bounds[at] == 1:
                renumber[name] = -1
                continue
            renumber[name] = len(self.kinds)
            red = is_red(self.text(at)[:6000])
            self.kinds.append(Kind(at, last[name], number[name], line, red))
        self.kind_of: array[int] = array("i", map(renumber.__getitem__, ids))

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self.kind_of)

    def text(self, entry: int) -> str:
        """An entry as printed."""
        return self.mined.lines(self.bounds[entry], self.bounds[entry + 1])

    def span(self, entry: int) -> tuple[int, int]:
        """An entry's first and last line, from 0, inclusive."""
        return self.bounds[entry], self.bounds[entry + 1] - 1

    def members(self) -> list[list[int]]:
        """The entries of each kind, in order."""
        order = sorted(range(len(self.kind_of)), key=self.kind_of.__getitem__)
        at = len(order) - sum(kind.count for kind in self.kinds)  # blank ones come first
        found = []
        for kind in self.kinds:
            found.append(order[at : at + kind.count])
            at += kind.count
        return found
