"""The ledger's figures for the dashboard and for Prometheus; those for programs (`/stats`) are `perf.live.figures`.

Rules:
* Pure reports: nothing is written, nothing kept; what the ledger cannot tell raises `StoreError`.
* A metric whose value is not known is left out, never 0.
* Names of metrics and keys of the JSON stay as they are: others read them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from headroom.ledger.figures import Bucket, Conversation, Filter, Kind, Spread, Totals
from headroom.ledger.histogram import BOUNDS, Histogram
from headroom.ledger.report import Report
from headroom.perf.live import figures

HOUR, DAY = 3600, 86400
BY_THE_HOUR = 8 * DAY
"""Periods up to this long are drawn by the hour: 192 bars at most."""
MOST_BUCKETS = 400
RECENT = 30
"""Edits and conversations that a page shows."""
Labels = Mapping[str, str]


def page(report: Report, since: float = 0.0, conversation: str | None = None, utc_offset: int = 0) -> dict[str, Any]:
    """Everything the dashboard shows, ready for JSON.

    Args:
        report: of the ledger.
        since: Unix seconds; 0 for all there is.
        conversation: only this one.
        utc_offset: hours by which the reader's clock is ahead of UTC, so that days begin at midnight.

    Returns:
        `now`, `ever` (whether anything was ever recorded), `totals` (see `figures`).
        `step` (seconds), `series`: `at`, `requests`, `tokens_saved`, `saved` (dollars; `None` throughout where no money is
        known; API-equivalent where only that is), without gaps.
        `edits`: as `EditRow`. `conversations`: `conversation`, `tag`, `agent`, `model`, `last`, `requests`, `retrievals`,
        `tokens_saved`, `saved`, `equivalent`, `cache_hit_share`, `breaks`, `last_break`.

    Raises:
        StoreError: the ledger cannot be read.
    """
    which = Filter(since, conversation=conversation)
    totals = figures(report, since, conversation)
    now = totals["now"]
    days = report.series("day", which, utc_offset)
    begin = max(since, days[0].at) if days else now - DAY
    by: Literal["hour", "day"] = "hour" if now - begin <= BY_THE_HOUR else "day"
    buckets = report.series("hour", which) if by == "hour" else days
    step = HOUR if by == "hour" else DAY
    return {
        "now": now,
        "ever": bool(totals["requests"] or report.totals().requests),
        "totals": totals,
        "step": step,
        "series": _series(buckets, begin, now, step, totals),
        "edits": [asdict(edit) for edit in report.edits(which, RECENT)],
        "conversations": [_conversation(each) for each in report.conversations(which, RECENT)],
    }


def _series(
    buckets: Sequence[Bucket], begin: float, now: float, step: int, totals: dict[str, Any]
) -> list[dict[str, Any]]:
    """One point for each bucket of the period, those in which nothing happened as well."""
    money = totals["money"]
    known = next((name for name in ("paid", "equivalent") if money[name]["saved"] is not None), None)
    found = {bucket.at: bucket.totals for bucket in buckets}
    at = buckets[0].at if buckets else int(begin) // step * step
    at -= max(0, (at - int(begin)) // step) * step
    at = max(at, at + (int(now - at) // step - MOST_BUCKETS) * step)
    points = []
    while at <= now:
        totals_then = found.get(at)
        points.append(
            {
                "at": at,
                "requests": totals_then.requests if totals_then else 0,
                "tokens_saved": totals_then.removed if totals_then else 0,
                "saved": None if known is None else _saved(totals_then, known) or 0.0,
            }
        )
        at += step
    return points


def _saved(totals: Totals | None, known: str) -> float | None:
    if totals is None:
        return None
    return (totals.money if known == "paid" else totals.equivalent).saved


def _conversation(each: Conversation) -> dict[str, Any]:
    totals = each.totals
    return {
        **{name: getattr(each, name) for name in ("conversation", "tag", "agent", "model", "last", "last_break")},
        "requests": totals.requests,
        "retrievals": totals.retrievals,
        "tokens_saved": totals.removed,
        "saved": totals.money.saved,
        "equivalent": totals.equivalent.saved,
        "cache_hit_share": totals.cache_hits,
        "breaks": totals.breaks,
    }


def metrics(report: Report) -> str:
    """Everything there is, in Prometheus' text format (0.0.4).

    Counters are of the ledger, so of all processes that share it, and survive restarts. Savings are gauges: they may fall.
    Quantiles of times are those of the last hour, histograms of all requests that the ledger still has.
    """
    totals = report.totals()
    lines: list[str] = []
    for name, kind, text, samples in _families(totals, report.kinds(), report):
        told = [(labels, value) for labels, value in samples if value is not None]
        if told:
            lines += [f"# HELP headroom_{name} {text}", f"# TYPE headroom_{name} {kind}"]
            lines += [f"headroom_{name}{_labels(labels)} {value!r}" for labels, value in told]
    for name, histogram in report.histograms().items():
        lines += _histogram(*_TIMES[name], histogram)
    return "\n".join([*lines, ""])


_TIMES = {
    "added_ms": ("headroom_request_added_seconds", "Time added before a request left."),
    "first_byte_ms": ("headroom_request_first_byte_seconds", "Time from a request to the first byte of its answer."),
}


def _histogram(name: str, text: str, found: Histogram) -> list[str]:
    bounds = [*(repr(bound / 1000) for bound in BOUNDS), "+Inf"]
    return [
        f"# HELP {name} {text}",
        f"# TYPE {name} histogram",
        *(
            f'{name}_bucket{{le="{le}"}} {count}'
            for le, count in zip(bounds, [*found.counts, found.count], strict=True)
        ),
        f"{name}_sum {found.total / 1000!r}",
        f"{name}_count {found.count}",
    ]


Family = tuple[str, str, str, Sequence[tuple[Labels, float | None]]]


def _families(totals: Totals, kinds: Sequence[Kind], report: Report) -> Iterator[Family]:
    counts = (
        ("requests", totals.requests, "Requests of clients."),
        ("hidden_rounds", totals.rounds, "Requests of the proxy's own, to give originals back."),
        ("errors", totals.errors, "Requests without an answer, or answered with status 400 or more."),
        ("edits", totals.edits, "Texts made shorter, each counted once."),
        ("retrievals", totals.retrievals, "Originals that a model asked for."),
        ("prefix_breaks", totals.breaks, "Requests whose cached prefix something broke."),
        ("unbilled_requests", totals.unbilled, "Requests whose provider told no usage."),
    )
    for name, value, text in counts:
        yield f"{name}_total", "counter", text, [({}, value)]
    failures: dict[str, int] = {}
    for failure in report.failures(limit=1000):
        failures[failure.where] = failures.get(failure.where, 0) + failure.count
    yield (
        "failures_total",
        "counter",
        "Texts or requests left as they came because something failed.",
        [({}, totals.failures)],
    )
    yield (
        "recent_failures",
        "gauge",
        "The latest failures, by what failed.",
        [({"where": k}, v) for k, v in failures.items()],
    )
    yield "sent_tokens_total", "counter", "Prompt tokens as sent, estimated.", [({}, totals.tokens)]
    classes = ("fresh", "cache_read", "cache_write", "cache_write_1h", "output")
    billed = [({"class": name}, getattr(totals, name)) for name in classes]
    yield "billed_tokens_total", "counter", "Tokens as the provider billed them.", billed
    removed = [({"kind": kind.kind}, kind.removed) for kind in kinds]
    yield (
        "saved_tokens",
        "gauge",
        "Prompt tokens taken out, estimated, again in each request; below 0 where added.",
        removed,
    )
    accounts = (("api_key", totals.money), ("subscription", totals.equivalent))
    texts = {
        "spent": "Dollars that requests with a known price cost; API-equivalent for subscriptions.",
        "saved": "Dollars saved, net of all that the proxy added; API-equivalent for subscriptions.",
        "marks_saved": "Dollars saved by cache marks that the proxy set; not in headroom_saved_dollars.",
    }
    for name, text in texts.items():
        yield f"{name}_dollars", "gauge", text, [({"paid_by": by}, getattr(money, name)) for by, money in accounts]
    unknown = [({"paid_by": by}, money.unknown) for by, money in accounts]
    yield "unknown_saving_requests", "gauge", "Requests whose saving is not known, so in no sum.", unknown
    latency = report.latency(Filter(time.time() - HOUR))
    yield "added_seconds", "gauge", "Time added before a request left, over the last hour.", _quantiles(latency.added)
    text = "Time to the first byte of an answer, over the last hour."
    yield "first_byte_seconds", "gauge", text, _quantiles(latency.first_byte)


def _quantiles(spread: Spread | None) -> list[tuple[Labels, float | None]]:
    if spread is None:
        return []
    parts = (("0.5", spread.p50), ("0.9", spread.p90), ("0.99", spread.p99), ("1", spread.most))
    return [({"quantile": name}, value / 1000) for name, value in parts]


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
