"""Which pieces of a prose text may go: those that say least about what was asked, or, with nothing asked, least at all.

By threshold: what may matter stays, however much that is. With a floor: some of every text stays, however little of it
seems to matter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from headroom import kompress
from headroom.compression.compressors.prose_pieces import Piece
from headroom.compression.contract import Context
from headroom.kompress.features import Overlap

_ARGUMENTS = re.compile(r"\S+ (\{.*\})\s*\Z", re.DOTALL)
_LEANS = re.compile(
    r"[\"'(]*(?:He|She|It|They|This|These|That|Those|His|Her|Its|Their|Such|Both|Then|However|But|Also|Therefore|Thus|Hence|Instead"
    r"|Moreover|Furthermore|As a result|For example|For instance|In contrast|Otherwise)\b"
)
"""A sentence that begins so is understood by the one before it."""
FEWEST_TERMS, LEAST_SHARE = 2, 1 / 4
"""Words of a question, and their share of it, that one passage must hold for the question to be about this text: a task of two
hundred words finds some of them anywhere."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How much may go."""

    threshold: float
    """A score from which a piece stays."""
    floor: float
    """Share of the characters that may go that stay at least."""


BY_NETWORK = (Rule(-3.5, 0.36), Rule(-1.0, 0.6), Rule(-0.5, 0.3))
"""With a question; with none; with none where headings say what stands where, so that it can be asked for."""
BY_WORDS = (Rule(0.32, 0.4), Rule(2.0, 0.6), Rule(2.0, 0.3))
"""Where there is no network, or a text is over its cap."""


def questions(context: Context) -> tuple[str, str]:
    """What is asked: the words in a tool call's arguments (not a shell command, not a path), and what the user said."""
    said = context.query.text.removesuffix(context.command).strip()
    call = _ARGUMENTS.match(context.command)
    words = ""
    if call:
        try:
            values = json.loads(call[1]).values()
        except (ValueError, RecursionError, AttributeError):
            values = ()
        words = " ".join(value for value in values if isinstance(value, str) and " " in value.strip())
    return words, said.replace(words, "") if words else said


def is_about(question: str, texts: Sequence[str], groups: Sequence[int]) -> bool:
    """Whether a question has to do with a text: one passage holds enough of its words."""
    overlap = Overlap(question, texts)
    enough = max(min(FEWEST_TERMS, len(overlap.terms)), LEAST_SHARE * len(overlap.terms))
    return bool(overlap.terms) and any(len(shared) >= enough for shared in overlap.together(groups).values())


def kept(pieces: Sequence[Piece], texts: Sequence[str], context: Context, *, outlined: bool) -> tuple[bool, list[bool]]:
    """Whether something was asked of this text, and one flag for each piece that may go: whether it stays.

    Args:
        pieces: those that may go, in order.
        texts: what they say.
        context: with the question.
        outlined: whether the text has headings.
    """
    groups = [piece.group for piece in pieces]
    searched, said = questions(context)
    question = "\n".join((searched, said) if searched or is_about(said, texts, groups) else ()).strip()
    learned = kompress.scores(question, texts, groups)
    scores = _by_words(question, texts, groups) if learned is None else learned
    asked, unasked, outline = BY_WORDS if learned is None else BY_NETWORK
    rule = asked if question else outline if outlined else unasked
    flags = [score >= rule.threshold for score in scores]
    if context.level == "aggressive":
        rule = Rule(rule.threshold, rule.floor / 2)
    _fill(flags, scores, [len(text) for text in texts], rule.floor)
    for at in range(len(pieces) - 1, 0, -1):
        if flags[at] and groups[at - 1] == groups[at] and _LEANS.match(texts[at]):
            flags[at - 1] = True
    return bool(question), flags


def _by_words(question: str, texts: Sequence[str], groups: Sequence[int]) -> list[float]:
    """Words in common with the question; with nothing asked, what stands first in its passage."""
    if not question:
        first: dict[int, int] = {}
        for at, group in enumerate(groups):
            first.setdefault(group, at)
        return [1.0 / (1 + at - first[group]) for at, group in enumerate(groups)]
    overlap = Overlap(question, texts)
    best = max(overlap.bm25) or 1.0
    passage = {group: overlap.share(shared) for group, shared in overlap.together(groups).items()}
    most = max(passage.values()) or 1.0
    return [0.6 * value / best + 0.4 * passage[group] / most for value, group in zip(overlap.bm25, groups, strict=True)]


def _fill(flags: list[bool], scores: Sequence[float], sizes: Sequence[int], floor: float) -> None:
    """Add the best until the floor is reached; earlier ones first among equals."""
    left = floor * sum(sizes) - sum(size for size, flag in zip(sizes, flags, strict=True) if flag)
    for at in sorted((at for at, flag in enumerate(flags) if not flag), key=lambda at: (-scores[at], at)):
        if left <= 0:
            return
        flags[at] = True
        left -= sizes[at]
