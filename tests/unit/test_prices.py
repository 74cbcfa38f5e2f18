"""Prices: the right one or none."""

from __future__ import annotations

import re

import pytest

from headroom.errors import SettingsError
from headroom.ledger.prices import Prices, Rates, Tokens, _listed

LISTED = [(provider, name) for provider, listed in _listed().items() for name in listed.models]


@pytest.mark.parametrize(
    ("name", "fresh", "output"),
    [
        ("claude-sonnet-5", 2, 10),
        ("claude-haiku-4-5-20251001", 1, 5),
        ("claude-opus-4-6", 5, 25),
        ("gpt-5", 1.25, 10),
        ("gpt-5-2025-08-07", 1.25, 10),
        ("gpt-5-mini", 0.25, 2),
        ("gpt-5-mini-2025-08-07", 0.25, 2),
        ("gpt-6.1-sol", 2, 10),
        ("gpt-4o", 2.5, 10),
        ("gpt-4o-2024-05-13", 5, 15),  # a snapshot with a price of its own
        ("o3", 2, 8),
        ("o4-mini", 1.1, 4.4),
        ("gemini-2.5-pro", 1.25, 10),
        ("models/gemini-3.8-flash", 0.75, 3.75),
        ("Claude-Sonnet-5", 2, 10),
        ("global.anthropic.claude-sonnet-4-6", 3, 15),
        ("us.anthropic.claude-sonnet-4-6", 3.3, 16.5),
        ("vertex/claude-sonnet-4-5@20250929", 3, 15),
        ("vertex-regional/claude-sonnet-4-5@20250929", 3.3, 16.5),
    ],
)
def test_known(name, fresh, output):
    rates = Prices().of(name).rates_at(1000, "")
    assert (rates.fresh, rates.output) == (fresh, output)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "gpt",
        "gpt-5-",
        "gpt-5-micro",
        "gpt-5x",
        "gpt-5-2025-08",
        "claude-sonnet-5-6",
        "claude-sonnet",
        "gemini-2.5",
        "mars.anthropic.claude-sonnet-4-6",
        "claude-sonnet-4-5@20250929",
        "arn:aws:bedrock:us-east-1:1:application-inference-profile/a",
        "openrouter/gpt-5",
        "ft:gpt-4o-2024-08-06:me::1",
        "llama-4",
        "*",
    ],
)
def test_unknown(name):
    assert Prices().of(name) is None


@pytest.mark.parametrize(("provider", "name"), LISTED, ids=[name for _, name in LISTED])
def test_what_is_listed_makes_sense(provider, name):
    price = Prices().of(name)
    levels = [price] if price.above is None else [price, price.above]
    for row in (row for level in levels for row in (level, *level.tiers.values())):
        assert 0 < row.input <= row.output
        if row.cache_read is not None:
            assert row.cache_read <= row.input
        if row.cache_write is not None:
            assert row.input <= row.cache_write <= 1.255 * row.input  # 1.25; Google rounds to cents
        if row.cache_write_1h is not None:
            assert row.cache_write_1h == pytest.approx(2 * row.input)
    if provider == "anthropic":
        assert price.cache_write == pytest.approx(1.25 * price.input)
        assert price.cache_write_1h is not None
        assert 512 <= price.min_cacheable <= 4096
    if price.above is not None:
        assert price.above.input > price.input
        assert 100_000 <= price.above.tokens <= 272_000
    assert all(factor > 1 for factor in price.factors.values())


def test_every_provider_has_a_date_and_a_source():
    assert set(Prices.sources()) == {"anthropic", "openai", "gemini", "bedrock", "vertex"}
    for date, source in Prices.sources().values():
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", date)
        assert source.startswith("https://")


def test_a_tier_prices_the_whole_request():
    price = Prices().of("gpt-6-sol")
    assert price.rates_at(1, "flex") == Rates(1.0, 0.1, 1.25, None, 5.0)
    assert price.rates_at(1, "priority") == Rates(4.0, 0.4, 5.0, None, 20.0)
    assert price.rates_at(1, "scale") is None
    assert price.rates_at(1, "flex+priority") is None


def test_factors_multiply():
    price = Prices().of("claude-opus-5")
    assert price.rates_at(1, "fast+us") == pytest.approx(tuple(2.2 * rate for rate in price.rates_at(1, "")))
    assert Prices().of("claude-opus-4-5").rates_at(1, "us") is None


def test_length_reprices_the_whole_request_and_only_above_the_threshold():
    price = Prices().of("gpt-6-sol")
    assert price.rates_at(272_000, "").fresh == 2
    assert price.rates_at(272_001, "") == Rates(4.0, 0.4, 5.0, None, 15.0)
    assert price.rates_at(272_001, "flex") == Rates(2.0, 0.2, 2.5, None, 7.5)
    assert Prices().of("gemini-2.5-pro").rates_at(200_001, "ultrafast") is None  # its price is not known


def test_a_class_without_a_price_is_unknown_only_where_it_has_tokens():
    rates = Prices().of("gpt-5").rates_at(1, "")
    assert rates.cost(Tokens(1_000_000, 0, 0, 0, 0)) == 1.25
    assert rates.cost(Tokens(0, 0, 1, 0, 0)) is None


def test_own_prices_stand_above_the_listed_ones():
    prices = Prices({"gpt-5": {"input": 9, "output": 90}, "My-*": {"input": 1, "output": 2, "cache_read": 0.5}})
    assert prices.of("gpt-5").input == 9
    assert prices.of("gpt-5-mini").input == 0.25
    assert prices.of("my-model").cache_read == 0.5


def test_own_prices_may_say_everything():
    own = {
        "input": 1.0,
        "output": 2.0,
        "cache_write": 1.2,
        "cache_write_1h": 2,
        "min_cacheable": 512,
        "factors": {"us": 1.5},
        "tiers": {"flex": {"input": 0.5, "output": 1}},
        "above": {"tokens": 100, "input": 3, "output": 4},
    }
    price = Prices({"m": own}).of("m")
    assert price.rates_at(100, "us").fresh == 1.5
    assert price.rates_at(101, "").fresh == 3
    assert price.rates_at(100, "flex").output == 1


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"input": 1},
        {"input": "1", "output": 2},
        {"input": 1, "output": 2, "writes": 3},
        {"input": -1, "output": 2},
        {"input": 1, "output": 2, "tiers": {"flex": {"input": 1, "output": -2}}},
        {"input": float("inf"), "output": float("nan")},
        [1, 2],
        5,
    ],
)
def test_own_prices_that_are_none(row):
    with pytest.raises(SettingsError, match=r'prices\."my-model"'):
        Prices({"my-model": row})
