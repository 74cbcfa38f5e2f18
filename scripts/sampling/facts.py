"""What a reader must still find in a shortened sample, picked by rule and never by hand.

A fact is a string that occurs in the output. The rules look at the text alone (rarity, position, red), not at any
compressor; each takes a few, so that no single sample weighs much.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

_VARIABLE = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8,}|\d+")
_STAMP = re.compile(r"^(?:\[[\d.]+s\]\[\w+\s*\]\[[^\]]*\]|\[?\d[\d\-:. TZ/+\]]*(?:UTC)?\s*(?:\[\d+\])?)\s*")
RED = re.compile(r"\b(?:ERROR|FATAL|PANIC|CRITICAL|error(?:\[\w+\])?:|fatal:|Error:|AssertionError|FAILED|panicked at)")


def pick(items: Iterable[str], at: Iterable[float] = (0.0, 0.27, 0.5, 0.77, 1.0)) -> list[str]:
    """Items by relative position: the first, the last and some between, each once."""
    every = [item for item in dict.fromkeys(item.strip() for item in items) if item]
    return list(dict.fromkeys(every[round(place * (len(every) - 1))] for place in at)) if every else []


def rare_lines(text: str, limit: int = 8) -> list[str]:
    """Lines whose shape (digits masked) occurs once, without their time stamp; spread over the text."""
    lines = [line for line in text.splitlines() if line.strip()]
    shapes = Counter(_VARIABLE.sub("#", line) for line in lines)
    once = [_STAMP.sub("", line).strip() for line in lines if shapes[_VARIABLE.sub("#", line)] == 1]
    return pick((line for line in once if len(line) > 12), [i / max(1, limit - 1) for i in range(limit)])


def red_lines(text: str, limit: int = 8) -> list[str]:
    """What red lines say, without their time stamp."""
    red = (_STAMP.sub("", line).strip() for line in text.splitlines() if RED.search(line))
    return pick(red, [i / max(1, limit - 1) for i in range(limit)])


def matches(text: str, *patterns: str, limit: int = 6) -> list[str]:
    """What each pattern finds (its group, where it has one), `limit` of each spread over the text."""
    found: list[str] = []
    for pattern in patterns:
        found += pick(
            (m.group(m.lastindex or 0) for m in re.finditer(pattern, text, re.MULTILINE)),
            [i / max(1, limit - 1) for i in range(limit)],
        )
    return list(dict.fromkeys(found))


def last_line(text: str) -> list[str]:
    """The last line that says something: totals and exit codes stand there."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1:]


def leaves(value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 -- whatever JSON holds
    """Key and value of each string and number in a JSON value, as they stand in its text."""
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, (dict, list)):
                yield from leaves(item)
            elif isinstance(item, (str, int, float)) and not isinstance(item, bool):
                yield key, json.dumps(item, ensure_ascii=False).strip('"')
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item if isinstance(item, (dict, list)) else {"": item})


def json_facts(value: Any, limit: int = 8) -> list[str]:  # noqa: ANN401 -- whatever JSON holds
    """Short values that occur once among all of their key, where most others do not: what a look-up asks for."""
    pairs = [(key, text) for key, text in leaves(value) if 4 <= len(text) <= 60 and "\\" not in text]
    seen = Counter(pairs)
    distinct = Counter(key for key, _ in seen)
    rare = [text for key, text in pairs if seen[key, text] == 1 and distinct[key] <= 12]
    unique = [text for key, text in pairs if seen[key, text] == 1 and distinct[key] > 12]
    half = limit // 2
    steps = [i / max(1, half - 1) for i in range(half)]
    return list(dict.fromkeys(pick(rare, steps) + pick(unique, steps)))
