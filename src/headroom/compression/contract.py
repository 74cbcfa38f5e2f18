"""What a compressor is: a name, a score, a transform, a promise. One file and one line in the table.

    def score(probe):  ->  0.0 (not mine) ... 1.0 (surely mine), by looks; the router asks everyone and takes the best
    def compress(text, context):  ->  Folded; with the very same text: mine, leave it as it is; None: ask the next one

Rules for `compress`:
* pure: the result depends on `text` and `context` alone; no clock, file, environment or randomness.
* never drop what the promise names; red is verbatim; counts and exit codes are never altered.
* fold without loss first. `Folded(text, lossless=True)` must be readable back to the original by a reader (and by the
  decoder in the law test). Only where that is not enough, and `context.level` is not `lossless`, elide: gaps made by
  `units.render`, handle from `context.handle()`.
* quote line numbers as `context.first_line + index`, so that they fit the whole original.
* text of another kind inside yours goes to `context.route`; compressors never import each other.
* raise freely: the pipeline turns an exception into the original text and a recorded failure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol

from headroom.compression.relevance import Query
from headroom.settings import Level

_SAMPLE = 60


class Folded(NamedTuple):
    """A shorter form of a text."""

    text: str
    lossless: bool
    """Everything the original said is in `text`, readable in place."""


class Context(Protocol):
    """What a compressor may know beside the text itself."""

    @property
    def level(self) -> Level:
        """How far it may go: at `lossless` nothing may be elided."""

    @property
    def query(self) -> Query:
        """What the agent is after; may be empty."""

    @property
    def command(self) -> str:
        """The shell command, or the tool's name, that printed the text; empty when unknown. A hint, never a proof."""

    @property
    def first_line(self) -> int:
        """The number, in the whole original, of this text's first line (from 1)."""

    @property
    def earlier(self) -> Sequence[str]:
        """What stands above this text, as the model reads it, in order: calls and words of the model and the user too."""

    def handle(self) -> str:
        """The handle of the whole original, for markers. Calling it means the result is not lossless."""

    def route(self, text: str, first_line: int | None = None, label: str = "") -> Folded | None:
        """Compress a part of another kind by whoever knows it; `None`: nobody can make it shorter.

        Args:
            text: the part.
            first_line: its first line's number in the whole original; `None` for text that is not lines of it (a string
                inside JSON): the part then gets a handle and line numbers of its own.
            label: what a fence around it says it is; the part's `command` is then "```" and this.
        """


def mostly(pattern: re.Pattern[str], lines: Sequence[str], share: float) -> bool:
    """Whether `pattern` matches at the start of at least this share of some lines.

    It stops where that is certain or out of reach: of a text of another kind few lines are looked at.
    """
    total = len(lines)
    matched = 0
    for at, line in enumerate(lines, 1):
        if pattern.match(line):
            matched += 1
            if matched / total >= share:
                return True
        elif (total - at + matched) / total < share:
            return False
    return False


@dataclass(frozen=True)
class Probe:
    """A text as the router shows it to `score`: cheap to ask about, however long it is."""

    text: str
    command: str = ""

    @cached_property
    def lines(self) -> list[str]:
        """Up to 180 non-blank lines: from the start, the middle and the end."""
        size = len(self.text)
        if size <= 60_000:
            every = [line for line in self.text.splitlines() if line.strip()]
            if len(every) <= 3 * _SAMPLE:
                return every
            middle = len(every) // 2
            return every[:_SAMPLE] + every[middle - _SAMPLE // 2 : middle + _SAMPLE // 2] + every[-_SAMPLE:]
        cuts = (self.text[:20_000], self.text[size // 2 : size // 2 + 20_000], self.text[-20_000:])
        return [line for cut in cuts for line in [part for part in cut.splitlines() if part.strip()][1:-1][:_SAMPLE]]

    def share(self, pattern: re.Pattern[str]) -> float:
        """The share of the sampled lines in which `pattern` matches at the start of the line."""
        return sum(map(bool, map(pattern.match, self.lines))) / len(self.lines) if self.lines else 0.0

    def mostly(self, pattern: re.Pattern[str], share: float) -> bool:
        """Whether `pattern` matches so in at least this share of the sampled lines."""
        return mostly(pattern, self.lines, share)

    def ran(self, pattern: str) -> bool:
        """Whether the command that printed the text looks like `pattern` (a regular expression, searched)."""
        return bool(self.command) and re.search(pattern, self.command) is not None


def _anything(_: Probe) -> float:
    return 1.0


@dataclass(frozen=True)
class Compressor:
    """One kind of content: an entry of the table."""

    name: str
    promise: str
    """What it never drops, in a sentence; its law test proves it."""
    score: Callable[[Probe], float]
    compress: Callable[[str, Context], Folded | None]
    line: re.Pattern[str] | None = field(default=None)
    """Matches (at the start) a line that is surely of this kind; lets the router find runs of it inside mixed output."""
    exact: bool = False
    """Whether it is lossless and leaves what an agent would quote untouched, so that it may act on exact reads."""
    data: bool = True
    """Whether this is output or data (logs, tables, JSON), not text an agent may edit: reads of the latter stay exact."""
    skeleton: bool = False
    """Whether it may act on reads of text that an agent may edit where the settings allow it to (`Settings.reads`)."""
    most: Callable[[Probe], float] = field(default=_anything)
    """No score of this text is higher; told at once, so that nobody scores what others are surer of."""
    extra: str = ""
    """The optional dependency it needs: `pip install "headroom-ai[code]"`. Empty: none."""
    needs: tuple[str, ...] = ()
    """Modules of that extra. Where one is missing the entry leaves the table, and `doctor` says so."""
