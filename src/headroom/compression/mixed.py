"""Mixed text: the frame around an output, and the parts of different kinds inside it.

Every function here cuts without changing: the pieces put together again are the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from headroom.compression.contract import Compressor

_HEAD = re.compile(
    r"\A(?:\s*(?:</?(?!headroom:)[A-Za-z_][\w:-]*>|<(returncode|exit_code|status)>-?\d+</\1>|(?:Exit code|Command|Directory|Output|Wall time|Process exited with code|Original token count|Chunk ID|Total output lines)\b:?[^\n]{0,200})[ \t]*(?:\n|\Z)){1,8}"
)
_TAIL = re.compile(
    r"(?:\n[ \t]*(?:</(?!headroom:)[A-Za-z_][\w:-]*>|<(returncode|exit_code|status)>-?\d+</\1>|<shellId:[^\n]{0,100}>|(?:Exit Code|Process Group PGID|Error|Signal|Background PIDs): [^\n]{0,80}))+\s*\Z"
)
KEEP = "<headroom:keep>"
KEPT = re.compile(r"<headroom:keep>.*?</headroom:keep>", re.DOTALL)
"""What the user protected, tags included: nobody touches it."""
_ISLAND = re.compile(
    r"(?P<keep><headroom:keep>.*?</headroom:keep>)"
    r"|(?P<fence>^(?P<ticks>```+|~~~+)[^\n]{0,60}\n(?P<inside>.*?)^(?P=ticks)[ \t]*$)",
    re.DOTALL | re.MULTILINE,
)
_JSON_START = re.compile(r"^[\[{](?=\s*[\[{\"\d\-tfn])", re.MULTILINE)
_DECODER = json.JSONDecoder()
MIN_JSON = 300
"""Characters from which JSON amid other text is worth a part of its own."""
MIN_RUN = 8
"""Lines from which a run of one kind is worth a part of its own."""
MAX_GAP = 3
"""Lines of no kind that may stand inside a run: a wrapped line, a blank one."""
MAX_CHARS = 4_000_000
"""Above this a text is one kind or nobody's."""


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


def kept_lines(text: str) -> list[tuple[int, int]]:
    """The lines, first and one past the last from 0, that the user protected with `<headroom:keep>`."""
    if KEEP not in text:
        return []
    spans = (match.span() for match in KEPT.finditer(text))
    return [(text.count("\n", 0, start), text.count("\n", 0, end) + 1) for start, end in spans]


def split(text: str, kinds: Iterable[Compressor]) -> list[Part]:
    """The text cut where its kind changes: protected spans, code fences, JSON documents, runs of lines that a compressor surely knows."""
    if len(text) > MAX_CHARS:
        return [Part(text, routable=False)]
    parts: list[Part] = []
    at = 0
    for start, end, routable in _islands(text):
        parts += _by_lines(text[at:start], kinds)
        parts.append(Part(text[start:end], routable))
        at = end
    parts += _by_lines(text[at:], kinds)
    return [part for part in parts if part.text]


def _islands(text: str) -> Iterator[tuple[int, int, bool]]:
    """Spans with borders of their own: what the user protected, what stands in a fence, JSON that starts and ends with its lines."""
    for match in _ISLAND.finditer(text):
        if match["keep"] is not None:
            yield match.start(), match.end(), False
        elif match["fence"] is not None:
            yield match.start("inside"), match.end("inside"), True
    if "```" in text or "~~~" in text or KEEP in text:
        return
    at = 0
    for match in _JSON_START.finditer(text):
        if match.start() < at:
            continue
        try:
            _, end = _DECODER.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            continue
        if end - match.start() >= MIN_JSON and text[end : end + 1] in ("", "\n", "\r"):
            yield match.start(), end, True
            at = end


def _by_lines(text: str, kinds: Iterable[Compressor]) -> list[Part]:
    patterns = [kind.line for kind in kinds if kind.line is not None]
    lines = text.splitlines(keepends=True)
    if len(lines) < MIN_RUN or not patterns:
        return [Part(text, routable=False)]
    labels = [next((number for number, pattern in enumerate(patterns) if pattern.match(line)), None) for line in lines]
    parts: list[Part] = []
    done = 0
    for start, end in _runs(labels):
        if start > done:
            parts.append(Part("".join(lines[done:start]), start - done >= MIN_RUN))
        parts.append(Part("".join(lines[start:end]), routable=True))
        done = end
    parts.append(Part("".join(lines[done:]), done > 0 and len(lines) - done >= MIN_RUN))
    return parts


def _runs(labels: list[int | None]) -> Iterator[tuple[int, int]]:
    """Stretches of one label, a few unlabelled lines between two of them included."""
    start = 0
    while start < len(labels):
        label = labels[start]
        if label is None:
            start += 1
            continue
        last = at = start
        while at < len(labels) and at - last <= MAX_GAP and labels[at] in (label, None):
            if labels[at] == label:
                last = at
            at += 1
        if last + 1 - start >= MIN_RUN:
            yield start, last + 1
        start = last + 1
