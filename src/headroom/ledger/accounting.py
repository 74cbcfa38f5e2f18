"""What a request cost, what it would have cost without us, and whose doing the difference is.

    saved = the bill this request would have had - its own bill

* Providers bill a prompt in stretches, in this order: read from the cache, written to it (1 hour, then 5 minutes), fresh.
  A token that was taken out takes the class of the place where it stood; a segment's are taken as spread over it.
* Our counts are estimates (cl100k). They are scaled by billed / estimated of the same request before they are priced, by 2
  at most.
* Added tokens are removed ones below zero. A hidden round costs what it costs: without us there is no such request.
* A request that the provider refused costs nothing, and would have without us.
* What is not known is `None`, never 0: without usage, or without a price, there is no saving to tell.
* Money is whole nano-dollars, so that a sum over requests, turns or kinds is exact.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from headroom.ledger.entry import Entry, Segment
from headroom.ledger.prices import Price, Prices, Tokens
from headroom.wire.usage import Usage

NANO = 10**9
HIDDEN = "hidden rounds"
LENGTH = "long-context price"
"""The kind under which it stands that a request, made shorter, costs less for each of its tokens too."""


MOST_SCALE = 2.0
"""No provider's tokens are shorter than half of cl100k's on the texts that agents send. Where more was billed than that, the
prompt holds what we do not count (pictures, documents, the provider's own tools), and text that was taken out is no more
of it than it was."""


@dataclass(frozen=True, slots=True)
class Account:
    """One request in money: nano-dollars, `None` where they are not known."""

    spent: int | None = None
    saved: int | None = None
    """Net; below zero where we made it dearer. The sum of `by_kind`."""
    marks_saved: int | None = None
    """What our cache marks saved, or cost; not in `saved`. 0 where we set none."""
    by_kind: dict[str, int] = field(default_factory=dict)
    """`saved` by `Segment.kind`; empty where it is not known."""


def account(entry: Entry, prices: Prices) -> Account:
    """Price one request."""
    if entry.refused:
        return Account(0, 0, 0)
    price, usage = prices.of(entry.model), entry.usage
    if usage is None or price is None:
        return Account()
    billed = Tokens.of(usage)
    spent = _cost(price, billed, usage.service_tier)
    if spent is None:
        return Account()
    if entry.round:
        return Account(spent, -spent, 0, {HIDDEN: -spent})
    marks = _marks(entry, price, usage, spent) if entry.marked else 0
    removed = removed_by_kind(entry.segments, usage)
    if removed is None:
        return Account(spent, None, marks)
    by_kind = _by_kind(removed, price, usage)
    if by_kind is None:
        return Account(spent, None, marks)
    return Account(spent, sum(by_kind.values()), marks, by_kind)


def removed_by_kind(segments: Sequence[Segment], usage: Usage) -> dict[str, Tokens] | None:
    """What was taken out, by kind and class, in tokens as the provider would have billed them.

    Returns:
        Nothing for a request in which nothing was changed; `None` where it cannot be told, since nothing was billed.
    """
    if not any(segment.removed for segment in segments):
        return {}
    estimated = sum(segment.tokens for segment in segments)
    if not estimated or not usage.input:
        return None
    scale = usage.input / estimated
    shown = min(scale, MOST_SCALE)
    stretches = _stretches(usage)
    ends = list(accumulate(length for _, length in stretches))
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    at = 0.0
    for segment in segments:
        start, at = at, at + segment.tokens * scale
        if segment.removed:
            removed, classes = segment.removed * shown, found[segment.kind]
            # On a boundary a place is the end of the class before it. Rounding may leave a hair beyond the last end.
            first = min(bisect_left(ends, start), len(ends) - 1)
            last = min(bisect_left(ends, at), len(ends) - 1)
            if at > start and first < last:
                edges = [start, *ends[first:last], at]
                for place, (low, high) in enumerate(pairwise(edges), first):
                    classes[stretches[place][0]] += removed * (high - low) / (at - start)
            else:
                classes[stretches[last][0]] += removed
    return {kind: Tokens(**classes) for kind, classes in found.items()}


def _stretches(usage: Usage) -> list[tuple[str, int]]:
    """The classes of a prompt in the order in which they were billed, with their lengths; only those that are there."""
    names = ("cache_read", "cache_write_1h", "cache_write", "fresh")
    return [(name, length) for name in names if (length := getattr(usage, name))]


def _by_kind(removed: dict[str, Tokens], price: Price, usage: Usage) -> dict[str, int] | None:
    """Nano-dollars saved by each kind, at the rates of the longer request; `None` where a price is missing."""
    billed = Tokens.of(usage)
    length = billed.input + sum(tokens.input for tokens in removed.values())
    rates = price.rates_at(length, usage.service_tier)
    if rates is None:
        return None
    found: dict[str, int] = {}
    for kind, tokens in removed.items():
        cost = rates.cost(tokens)
        if cost is None:
            return None
        found[kind] = round(cost * NANO)
    if rates != price.rates_at(billed.input, usage.service_tier):
        at_length, own = rates.cost(billed), _cost(price, billed, usage.service_tier)
        if at_length is None or own is None:
            return None
        found[LENGTH] = round(at_length * NANO) - own
    return found


def _marks(entry: Entry, price: Price, usage: Usage, spent: int) -> int | None:
    """What it would have cost without our marks, less what it cost.

    Without them only what stands before the client's own last mark is read or written; the rest is fresh.
    """
    estimated = sum(segment.tokens for segment in entry.segments)
    kept = entry.client_marked * usage.input / estimated if estimated else 0.0
    own: dict[str, float] = defaultdict(float)
    for name, length in _stretches(usage):
        inside = min(length, kept)
        kept -= inside
        own[name] += inside
        own["fresh"] += length - inside
    without = _cost(price, Tokens(**own, output=usage.output), usage.service_tier)
    return None if without is None else without - spent


def _cost(price: Price, tokens: Tokens, tier: str) -> int | None:
    rates = price.rates_at(tokens.input, tier)
    cost = None if rates is None else rates.cost(tokens)
    return None if cost is None else round(cost * NANO)
