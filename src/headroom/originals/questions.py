"""The part of an original that answers a question in words: the lines or records that speak of what was asked.

Rules:
* What comes back is the original's own text: records as they stand, under their header; lines as `grep -n` prints them,
  the lines around a match as `number-line`.
* Never longer than the original. A small original comes whole, and so does one that a question without a telling word
  was asked of.
* A last line says how much was found of how much, so that nobody takes a part for the whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from headroom import tokens
from headroom.compression import markers, relevance
from headroom.compression.relevance import Query
from headroom.errors import SliceError
from headroom.originals import records

BUDGET = 2_000
"""Tokens of an answer, its last line aside. An original up to this size comes whole."""
_CONTEXT = 1
"""Lines shown on either side of a line that matches."""
_CROWD = 4
"""How many times as long the matching lines may become with the lines around them."""
_PARTLY = 0.3
"""Of a word's weight (BM25's idf), what it counts inside a longer one: `timeout` in `session_timeout`."""
_SHARE = 0.25
"""Of the best score, what a text must have to be shown, unless an identifier, path or number of the question is in it."""
_MOST_CHARS_PER_TOKEN = 10
"""More than text has on average; spares counting what is surely over the budget."""


def pick(text: str, question: str, budget: int = BUDGET) -> str:
    """The part of an original that answers a question.

    Args:
        text: the original.
        question: any words: `timeout of host-17`, `status 500`.
        budget: tokens (cl100k).
    """
    query = Query(question)
    if not query or (len(text) <= budget * _MOST_CHARS_PER_TOKEN and tokens.count(text) <= budget):
        return text
    try:
        found = records.find(text)
    except SliceError:
        return _lines(text, query, budget)
    items = [text[item.start : item.end] for item in found.items]
    chosen = _best(query, items, budget - tokens.count(found.header))
    body = found.header + found.between.join(items[index] for index in chosen) if chosen else ""
    return _told(body, text, f"{len(chosen)} of {len(items)} records")


def _lines(text: str, query: Query, budget: int) -> str:
    every = text.splitlines(keepends=True)
    chosen = _best(query, every, budget)
    around = sorted(
        {near for at in chosen for near in range(max(0, at - _CONTEXT), min(len(every), at + _CONTEXT + 1))}
    )
    if sum(len(every[index]) for index in around) > _CROWD * sum(len(every[index]) for index in chosen):
        around = chosen  # long neighbours would crowd out what was asked for
    hits = set(chosen)
    printed: list[str] = []
    before = -1
    for index in around:
        if printed and index != before + 1:
            printed.append("--\n")
        printed.append(f"{index + 1}{':' if index in hits else '-'}{every[index]}")
        before = index
    return _told("".join(printed), text, f"{len(chosen)} of {len(every)} lines")


def _best(query: Query, texts: Sequence[str], budget: int) -> list[int]:
    """Indices of the texts that answer best, in order, as many as the budget allows; at least one where any does."""
    score = relevance.scores(query, texts)
    lowered = list(map(str.lower, texts))
    for term in query.terms:
        holding = [index for index, text in enumerate(lowered) if term in text]
        weight = _PARTLY * math.log(1 + (len(texts) - len(holding) + 0.5) / (len(holding) + 0.5))
        for index in holding:
            score[index] += weight
    named = relevance.hits(query, texts)
    least = _SHARE * max(score, default=0.0)
    ranked = sorted(
        (index for index, each in enumerate(score) if index in named or each > least),
        key=lambda index: (index not in named, -score[index], index),
    )
    return sorted(_within(ranked, texts, budget))


def _within(ranked: Iterable[int], texts: Sequence[str], budget: int) -> list[int]:
    taken: list[int] = []
    for index in ranked:
        budget -= tokens.count(texts[index]) + 3  # its number and what separates it from the next
        if budget < 0 and taken:
            break
        taken.append(index)
    return taken


def _told(found: str, text: str, share: str) -> str:
    """What was found and how much it is; the whole where that is no longer."""
    end = "" if not found or found.endswith("\n") else "\n"
    answer = (
        f"{found}{end}{markers.note(f'{share} answer the query; without a query all {len(text):,} characters come')}"
    )
    return answer if len(answer) < len(text) else text
