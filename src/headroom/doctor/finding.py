"""What a check is, and what it finds.

    def check(where):  ->  findings, in the order in which a person wants to read them

Rules:
* A check looks and changes nothing. What can be put right without asking is a `mend` beside its finding, for `--fix`.
* Whatever needs attention says what to do, as a command wherever there is one.
* A check that cannot look says so, and stops no other.
* No payload and no key stands in a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from headroom.agents.contract import Machine

State = Literal["ok", "attention", "broken"]
STATES: Final[tuple[State, ...]] = ("ok", "attention", "broken")
"""The better one first; the place of the worst is the exit code."""


@dataclass(frozen=True, slots=True)
class Where:
    """What is looked at, and how closely."""

    home: Path
    """Our data folder."""
    machine: Machine
    offline: bool = False
    """Ask nobody beyond this machine."""
    full: bool = False
    """Read every original, however many there are."""

    def short(self, path: Path | str) -> str:
        """A path as a person writes it, or a text with such paths in it: with `~` for the home folder."""
        home = str(self.machine.home)
        return str(path).replace(home + "/", "~/") if len(home) > 1 else str(path)


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing is."""

    name: str
    state: State
    says: str
    do: str = ""
    """What to do about it."""
    mend: Callable[[], str] | None = None
    """Puts it right, and says what was done."""


Check = Callable[[Where], Iterable[Finding]]


def worst(findings: Iterable[Finding]) -> State:
    """The state of all of them together."""
    return STATES[max((STATES.index(each.state) for each in findings), default=0)]
