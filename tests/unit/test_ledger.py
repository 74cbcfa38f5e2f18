"""What the ledger is told, and what it tells."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_entries import DAY, HOUR, NOON, PRICES, SAVED, SPENT, edited, failed, request

from headroom.errors import StoreError
from headroom.ledger import tables
from headroom.ledger.accounting import HIDDEN
from headroom.ledger.entry import Segment
from headroom.ledger.ledger import Ledger
from headroom.ledger.report import Filter, Report, Totals
from headroom.wire.usage import Usage


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger.sqlite3", PRICES)


@pytest.fixture
def report(ledger):
    return Report(ledger.path)


def test_nothing_written_yet(report):
    totals = report.totals()
    assert {getattr(totals, one.name) for one in fields(Totals) if one.name not in ("money", "equivalent")} == {0}
    assert asdict(totals.money) == asdict(totals.equivalent)
    assert (totals.money.spent, totals.money.saved, totals.cache_hits) == (None, None, None)
    assert report.series() == report.kinds() == report.conversations() == report.edits() == report.failures() == []
    assert (report.latency().added, report.latency().first_byte) == (None, None)


def test_one_request(ledger, report):
    ledger.add(
        request(
            usage=Usage(300, 500, 150, 50, 10, "us"),
            model="nobody's",
            status=503,
            edits=(edited(1), edited(2)),
            failures=(failed(),),
            retrievals=3,
            cache_break="system prompt",
        )
    )
    totals = report.totals()
    told = {name: value for name, value in asdict(totals).items() if name not in ("money", "equivalent")}
    assert told == {
        "requests": 1, "rounds": 0, "tokens": 1000, "removed": 200, "fresh": 300, "cache_read": 500, "cache_write": 150,
        "cache_write_1h": 50, "output": 10, "unbilled": 0, "errors": 1, "failures": 1, "retrievals": 3, "edits": 2, "breaks": 1,
    }  # fmt: skip
    assert totals.cache_hits == 0.5
    assert asdict(totals.money) == {
        "spent": None, "saved": None, "marks_saved": None, "hidden": None, "unpriced": 1, "unknown": 1,
    }  # fmt: skip


def test_what_is_unknown_is_counted_and_not_summed(ledger, report):
    ledger.add(request())
    ledger.add(request(usage=None))
    ledger.add(request(model="nobody's"))
    ledger.add(request(segments=(Segment(0, 9, "logs"),)))
    money = report.totals().money
    assert money.spent == pytest.approx(2 * SPENT)
    assert money.saved == pytest.approx(SAVED)
    assert (money.unpriced, money.unknown) == (2, 3)
    assert report.totals().unbilled == 1
    (kind,) = report.kinds()
    assert (kind.requests, kind.removed, kind.unknown) == (4, 609, 3)
    assert kind.saved == pytest.approx(SAVED)


def test_a_subscription_is_no_money(ledger, report):
    ledger.add(request(subscription=True))
    totals = report.totals()
    assert (totals.money.spent, totals.money.saved) == (None, None)
    assert totals.equivalent.spent == pytest.approx(SPENT)
    ledger.add(request(subscription=False))
    totals = report.totals()
    assert totals.money.saved == totals.equivalent.saved == pytest.approx(SAVED)
    (kind,) = report.kinds()
    assert kind.saved == kind.equivalent == pytest.approx(SAVED)
    assert totals.requests == kind.requests == 2


def test_a_refused_request_costs_nothing_and_removes_nothing(ledger, report):
    ledger.add(request(status=529, usage=None, model="nobody's", edits=(edited(1),)))
    totals = report.totals()
    assert (totals.requests, totals.errors, totals.tokens, totals.removed, totals.unbilled) == (1, 1, 0, 0, 0)
    assert (totals.money.spent, totals.money.saved, totals.money.unpriced, totals.money.unknown) == (0, 0, 0, 0)
    assert report.kinds() == []
    assert len(report.edits()) == 1


@pytest.mark.parametrize("status", [0, 200])
def test_a_request_whose_answer_was_cut_is_unknown(ledger, report, status):
    ledger.add(request(status=status, usage=None))
    totals = report.totals()
    assert (totals.money.spent, totals.money.unpriced, totals.unbilled, totals.removed) == (None, 1, 1, 200)


@pytest.mark.parametrize(("status", "errors"), [(200, 0), (302, 0), (400, 1), (429, 1), (529, 1), (0, 1)])
def test_what_is_an_error(ledger, report, status, errors):
    ledger.add(request(status=status))
    assert report.totals().errors == errors


def test_hidden_rounds_are_charged_and_are_no_requests(ledger, report):
    ledger.add(request())
    ledger.add(request(round=1))
    ledger.add(request(round=2, usage=None))
    totals = report.totals()
    assert (totals.requests, totals.rounds) == (1, 2)
    assert totals.money.hidden == pytest.approx(SPENT)
    assert totals.money.spent == pytest.approx(2 * SPENT)
    assert totals.money.saved == pytest.approx(SAVED - SPENT)
    kinds = {kind.kind: kind for kind in report.kinds()}
    assert (kinds["logs"].requests, kinds["logs"].removed) == (1, 200)
    assert (kinds[HIDDEN].requests, kinds[HIDDEN].removed, kinds[HIDDEN].unknown) == (2, 0, 1)
    assert kinds[HIDDEN].saved == pytest.approx(-SPENT)


def test_marks_stand_beside_what_was_saved(ledger, report):
    ledger.add(request(marked=True, usage=Usage(0, 1000, 0, 0, 10)))
    money = report.totals().money
    assert money.marks_saved == pytest.approx(1000 * 0.875 / 1e6)
    assert money.saved == pytest.approx(SAVED / 8)


@settings(max_examples=25)  # each writes a file
@given(
    st.lists(
        st.builds(
            request,
            at=st.integers(0, 200).map(lambda hours: NOON + hours * HOUR),
            conversation=st.sampled_from("abc"),
            tag=st.sampled_from(["", "x"]),
            model=st.sampled_from(["m", "?"]),
            subscription=st.booleans(),
            round=st.sampled_from([0, 0, 1]),
            segments=st.lists(
                st.builds(Segment, st.integers(1, 900), st.integers(-50, 900), st.sampled_from(["logs", "search", "tool"])),
                min_size=1, max_size=4,
            ).map(tuple),
            usage=st.none() | st.builds(Usage, *[st.integers(1, 5000)] * 3, st.just(0), st.integers(0, 90)),
        ),
        min_size=1,
        max_size=12,
    )
)  # fmt: skip
def test_every_view_adds_up_to_the_same(tmp_path_factory, entries):
    ledger = Ledger(tmp_path_factory.mktemp("sums") / "ledger.sqlite3", PRICES)
    for entry in entries:
        ledger.add(entry)
    report = Report(ledger.path)
    totals = report.totals()
    for parts in (
        [bucket.totals for bucket in report.series("hour")],
        [bucket.totals for bucket in report.series("day", utc_offset=5)],
        [conversation.totals for conversation in report.conversations()],
        [report.totals(Filter(tag=tag)) for tag in ("", "x")],
        [report.totals(Filter(conversation=name)) for name in "abc"],
    ):
        for name in ("requests", "rounds", "tokens", "removed", "fresh", "cache_read", "output", "unbilled"):
            assert sum(getattr(part, name) for part in parts) == getattr(totals, name)
        for paid in ("money", "equivalent"):
            for name in ("spent", "saved", "hidden"):
                known = [value for part in parts if (value := getattr(getattr(part, paid), name)) is not None]
                whole = getattr(getattr(totals, paid), name)
                assert (sum(known) if known else None) == pytest.approx(whole, abs=1e-12)
    kinds = report.kinds()
    assert sum(kind.removed for kind in kinds) == sum(
        segment.removed for entry in entries if not entry.round for segment in entry.segments
    )
    assert sum(kind.saved or 0 for kind in kinds) == pytest.approx(totals.money.saved or 0, abs=1e-12)
    assert sum(kind.equivalent or 0 for kind in kinds) == pytest.approx(totals.equivalent.saved or 0, abs=1e-12)


def test_series_by_hour_and_by_local_day(ledger, report):
    for hours in (0, 0, 1, 11, 12):
        ledger.add(request(at=NOON + hours * HOUR + 100))
    by_hour = report.series("hour")
    assert [(bucket.at, bucket.totals.requests) for bucket in by_hour] == [
        (NOON, 2), (NOON + HOUR, 1), (NOON + 11 * HOUR, 1), (NOON + 12 * HOUR, 1),
    ]  # fmt: skip
    midnight = NOON - 12 * HOUR
    assert [(bucket.at, bucket.totals.requests) for bucket in report.series()] == [(midnight, 4), (midnight + DAY, 1)]
    ahead = report.series(utc_offset=2)  # where it is midnight two hours earlier
    assert [(bucket.at, bucket.totals.requests) for bucket in ahead] == [
        (midnight - 2 * HOUR, 3),
        (midnight + 22 * HOUR, 2),
    ]


def test_since_is_to_the_hour(ledger, report):
    for hours in (0, 1, 2):
        ledger.add(
            request(at=NOON + hours * HOUR, conversation=str(hours), edits=(edited(hours),), failures=(failed(),))
        )
    since = Filter(NOON + HOUR + 1800)
    assert report.totals(since).requests == 2
    assert [one.conversation for one in report.conversations(since)] == ["2", "1"]
    assert report.kinds(since)[0].requests == 2
    assert len(report.edits(since)) == 2
    assert report.failures(since)[0].count == 2
    assert report.latency(since).added.count == 2


def test_conversations_the_latest_first(ledger, report):
    ledger.add(request(at=NOON, conversation="old", cache_break="tools"))
    ledger.add(request(at=NOON + 1, conversation="new"))
    ledger.add(
        request(at=NOON + 2, conversation="old", cache_break="system prompt", model="m2", tag="w", agent="codex")
    )
    ledger.add(request(at=NOON + 3, conversation="old", model="m", tag="w", agent="codex", subscription=True))
    ledger.add(request(at=NOON + 4, conversation=""))
    old, new = report.conversations()
    assert (old.conversation, old.tag, old.agent, old.model, old.first, old.last) == (
        "old",
        "w",
        "codex",
        "m",
        NOON,
        NOON + 3,
    )
    assert (old.totals.requests, old.totals.breaks, old.last_break) == (3, 2, "system prompt")
    assert (new.conversation, new.totals.requests, new.last_break) == ("new", 1, "")
    assert [one.conversation for one in report.conversations(limit=1)] == ["old"]
    assert [one.conversation for one in report.conversations(Filter(tag="w"))] == ["old"]
    assert [one.conversation for one in report.conversations(Filter(conversation="new"))] == ["new"]


def test_edits_are_told_once(ledger, report):
    ledger.add(request(edits=(edited(1, tool="Grep", lossless=True), edited(2))))
    ledger.add(request(at=NOON + 5, edits=(edited(2, compressor="other"), edited(3)), tag="w"))
    rows = report.edits()
    assert [row.handle for row in rows] == [f"{number:012x}" for number in (3, 2, 1)]
    assert (rows[2].tool, rows[2].lossless, rows[1].compressor, rows[0].tag, rows[0].at) == (
        "Grep",
        True,
        "logs",
        "w",
        NOON + 5,
    )
    assert [row.key for row in report.edits(limit=1)] == [f"{3:032x}"]


def test_failures_by_kind(ledger, report):
    ledger.add(request(failures=(failed(), failed("other"), failed("locked", "store"))))
    ledger.add(request(at=NOON + 7, failures=(failed(),)))
    first, *rest = report.failures()
    assert (first.where, first.reason, first.count, first.last) == ("pipeline", failed().reason, 2, NOON + 7)
    assert {(one.where, one.reason, one.count) for one in rest} == {("pipeline", "other", 1), ("store", "locked", 1)}


def test_latency(ledger, report):
    for number in range(1, 101):
        ledger.add(request(added_ms=number / 10, first_byte_ms=500.0))
    ledger.add(request(round=1, added_ms=999.0))
    added = report.latency().added
    assert (added.count, added.p50, added.p90, added.p99, added.most) == (100, 5.0, 9.0, 9.9, 10.0)
    assert report.latency().first_byte.most == 500.0


@pytest.mark.parametrize(("limits", "kept"), [({"max_age_days": 2}, 9), ({"max_rows": 10}, 8)], ids=["age", "rows"])
def test_what_is_forgotten_leaves_its_sums(ledger, report, limits, kept):
    for number in range(40):
        ledger.add(
            request(
                at=NOON + number * 6 * HOUR, conversation=str(number), tag="wx"[number % 2], edits=(edited(number),),
                failures=(failed(),), segments=(Segment(10, 5, ["logs", "search"][number % 3 == 0]),),
            )
        )  # fmt: skip
    before = report.totals(), report.series("day"), report.kinds(), report.kinds(Filter(tag="w"))
    last = NOON + 39 * 6 * HOUR
    again = Ledger(ledger.path, PRICES, **limits)
    again.add(request(at=last, conversation="last", segments=(), usage=None))
    after = report.totals(), report.series("day"), report.kinds(), report.kinds(Filter(tag="w"))
    assert after[2:] == before[2:]
    assert after[0].requests == before[0].requests + 1
    assert after[0].money.saved == before[0].money.saved
    assert after[1][:-1] == before[1][:-1]
    left = report.conversations()
    assert left[0].conversation == "last"
    assert len(left) == 1 + kept
    assert len(report.edits()) == len(left) - 1 == sum(one.count for one in report.failures())
    tidied = report.conversations(), report.kinds()
    once_more = Ledger(ledger.path, PRICES, **limits)
    once_more.add(replace(request(at=last, conversation="last", segments=(), usage=None)))
    assert report.kinds() == tidied[1]
    assert len(report.conversations()) == len(left)


def test_only_the_latest_edits_and_failures_are_kept(ledger, report, monkeypatch):
    monkeypatch.setattr(tables, "EDITS", 5)
    monkeypatch.setattr(tables, "FAILURES", 3)
    ledger.add(request(edits=tuple(edited(number) for number in range(20)), failures=(failed(),) * 20))
    Ledger(ledger.path).add(request(edits=(edited(20),)))
    assert [row.key for row in report.edits()] == [f"{number:032x}" for number in (20, 19, 18, 17, 16, 15)]
    assert report.failures()[0].count == 3
    assert (report.totals().edits, report.totals().failures) == (21, 20)


def test_nothing_of_a_request_is_written_where_a_part_cannot_be(ledger, report):
    ledger.add(request())
    for broken in ({"tool": object()}, {"tokens_after": 2**70}):
        with pytest.raises(StoreError):
            ledger.add(request(failures=(failed(),), edits=(edited(1), edited(2, **broken))))
    with suppress(KeyboardInterrupt), ledger._file.writing() as connection:
        connection.execute("DELETE FROM hours")
        raise KeyboardInterrupt
    assert (report.totals().requests, report.failures(), report.edits()) == (1, [], [])
    ledger.add(request())
    assert report.totals().requests == 2
