"""What is known of each unit before the network looks: words it shares with the question, what it is the first to show.

Every number is a multiple of 1/64 below 2, so that the network's sums over them are exact (see `session`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

COUNT = 12
"""Features a unit has."""
_GRID = 64
_WORD = re.compile(r"[^\W_]+")
_LITERAL = re.compile(r"[A-Za-z_][\w./-]{2,}|\d{2,}")
_DIGIT = re.compile(r"\d")
_SUFFIX = re.compile(r"(?<=[a-z]{3})(?:ings?|edly|ed|ies|es|ly|s|e|y)$")
"""Endings that inflect English words: `located` and `locates` ask for the same."""
_FREQUENT = """
a about after all also an and any are as at be been before being but by can could did do does doing for from had has
have he her here him his how i if in into is it its just me more most my no not of on once only or other our out over
she should so some such than that the their them then there these they this those through to too under until up very was
we were what when where which while who whom whose why will with would you your
"""
_FUNCTION_WORDS = frozenset(_FREQUENT.split())
K1, B = 1.2, 0.75
"""BM25's usual constants (Robertson and Zaragoza 2009)."""


def words(text: str) -> list[str]:
    """Lower-case words without their inflection, function words left out."""
    return [_stem(word) for word in _WORD.findall(text.lower()) if word not in _FUNCTION_WORDS]


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    return _SUFFIX.sub("", word)


class Overlap:
    """The words that units share with a question, weighed as BM25 does.

    Attributes:
        bm25: of each unit, 0 or more.
        covered: of each unit, the share of the question's weight whose words stand in it.
    """

    def __init__(self, question: str, units: Sequence[str]) -> None:
        """Args: question: any words; with none everything is 0. units: the texts to weigh."""
        self.terms = frozenset(words(question))
        bags = [words(unit) for unit in units] if self.terms else [[] for _ in units]
        self.shared = [self.terms.intersection(bag) for bag in bags]
        number: dict[str, int] = {}
        for shared in self.shared:
            for term in shared:
                number[term] = number.get(term, 0) + 1
        self.weight = {
            term: round(_GRID * math.log(1 + (len(units) - n + 0.5) / (n + 0.5))) / _GRID for term, n in number.items()
        }
        self.total = sum(self.weight[term] for term in sorted(self.weight))
        mean = sum(map(len, bags)) / len(bags) if bags else 0.0
        self.bm25 = [
            sum(self._gain(term, bag.count(term), len(bag) / mean) for term in sorted(shared)) if shared else 0.0
            for bag, shared in zip(bags, self.shared, strict=True)
        ]
        self.covered = [self.share(shared) for shared in self.shared]

    def _gain(self, term: str, times: int, length: float) -> float:
        return self.weight[term] * times * (K1 + 1) / (times + K1 * (1 - B + B * length))

    def together(self, groups: Sequence[int]) -> dict[int, set[str]]:
        """The words that the units of each passage share with the question."""
        made: dict[int, set[str]] = {}
        for group, shared in zip(groups, self.shared, strict=True):
            made.setdefault(group, set()).update(shared)
        return made

    def share(self, shared: frozenset[str] | set[str]) -> float:
        """How much of the question's weight some of its words carry: 0 to 1."""
        return sum(self.weight[term] for term in sorted(shared)) / self.total if shared and self.total else 0.0


def literals(text: str) -> set[str]:
    """Identifiers, paths and numbers: what a later step may need word for word."""
    return set(_LITERAL.findall(text))


def features(
    question: str,
    units: Sequence[str],
    groups: Sequence[int],
    *,
    lines: bool,
    known: AbstractSet[str] = frozenset(),
) -> list[list[float]]:
    """A row of `COUNT` numbers a unit.

    Args:
        question: what is asked; empty: nothing.
        units: sentences or lines, in order.
        groups: the number of each unit's paragraph or passage, from 0 and rising.
        lines: whether the units are lines of a tool's output.
        known: literals that the conversation has shown before.
    """
    overlap = Overlap(question, units)
    best = max(overlap.bm25, default=0.0)
    passage = {group: overlap.share(shared) for group, shared in overlap.together(groups).items()}
    most = max(passage.values(), default=0.0)
    shown = literals(question)
    seen: set[str] = set()
    rows: list[list[float]] = []
    last = max(len(units) - 1, 1)
    for at, unit in enumerate(units):
        here = literals(unit)
        new = sum(literal not in shown and literal not in known for literal in here)
        shown |= here
        group = passage[groups[at]]
        row = [
            overlap.bm25[at] / best if best else 0.0,
            overlap.covered[at],
            group,
            group / most if most else 0.0,
            at / last,
            min(len(unit), 4095).bit_length() / 12,
            min(new, 31).bit_length() / 5,
            float(bool(here)),
            float(unit in seen),
            float(_DIGIT.search(unit) is not None),
            float(lines),
            float(bool(overlap.terms)),
        ]
        seen.add(unit)
        rows.append([round(value * _GRID) / _GRID for value in row])
    return rows
