"""Requests for the ledger's tests, made up by number."""

from __future__ import annotations

from headroom.blocks import Failure
from headroom.ledger.entry import Edited, Entry, Segment
from headroom.ledger.prices import Prices
from headroom.wire.usage import Usage

PRICES = Prices({"m": {"input": 1, "cache_read": 0.125, "cache_write": 1.25, "output": 8}})
NOON = 1_800_014_400.0
"""A noon (UTC), in Unix seconds."""
HOUR, DAY = 3600.0, 86400.0


def request(**told: object) -> Entry:
    """A request of 1,000 tokens, all of them fresh, of which 200 were left out; what is told replaces a field."""
    plain: dict = {
        "at": NOON, "conversation": "one", "tag": "", "agent": "claude-code", "provider": "anthropic", "route": "messages",
        "model": "m", "status": 200, "streamed": True, "round": 0, "segments": (Segment(600), Segment(400, 200, "logs")),
        "usage": Usage(1000, 0, 0, 0, 10), "subscription": False, "marked": False, "added_ms": 2.0, "first_byte_ms": 300.0,
        "total_ms": 900.0,
    }  # fmt: skip
    return Entry(**{**plain, **told})


SPENT, SAVED = (1000 * 1 + 10 * 8) / 1e6, 200 / 1e6
"""Of `request()`, in dollars."""


def edited(number: int, **told: object) -> Edited:
    """An edit."""
    plain: dict = {
        "key": f"{number:032x}", "handle": f"{number:012x}", "compressor": "logs", "tool": "Bash", "lossless": False,
        "tokens_before": 300, "tokens_after": 100,
    }  # fmt: skip
    return Edited(**{**plain, **told})


def failed(reason: str = "ValueError at headroom.x:1", where: str = "pipeline") -> Failure:
    """A failure."""
    return Failure(where, reason)
