"""The figures of the ledger as `/stats`, the page, Prometheus and `headroom perf --live` tell them."""

import json
import time
from itertools import pairwise

import pytest
from click.testing import CliRunner
from dashboard_seed import APART, HOSTILE, TURN, entry, requests, seed
from prometheus_client.parser import text_string_to_metric_families

from headroom import config
from headroom.cli.perf import perf
from headroom.ledger.entry import Segment
from headroom.ledger.ledger import Ledger
from headroom.ledger.report import Report
from headroom.originals.store import MemoryStore
from headroom.perf import live
from headroom.proxy import stats

HOUR, DAY = 3600, 86400
NOON = 1_795_262_400.0  # 2026-11-21, 12:00 UTC
MILLION = (Segment(1_000_000),)
INPUT, OUTPUT = 3.0, 15.0  # dollars per million tokens of the model that `entry` names: under 200,000 tokens of prompt


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite3"


def told(path, *entries):
    """A report of a ledger with these entries."""
    ledger = Ledger(path)
    for each in entries:
        ledger.add(each)
    return Report(path)


def plain(at, name="one", removed=1000, **changed):
    """A request of 1,000 tokens from which `removed` were taken, billed as fresh input."""
    usage = entry(at, name, (Segment(1), Segment(1))).usage
    bill = type(usage)(1000, 0, 0, 0, 100)
    return entry(at, name, (Segment(1000, removed, "logs"),), usage=changed.pop("usage", bill), **changed)


SAVED = 1000 * INPUT / 1e6
SPENT = (1000 * INPUT + 100 * OUTPUT) / 1e6


def test_an_empty_ledger_tells_nothing_and_counts_nothing(path):
    found = stats.page(Report(path))
    assert not found["ever"]
    assert found["totals"]["money"]["paid"]["saved"] is None
    assert found["totals"]["cache_hit_share"] is None
    assert found["totals"]["added_ms"] is None
    assert found["conversations"] == found["edits"] == []
    assert all(point["saved"] is None for point in found["series"])


def test_money_is_that_of_the_entries(path):
    report = told(path, plain(NOON), plain(NOON + 1), plain(NOON + 2, removed=-500))
    paid = live.figures(report)["money"]["paid"]
    assert paid["saved"] == pytest.approx(1.5 * SAVED)
    assert paid["spent"] == pytest.approx(3 * SPENT)
    assert paid["unknown"] == 0


def test_what_is_added_can_cost_more_than_is_saved(path):
    found = live.figures(told(path, plain(NOON, removed=-500)))
    assert found["money"]["paid"]["saved"] == pytest.approx(-SAVED / 2)
    assert found["tokens"]["saved"] == -500


def test_a_subscription_stands_apart_and_is_drawn_only_where_nothing_was_paid(path, tmp_path):
    both = stats.page(told(path, plain(NOON), plain(NOON, removed=3000, subscription=True)), NOON - 1)
    assert both["totals"]["money"]["paid"]["saved"] == pytest.approx(SAVED)
    assert both["totals"]["money"]["equivalent"]["saved"] == pytest.approx(3 * SAVED)
    assert sum(point["saved"] for point in both["series"]) == pytest.approx(SAVED)
    alone = stats.page(told(tmp_path / "other", plain(NOON, subscription=True)), NOON - 1)
    assert alone["totals"]["money"]["paid"]["saved"] is None
    assert sum(point["saved"] for point in alone["series"]) == pytest.approx(SAVED)


@pytest.mark.parametrize("differs", [{"usage": None}, {"model": "nobody-prices-this"}], ids=["no bill", "no price"])
def test_what_is_unknown_is_not_zero(path, differs):
    found = stats.page(told(path, plain(NOON, **differs)), NOON - 1)
    assert found["ever"]
    assert found["totals"]["money"]["paid"]["saved"] is None
    assert found["totals"]["money"]["paid"]["unknown"] == 1
    assert {point["saved"] for point in found["series"]} == {None}
    assert sum(point["tokens_saved"] for point in found["series"]) == 1000


