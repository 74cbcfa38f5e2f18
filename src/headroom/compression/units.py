"""Selection, shared by every compressor: cut into units, keep what must stay, fill up a budget, mark the gaps.

A compressor cuts its text into units in their order (lines, rows, hits, hunks), says of each whether it must stay and
how much it matters, and calls `render`. Gaps stand in place, with the line numbers of the original, and say what they hide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from headroom.compression import markers
from headroom.tokens import count

GAP_TOKENS = 14
"""What a gap's marker costs (cl100k); a gap that hides less than this is shown instead."""


@dataclass(slots=True)
class Unit:
    """One piece of the original, in the words the model would read."""

    text: str
    first: int
    """First line in the original, from 1."""
    last: int
    """Last line, inclusive."""
    keep: bool = False
    """Must stay, whatever the budget."""
    score: float = 0.0
    """What a unit that need not stay is worth; 0 or less: never shown to fill up the budget."""
    kind: str = ""
    """What a gap calls it, in the plural: `passed tests`. Empty: only counted as lines."""


def select(units: Sequence[Unit], budget: int) -> list[bool]:
    """Which units to show: all that must stay, then the best by score (earlier first) until `budget` tokens are used."""
    shown = [unit.keep for unit in units]
    for index in sorted(
        (i for i, unit in enumerate(units) if not unit.keep and unit.score > 0), key=lambda i: (-units[i].score, i)
    ):
        if budget <= 0:
            break
        cost = count(units[index].text) + 1
        if cost <= budget:
            budget -= cost
            shown[index] = True
    return shown


def describe(hidden: Sequence[Unit], noun: str = "lines") -> str:
    """`348 lines, 12 passed tests`: how much a gap hides and of what kinds."""
    lines = sum(unit.last - unit.first + 1 for unit in hidden)
    kinds = Counter(unit.kind for unit in hidden if unit.kind)
    parts = [f"{lines} {noun if lines != 1 else noun.removesuffix('s')}"]
    parts += [f"{number} {kind}" for kind, number in kinds.most_common(3)]
    return ", ".join(parts)


def render(
    units: Sequence[Unit],
    shown: Sequence[bool],
    handle: Callable[[], str],
    *,
    noun: str = "lines",
    says: Callable[[Sequence[Unit]], str] | None = None,
) -> tuple[str, bool]:
    """The text with its gaps marked, and whether nothing is missing.

    A gap cheaper to show than to mark is shown. One gap carries the handle itself; with several, each says what it
    hides and a last line carries the handle once.

    Args:
        units: in the order of the original.
        shown: one flag a unit, from `select`.
        handle: gives the handle of the original; called only when something is missing.
        noun: what the line numbers count, plural.
        says: what a gap hides; `describe` unless given.
    """
    pieces: list[list[Unit] | Unit] = []
    for unit, show in zip(units, shown, strict=True):
        if show:
            pieces.append(unit)
        elif pieces and isinstance(pieces[-1], list):
            pieces[-1].append(unit)
        else:
            pieces.append([unit])
    lines: list[str] = []
    gaps: list[tuple[int, list[Unit]]] = []
    for piece in pieces:
        if isinstance(piece, Unit):
            lines.append(piece.text)
        elif _cheap(piece):
            lines.extend(unit.text for unit in piece)
        else:
            gaps.append((len(lines), piece))
            lines.append("")
    if not gaps:
        return "\n".join(lines), True
    tell = says or (lambda hidden: describe(hidden, noun))
    alone = handle() if len(gaps) == 1 else None
    for at, hidden in gaps:
        lines[at] = markers.omitted(hidden[0].first, hidden[-1].last, tell(hidden), alone)
    if alone is None:
        lines.append(
            trailer(
                len_lines(unit for _, hidden in gaps for unit in hidden),
                max(unit.last for unit in units),
                handle(),
                noun,
            )
        )
    return "\n".join(lines), False


def trailer(missing: int, total: int, handle: str, noun: str = "lines") -> str:
    """The last line of a text with several gaps: how much is missing in all, and the handle."""
    return markers.note(f"{missing} of {total} {noun} left out above", handle)


def len_lines(units: Iterable[Unit]) -> int:
    """Lines of the original that the units cover."""
    return sum(unit.last - unit.first + 1 for unit in units)


def _cheap(hidden: Sequence[Unit]) -> bool:
    if sum(len(unit.text) for unit in hidden) > GAP_TOKENS * 8:
        return False
    return count("\n".join(unit.text for unit in hidden)) <= GAP_TOKENS
