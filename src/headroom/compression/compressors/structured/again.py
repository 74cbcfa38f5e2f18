"""Long strings that occur again: written whole the first time, then only their beginning, followed by `...`.

    "sha512-1/sA4dwrzBAyeUoQ6oxahHKmrZvsnLCg4RfxW3ZFGGmQkSNQPFNLV9CUEFQP1x9EYXHTo5p6xdhZM1Ne9p/AfA=="
    "sha512-1/sA4dwrzBAy"...

In JSON nothing like `"..."...` can stand. The beginning is long enough to tell the string from every other long one.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"')
LONG = 40
"""Characters from which a string may be cut: a beginning is at least `_SHOWN`, and the cut must save tokens."""
_SHOWN = 16
_MIN_SAVED = 24
_MIN_GAIN = 240
"""Characters that it must save in all: the note at the end takes about a hundred."""
NOTE = '[A string cut short like "this"... is given in full above, where it first stands]'


def _shared(one: str, other: str) -> int:
    """How many characters two strings begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def shorten(text: str) -> str:
    """A text of JSON values and headings with its repeated long strings cut short."""
    spans = [match.span() for match in _TOKEN.finditer(text) if match.end() - match.start() >= LONG + 2]
    every = {text[start:end] for start, end in spans}
    spans = [(start, end) for start, end in spans if not text.startswith(":", end)]  # keys stay
    counts = Counter([text[start:end] for start, end in spans])
    repeated = [token for token, number in counts.items() if number > 1]
    if not repeated:
        return text
    cuts = _beginnings(sorted(every), repeated)
    if sum((counts[token] - 1) * (len(token) - len(cut)) for token, cut in cuts.items()) < _MIN_GAIN:
        return text
    seen: set[str] = set()
    pieces, done = [], 0
    for start, end in spans:
        token = text[start:end]
        cut = cuts.get(token)
        if cut is None:
            continue
        if token in seen:
            pieces += [text[done:start], cut]
            done = end
        seen.add(token)
    return "".join([*pieces, text[done:], "\n", NOTE])


def _beginnings(ordered: list[str], repeated: list[str]) -> dict[str, str]:
    """For each repeated token the shortest form that tells it from all the others, where that is short enough."""
    found = {}
    for token in repeated:
        at = bisect_left(ordered, token)
        near = [ordered[index] for index in (at - 1, at + 1) if 0 <= index < len(ordered)]
        shared = max((_shared(token, other) for other in near), default=0)
        size = max(_SHOWN + 1, shared + 4)
        begin = token[:size]
        if "\\" not in begin and len(token) - size >= _MIN_SAVED:
            found[token] = f'{begin}"...'
    return found
