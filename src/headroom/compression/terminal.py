"""Terminal noise, taken off before anyone looks at a text: colours, progress bars that overwrote themselves, NUL.

What stays is what a person saw on the screen in the end. Line numbers do not change.
"""

from __future__ import annotations

import re

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[PX^_][^\x1b\n]*\x1b\\|[ -/]*[0-~])")
_OVERWRITTEN = re.compile(r"[^\n\r]*\r(?=[^\n\r])")


def clean(text: str) -> str:
    """The text as it stood on the screen in the end."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n") if text.count("\r\n") == text.count("\r") else _OVERWRITTEN.sub("", text.replace("\r\n", "\n"))
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text
