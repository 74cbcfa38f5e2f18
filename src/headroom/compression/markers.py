"""The one grammar for what stands in for text: ASCII, in square brackets, one line, made only here.

    [41-388 omitted: 348 lines, 12 kinds, no warnings. Full text: h:3fa9c1d2e4b7]
    [lines 1-240 unchanged since you read src/app.py above]
    [88 of 400 lines left out. Full text: h:3fa9c1d2e4b7]

A marker says how much, of what kind and where; a handle says how to get it: the first 12 hex digits of the SHA-256 of
the original in UTF-8 (lone surrogates included, as they are). It never names the way of retrieval, which differs by
client.
"""

from __future__ import annotations

import re
from hashlib import sha256

HANDLE_DIGITS = 12
ELLIPSIS = "[...]"
"""Sentences left out within a paragraph, as editors mark them. A note below says how many, and the handle."""
HANDLE = re.compile(r"h:(?<=\bh:)([0-9a-f]{12})\b")
"""A handle as it stands in a marker. Finding one proves nothing: only the store knows whose it is. A pattern that begins
with plain letters is looked for fifty times as fast."""


def handle_of(text: str) -> str:
    """The handle of a text: a function of its content alone."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:HANDLE_DIGITS]


def span(first: int, last: int) -> str:
    """`41-388`, or `41` for one line."""
    return str(first) if first == last else f"{first}-{last}"


def note(what: str, handle: str | None = None) -> str:
    """A remark in our grammar: `[what]`, or `[what. Full text: h:...]` where something can be fetched."""
    clean = what.replace("\n", " ")
    return f"[{clean}. Full text: h:{handle}]" if handle else f"[{clean}]"


def lines_of(first: int, last: int, handle: str) -> str:
    """Lines of an original, inside a remark: `lines 88-131 of h:3fa9c1d2e4b7`."""
    return f"line{'s' * (first != last)} {span(first, last)} of h:{handle}"


def lines_omitted(first: int, last: int, handle: str) -> str:
    """A gap inside a comment of code, which needs no brackets: `lines 88-131 omitted, h:3fa9c1d2e4b7`."""
    return f"line{'s' * (first != last)} {span(first, last)} omitted, h:{handle}"


def omitted(first: int, last: int, what: str, handle: str | None = None) -> str:
    """A gap: lines `first` to `last` of the original (from 1, inclusive) are not shown; `what` says what they were."""
    return note(f"{span(first, last)} omitted: {what}", handle)
