"""From examples to tensors: pieces, units, features, labels, in batches of texts of about one length."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from examples import LINES, Example, distracted
from torch import Tensor

from headroom.kompress.features import features
from headroom.kompress.session import NOTHING_ASKED, UNIT_CHARS, UNIT_PIECES, asked
from headroom.kompress.wordpiece import WordPiece

BATCH_PIECES = 6_000
LONGEST = 640
"""Pieces of a text in training: longer ones are cut at a unit."""
WINDOW = 50
"""Lines of a tool's output looked at together in training."""
WITHOUT_QUESTION = 0.08
"""Of the questions, how many are left out: what anyone asked about matters more than the rest."""
AMONG_OTHERS = 0.4
"""Of the questions, how many meet their passage among others."""


@dataclass(slots=True)
class Item:
    """One text, ready."""

    ids: list[list[int]]
    query: list[int]
    features: list[list[float]]
    needed: list[float]
    lines: bool
    listed: bool
    """Whether the needed units compete with the others of their text."""


class Encoder:
    """Units to pieces, each once."""

    def __init__(self, pieces: WordPiece) -> None:
        self.pieces = pieces
        self._known: dict[str, list[int]] = {}

    def units(self, units: list[str]) -> list[list[int]]:
        """The pieces of each."""
        known = self._known
        for unit in units:
            if unit not in known:
                known[unit] = self.pieces.encode(unit[:UNIT_CHARS])[:UNIT_PIECES] or [NOTHING_ASKED]
        return [known[unit] for unit in units]

    def sentences(self, units: list[str], groups: list[int], question: str, needed: frozenset[int]) -> Item:
        """A passage, or several, with one question."""
        known = features(question, units, groups, lines=False)
        return self._item(units, question, known, needed, lines=False)

    def lines(self, example: Example, conversation: bool) -> Item:
        """A tool's output; `conversation`: with what had been shown before."""
        question, needed = example.questions[0]
        groups = groups_of(example)
        known = features(
            question or "", example.units, groups, lines=True, known=example.known if conversation else frozenset()
        )
        return self._item(example.units, question or "", known, needed, lines=True)

    def _item(
        self, units: list[str], question: str, known: list[list[float]], needed: frozenset[int], lines: bool
    ) -> Item:
        labels = [float(at in needed) for at in range(len(units))]
        return Item(
            self.units(units),
            asked(question, self.pieces),
            known,
            labels,
            lines,
            bool(needed) and not lines,
        )


def groups_of(example: Example) -> list[int]:
    """Passages are one group; lines are grouped by blank lines."""
    if example.source != LINES:
        return [0] * len(example.units)
    made, group = [], 0
    for unit in example.units:
        made.append(group)
        group += not unit.strip()
    return made


def epoch(
    examples: list[Example], encoder: Encoder, chance: random.Random, windows: int, conversation: bool
) -> list[Item]:
    """Everything once, with fresh company for the passages and fresh windows of the outputs."""
    prose = [example for example in examples if example.source != LINES]
    by_source: dict[str, list[Example]] = {}
    for example in prose:
        by_source.setdefault(example.source, []).append(example)
    items = []
    for example in prose:
        for question, keep in example.questions:
            left_out = question is None or chance.random() < WITHOUT_QUESTION
            if not left_out and chance.random() < AMONG_OTHERS:
                units, groups, start = distracted(example, by_source[example.source], chance)
                needed = frozenset(start + at for at in keep)
            else:
                units, groups, needed = example.units, groups_of(example), keep
            if left_out:
                needed = frozenset(at for _, every in example.questions for at in every)
            items.append(cut(encoder.sentences(units, groups, "" if left_out else question or "", needed)))
    outputs = [example for example in examples if example.source == LINES]
    for example in chance.sample(outputs, min(windows, len(outputs))):
        at = chance.randint(0, max(0, len(example.units) - WINDOW))
        if len(example.units) > 1500:
            continue
        item = encoder.lines(example, conversation)
        rest = slice(at, at + WINDOW)
        items.append(cut(Item(item.ids[rest], item.query, item.features[rest], item.needed[rest], True, False)))
    return items


def cut(item: Item) -> Item:
    """At most `LONGEST` pieces: units from the end go, or from the start where what is needed stands at the end."""
    ends = [at for at, value in enumerate(item.needed) if value]
    from_end = not ends or ends[0] < len(item.needed) / 2
    start, stop = 0, len(item.ids)
    size = sum(map(len, item.ids))
    while size > LONGEST and stop - start > 1:
        if from_end:
            stop -= 1
            size -= len(item.ids[stop])
        else:
            size -= len(item.ids[start])
            start += 1
    rest = slice(start, stop)
    return Item(item.ids[rest], item.query, item.features[rest], item.needed[rest], item.lines, item.listed)


def batches(items: list[Item], chance: random.Random) -> Iterator[list[Item]]:
    """Texts of about one length together, in random order."""
    ordered = sorted(items, key=lambda item: sum(map(len, item.ids)) * chance.uniform(0.9, 1.1))
    made: list[list[Item]] = [[]]
    longest = 0
    for item in ordered:
        longest = max(longest, sum(map(len, item.ids)))
        if made[-1] and longest * (len(made[-1]) + 1) > BATCH_PIECES:
            made.append([])
            longest = sum(map(len, item.ids))
        made[-1].append(item)
    chance.shuffle(made)
    yield from made


def tensors(items: list[Item]) -> dict[str, Tensor]:
    """A batch as the network reads it; `labels` and `there` (B, U) for the loss."""
    count = len(items)
    length = max(sum(map(len, item.ids)) for item in items)
    units = max(len(item.ids) for item in items) + 1
    asks = max(len(item.query) for item in items)
    made = {
        "ids": torch.zeros(count, length, dtype=torch.long),
        "unit": torch.full((count, length), units - 1, dtype=torch.long),
        "query": torch.zeros(count, asks, dtype=torch.long),
        "features": torch.zeros(count, units, len(items[0].features[0])),
        "labels": torch.zeros(count, units),
        "there": torch.zeros(count, units),
        "lines": torch.tensor([float(item.lines) for item in items]),
        "listed": torch.tensor([float(item.listed) for item in items]),
    }
    for row, item in enumerate(items):
        flat = [piece for unit in item.ids for piece in unit]
        owner = [at for at, unit in enumerate(item.ids) for _ in unit]
        made["ids"][row, : len(flat)] = torch.tensor(flat)
        made["unit"][row, : len(flat)] = torch.tensor(owner)
        made["query"][row, : len(item.query)] = torch.tensor(item.query)
        made["features"][row, : len(item.ids)] = torch.tensor(item.features)
        made["labels"][row, : len(item.ids)] = torch.tensor(item.needed)
        made["there"][row, : len(item.ids)] = 1
    return made
