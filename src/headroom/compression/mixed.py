"""Mixed text: the frame around an output, and the parts of different kinds inside it.

Every function here cuts without changing: the pieces put together again are the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from headroom.compression.contract import Compressor

_FRAME_TAG = (
    r"(?!headroom:)[\w:-]*(?:output|results?|response|content|stdout|stderr|context|observation|error|warning|notice|reminder"
    r"|path|type|file|status|returncode|exit_?code|message|metadata)"
)
"""Tags that agents put around what a tool printed; others belong to a document."""
_FRAME_LINE = rf"</?{_FRAME_TAG}>|<({_FRAME_TAG})>[^<\n]{{0,300}}</\1>"
_HEAD = re.compile(
    rf"\A(?:\s*(?:{_FRAME_LINE}|Output:?|(?:Exit code|Command|Directory|Wall time|Process exited with code"
    r"|Original token count|Chunk ID|Total output lines)\b:?[^\n]{0,200})[ \t]*(?:\n|\Z)){0,8}(?:Output: (?=[^\n]))?"
)
"""Some tools begin the output in the line that names it: `Output: total 40`."""
_TAIL = re.compile(
    rf"(?:\n[ \t]*(?:{_FRAME_LINE}|<shellId:[^\n]{{0,100}}>"
    r"|(?:Exit Code|Process Group PGID|Error|Signal|Background PIDs): [^\n]{0,80}))+\s*\Z"
)
KEEP = "<headroom:keep>"
KEEP_END = "</headroom:keep>"
_FENCE = re.compile(r"^[ \t]{0,3}(```+|~~~+)[ \t]*([\w+#.-]*)[^\n`]{0,60}\n", re.MULTILINE)
_OPENS = re.compile(rf"{KEEP}|{_FENCE.pattern}", re.MULTILINE)
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
MAX_BROKEN = 200
"""Beginnings of JSON that turned out to be none, after which nobody looks for more: each costs a look at the rest."""


class Part(NamedTuple):
    """A run of whole lines, their line ends included."""

    text: str
    routable: bool
    """Whether it is long enough, and of a kind that someone may know."""
    label: str = ""
    """What the fence around it says it is."""


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


def kept(text: str) -> Iterator[tuple[int, int]]:
    """Where what the user protected begins and ends, its tags included: nobody touches it."""
    start = text.find(KEEP)
    while start >= 0 and (end := text.find(KEEP_END, start)) >= 0:
        yield start, end + len(KEEP_END)
        start = text.find(KEEP, end)


def kept_lines(text: str) -> list[tuple[int, int]]:
    """The lines, first and one past the last from 0, that the user protected."""
    return [(text.count("\n", 0, start), text.count("\n", 0, end) + 1) for start, end in kept(text)]


def split(text: str, kinds: Iterable[Compressor]) -> list[Part]:
    """The text cut where its kind changes: protected spans, code fences, JSON documents, runs of lines that a compressor surely knows."""
    if len(text) > MAX_CHARS:
        return [Part(text, routable=False)]
    parts: list[Part] = []
    at = 0
    around = KEEP in text  # then nobody has been asked about the whole
    for start, end, routable, label in _islands(text):
        parts += _by_lines(text[at:start], kinds, around)
        parts.append(Part(text[start:end], routable, label))
        at = end
    parts += _by_lines(text[at:], kinds, around)
    return [part for part in parts if part.text]


class Island(NamedTuple):
    """A part with borders of its own."""

    start: int
    first: int
    """Where its inside begins; its borders are outside."""
    last: int
    stop: int
    kept: bool
    """What the user protected: nobody looks inside."""
    label: str
    """The first word behind a fence: `python`."""


def islands(text: str) -> list[Island]:
    """What the user protected, and what stands between code fences, in order; what is never closed is neither."""
    found: list[Island] = []
    unclosed: set[str] = set()
    at = 0
    while opening := _OPENS.search(text, at):
        at, ticks = opening.end(), opening[1]
        mark = ticks or KEEP_END
        closing = None if mark in unclosed else _closing(mark).search(text, at)
        if closing is None:
            unclosed.add(mark)
            continue
        inside = (opening.start(), closing.end()) if ticks is None else (at, closing.start())
        at = closing.end()
        found.append(Island(opening.start(), *inside, at, kept=ticks is None, label=opening[2] or ""))
    return found


@lru_cache(maxsize=64)
def _closing(mark: str) -> re.Pattern[str]:
    return re.compile(KEEP_END if mark == KEEP_END else rf"^[ \t]{{0,3}}{mark}[ \t]*\r?$", re.MULTILINE)


def _islands(text: str) -> Iterator[tuple[int, int, bool, str]]:
    """The insides of islands; where there are none, JSON that starts and ends with its lines."""
    found = islands(text)
    for island in found:
        yield island.first, island.last, not island.kept, island.label
    if found:
        return
    at = broken = 0
    for match in _JSON_START.finditer(text):
        if match.start() < at:
            continue
        try:
            _, end = _DECODER.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            broken += 1
            if broken > MAX_BROKEN:
                return
            continue
        if end - match.start() >= MIN_JSON and text[end : end + 1] in ("", "\n", "\r"):
            yield match.start(), end, True, ""
            at = end


def _by_lines(text: str, kinds: Iterable[Compressor], around: bool) -> list[Part]:
    """Runs of lines that a compressor surely knows, and what is between them; `around`: offer the text even if it has none."""
    patterns = [kind.line for kind in kinds if kind.line is not None]
    lines = text.splitlines(keepends=True)
    if len(lines) < MIN_RUN or not patterns:
        return [Part(text, routable=around and len(lines) >= MIN_RUN)]
    parts: list[Part] = []
    done = 0
    for start, end in _runs(_labels(lines, patterns)):
        if start > done:
            parts.append(Part("".join(lines[done:start]), start - done >= MIN_RUN))
        parts.append(Part("".join(lines[start:end]), routable=True))
        done = end
    parts.append(Part("".join(lines[done:]), (around or done > 0) and len(lines) - done >= MIN_RUN))
    return parts


def _labels(lines: Sequence[str], patterns: Iterable[re.Pattern[str]]) -> list[int | None]:
    """For each line the number of the first pattern that knows it; each different line is looked at once."""
    known: dict[str, int | None] = dict.fromkeys(lines)
    rest = list(known)
    for number, pattern in enumerate(patterns):
        found = list(filter(pattern.match, rest))
        if found:
            known.update(dict.fromkeys(found, number))
            rest = [line for line in rest if known[line] is None]
    return list(map(known.__getitem__, lines))


def _runs(labels: list[int | None]) -> Iterator[tuple[int, int]]:
    """Stretches of one label, a few unlabelled lines between two of them included."""
    known = [at for at, label in enumerate(labels) if label is not None]
    first = 0
    while first < len(known):
        last = first
        while last + 1 < len(known) and known[last + 1] - known[last] <= MAX_GAP:
            if labels[known[last + 1]] != labels[known[first]]:
                break
            last += 1
        start, end = known[first], known[last] + 1
        if end - start >= MIN_RUN:
            yield start, end
        first = last + 1
