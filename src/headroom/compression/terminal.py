"""Terminal noise, taken off before anyone looks at a text: colours, progress bars that overwrote themselves, NUL.

What stays is what a person saw on the screen in the end. Rules:
* Line numbers do not change: a line end is never added or taken away, CRLF becomes LF.
* What a program overwrote stays if it reports trouble.
* What the user protected stays as it is, noise and all.
"""

from __future__ import annotations

import re

from headroom.compression import mixed
from headroom.compression.relevance import is_red

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[PX^_][^\x1b\n]*\x1b\\|[ -/]*[0-~])|\x9b[0-?]*[ -/]*[@-~]"
)
_TO_LINE_START = re.compile(r"\x1b\[[01]?G")
_LINE_ENDS = re.compile(r"(?<!\r)\r+\n")
_OVERWRITTEN = re.compile(r"(?<![^\n\r])[^\n\r]*\r(?=[^\n\r])")
_ERASED = re.compile(r"^[^\n]*\x08[^\n]*", re.MULTILINE)
_SILENT = re.compile(r"[\x00\x07]")
_NOISE = ("\r", "\x1b", "\x00", "\x07", "\x08", "\x9b")
_LETTERS = re.compile(r"[^A-Za-z]+")
MAX_KINDS = 0.5
"""The share of different wordings from which text without any line feed is no progress bar: its lines end in CR."""


def clean(text: str) -> str:
    """The text as it stood on the screen in the end."""
    if not any(sign in text for sign in _NOISE):
        return text
    pieces, at = [], 0
    for start, end in mixed.kept(text):
        pieces += [_clean(text[at:start]), text[start:end]]
        at = end
    return "".join(pieces) + _clean(text[at:])


def _clean(text: str) -> str:
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPES.sub("", _TO_LINE_START.sub("\r", text))
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)
        if not _ends_lines_with_cr(text):
            text = _OVERWRITTEN.sub(lambda match: match[0] if is_red(match[0]) else "", text)
    if "\x08" in text:
        text = _ERASED.sub(lambda match: _without_erased(match[0]), text)
    return _SILENT.sub("", text)


def _ends_lines_with_cr(text: str) -> bool:
    if "\n" in text:
        return False
    said = [_LETTERS.sub("", part) for part in text[:20_000].split("\r")]
    return len(said) > 3 and len(set(said)) > MAX_KINDS * len(said)


def _without_erased(line: str) -> str:
    """A line after its backspaces: each takes the character before it."""
    first, *rest = line.split("\x08")
    parts = [first]
    for part in rest:
        while parts and not parts[-1]:
            parts.pop()
        if parts:
            parts[-1] = parts[-1][:-1]
        parts.append(part)
    return "".join(parts)
