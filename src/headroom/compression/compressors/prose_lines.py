"""Output of a program that nobody else knows, at level `aggressive`: lines that no later step is likely to need go.

What stays whatever the network says: how the output begins and ends, what reports trouble, what the question names. A line
that shows a name or number for the first time in the conversation is what the network was trained to keep.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from headroom import kompress
from headroom.compression.compressors import prose_looks as looks
from headroom.compression.compressors.prose_pieces import grouped
from headroom.compression.contract import Context, Folded
from headroom.compression.relevance import RED, hits
from headroom.compression.units import Unit, render
from headroom.kompress.features import literals

FEWEST = 40
"""Lines: a shorter output is read at a glance."""
ENDS = 3
"""Lines at the start and the end that stay."""
EARLIER_CHARS = 400_000
"""Of what stands above, as much as is looked at: the end."""
THRESHOLD = -3.5
"""The score from which a line stays: see `training/MODEL_CARD.md`."""
FLOOR = 0.4
"""Share of the lines that stay at least."""
_ANOTHER_KIND = re.compile(r"^(?:[\[{]\s*$|[\[{][\"\[{]|```|~~~|<\?xml|<!doctype|<html)", re.MULTILINE | re.IGNORECASE)


def claims(sample: Sequence[str]) -> bool:
    """Whether these may be a program's output in lines of its own: no code, no settings."""
    return len(sample) >= FEWEST and not looks.code(sample)


def compress(text: str, context: Context) -> Folded | None:
    """The output without the lines that matter least; `None` where the network cannot say."""
    lines = text.split("\n")
    if context.level != "aggressive" or len(lines) < FEWEST or _ANOTHER_KIND.search(text):
        return None
    known = literals(text) & literals("\n".join(context.earlier)[-EARLIER_CHARS:])
    question = f"{context.command}\n{context.query.text.removesuffix(context.command)}".strip()
    scores = kompress.scores(question, lines, grouped(lines), lines=True, known=known)
    if scores is None:
        return None
    asked = hits(context.query, lines)
    units = [
        Unit(line, context.first_line + at, context.first_line + at, keep=_stays(at, line, lines) or at in asked)
        for at, line in enumerate(lines)
    ]
    shown = [unit.keep or score >= THRESHOLD for unit, score in zip(units, scores, strict=True)]
    for at in sorted(range(len(lines)), key=lambda at: (-scores[at], at)):
        if sum(shown) >= FLOOR * len(lines):
            break
        shown[at] = True
    made, whole = render(units, shown, context.handle)
    return None if whole else Folded(made, lossless=False)


def _stays(at: int, line: str, lines: Sequence[str]) -> bool:
    return at < ENDS or at >= len(lines) - ENDS or RED.search(line) is not None