@pytest.mark.parametrize(("days", "step"), [(2, HOUR), (30, DAY)])
@pytest.mark.parametrize("offset", [0, 13, -8])
def test_the_series_has_no_gaps_and_loses_nothing(path, days, step, offset):
    now = time.time()
    at = [now - days * DAY * share for share in (0.05, 0.4, 0.41, 0.98)]
    report = told(path, *(plain(each) for each in at))
    found = stats.page(report, now - days * DAY, utc_offset=offset)
    points = found["series"]
    assert found["step"] == step
    assert {after["at"] - before["at"] for before, after in pairwise(points)} == {step}
    assert sum(point["requests"] for point in points) == 4
    assert sum(point["saved"] for point in points) == pytest.approx(4 * SAVED)
    assert points[-1]["at"] <= now < points[-1]["at"] + step
    for each in at:
        assert any(point["requests"] and point["at"] <= each < point["at"] + step for point in points)
    if step == DAY:
        assert all((point["at"] + offset * HOUR) % DAY == 0 for point in points)


def test_a_year_of_days_is_not_too_much(path):
    now = time.time()
    found = stats.page(told(path, plain(now - 360 * DAY), plain(now - 1)))
    assert 360 <= len(found["series"]) <= stats.MOST_BUCKETS
    assert sum(point["requests"] for point in found["series"]) == 2


def test_one_conversation_alone(path):
    report = told(path, plain(NOON, "one"), plain(NOON, "two", removed=5000))
    found = stats.page(report, conversation="two")
    assert [each["conversation"] for each in found["conversations"]] == ["two"]
    assert found["totals"]["tokens"]["saved"] == 5000
    assert found["ever"]
    assert stats.page(report, conversation="three")["ever"]


def test_the_cache_report_names_the_last_break(path):
    broken = [
        plain(NOON + at, cache_break=what) for at, what in enumerate(["tools: order changed", "", "system prompt"])
    ]
    (found,) = stats.page(told(path, *broken))["conversations"]
    assert found["breaks"] == 2
    assert found["last_break"] == "system prompt"


def test_every_failure_comes_with_what_to_do(path):
    seed(path, NOON)
    (found,) = live.figures(Report(path))["failed"]
    assert found["count"] == 3
    assert "report it" in found["advice"]
    assert 'kinds = {"logs" = "off"}' in live.advice("logs", "ValueError")
    assert "edit_guarded" in live.advice("wire", "the client guards this body with a hash: it went as it came")


def families(report):
    found = list(text_string_to_metric_families(stats.metrics(report)))
    return {(sample.name, *sample.labels.values()): sample.value for family in found for sample in family.samples}


def test_prometheus_reads_the_metrics(path):
    report = told(
        path, plain(time.time()), plain(NOON, subscription=True), plain(NOON, usage=None), plain(NOON, status=529)
    )
    found = families(report)
    assert found["headroom_requests_total",] == 4
    assert found["headroom_errors_total",] == 1
    assert found["headroom_saved_dollars", "api_key"] == pytest.approx(2 * SAVED)
    assert found["headroom_saved_dollars", "subscription"] == pytest.approx(SAVED)
    assert found["headroom_unknown_saving_requests", "api_key"] == 1
    assert found["headroom_billed_tokens_total", "output"] == 300
    assert found["headroom_saved_tokens", "logs"] == 4000
    assert found["headroom_added_seconds", "0.5"] == pytest.approx(0.002)


def test_histograms_count_each_request_once(path):
    report = told(path, plain(NOON, added_ms=3.0, first_byte_ms=100.0), plain(NOON, added_ms=40.0, first_byte_ms=0.0))
    for more in (0, 1, 2):
        if more:
            Ledger(path).add(plain(NOON, added_ms=90_000.0, first_byte_ms=100.0))
        found = text_string_to_metric_families(stats.metrics(report))
        samples = {
            (sample.name.removeprefix("headroom_request_"), sample.labels.get("le")): sample.value
            for family in found
            if family.type == "histogram"
            for sample in family.samples
        }
        assert samples["added_seconds_bucket", "0.002"] == 0
        assert samples["added_seconds_bucket", "0.004"] == 1
        assert samples["added_seconds_bucket", "0.064"] == samples["added_seconds_bucket", "64.0"] == 2
        assert samples["added_seconds_bucket", "+Inf"] == samples["added_seconds_count", None] == 2 + more
        assert samples["added_seconds_sum", None] == pytest.approx(0.043 + 90 * more)
        assert samples["first_byte_seconds_count", None] == 1 + more


