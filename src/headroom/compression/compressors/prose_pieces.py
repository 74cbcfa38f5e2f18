"""Prose cut into pieces that can go: sentences and list items, in their passages; headings, tables and code are fixed.

Every piece is a stretch of the text with the blanks behind it; put together they are the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from headroom.compression.compressors import prose_looks as looks

_END = re.compile(
    r"""(?:[.!?]|\.{3}|…)["'\u2019\u201d)\]*_]{0,3}(?:\[(?:\d+|citation\ needed|note\ \d+)\]){0,4}(?P<blank>\s+)"""
    r"""(?=["'\u2018\u201c(\[*_`]{0,3}(?:[^\W_a-z]|\d|https?:)|-\s|[-\u2013\u2014]{1,2}\s?[A-Z])"""
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|Gen|Col|Lt|Sgt|Capt|Rev|Hon|Gov|Sen|Rep|Mt|Ft|vs|etc|al|e\.g|i\.e|cf|ca|approx|no|No|nos|vol|Vol"
    r"|pp?|ed|eds|Fig|Figs|fig|Eq|eq|Sec|sec|Ch|ch|Inc|Ltd|Co|Corp|dept|est|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|U\.S|U\.K|U\.N|a\.m|p\.m)"
    r"|(?<![\w.])[A-Z])\.$"
)
MAX_SENTENCE = 2_000
"""Characters: a longer one is cut nowhere, and stays."""


@dataclass(slots=True)
class Piece:
    """A stretch of the text."""

    start: int
    stop: int
    kind: str
    """`sentence`, `item` (of a list), `label` (of a passage: stays with any of it), `lead` (to what follows it), `heading`, `fixed`."""
    group: int
    """Its passage, paragraph or list, from 0."""


def pieces(text: str) -> list[Piece]:
    """The text as pieces, in order."""
    made: list[Piece] = []
    group = 0
    passages = len(looks.PASSAGE.findall(text)) >= looks.FEWEST_PASSAGES
    for start, stop, kind in _blocks(text):
        passage = looks.PASSAGE.match(text, start) if kind == "paragraph" else None
        if not passages or passage or kind == "heading":
            group += 1
        if kind in ("paragraph", "list"):
            label = passage.end() if passage and passages else start
            if label > start:
                made.append(Piece(start, label, "label", group))
            made += _sentences(text, label, stop, group) if kind == "paragraph" else _items(text, start, stop, group)
        else:
            made.append(Piece(start, stop, kind, group))
    _tie_leads(text, made)
    return made


def _blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """Paragraphs, lists, headings and fixed parts, each with the blank lines behind it."""
    lines = text.splitlines(keepends=True)
    at = offset = 0
    while at < len(lines):
        kind = looks.kind_of(lines, at)
        end = looks.end_of(lines, at, kind)
        while end < len(lines) and not lines[end].strip():
            end += 1
        size = sum(map(len, lines[at:end]))
        yield offset, offset + size, kind
        at, offset = end, offset + size


def _sentences(text: str, start: int, stop: int, group: int) -> Iterator[Piece]:
    at = start
    for match in _END.finditer(text, start, stop):
        if _ABBREVIATION.search(text, max(at, match.start() - 12), match.start() + 1):
            continue
        if match.end() - at >= 12:
            yield Piece(at, match.end(), _sized(at, match.end()), group)
            at = match.end()
    if at < stop:
        yield Piece(at, stop, _sized(at, stop), group)


def _sized(start: int, stop: int) -> str:
    return "sentence" if stop - start <= MAX_SENTENCE else "fixed"


def _items(text: str, start: int, stop: int, group: int) -> Iterator[Piece]:
    starts = [match.start() for match in looks.ITEM.finditer(text, start, stop)]
    for at, end in zip(starts, [*starts[1:], stop], strict=True):
        kind = "item" if end - at <= MAX_SENTENCE and "```" not in text[at:end] else "fixed"
        yield Piece(at, end, kind, group)


def _tie_leads(text: str, made: list[Piece]) -> None:
    """What ends in a colon leads to the piece after it: both stay, or both go; to code or a table it stays."""
    for piece, after in pairwise(made):
        if (
            after.kind != "label"
            and piece.kind in ("sentence", "item")
            and text[piece.start : piece.stop].rstrip().endswith((":", "::", ":**"))
        ):
            piece.kind = "fixed" if after.kind in ("fixed", "heading") else "lead"


def grouped(lines: Sequence[str]) -> list[int]:
    """The number of each line's paragraph: blank lines part them."""
    made: list[int] = []
    group = 0
    for line in lines:
        made.append(group)
        group += not line.strip()
    return made


class Lines:
    """Which line of a text a place is in."""

    def __init__(self, text: str, first: int) -> None:
        """Args: first: the number of the text's first line."""
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._first = first

    def __call__(self, at: int) -> int:
        """The number of the line that holds the character at `at`."""
        return self._first + bisect_right(self._ends, at - 1)
