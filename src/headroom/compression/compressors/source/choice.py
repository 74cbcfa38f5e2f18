"""Which folds are made: what the conversation names, what is short and what is rare stays whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from headroom.compression import relevance, units
from headroom.compression.compressors.source.outline import Body, Fold, Outline
from headroom.compression.compressors.source.parsing import Code
from headroom.compression.contract import Context

MIN_FOLD = 160
"""Characters that a fold must hide: its mark takes 25 tokens, which is 90 of them."""
MIN_ROWS = 4
"""Rows that a fold must hide: a reader knows more from three lines than from a mark."""
RARE_SHARE = 0.08
"""Of the text, what is shown for being rare or flagged by its author, though nobody named it."""

_PATH = re.compile(r"[\w.-]+\.\w{1,5}\b")
_FLAGS = re.compile(r"\b(?:TODO|FIXME|HACK|XXX|BUG|DANGER|SECURITY|SAFETY|WORKAROUND)\b|\bunsafe\b|\beval\(|\bnosec\b")
"""What its author wants seen."""
_RAISES = re.compile(r"\b(?:raise|throw new|throw)\s+([\w.]+)|\bpanic!?\(|\babort\(\)")
_LITERALS = re.compile(r"\b(?:0[xX][0-9a-fA-F]{6,}|\d{1,3}(?:\.\d{1,3}){3}|\d{6,})\b|[\"'`]https?://[^\"'`\s]+")


def choose(code: Code, outline: Outline, context: Context, first_number: int) -> list[Fold]:
    """The folds to make, in order.

    Args:
        code: the text.
        outline: what of it could be folded.
        context: what is known of it.
        first_number: the number that its first row has for whoever points at a line.
    """
    folds = [fold for fold in outline.folds() if _is_long(fold, code.lines)]
    if not folds:
        return []
    said = [*context.earlier, context.query.text]
    whole = _named(outline.bodies, context.command, said, first_number)
    asked = [any(first <= fold.last and fold.first <= last for first, last in whole) for fold in folds]
    texts = ["\n".join(code.lines[fold.first : fold.last + 1]) for fold in folds]
    worth = _rarity(texts)
    pieces = [
        units.Unit(text, fold.first, fold.last, keep=keep, score=score)
        for text, fold, keep, score in zip(texts, folds, asked, worth, strict=True)
    ]
    shown = units.select(pieces, int(RARE_SHARE * len(code.source) / 4))
    return [fold for fold, show in zip(folds, shown, strict=True) if not show]


def _is_long(fold: Fold, lines: Sequence[str]) -> bool:
    if fold.last - fold.first + 1 < MIN_ROWS:
        return False
    return sum(len(line.strip()) for line in lines[fold.first : fold.last + 1]) >= MIN_FOLD


def _named(bodies: Sequence[Body], command: str, said: Sequence[str], first_number: int) -> list[tuple[int, int]]:
    """Rows of the functions that were named, or of which a line was pointed at."""
    names = relevance.named({body.name for body in bodies if body.name}, said)
    path = _PATH.findall(command)
    at = {number - first_number for number in relevance.places(path[-1], said)} if path else set()
    rows = [(body.head, body.node.end_point.row, body) for body in bodies]
    inner = {max(holding) for row in at if (holding := [first for first, last, _ in rows if first <= row <= last])}
    return [(first, last) for first, last, body in rows if body.name in names or first in inner]


def _rarity(texts: Sequence[str]) -> list[float]:
    """What each text is worth for being unlike the others: flags, kinds of errors raised once, values that stand there once."""
    found = [[match[1] or match[0] for match in _RAISES.finditer(text)] for text in texts]
    values = [_LITERALS.findall(text) for text in texts]
    raised = Counter(kind for kinds in found for kind in set(kinds))
    seen = Counter(value for each in values for value in set(each))
    usual = any(number > 2 for number in raised.values())
    return [
        (
            3.0 * bool(_FLAGS.search(text))
            + 2.0 * (usual and any(raised[kind] == 1 for kind in kinds))
            + any(seen[value] == 1 for value in each)
        )
        / (1 + len(text) / 1000)
        for text, kinds, each in zip(texts, found, values, strict=True)
    ]