def test_what_is_unknown_is_no_metric(path):
    found = families(told(path, plain(NOON, usage=None)))
    assert ("headroom_saved_dollars", "api_key") not in found
    assert ("headroom_added_seconds", "0.5") not in found  # no request within the last hour


def test_a_name_from_outside_cannot_break_the_metrics(path):
    from headroom.blocks import Failure

    name = 'a"}\n# TYPE evil counter\nevil 1\\'
    assert families(told(path, plain(NOON, failures=(Failure(name, "x"),))))["headroom_recent_failures", name] == 1


def test_every_family_is_named_and_explained_once(path):
    seed(path, time.time())
    lines = stats.metrics(Report(path)).splitlines()
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names)) > 15
    assert all(name.startswith("headroom_") for name in names)
    assert all(name.endswith("_total") == (kind == "counter") for _, _, name, kind in map(str.split, typed(lines)))


def typed(lines):
    return [line for line in lines if line.startswith("# TYPE")]


def run(*arguments):
    made = CliRunner().invoke(perf, ["--live", *arguments], env={"COLUMNS": "90"}, catch_exceptions=False)
    assert made.exit_code == 0
    return made.output


def test_the_terminal_says_how_to_begin():
    assert "No request yet" in run()
    assert "ANTHROPIC_BASE_URL" in run()


def test_the_terminal_tells_the_same_figures():
    seed(config.ledger_path(), time.time())
    figures = json.loads(run("--json"))
    said = run()
    assert live.dollars(figures["money"]["paid"]["saved"]) in said
    assert f"{figures['tokens']['saved']:,}" in said
    assert "unknown for 3 requests" in said
    assert "looks like a date" in said
    assert {kind["kind"] for kind in figures["kinds"]} <= set(said.split())


def test_the_terminal_takes_the_last_days_only():
    now = time.time()
    ledger = Ledger(config.ledger_path())
    for name, at in (("old", now - 3 * DAY), ("new", now - HOUR)):
        for segments, edits in requests(name, MemoryStore()):
            ledger.add(entry(at, name, segments, edits))
    assert json.loads(run("--json"))["requests"] == 6
    assert json.loads(run("--json", "--days", "1"))["requests"] == 3


def test_the_terminal_says_what_is_unknown_and_what_was_not_paid():
    ledger = Ledger(config.ledger_path())
    ledger.add(plain(NOON, usage=None))
    assert "unknown: no request had both a price and a bill" in run()
    ledger.add(plain(NOON, subscription=True))
    assert "API-equivalent" in run()


def test_nothing_from_outside_reaches_the_terminal_raw():
    from headroom.blocks import Failure

    Ledger(config.ledger_path()).add(
        plain(NOON, tag="\x1b[2J", cache_break="tools", failures=(Failure("\x1b]0;x\x07", "\x1b[31m"),))
    )
    assert not {"\x1b", "\x07"} & set(run())


def test_a_ledger_that_cannot_be_read_is_one_line(path):
    path.write_bytes(b"no database" * 100)
    with pytest.raises(Exception, match=r"ledger.sqlite3"):
        list(live.tell(Report(path)))


@pytest.mark.parametrize("arguments", [["--days", "3"], ["--live", "notes.txt"]])
def test_options_that_do_not_go_together(arguments):
    assert CliRunner().invoke(perf, arguments).exit_code == 2


def test_the_seed_is_what_the_other_tests_take_it_for(path):
    _, store = seed(path, NOON)
    report = Report(path)
    assert len(report.edits(limit=50)) == 9
    assert {HOSTILE, "Bash"} == {edit.tool for edit in report.edits(limit=50)}
    assert report.conversations()[0].last == NOON - TURN
    assert report.conversations()[-1].first == NOON - 2 * APART - 3 * TURN
    assert all(store.decisions([edit.key])[edit.key].text for edit in report.edits(limit=50))
