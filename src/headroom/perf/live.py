"""What the proxy has saved so far, from its ledger: the figures that `/stats` answers and `headroom perf --live` prints.

Rules:
* What is not known is `None` in the figures and "unknown" in words; it is never counted as nothing. A sum over what is
  known says how many requests it does not hold.
* Money of an API key and "API-equivalent" figures of a subscription stand apart.
* Tokens taken out are our own estimates; tokens billed are the provider's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from headroom.ledger.figures import Filter, Money, Totals
from headroom.ledger.prices import Prices
from headroom.ledger.report import Report

COUNTS = ("requests", "rounds", "errors", "failures", "retrievals", "edits", "breaks", "unbilled")
"""Counts of `Totals` that are told under their own names."""
_ADVICE = {
    "store": "The texts went out as they came; the next request tries again.",
    "wire": "The message went out as it came. If its client is a usual one, please report it.",
    "pipeline": "The text went out as it came. Please report it, with the kind of text it was.",
    "proxy": "The request went out as it came. Please report it.",
    "compute": "The request went out as it came. If it repeats, report it with the size of what was sent.",
    "prefix": "The provider holds the history for another than the one it signed. Begin that conversation anew, and report it.",
    "retrieval": "The conversation goes on, and nothing more is left out of it.",
}
"""What to do, by what failed; the reason stands beside it."""
_OTHER = 'The text went out as it came. Please report it; until it is mended, kinds = {"NAME" = "off"} in config.toml passes it by.'
_GUARDED = "Some clients sign what they send. Set edit_guarded = true under [proxy] to make their requests lighter too."


def figures(report: Report, since: float = 0.0, conversation: str | None = None) -> dict[str, Any]:
    """Everything summed up, ready for JSON.

    Args:
        report: of the ledger.
        since: Unix seconds; 0 for all there is. Rounded down to the hour.
        conversation: only this one.

    Returns:
        `since`, `now`: Unix seconds.
        `requests`, `rounds` (hidden ones), `errors` (no answer, or one of status 400 and more), `failures`, `retrievals`,
        `edits` (made for the first time), `breaks` (requests whose cached prefix something broke), `unbilled` (no usage told).
        `tokens`: `sent` and `saved`, estimates, of every request as it was sent.
        `billed`: `fresh`, `cache_read`, `cache_write`, `cache_write_1h`, `output`, as the provider counted them.
        `cache_hit_share`: of billed input, 0 to 1, or `None`.
        `money`: `currency`, `prices` (their date), and `paid` and `equivalent` (of subscriptions), each with `spent`,
        `saved` (net), `marks_saved`, `hidden` in dollars or `None`, and `unpriced`, `unknown`: requests not held in them.
        `added_ms`, `first_byte_ms`: `p50`, `p90`, `p99`, `most`, or `None`.
        `kinds`: by kind of change: `kind`, `requests`, `removed` (tokens), `saved`, `equivalent`, `unknown`.
        `failed`: `where`, `reason`, `count`, `last`, `advice`.

    Raises:
        StoreError: the ledger cannot be read.
    """
    which = Filter(since, conversation=conversation)
    totals, latency = report.totals(which), report.latency(which)
    return {
        "since": since,
        "now": time.time(),
        **{name: getattr(totals, name) for name in COUNTS},
        "tokens": {"sent": totals.tokens, "saved": totals.removed},
        "billed": _billed(totals),
        "cache_hit_share": totals.cache_hits,
        "money": {
            "currency": "USD",
            "prices": min(date for date, _ in Prices.sources().values()),
            "paid": asdict(totals.money),
            "equivalent": asdict(totals.equivalent),
        },
        "added_ms": asdict(latency.added) if latency.added else None,
        "first_byte_ms": asdict(latency.first_byte) if latency.first_byte else None,
        "kinds": [asdict(kind) for kind in report.kinds(which)],
        "failed": [
            {**asdict(failure), "advice": advice(failure.where, failure.reason)} for failure in report.failures(which)
        ],
    }


def _billed(totals: Totals) -> dict[str, int]:
    names = ("fresh", "cache_read", "cache_write", "cache_write_1h", "output")
    return {name: getattr(totals, name) for name in names}


def advice(where: str, reason: str) -> str:
    """What a user can do about a failure."""
    if "hash" in reason and where == "wire":
        return _GUARDED
    return _ADVICE.get(where, _OTHER.replace("NAME", where))


def tell(report: Report, since: float = 0.0) -> Iterator[Table | Text]:
    """The same for a terminal, part by part.

    Raises:
        StoreError: the ledger cannot be read.
    """
    found = figures(report, since)
    if not found["requests"]:
        yield Text(
            "No request yet. Start the proxy (headroom proxy) and point a client at it:\n"
            "  export ANTHROPIC_BASE_URL=http://127.0.0.1:8787"
        )
        return
    yield _summary(found)
    yield _kinds(found["kinds"])
    conversations = [each for each in report.conversations(Filter(since), limit=10) if each.last_break]
    if conversations:
        yield Text("What broke the provider's cache, latest first", "bold")
        for each in conversations:
            name = each.tag or each.agent or each.conversation[:8]
            yield Text(_printable(f"{name}: {each.last_break} ({_count(each.totals.breaks, 'time')})"))
    if found["failed"]:
        yield Text("Failures", "bold")
        for each in found["failed"]:
            yield Text(_printable(f"{each['count']:,} x {each['where']}: {each['reason']}. {each['advice']}"))
    yield Text(
        "Net: the bill these requests would have had, less the bill they had; what Headroom added is taken off. Tokens saved"
        f" are estimates, counted in each request that does without them. Prices of {found['money']['prices']}.",
        "dim",
    )


def _summary(found: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column("what", no_wrap=True)
    table.add_column("figure", overflow="fold")
    money, tokens, added = found["money"], found["tokens"], found["added_ms"]
    told = [("saved, net", money["paid"], ""), ("saved, API-equivalent", money["equivalent"], " (subscription)")]
    for name, account, label in told:
        if (said := worth(Money(**account))) or (account["unknown"] and not label):
            table.add_row(name, (said or "unknown: no request had both a price and a bill") + label, style="bold")
    before = tokens["sent"] + tokens["saved"]
    share = f" ({100 * tokens['saved'] / before:.1f} % of what clients sent)" if before else ""
    table.add_row("tokens saved", f"{tokens['saved']:,}{share}")
    hits = found["cache_hit_share"]
    table.add_row("cache hits", "unknown" if hits is None else f"{100 * hits:.1f} % of billed input tokens")
    errors = f", {found['errors']:,} answered with an error" if found["errors"] else ""
    table.add_row("requests", f"{found['requests']:,}{errors}")
    if added:
        table.add_row("time added", f"{added['p50']:.1f} ms half the time, {added['p99']:.1f} ms 99 times in 100")
    table.add_row(
        "made shorter", f"{_count(found['edits'], 'text')}, {_count(found['retrievals'], 'original')} given back"
    )
    table.add_row("failures", f"{found['failures']:,}")
    return table


def worth(money: Money) -> str:
    """Money in a sentence; `""` where nothing is known."""
    if money.saved is None or money.spent is None:
        return ""
    before = money.spent + money.saved
    said = f"{dollars(money.saved)} of {dollars(before)}"
    if before > 0:
        said += f" ({100 * money.saved / before:.1f} %)"
    if money.marks_saved:
        said += f"; cache marks saved {dollars(money.marks_saved)} besides"
    return said + (f"; unknown for {_count(money.unknown, 'request')}" if money.unknown else "")


def dollars(amount: float) -> str:
    """Cents from ten cents on, more digits below, so that a first saving does not read as nothing."""
    digits = 2 if abs(amount) >= 0.1 or not amount else 4
    return f"{'-' if amount < 0 else ''}${abs(amount):,.{digits}f}"


def _kinds(kinds: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("kind", overflow="fold")
    for name in ("requests", "tokens", "saved, net"):
        table.add_column(name, justify="right", no_wrap=True)
    for kind in kinds:
        paid, equivalent = kind["saved"], kind["equivalent"]
        saved = "unknown" if paid is None else dollars(paid)
        if paid is None and equivalent is not None:
            saved = f"{dollars(equivalent)} eq."
        table.add_row(kind["kind"], f"{kind['requests']:,}", f"{kind['removed']:,}", saved)
    return table


def _printable(text: str) -> str:
    """Without control characters: names and reasons come from outside, and a terminal obeys."""
    return "".join(each if each.isprintable() else "?" for each in text)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
