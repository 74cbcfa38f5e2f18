"""The line at the end of a wrapped run: what it saved, as measured, and how to go on."""

from __future__ import annotations

import re
import time
from pathlib import Path

from headroom import config
from headroom.agents.contract import Agent, Machine
from headroom.errors import StoreError
from headroom.ledger.figures import Filter, Money, Totals
from headroom.ledger.report import Report

_SETTLE_SECONDS = 0.1
"""The proxy writes a request down just after its answer has gone."""
_TRIES = 10


def closing(agent: Agent, machine: Machine, tag: str, began: float) -> str:
    """One line about a run.

    Args:
        agent: that ran.
        machine: where its transcripts are.
        tag: of the run, as its requests carried it.
        began: Unix seconds; transcripts written since are the run's.
    """
    try:
        totals = _settled(tag, began)
    except StoreError as error:
        return f"what was saved is unknown: {error}"
    if not totals.requests:
        return "no request of this run came through the proxy"
    line = f"{told(totals)}; {totals.requests} request{'s' * (totals.requests != 1)}"
    if totals.removed > 0:
        line += f"; to go on: headroom wrap {agent.name} -- {going_on(agent, machine, began)}"
    return line


def told(totals: Totals) -> str:
    """What was saved, in tokens and in money."""
    share = f" ({100 * totals.removed / (totals.tokens + totals.removed):.0f} %)" if totals.removed > 0 else ""
    parts = [f"saved {totals.removed:,} prompt tokens{share}"]
    paid, equivalent = _money(totals.money), _money(totals.equivalent)
    if paid:
        parts.append(f"{paid} net")
    if equivalent:
        parts.append(f"{equivalent} net, API-equivalent (a subscription pays)")
    if not paid and not equivalent:
        parts.append("money unknown")
    unknown = totals.money.unknown + totals.equivalent.unknown
    if unknown and (paid or equivalent):
        parts.append(f"{unknown} requests unknown")
    return ", ".join(parts)


def _money(money: Money) -> str:
    if money.saved is None or (money.spent is None and not money.saved):
        return ""
    sign = "-" if money.saved < 0 else ""
    spent = "" if money.spent is None else f" of ${money.spent + money.saved:.4f}"
    return f"{sign}${abs(money.saved):.4f}{spent}"


def going_on(agent: Agent, machine: Machine, began: float) -> str:
    """The agent's arguments that go on with what was just said."""
    if "{session}" not in agent.resume:
        return agent.resume
    newest = max((path for glob in agent.transcripts for path in machine.home.glob(glob)), key=_written, default=None)
    found = re.search(agent.session, str(newest)) if newest is not None and _written(newest) >= began else None
    return agent.resume.format(session=found[1] if found else "SESSION")


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _settled(tag: str, began: float) -> Totals:
    """The run's sums, once they no longer grow."""
    report = Report(config.ledger_path())
    try:
        totals = report.totals(Filter(since=began, tag=tag))
        for _ in range(_TRIES):
            time.sleep(_SETTLE_SECONDS)
            now = report.totals(Filter(since=began, tag=tag))
            if now == totals:
                break
            totals = now
        return totals
    finally:
        report.close()
