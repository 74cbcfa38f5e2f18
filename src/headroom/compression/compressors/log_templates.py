"""Which lines of a log are of one kind: the same words around different numbers, ids and times.

Rules:
* A word is never taken for a variable: two lines are of one kind only if they differ in tokens that hold a digit
  (numbers, times, addresses, hex ids, `x2x4z`-like names). Lines that differ in a word are different kinds, and
  `families` only groups such kinds for display.
* Every pass is a C loop (`str.translate`, `re.sub`, `map`, dict look-ups), chunk by chunk, so that memory stays a small
  multiple of the text. All repeats in the patterns are bounded or anchored at a run's start: a 20 MB line is linear.
* Digits are first flattened to `0`, which leaves few different lines; only those meet the regular expression.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

SLOT = "\0"
"""Stands for a variable part in a masked line. NUL never comes in a cleaned text."""

_CHUNK = 1 << 19
"""Characters handled at a time: small enough that a chunk's lists cost little beside 20 MB of text."""
_CACHE = 20_000
"""Flattened lines remembered between chunks; a log full of hex ids would otherwise keep a second copy of itself."""
MANY = 8_000
"""More kinds than this are masked again, more coarsely: nobody reads that many, and scoring each costs 20 microseconds."""
_FLAT = str.maketrans("123456789", "000000000")
_ID = "\1"
"""Stands for an id of letters and digits until the mask is done."""
_HEX = "[0a-fA-F]"
# Each pattern starts with a character or a set that `re` looks up at C speed; what stands before it is looked at afterwards.
_STAGES: tuple[tuple[tuple[re.Pattern[str], str], ...], ...] = (
    (  # over every flattened line
        (
            re.compile(rf"-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"),
            _ID,
        ),  # a UUID but for its first eight digits
        (
            re.compile(
                rf"0(?<!00)(?:[xX]{_HEX}+|0{{0,40}}(?:[A-Za-z]{{1,40}}0{{1,40}})+[A-Za-z]{{0,40}}"  # 0x1f, 7d9f, x2x4z from its first digit
                rf"|(?=0{{0,40}}[a-fA-F]){_HEX}{{5,64}}(?![A-Za-z0])"  # hex digits, six or more
                rf"|{_HEX}{{0,3}}(?::{_HEX}{{0,4}}){{3,7}}(?![A-Za-z0:]))"  # IPv6, MAC
            ),
            _ID,
        ),
    ),
    (  # over what is still different: hex digits that begin with letters; numbers and what joins them (10.0.0.1:80, 12/Mar/2024:10:00)
        (re.compile(rf"[a-fA-F](?<![A-Za-z0].)(?=[a-fA-F]{{0,40}}0){_HEX}{{5,64}}(?![A-Za-z0])"), _ID),
        (re.compile(r"0+(?:[.:,/-](?:[A-Z][a-z]{2}[/-])?0+)*"), SLOT),
    ),
    (  # over what is different after that: letters an id begins with; joints; padding; signs; the day of a head
        (re.compile(r"[A-Za-z](?<![A-Za-z0-9\x00\x01].)(?:[a-fA-F]{0,7}|[A-Za-z]{0,3})(?=\x01)"), ""),
        (re.compile(r"[\x00\x01](?:[.:,/-]?[\x00\x01])*"), SLOT),
        (re.compile(r"  {1,40}(?=[-+]?\x00)"), " "),
        (re.compile(r"[-+](?<=[ =(\[{,:_].)(?=\x00)"), ""),
        (
            re.compile(
                r"(\n(?:\S{1,40} [|] )?\[?)(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?= *\x00)"
            ),
            r"\1",
        ),
    ),
)
_COARSE = re.compile(r"[^\s\0]*[\0./=@\\%~][^\s]*")


class Ids(dict[str, int]):
    """Numbers its keys in the order in which they are first asked for."""

    def __missing__(self, key: str) -> int:
        """The next number, for a new key."""
        number = self[key] = len(self)
        return number


class Mined(NamedTuple):
    """A log cut into lines, and the kind of each."""

    text: str
    starts: array[int]
    """Offset of each line, and last one past the end: line i is `text[starts[i] : starts[i + 1] - 1]`."""
    kinds: array[int]
    """The kind of each line: an index into `names`."""
    names: list[str]
    """Each kind's masked line, in order of first appearance."""

    def lines(self, first: int, end: int) -> str:
        """Lines `first` to `end` (from 0, exclusive) as printed."""
        return self.text[self.starts[first] : self.starts[end] - 1]


