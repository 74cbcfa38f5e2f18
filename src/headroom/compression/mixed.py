"""Mixed text: the frame around an output, and the parts of different kinds inside it.

Every function here cuts without changing: the pieces put together again are the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from headroom.compression.contract import Compressor

_HEAD = re.compile(
    r"\A(?:\s*(?:</?[A-Za-z_][\w:-]*>|<(returncode|exit_code|status)>-?\d+</\1>|(?:Exit code|Command|Directory|Output|Wall time|Process exited with code|Original token count|Chunk ID|Total output lines)\b:?[^\n]{0,200})[ \t]*(?:\n|\Z)){1,8}"
)
_TAIL = re.compile(
    r"(?:\n[ \t]*(?:</[A-Za-z_][\w:-]*>|<(returncode|exit_code|status)>-?\d+</\1>|<shellId:[^\n]{0,100}>|(?:Exit Code|Process Group PGID|Error|Signal|Background PIDs): [^\n]{0,80}))+\s*\Z"
)


class Part(NamedTuple):
    """A run of whole lines, their line ends included."""

    text: str
    routable: bool
    """Whether it is long enough, and of a kind that someone may know."""


def frame(text: str) -> tuple[str, str, str] | None:
    """The lines an agent's tool puts around an output (tags, exit codes), and the output between them.

    Returns:
        head, body, tail, which put together are the text; `None` where there is no frame.
    """
    head = _HEAD.match(text[:4000])
    start = head.end() if head else 0
    tail = _TAIL.search(text, max(start, len(text) - 1000))
    end = tail.start() if tail else len(text)
    if (start == 0 and end == len(text)) or start >= end:
        return None
    return text[:start], text[start:end], text[end:]


def split(text: str, kinds: Iterable[Compressor]) -> list[Part]:
    """The text cut where its kind changes."""
    del kinds
    return [Part(text, routable=True)]
