"""What a request would have cost without us, against a bill that is reckoned token by token."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import msgspec.toml
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.ledger.accounting import HIDDEN, LENGTH, MOST_SCALE, NANO, Account, account
from headroom.ledger.entry import Entry, Segment
from headroom.ledger.prices import Prices
from headroom.wire.usage import Usage

PRICES = Prices(
    {
        "m": {
            "input": 1,
            "cache_read": 0.125,
            "cache_write": 1.25,
            "cache_write_1h": 2,
            "output": 8,
            "factors": {"us": 1.5},
        },
        "long": {
            "input": 1,
            "cache_read": 0.5,
            "output": 2,
            "above": {"tokens": 1000, "input": 3, "cache_read": 1, "output": 5},
        },
        "plain": {"input": 1, "output": 2},
    }
)
RATES = {"cache_read": 0.125, "cache_write_1h": 2, "cache_write": 1.25, "fresh": 1}
"""Of model `m`, in the order in which a prompt is billed."""


def entry(*segments: Segment, usage: Usage | None, model: str = "m", **more: object) -> Entry:
    told: dict = {
        "at": 0.0, "conversation": "c", "tag": "", "agent": "", "provider": "anthropic", "route": "messages",
        "status": 200, "streamed": True, "round": 0, "subscription": False, "marked": False,
        "added_ms": 1.0, "first_byte_ms": 1.0, "total_ms": 1.0,
    }  # fmt: skip
    return Entry(**{**told, "segments": segments, "usage": usage, "model": model, **more})


def dollars(amount: int | None) -> float | None:
    return None if amount is None else amount / NANO


def classes(usage: Usage) -> list[str]:
    """The class of each billed token of the prompt."""
    return [name for name in RATES for _ in range(getattr(usage, name))]


def naive(segments: list[Segment], usage: Usage, scale: int) -> dict[str, Fraction]:
    """Millionths of dollars saved, by kind: every billed token carries its share of what was removed around it."""
    billed = classes(usage)
    found: dict[str, Fraction] = {}
    at = 0
    for segment in segments:
        own = billed[at * scale : (at + segment.tokens) * scale] or [billed[max(at * scale - 1, 0)]]
        share = Fraction(segment.removed * scale, len(own))
        cost = sum(share * Fraction(RATES[name]) for name in own)
        if segment.removed:
            found[segment.kind] = found.get(segment.kind, Fraction(0)) + cost
        at += segment.tokens
    return found


segments_of = st.lists(
    st.builds(
        Segment, st.integers(0, 12), st.just(0) | st.integers(-12, 40), st.sampled_from(["logs", "search", "tool"])
    ),
    min_size=1,
    max_size=7,
).filter(lambda segments: any(segment.tokens for segment in segments))


@given(segments_of, st.integers(1, 2), st.data())
def test_as_reckoned_token_by_token(segments, scale, data):
    total = scale * sum(segment.tokens for segment in segments)
    cuts = sorted(data.draw(st.lists(st.integers(0, total), min_size=3, max_size=3)))
    read, long, short = cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1]
    usage = Usage(total - cuts[2], read, short, long, 7)
    found = account(entry(*segments, usage=usage), PRICES)
    expected = naive(segments, usage, scale)
    assert set(found.by_kind) == set(expected)
    for kind, saved in found.by_kind.items():
        assert saved == pytest.approx(float(expected[kind]) * 1000, abs=1)
    assert found.saved == sum(found.by_kind.values())


@given(segments_of, st.integers(1, 5000), st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 5000))
def test_no_removed_token_is_lost_or_priced_outside_the_classes_billed(segments, fresh, read, short, long):
    usage = Usage(fresh, read, short, long, 0)
    found = account(entry(*segments, usage=usage), PRICES).saved
    scale = min(usage.input / sum(segment.tokens for segment in segments), MOST_SCALE)
    rates = [RATES[name] for name in RATES if getattr(usage, name)]
    gained = sum(max(segment.removed, 0) for segment in segments) * scale
    lost = sum(min(segment.removed, 0) for segment in segments) * scale
    least, most = gained * min(rates) + lost * max(rates), gained * max(rates) + lost * min(rates)
    assert least * 1000 - 3 <= found <= most * 1000 + 3


@given(segments_of, st.integers(1, 500), st.integers(0, 500), st.integers(0, 500))
def test_cutting_a_segment_into_equal_halves_changes_nothing(segments, fresh, read, short):
    usage = Usage(fresh, read, short, 0, 0)
    whole = [
        replace(segment, tokens=2 * segment.tokens, removed=2 * segment.removed)
        for segment in segments
        if segment.tokens
    ]
    halves = [segment for segment in segments if segment.tokens for _ in (1, 2)]
    one, two = (account(entry(*cut, usage=usage), PRICES).saved for cut in (whole, halves))
    assert one == pytest.approx(two, abs=3)


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(-50, 400)), min_size=1, max_size=12))
def test_over_a_conversation_it_is_the_one_bill_less_the_other(turns):
    """Each turn is written once, and read on all later ones; what was removed from it is, too."""
    with_us = without = saved = 0.0
    for now in range(len(turns)):
        before, (tokens, removed) = turns[:now], turns[now]
        read, gone = sum(t for t, _ in before), sum(r for _, r in before)
        segments = [Segment(t, r, "logs") for t, r in turns[: now + 1]]
        found = account(entry(*segments, usage=Usage(0, read, tokens, 0, 5)), PRICES)
        with_us += (read * 0.125 + tokens * 1.25 + 40) / 1e6
        without += ((read + gone) * 0.125 + (tokens + removed) * 1.25 + 40) / 1e6
        saved += dollars(found.saved)
        assert dollars(found.spent) == pytest.approx((read * 0.125 + tokens * 1.25 + 40) / 1e6)
    assert saved == pytest.approx(without - with_us, abs=1e-8)


def test_each_class_has_its_price():
    usage = Usage(1000, 1000, 1000, 1000, 0)
    for place, rate in enumerate((0.125, 2, 1.25, 1)):  # read, written for an hour, written, fresh
        segments = [Segment(1000, 500 if at == place else 0, "logs") for at in range(4)]
        assert account(entry(*segments, usage=usage), PRICES).saved == 500 * rate * 1000


def test_our_counts_are_scaled_to_what_was_billed():
    found = account(entry(Segment(500), Segment(500, 100, "logs"), usage=Usage(1300, 0, 0, 0, 0)), PRICES)
    assert dollars(found.saved) == pytest.approx(130 / 1e6)


def test_what_we_do_not_count_makes_removed_text_no_longer():
    """A picture before and one after: billed, and no part of our estimate."""
    segments = (Segment(500), Segment(500, 100, "logs"))
    assert dollars(account(entry(*segments, usage=Usage(9000, 0, 0, 0, 0)), PRICES).saved) == pytest.approx(200 / 1e6)
    assert dollars(account(entry(*segments, usage=Usage(4500, 4500, 0, 0, 0)), PRICES).saved) == pytest.approx(
        200 / 1e6
    )


def test_what_was_added_costs():
    found = account(entry(Segment(200, -200, "retrieve tool"), Segment(800), usage=Usage(0, 1000, 0, 0, 0)), PRICES)
    assert found.by_kind == {"retrieve tool": -25_000}
    assert found.saved == -25_000


def test_a_stretch_of_which_nothing_is_left_takes_the_class_before_it():
    usage = Usage(100, 100, 0, 0, 0)
    segments = [Segment(100), Segment(0, 80, "logs"), Segment(100)]
    assert account(entry(*segments, usage=usage), PRICES).saved == 80 * 125
    assert account(entry(*segments[1:], usage=usage), PRICES).saved == 160 * 125  # at the very beginning


@pytest.mark.parametrize("number", [1, 2])
def test_a_hidden_round_costs_what_it_costs(number):
    usage = Usage(1000, 8000, 0, 0, 10)
    found = account(entry(Segment(9000, 5000, "logs"), usage=usage, round=number, marked=True), PRICES)
    spent = (1000 + 1000 + 80) * 1000
    assert found == Account(spent, -spent, 0, {HIDDEN: -spent})


def test_a_request_in_which_nothing_was_changed_saved_nothing():
    for segments in ((), (Segment(10),)):
        found = account(entry(*segments, usage=Usage(10, 0, 0, 0, 1)), PRICES)
        assert found == Account(18_000, 0, 0, {})


@pytest.mark.parametrize(
    ("change", "spent"),
    [
        ({"usage": None}, None),
        ({"model": "nobody's"}, None),
        ({"usage": Usage(100, 0, 0, 0, 1, "scale")}, None),
        ({"model": "plain", "usage": Usage(50, 50, 0, 0, 1)}, None),
        ({"usage": Usage(0, 0, 0, 0, 1)}, 8000),
        ({"segments": (Segment(0, 5, "logs"),)}, 108_000),
    ],
    ids=["no usage", "no price", "an unknown tier", "a class without a price", "nothing billed", "nothing estimated"],
)
def test_unknown_is_not_zero(change, spent):
    known = entry(Segment(100, 20, "logs"), usage=Usage(100, 0, 0, 0, 1))
    assert account(known, PRICES).saved == 20_000
    found = account(replace(known, **change), PRICES)
    assert (found.spent, found.saved, found.by_kind) == (spent, None, {})


def test_a_hidden_round_without_usage_is_unknown_too():
    assert account(entry(usage=None, round=1), PRICES) == Account()


def test_a_tier_prices_what_was_removed_too():
    found = account(entry(Segment(100, 20, "logs"), usage=Usage(100, 0, 0, 0, 0, "us")), PRICES)
    assert (found.spent, found.saved) == (150_000, 30_000)


def test_staying_under_the_long_context_price_is_saved_on_every_token():
    usage = Usage(400, 500, 0, 0, 10)
    found = account(entry(Segment(900, 300, "logs"), usage=usage, model="long"), PRICES)
    own = 400 * 1 + 500 * 0.5 + 10 * 2
    without = (400 + 300 * 4 / 9) * 3 + (500 + 300 * 5 / 9) * 1 + 10 * 5
    assert dollars(found.saved) == pytest.approx((without - own) / 1e6)
    assert found.by_kind[LENGTH] == (400 * 2 + 500 * 0.5 + 10 * 3) * 1000
    under = account(entry(Segment(900, 90, "logs"), usage=usage, model="long"), PRICES)
    assert LENGTH not in under.by_kind


def test_being_pushed_over_the_long_context_price_is_charged_to_us():
    usage = Usage(1050, 0, 0, 0, 0)
    found = account(entry(Segment(1000), Segment(50, -50, "retrieve tool"), usage=usage, model="long"), PRICES)
    assert found.by_kind == {"retrieve tool": -50_000, LENGTH: -2 * 1050 * 1000}
    assert found.saved == 1_000_000 - 3_150_000


class TestMarks:
    """Cache marks of ours: a column of its own."""

    usage = Usage(100, 800, 100, 0, 10)
    segments = (Segment(800), Segment(200, 50, "logs"))

    def test_they_save_what_is_read_and_cost_what_is_written(self):
        found = account(entry(*self.segments, usage=self.usage, marked=True), PRICES)
        assert found.marks_saved == (800 * 0.875 - 100 * 0.25) * 1000

    def test_the_first_request_pays_for_writing(self):
        found = account(entry(Segment(1000), usage=Usage(0, 0, 1000, 0, 10), marked=True), PRICES)
        assert (found.marks_saved, found.saved) == (-250_000, 0)

    def test_they_are_no_compression(self):
        marked, not_ours = (
            account(entry(*self.segments, usage=self.usage, marked=ours), PRICES) for ours in (True, False)
        )
        assert marked.saved == not_ours.saved
        assert not_ours.marks_saved == 0

    def test_what_the_client_marked_itself_is_not_ours(self):
        found = account(entry(*self.segments, usage=self.usage, marked=True, client_marked=300), PRICES)
        assert found.marks_saved == (500 * 0.875 - 100 * 0.25) * 1000
        found = account(entry(*self.segments, usage=self.usage, marked=True, client_marked=1000), PRICES)
        assert found.marks_saved == 0


def test_the_example_of_the_page():
    """`docs/ledger.md` reckons this one."""
    segments = (Segment(5000), Segment(1000, 3000, "search"), Segment(12_000), Segment(2000, 2000, "logs"))
    usage = Usage(0, 16_500, 5500, 0, 400)
    found = account(entry(*segments, usage=usage, model="claude-sonnet-5"), Prices())
    assert (dollars(found.spent), dollars(found.saved)) == (0.02105, 0.00616)
    assert {kind: dollars(saved) for kind, saved in found.by_kind.items()} == {"search": 0.00066, "logs": 0.0055}
    page = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text("utf-8")
    assert all(figure in page for figure in ("0.02105", "0.00066", "0.00550", "0.00616"))


def test_the_prices_of_the_page():
    page = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text("utf-8")
    told = msgspec.toml.decode(page.split("```toml\n")[1].split("```")[0])
    assert Prices(told["prices"]).of("my-model-2").rates_at(200_001, "us").fresh == pytest.approx(4.4)
