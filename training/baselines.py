"""What Kompress is measured against: four ways to score units without a network."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headroom.kompress.features import Overlap, words


@dataclass(frozen=True, slots=True)
class Text:
    """One question to one text."""

    question: str
    units: list[str]
    groups: list[int]
    """The passage of each unit."""
    needed: frozenset[int]
    lines: bool
    known: frozenset[str]
    """Literals that the conversation had shown before."""

    @property
    def sizes(self) -> list[int]:
        """What each unit costs: characters, or one a line."""
        return [1] * len(self.units) if self.lines else [max(1, len(unit)) for unit in self.units]


Scorer = Callable[[Text], list[float]]
"""One score a unit."""


def first(text: Text) -> list[float]:
    """What stands first in its passage."""
    start: dict[int, int] = {}
    for at, group in enumerate(text.groups):
        start.setdefault(group, at)
    return [-float(at - start[group]) for at, group in enumerate(text.groups)]


def tf_idf(text: Text) -> list[float]:
    """Cosine with the question; with none, with the whole text."""
    bags = [Counter(words(unit)) for unit in text.units]
    number = Counter(word for bag in bags for word in bag)
    weight = {word: math.log((1 + len(text.units)) / (1 + n)) + 1 for word, n in number.items()}
    asked = Counter(words(text.question)) if text.question else Counter(word for bag in bags for word in bag.elements())
    return [_cosine(bag, asked, weight) for bag in bags]


def _cosine(one: Counter[str], other: Counter[str], weight: dict[str, float]) -> float:
    def length(bag: Counter[str]) -> float:
        return math.sqrt(sum((n * weight.get(word, 0.0)) ** 2 for word, n in bag.items())) or 1.0

    shared = sum(n * other[word] * weight[word] ** 2 for word, n in one.items())
    return shared / (length(one) * length(other))


def bm25(text: Text) -> list[float]:
    """Okapi's, over stemmed words; with no question there is nothing but the order."""
    return Overlap(text.question, text.units).bm25 if text.question else first(text)


class SelfInformation:
    """Mean surprise of a unit's words, by how often they come in the training part: what Selective Context does with a large model."""

    def __init__(self, texts: Sequence[str]) -> None:
        """texts: where words are counted."""
        self._number = Counter(word for text in texts for word in text.lower().split())
        self._total = sum(self._number.values())

    def __call__(self, text: Text) -> list[float]:
        """The question is not looked at."""
        return [self._mean(unit.lower().split()) for unit in text.units]

    def _mean(self, said: Sequence[str]) -> float:
        surprise = [math.log(self._total / (1 + self._number[word])) for word in said]
        return sum(surprise) / len(surprise) if surprise else 0.0
