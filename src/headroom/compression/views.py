"""A text cut into lines, as repeats compares them: without what would hide that two lines are the same.

Line numbers (`12<tab>`, `12:`, `12-`, `  12→`, `12 | `) and a diff's signs come off and are remembered as marks. Numbers count as
numbers only where they go up by one from line to line, with the same separator. A diff has two views, with its signs and
without, so that it is found again in a file and in another diff.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from headroom.compression import mixed

LONG = 120
"""Characters from which a single line is a repeat worth naming: a JSON answer on one line."""
PLACES = 4
"""Places within one earlier text that are tried for one pair of lines."""
CACHED_CHARS = 6_000_000
"""Characters of texts whose cut-up form is kept for the next turn: more than a model's context holds, some 40 MB of memory."""

PLAIN, REMOVED, ADDED, CONTEXT = -1, -2, -3, -4
"""Marks of lines that carry no number."""
_SIGNS = {"-": REMOVED, "+": ADDED, " ": CONTEXT}
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+\d+", re.MULTILINE)
_NUMBER = re.compile(r"[ \t]*(\d{1,7})(\t|→|[:|│-]|  )")
_PADDED = frozenset(":|│-")
"""Separators after which some tools put a blank, and others do not."""


class View(NamedTuple):
    """The lines of a text as they are compared: whole, or without what would hide a repeat."""

    keys: tuple[str, ...]
    marks: tuple[int, ...] | None
    """The number, or the sign, that was taken off each line; `None`: nothing was."""
    ends: tuple[int, ...] | None
    """For each line, where the lines end that go on counting from it, or that carry its sign."""
    first: dict[int, int]
    """Where each pair of lines, and each long line, first begins, by its hash."""
    more: dict[int, list[int]]
    """Further places of those that stand there more than once."""

    def mark(self, at: int) -> int:
        """What was taken off a line."""
        return PLAIN if self.marks is None else self.marks[at]

    def end(self, at: int) -> int:
        """Where the lines end that one reference may cover from `at` on."""
        return len(self.keys) if self.ends is None else self.ends[at]


class Lines(NamedTuple):
    """A text cut into lines."""

    lines: tuple[str, ...]
    """Without their line ends."""
    views: tuple[View, ...]
    body: tuple[int, int]
    """The lines inside the tags that a tool puts around its output: first, and one past the last."""


def _cut(text: str) -> Lines:
    lines = tuple(text.removesuffix("\n").split("\n"))
    framed = mixed.frame(text)
    head, tail = (framed[0].count("\n"), framed[2].rstrip("\n").count("\n")) if framed else (0, 0)
    is_diff = "@@ -" in text and _HUNK.search(text)
    views = (_view(lines), _signed(lines)) if is_diff else (_numbered(lines) or _view(lines),)
    return Lines(lines, views, (head, len(lines) - tail))


class _Cuts:
    """What was cut up lately. A limit on their number would cut all of a long conversation anew at each of its turns.

    Threads may share it without a lock: at worst two cut up the same text.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Lines] = {}
        self._characters = 0

    def of(self, text: str) -> Lines:
        made = self._kept.get(text)
        if made is None:
            made = _cut(text)
            self._characters += len(text)
            if self._characters > CACHED_CHARS:
                self._kept.clear()
                self._characters = len(text)
            self._kept[text] = made
        return made


cut = _Cuts().of
"""The lines of a text; what was cut before is remembered."""


def hashes(keys: tuple[str, ...]) -> list[int]:
    """One number for each two lines in a row."""
    return list(map(hash, pairwise(keys)))


def _view(keys: tuple[str, ...], marks: tuple[int, ...] | None = None) -> View:
    pairs = hashes(keys)
    first = dict(zip(reversed(pairs), range(len(pairs) - 1, -1, -1), strict=True))
    more: dict[int, list[int]] = {}
    if len(first) < len(pairs):
        for at, seed in enumerate(pairs):
            if first[seed] != at and len(places := more.setdefault(seed, [])) < PLACES - 1:
                places.append(at)
    for at in long_lines(keys):
        first.setdefault(hash(keys[at]), at)
    return View(keys, marks, None if marks is None else _ends(marks), first, more)


def long_lines(keys: tuple[str, ...]) -> list[int]:
    """The lines that are long enough to be a repeat by themselves."""
    return [at for at, key in enumerate(keys) if len(key) >= LONG]


def _ends(marks: tuple[int, ...]) -> tuple[int, ...]:
    ends = [len(marks)] * len(marks)
    for at in range(len(marks) - 2, -1, -1):
        goes_on = marks[at + 1] == marks[at] + 1 if marks[at] >= 0 else marks[at + 1] == marks[at]
        ends[at] = ends[at + 1] if goes_on else at + 1
    return tuple(ends)


def times_numbered(text: str, number: int) -> int:
    """How many lines of a text begin with a number."""
    return len(re.findall(rf"^[ \t]*0*{number}(?:\t|→|[:|│-]|  )", text, re.MULTILINE))


def _signed(lines: tuple[str, ...]) -> View:
    marks = tuple(_SIGNS.get(line[:1], PLAIN) for line in lines)
    keys = tuple(line if mark == PLAIN else line[1:] for line, mark in zip(lines, marks, strict=True))
    return _view(keys, marks)


def _numbered(lines: tuple[str, ...]) -> View | None:
    """The lines without their numbers; `None` where they carry none that count up from line to line."""
    found = list(map(_NUMBER.match, lines))
    if len({match[0] for match in found if match}) < 2:  # none, or the year that each line of a log begins with
        return None
    said = [(int(match[1]), match[2]) if match else None for match in found]
    before = [None, *((said_here[0] + 1, said_here[1]) if said_here else None for said_here in said)]
    follows = [here is not None and here == expected for here, expected in zip(said, before, strict=False)]
    counts = [here or there for here, there in zip(follows, [*follows[1:], False], strict=True)]
    if not any(counts):
        return None
    rests = [
        line[match.end() :] if match and ok else line for line, match, ok in zip(lines, found, counts, strict=True)
    ]
    separators = [here[1] if here and ok else "" for here, ok in zip(said, counts, strict=True)]
    for separator in _PADDED.intersection(separators):
        after = [rest for rest, own in zip(rests, separators, strict=True) if own == separator]
        if all(rest[:1] in ("", " ") for rest in after) and any(len(rest) > 1 and rest[1] != " " for rest in after):
            rests = [rest[1:] if own == separator else rest for rest, own in zip(rests, separators, strict=True)]
    marks = tuple(here[0] if here and ok else PLAIN for here, ok in zip(said, counts, strict=True))
    return _view(tuple(rests), marks)
