"""ContentRouter: says what a piece of text is and hands it to the compressor that knows it.

Every compressor scores the text by its looks; the best one tries first, then the next. Text that nobody claims as a
whole is split where its kind changes, each part goes its own way, and the order stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from headroom.compression import mixed
from headroom.compression.compressors import TABLE
from headroom.compression.contract import Compressor, Context, Folded, Probe

SURE = 0.5
"""A score from which a compressor may act on a text."""
CERTAIN = 0.95
"""A score, given for verified structure and a command that prints it, from which nobody else is asked first."""


class Routed(NamedTuple):
    """A shorter form, and who made it."""

    folded: Folded
    by: tuple[str, ...]


def ranked(text: str, command: str, allowed: Iterable[Compressor] = TABLE) -> Iterator[Compressor]:
    """The compressors that claim a text: whoever is certain, as soon as it has said so, then the others, best first.

    Nobody scores before those who may be surer have done so: to score costs more than to compress.
    """
    probe = Probe(text, command)
    # (least for whoever is next, place in the table, compressor, whether that is its score)
    waiting = [(-min(each.most(probe), CERTAIN), at, each, False) for at, each in enumerate(allowed)]
    heapify(waiting)
    while waiting:
        _, at, compressor, scored = heappop(waiting)
        if scored:
            yield compressor
        elif (score := compressor.score(probe)) >= SURE:
            heappush(waiting, (-min(score, CERTAIN), at, compressor, True))


def kind_of(text: str, command: str = "") -> str | None:
    """The name of the compressor that would be asked first; `None`: nobody claims it as a whole."""
    return next((compressor.name for compressor in ranked(text, command)), None)


def fold(text: str, context: Context, allowed: Iterable[Compressor] = TABLE) -> Routed | None:
    """The text made shorter by the first compressor that can, or part by part; `None`: nobody can."""
    framed = mixed.frame(text)
    if framed:
        head, body, tail = framed
        inner = context.route(body, context.first_line + head.count("\n"))
        return Routed(Folded(f"{head}{inner.text}{tail}", inner.lossless), ()) if inner else None
    if mixed.KEEP in text:
        return _by_parts(text, context, allowed)
    for compressor in ranked(text, context.command, allowed):
        folded = compressor.compress(text, context)
        if folded is not None:
            return Routed(folded, (compressor.name,)) if folded.text != text else None
    return _by_parts(text, context, allowed)


def _by_parts(text: str, context: Context, allowed: Iterable[Compressor]) -> Routed | None:
    parts = mixed.split(text, allowed)
    if len(parts) < 2:
        return None
    line, pieces, lossless, changed = context.first_line, [], True, False
    for part in parts:
        inner = context.route(part.text, line, part.label) if part.routable else None
        pieces.append(inner.text if inner else part.text)
        lossless = lossless and (inner is None or inner.lossless)
        changed = changed or inner is not None
        line += part.text.count("\n")
    return Routed(Folded("".join(pieces), lossless), ()) if changed else None
