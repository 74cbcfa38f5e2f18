"""Numbered lines (`nl`, `cat -n`, file-reading tools): the blanks that right-align the numbers go, everything else stays.

`     1<tab>import os` becomes `1<tab>import os`: two tokens a line. The number column is six wide in all of these tools,
so nothing is lost, and what an agent quotes is behind the tab, untouched: this fold may act on exact reads.
"""

from __future__ import annotations

import re

from headroom.compression.contract import Compressor, Context, Folded, Probe

WIDTH = 6
"""Columns of the number in `nl`, `cat -n` and the file readers that imitate them."""
_NUMBERED = re.compile(r"^(?: {5}\d| {4}\d\d| {3}\d{3}| {2}\d{4}| \d{5})(?=[\t→])", re.MULTILINE)
_LINE = re.compile(r"(?=[ \d]{6})(?: {0,5}\d+)[\t→]")
_NARROW = re.compile(r"^\d{1,5}[\t→]", re.MULTILINE)


def score(probe: Probe) -> float:
    """Nearly every line carries a number in a column six wide."""
    return 0.9 if probe.mostly(_LINE, 0.8) else 0.0


def compress(text: str, context: Context) -> Folded | None:
    """The text with its numbers at the left edge."""
    del context
    if _NARROW.search(text):  # a line that looks folded already could not be told from one that is
        return None
    return Folded(_NUMBERED.sub(lambda match: match[0].lstrip(" "), text), lossless=True)


COMPRESSOR = Compressor(
    name="numbered",
    promise="Every line and every line number; only the blanks before the numbers go.",
    score=score,
    compress=compress,
    data=False,
    exact=True,
    most=lambda _: 0.9,
)
