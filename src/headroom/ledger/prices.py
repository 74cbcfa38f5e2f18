"""What providers charge: data with a date, in `prices.json`, and the user's own word above it.

* Prices are dollars per million tokens, for text, at the provider's own list price.
* A model, a service tier or a class of tokens without a price has none: unknown is better than wrong. Names match as a
  whole; only the date of a snapshot is taken off (`gpt-5-2025-08-07`), so that `gpt-5-mini` is never priced as `gpt-5`.
* At a cloud regions have prices of their own. Bedrock's names say which (`us.anthropic.…`, `global.anthropic.…`); for
  Vertex, where the path says it, the proxy puts `vertex/` or `vertex-regional/` in front of the name.
* A service tier, and a prompt longer than a threshold, change the price of the whole request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from headroom.errors import SettingsError
from headroom.wire.usage import Usage

_DATA = Path(__file__).with_name("prices.json")
_DATE = re.compile(r"-(?:20\d{6}|20\d\d-\d\d-\d\d)$")


class Rates(NamedTuple):
    """Dollars per million tokens; `None` where the price is not known. The classes are those of `Usage`."""

    fresh: float
    cache_read: float | None
    cache_write: float | None
    cache_write_1h: float | None
    output: float

    def cost(self, tokens: Tokens) -> float | None:
        """Dollars; `None` where there are tokens in a class without a price."""
        total = 0.0
        for rate, number in zip(self, tokens, strict=True):
            if number:
                if rate is None:
                    return None
                total += rate * number
        return total / 1e6


class Tokens(NamedTuple):
    """Tokens by class; fractions where our own counts were scaled."""

    fresh: float = 0
    cache_read: float = 0
    cache_write: float = 0
    cache_write_1h: float = 0
    output: float = 0

    @classmethod
    def of(cls, usage: Usage) -> Tokens:
        """As billed."""
        return cls(usage.fresh, usage.cache_read, usage.cache_write, usage.cache_write_1h, usage.output)

    @property
    def input(self) -> float:
        """What the length of a prompt is measured by: all of it, cached or not."""
        return self.fresh + self.cache_read + self.cache_write + self.cache_write_1h


class _Row(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Rates as they are written down."""

    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None
    cache_write_1h: float | None = None

    def rates(self) -> Rates:
        return Rates(self.input, self.cache_read, self.cache_write, self.cache_write_1h, self.output)


class _Level(_Row, kw_only=True):
    """Rates at one length of the prompt."""

    tiers: dict[str, _Row] = {}


class _Above(_Level, kw_only=True):
    """Rates of prompts above a length, all of whose tokens cost them."""

    tokens: int


class Price(_Level, kw_only=True):
    """What one model costs.

    In `config.toml`, in dollars per million tokens; only `input` and `output` must be there:

        [prices."my-model"]                        # or a pattern: "my-model-*"
        input = 2.0
        output = 10.0
        cache_read = 0.2
        cache_write = 2.5                          # 5 minutes
        cache_write_1h = 4.0
        min_cacheable = 1024                       # tokens under which nothing is cached
        factors = { us = 1.1 }                     # tiers that multiply every price
        tiers = { flex = { input = 1.0, output = 5.0 } }
        above = { tokens = 200000, input = 4.0, output = 15.0 }
    """

    factors: dict[str, float] = {}
    above: _Above | None = None
    min_cacheable: int | None = None

    def rates_at(self, length: float, tier: str) -> Rates | None:
        """What each class costs in a request.

        Args:
            length: tokens of the whole prompt, cached or not.
            tier: `Usage.service_tier`.

        Returns:
            The rates; `None` where the tier has no price at this length.
        """
        level: _Level = self.above if self.above is not None and length > self.above.tokens else self
        row: _Row = level
        factor = 1.0
        for name in filter(None, tier.split("+")):
            if name in level.tiers and row is level:
                row = level.tiers[name]
            elif name in self.factors:
                factor *= self.factors[name]
            else:
                return None
        rates = row.rates()
        return rates if factor == 1 else Rates(*(None if rate is None else rate * factor for rate in rates))  # type: ignore[arg-type]  # two are never None


class _Provider(msgspec.Struct):
    date: str
    source: str
    models: dict[str, Price]


class Prices:
    """All prices that are known."""

    def __init__(self, own: Mapping[str, Any] | None = None) -> None:
        """The package's prices, and above them the user's own.

        Args:
            own: model name, or pattern (`fnmatch`), to what `Price` says; the first that matches counts.

        Raises:
            SettingsError: one of them is no price.
        """
        self._own = {name.lower(): _own(name, row) for name, row in (own or {}).items()}

    def of(self, model: str) -> Price | None:
        """What a model costs, by the name in the request or in the answer; `None` where nobody said."""
        name = model.lower().removeprefix("models/")
        for pattern, price in self._own.items():
            if pattern == name or fnmatchcase(name, pattern):
                return price
        listed = _models()
        return listed.get(name) or listed.get(_DATE.sub("", name))

    @staticmethod
    def sources() -> dict[str, tuple[str, str]]:
        """Where the package's prices are from: provider to date and source."""
        return {name: (provider.date, provider.source) for name, provider in _listed().items()}


@cache
def _listed() -> dict[str, _Provider]:
    return msgspec.json.decode(_DATA.read_bytes(), type=dict[str, _Provider])


@cache
def _models() -> dict[str, Price]:
    return {name: price for provider in _listed().values() for name, price in provider.models.items()}


def _own(name: str, row: object) -> Price:
    try:
        price = msgspec.convert(row, Price)
    except msgspec.ValidationError as error:
        raise SettingsError(
            f'prices."{name}": {error}; dollars per million tokens, as {{input = 2.0, output = 10.0, cache_read = 0.2}}'
        ) from error
    if not all(isfinite(number) and number >= 0 for number in _numbers(msgspec.to_builtins(price))):
        raise SettingsError(f'prices."{name}" holds a number below 0, or without end')
    return price


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _numbers(inner)
    elif isinstance(value, (int, float)):
        yield value
