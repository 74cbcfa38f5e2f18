"""Kompress at run time: a small network that says which sentences or lines of a text matter, with or without a question.

The weights and the vocabulary are in this folder; nothing is downloaded. Nothing else imports onnxruntime, which is told to report nothing (`runtime`). Where that is
not installed, or a text is over the cap, there is no score, and words in common with the question decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from importlib.util import find_spec

EXTRA = "ml"
"""`pip install "headroom-ai[ml]"`."""


@lru_cache(maxsize=1)
def available() -> bool:
    """Whether the network can run here."""
    return all(map(find_spec, ("onnxruntime", "numpy")))


def scores(
    question: str,
    units: Sequence[str],
    groups: Sequence[int],
    *,
    lines: bool = False,
    known: AbstractSet[str] = frozenset(),
) -> list[float] | None:
    """How needed each unit is: see `session.scores`. `None` where the network cannot say."""
    if not available():
        return None
    from headroom.kompress import session  # noqa: PLC0415 - its vocabulary and network load with the first text that needs them

    return session.scores(question, units, groups, lines=lines, known=known)
