"""What is active, what is not and why, and what to do: one file an area, and the table of them.

`finding` says what a check is. `cli.doctor` prints what they find.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from headroom.compression.pipeline import describe
from headroom.doctor import agents, data, leftovers, package, proxies
from headroom.doctor.finding import Check, Finding, State, Where, worst

__all__ = ["CHECKS", "Check", "Finding", "State", "Where", "examine", "mend", "worst"]

CHECKS: Final[Mapping[str, Check]] = {
    "package": package.check,
    "data": data.check,
    "proxy": proxies.check,
    "agents": agents.check,
    "leftovers": leftovers.check,
}
"""By the name of the area, in the order in which a person reads them."""


def examine(where: Where) -> dict[str, list[Finding]]:
    """All findings, by area; a check that fails is a finding of its own."""
    with ThreadPoolExecutor(len(CHECKS)) as pool:  # most of them wait: for a disk, a port, a name
        started = {name: pool.submit(_look, check, where) for name, check in CHECKS.items()}
    return {name: _outcome(name, done) for name, done in started.items()}


def _look(check: Check, where: Where) -> list[Finding]:
    return list(check(where))


def _outcome(name: str, done: Future[list[Finding]]) -> list[Finding]:
    error = done.exception()
    if error is None:
        return done.result()
    return [Finding(name, "broken", f"this could not be looked at: {describe(error)}", "please report it")]


def mend(findings: Mapping[str, list[Finding]]) -> list[str]:
    """Put right what can be put right without asking; says what was done."""
    return [each.mend() for found in findings.values() for each in found if each.mend is not None]