def mine(text: str) -> Mined:
    """Cut a text into lines (at line feeds only) and tell their kinds.

    Where the kinds become too many, paths, hosts and `key=value` are taken for variable too; then all but the first words.
    """
    starts, kinds = array("Q"), array("I")
    names, known = Ids(), dict[str, int]()
    coarser = list(_COARSER)
    coarse: Callable[[str], str] | None = None
    at = 0
    while at <= len(text):
        end = text.find("\n", at + _CHUNK)
        end = len(text) if end < 0 else end
        flat = text[at:end].translate(_FLAT).split("\n")
        starts.extend(accumulate(map((1).__add__, map(len, flat[:-1])), initial=at))
        new = [line for line in dict.fromkeys(flat) if line not in known]
        masked = mask(new)
        masked = list(map(coarse, masked)) if coarse else masked
        known.update(zip(new, map(names.__getitem__, masked), strict=True))
        kinds.extend(map(known.__getitem__, flat))
        while len(names) > MANY and coarser:
            coarse = coarser.pop(0)
            merged = Ids()
            renumber = [merged[coarse(name)] for name in names]
            names, kinds = merged, array("I", map(renumber.__getitem__, kinds))
            known.clear()
        if len(known) > _CACHE:
            known.clear()
        at = end + 1
    starts.append(len(text) + 1)
    return Mined(text, starts, kinds, list(names))


def mask(flat: Sequence[str]) -> list[str]:
    """Flattened lines with their variable parts as slots."""
    if not flat:
        return []
    lines: Sequence[str] = flat
    for stage in _STAGES:
        different = list(dict.fromkeys(lines))
        text = "\n" + "\n".join(different)
        for pattern, stand_in in stage:
            text = pattern.sub(stand_in, text)
        masked = dict(zip(different, text[1:].split("\n"), strict=True))
        lines = list(map(masked.__getitem__, lines))
    return list(lines)


def _without_names(name: str) -> str:
    return _COARSE.sub(SLOT, name)


def _four_words(name: str) -> str:
    return _without_names(" ".join(name.split(None, 4)[:4]))


def _two_words(name: str) -> str:
    return _without_names(" ".join(name.split(None, 2)[:2]))


def _anything(name: str) -> str:
    return name[:0]


_COARSER = (_without_names, _four_words, _two_words, _anything)


class Family(NamedTuple):
    """Kinds that differ in one or two words."""

    members: list[int]
    differ: list[int]
    """The places of those words."""


_WORDS_AT_MOST = 80
"""Longer lines join no family: their difference would not be readable beside one example."""


def families(names: Sequence[str], among: Iterable[int], least: int) -> list[Family]:
    """Group kinds that have equally many words and differ in one of them, then groups that differ in one more.

    Args:
        names: each kind's masked line.
        among: the kinds to group.
        least: members a family needs: fewer are better read one by one.

    Returns:
        Families by their first member; a kind is in at most one.
    """
    words = {kind: names[kind].split() for kind in among}
    words = {kind: split for kind, split in words.items() if 2 <= len(split) <= _WORDS_AT_MOST}
    groups = [[kind] for kind in words]
    shapes = list(words.values())
    found: list[list[int]] = []
    for _ in range(2):
        groups, shapes = _join(groups, shapes, least)
        found = [group for group in groups if len(group) >= least]
    made = []
    for group in found:
        columns = zip(*(words[kind] for kind in group), strict=True)
        made.append(Family(group, [at for at, column in enumerate(columns) if len(set(column)) > 1]))
    return made


def _join(groups: list[list[int]], shapes: list[list[str]], least: int) -> tuple[list[list[int]], list[list[str]]]:
    """Join groups whose shapes are the same but for one word; the widest such difference takes its groups first."""
    # A shape without one word is told by a sum of hashes, or every word would be joined and hashed once for each hole.
    alike: dict[tuple[int, int, int], list[int]] = {}
    for at, shape in enumerate(shapes):
        hashes = list(map(hash, enumerate(shape)))
        whole = sum(hashes)
        for hole in range(1 if len(shape) > 2 else 0, len(shape)):
            if shape[hole] != "*":
                alike.setdefault((hole, len(shape), whole - hashes[hole]), []).append(at)
    home: dict[int, tuple[int, int]] = {}
    for key, members in sorted(alike.items(), key=lambda item: (-len(item[1]), item[1][0], item[0][0])):
        free = [at for at in members if at not in home]
        if len(free) >= 2 and sum(len(groups[at]) for at in free) >= least:
            home.update((at, (free[0], key[0])) for at in free)
    joined: dict[int, list[int]] = {}
    formed: dict[int, list[str]] = {}
    for at, group in enumerate(groups):
        first, hole = home.get(at, (at, -1))
        joined.setdefault(first, []).extend(group)
        if first not in formed:
            formed[first] = [*shapes[at][:hole], "*", *shapes[at][hole + 1 :]] if hole >= 0 else shapes[at]
    return [sorted(joined[first]) for first in joined], [formed[first] for first in joined]
