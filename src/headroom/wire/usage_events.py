"""What is read of an answer, and how an event, or a whole JSON text, adds to it.

* A count is a snapshot of the whole answer so far: the last one of each field holds.
* A reader decodes only what it names and never raises: a text that it cannot read changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

_BINDING = ("bound to a different conversation", "prefix_binding_mismatch")
"""How Anthropic says that signed reasoning stands in a conversation it was not made in: in the message of an error, and
as the reason of a transformed input."""
_MOST = 10**9
"""From here on a number is no count of tokens of one request; sums of what is below fit into 64 bits as money, too."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider billed them, each in one class only."""

    fresh: int
    """Input that was neither read from a cache nor written to one."""
    cache_read: int
    cache_write: int
    """Written for the provider's usual time: Anthropic 5 minutes, OpenAI 30 minutes."""
    cache_write_1h: int
    """Written for longer: Anthropic 1 hour, OpenAI 12 hours."""
    output: int
    """With reasoning, whether or not it is shown."""
    service_tier: str = ""
    """What changes the price of the whole request, joined by `+`: `flex`, `priority`, `fast`, `us`; `""` for standard."""

    @property
    def input(self) -> int:
        """Everything the model read."""
        return self.fresh + self.cache_read + self.cache_write + self.cache_write_1h


@dataclass(slots=True)
class Seen:
    """What an answer has said so far."""

    counts: dict[str, int] = field(default_factory=dict)
    model: str = ""
    response_id: str = ""
    tier: dict[str, str] = field(default_factory=dict)
    complete: bool = False
    """The counts are the whole answer's."""
    ended: bool = False
    """Nothing more will come, well or badly."""
    failure_kind: str = ""

    def name(self, response_id: str | None, model: str | None) -> None:
        """Note which answer this is; the first word counts."""
        self.response_id = self.response_id or response_id or ""
        self.model = self.model or model or ""

    def count(self, **counts: int | None) -> None:
        """Note counts; a field that is absent keeps what it had."""
        self.counts.update({name: n for name, n in counts.items() if n is not None and 0 <= n < _MOST})

    def price(self, **tiers: str | None) -> None:
        """Note what changes the price of the whole request."""
        for name, said in tiers.items():
            if said is not None:
                self.tier[name] = "" if said.lower() in _STANDARD else said.lower()

    def went_wrong(self, said: object) -> None:
        """Look for the one error that is about our own edits."""
        if said is not None and any(words in str(said) for words in _BINDING):
            self.failure_kind = "prefix_binding"


_STANDARD = ("auto", "default", "standard", "global", "not_available", "on_demand", "traffic_type_unspecified")
"""Tiers at the list price."""

_Event = TypeVar("_Event")


class Reader(Generic[_Event]):
    """Reads one format."""

    def __init__(
        self,
        event: Any,  # noqa: ANN401 - a type, or a union of types
        take: Callable[[_Event, Seen], None],
        bill: Callable[[Mapping[str, int]], tuple[int, int, int, int, int] | None],
        *needles: bytes,
    ) -> None:
        """Read a format.

        Args:
            event: the type that an event is decoded as.
            take: what it means.
            bill: from counts to the classes of `Usage`, in their order; `None` where the input was not counted.
            needles: bytes, one of which every event has that tells something.
        """
        self.needles = needles
        self._event = event
        self._decode = msgspec.json.Decoder(event, strict=False).decode
        self._take = take
        self._bill = bill

    def read(self, data: bytes, seen: Seen) -> None:
        """Take one event, or one whole answer."""
        try:
            try:
                found = self._decode(data)
            except msgspec.ValidationError:
                return
            except msgspec.DecodeError:  # half a surrogate pair in a text; the slower decoder takes it
                found = msgspec.convert(json.loads(data), self._event, strict=False)
        except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
            return
        self._take(found, seen)

    def usage(self, seen: Seen) -> Usage | None:
        """What was billed, if the answer is complete."""
        classes = self._bill(seen.counts) if seen.complete else None
        if classes is None:
            return None
        fresh, read, written, long, output = (max(n, 0) for n in classes)
        return Usage(fresh, read, written, long, output, "+".join(filter(None, seen.tier.values())))
