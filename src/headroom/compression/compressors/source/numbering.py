"""The line numbers in front of code that `cat -n`, `nl`, `grep -n ''` and file readers print: off, and on again."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

_NUMBER = re.compile(r"[ \t]*(\d{1,7})(\t|→| ?[|│] ?|[:-] ?|[ ]{2})", re.ASCII)
_BARE = re.compile(r"[ \t]*(\d{1,7})[|│:→]?[ \t]*\r?\Z", re.ASCII)
"""A numbered blank line whose separator's blanks are gone."""


class Numbered(NamedTuple):
    """Lines of code without their numbers, and what stood in front of each."""

    lines: list[str]
    prefixes: list[str]
    """As they are shown: without the blanks that right-align them."""
    numbers: list[int]


def strip(lines: list[str]) -> Numbered | None:
    """The lines without their numbers; `None` where they do not all carry one that goes up.

    `nl` leaves blank lines without a number: such lines stay as they are, and take no number.
    """
    first = next((line for line in lines if line.strip()), "")
    opened = _NUMBER.match(first)
    if not opened:
        return None
    separator = opened[2]
    found = re.compile(rf"[ \t]*(\d{{1,7}}){re.escape(separator)}", re.ASCII)
    bare, prefixes, numbers = [], [], []
    for line in lines:
        match = found.match(line) or _BARE.match(line)
        if match:
            numbers.append(int(match[1]))
            prefixes.append(match[0].lstrip(" "))
            bare.append(line[match.end() :])
        elif line.strip():
            return None
        else:
            numbers.append(numbers[-1] if numbers else 0)
            prefixes.append(line.removesuffix("\r"))
            bare.append("\r" if line.endswith("\r") else "")
    if any(later < earlier for earlier, later in pairwise(numbers)):
        return None
    return Numbered(bare, prefixes, numbers)
