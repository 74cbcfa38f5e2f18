"""The figures that a report gives: values.

* Money is in dollars. `Money` of API keys and "API-equivalent" figures of subscriptions are never added up.
* `None` means unknown. A sum is over what is known, and stands beside the number of requests that it does not hold.
* `tokens` and `removed` are our own estimates (cl100k), of every request that was not refused, as it was sent: what was taken out once counts
  again on each later turn that does without it. The other token counts are the provider's, as billed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Filter:
    """Which requests a report is about."""

    since: float = 0.0
    """Unix seconds."""
    tag: str | None = None
    conversation: str | None = None


@dataclass(frozen=True, slots=True)
class Money:
    """Dollars; `None` where no request of these has a known figure."""

    spent: float | None
    """On all requests with a price, hidden rounds included."""
    saved: float | None
    """Net: what these requests would have cost without us, less what they cost. May be negative."""
    marks_saved: float | None
    """By cache marks of ours; not in `saved`."""
    hidden: float | None
    """Spent on hidden rounds; already taken off `saved`."""
    unpriced: int
    """Requests and rounds that are not in `spent`: no usage, or no price for the model."""
    unknown: int
    """Requests and rounds that are not in `saved`."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over requests."""

    requests: int
    """The client's own."""
    rounds: int
    """Hidden ones, of our own retrieval tool."""
    tokens: int
    removed: int
    fresh: int
    cache_read: int
    cache_write: int
    cache_write_1h: int
    output: int
    unbilled: int
    """Requests and rounds that are not in the five above: the provider told no usage."""
    money: Money
    equivalent: Money
    """Of requests paid by subscription: what they would have cost with an API key."""
    errors: int
    failures: int
    retrievals: int
    edits: int
    """Made for the first time."""
    breaks: int
    """Requests whose cached prefix something broke."""

    @property
    def cache_hits(self) -> float | None:
        """The share of billed input that was read from the cache, 0 to 1."""
        billed = self.fresh + self.cache_read + self.cache_write + self.cache_write_1h
        return self.cache_read / billed if billed else None


@dataclass(frozen=True, slots=True)
class Bucket:
    """An hour or a day."""

    at: int
    """Unix seconds of its beginning."""
    totals: Totals


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of change did."""

    kind: str
    """Compressor names joined by `+` (`repeats+logs`), `retrieve tool`, `hidden rounds`, `long-context price`, …"""
    requests: int
    """That had it in their prompt, first or again."""
    removed: int
    saved: float | None
    """Dollars, net, on API keys. Over all kinds they add up to `Money.saved`."""
    equivalent: float | None
    unknown: int
    """Requests among them whose saving is not known."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation."""

    conversation: str
    tag: str
    agent: str
    provider: str
    model: str
    """Of its last request."""
    first: float
    """Unix seconds."""
    last: float
    totals: Totals
    last_break: str
    """What broke its cached prefix most recently; `""` if nothing did."""


@dataclass(frozen=True, slots=True)
class EditRow:
    """An edit, when it was made."""

    at: float
    conversation: str
    tag: str
    key: str
    handle: str
    """For before and after: the store has the original under it, and the decision under `key`."""
    compressor: str
    tool: str
    lossless: bool
    tokens_before: int
    tokens_after: int


@dataclass(frozen=True, slots=True)
class FailureCount:
    """One way in which something failed."""

    where: str
    reason: str
    count: int
    last: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds: the values at or below which 50, 90 and 99 % of all lie, and the largest."""

    count: int
    p50: float
    p90: float
    p99: float
    most: float


@dataclass(frozen=True, slots=True)
class Latency:
    """`None` where no request had it."""

    added: Spread | None
    """By us, before a request left."""
    first_byte: Spread | None
    """From the client's request to the first byte of its answer."""
