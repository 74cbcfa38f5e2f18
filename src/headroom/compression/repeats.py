"""Repeats: lines that this conversation has already shown are replaced by a reference to them.

    [lines 12-240: same as in `cat src/app.py` above. Full text: h:3fa9c1d2e4b7]
    [lines 244-300: same as there]

Rules:
* A reference points only at lines that the model can still see above, word for word: what compression took away, and
  what stood before a boundary, is no target.
* A run is at least three lines, and longer in tokens than the reference.
* Line numbers (`12<tab>`, `12:`, `  12→`) and a diff's signs do not hide a repeat. Numbers count as numbers only where they go up by
  one from line to line, and a reference then speaks in them.
* What is new stays in its place, word for word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from headroom.blocks import Block
from headroom.compression import markers, policy
from headroom.tokens import count

MIN_LINES = 3
"""Shorter runs cost as much to refer to as to show."""
LONG = 200
"""Characters from which a single line is a repeat worth naming: a JSON answer on one line."""
MIN_SAVED = 20
"""Tokens a reference must save. On 20 real sessions 4, 8, 12, 20, 30 gave 9.0, 9.2, 9.3, 9.5, 9.4 % off the bill: small
references cost a long one its place."""
CANDIDATES = 6
"""Places remembered for one trio of lines; in between, a trio is boilerplate and any place will do."""
CACHED_CHARS = 65_536
"""Texts up to this size keep their cut-up form for the next turn, where they are looked at again."""

_NUMBER = re.compile(r"[ \t]*(\d{1,7})(?:\t|: ?|→|│ ?|\| ?| {2})")
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+\d+", re.MULTILINE)


class Piece(NamedTuple):
    """A run of whole lines of a text, line ends included."""

    text: str
    first_line: int
    reference: bool
    """Whether `text` is a reference to earlier lines, not lines of the text itself."""


class _Lines(NamedTuple):
    """A text cut into lines, with what would hide a repeat taken off."""

    raw: tuple[str, ...]
    keys: tuple[str, ...]
    numbers: tuple[int, ...]
    """The number each line carries; -1 for none. A diff's lines carry -2 (removed), -3 (added), -4 (the same)."""
    known: frozenset[str]


_SIGNS = {"-": -2, "+": -3, " ": -4}


def _cut(text: str) -> _Lines:
    raw = tuple(text.splitlines(keepends=True)) if "\x0b" not in text and "\x0c" not in text else tuple(re.findall(r"[^\n]*\n|[^\n]+", text))
    bare = [line.rstrip("\r\n") for line in raw]
    if _HUNK.search(text):
        numbers = tuple(_SIGNS.get(line[:1], -1) for line in bare)
        keys = tuple(line if number == -1 else line[1:] for line, number in zip(bare, numbers, strict=True))
        return _Lines(raw, keys, numbers, frozenset(keys))
    found = [_NUMBER.match(line) for line in bare]
    if sum(match is not None for match in found) < MIN_LINES:
        return _Lines(raw, tuple(bare), (-1,) * len(bare), frozenset(bare))
    value = [int(match[1]) if match else -1 for match in found]
    counted = [
        number >= 0 and ((i > 0 and value[i - 1] == number - 1) or (i + 1 < len(value) and value[i + 1] == number + 1))
        for i, number in enumerate(value)
    ]
    keys = tuple(line[match.end() :] if match and ok else line for line, match, ok in zip(bare, found, counted, strict=True))
    return _Lines(raw, keys, tuple(number if ok else -1 for number, ok in zip(value, counted, strict=True)), frozenset(keys))


_cut_again = lru_cache(maxsize=512)(_cut)


def _lines(text: str) -> _Lines:
    return _cut_again(text) if len(text) <= CACHED_CHARS else _cut(text)


class _Run(NamedTuple):
    start: int
    length: int
    source: int
    at: int


class Shown:
    """What the model has been shown so far in one conversation, in the words it was shown."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._seen: list[tuple[Block, str]] = []

    def add(self, block: Block, visible: str) -> None:
        """Take in a block as the model reads it."""
        if len(visible) >= 40 and block.role != "system":
            self._seen.append((block, visible))

    def forget(self) -> None:
        """Nothing said so far can be relied on to be still there."""
        self._seen.clear()

    def whole(self, text: str, handle: Callable[[], str]) -> str | None:
        """A reference to an earlier result that reads exactly the same; `None`: there is none."""
        if len(text) < LONG:
            return None
        source = next((block for block, visible in reversed(self._seen) if visible == text), None)
        return markers.note(_origin(source), handle()) if source else None

    def fold(self, text: str, first_line: int, handle: Callable[[], str]) -> list[Piece] | None:
        """The text cut into lines of its own and references; `None`: nothing in it is worth a reference.

        Args:
            text: its words, terminal noise already gone.
            first_line: the number of its first line in the whole original.
            handle: gives the handle of the whole original.
        """
        new = _lines(text)
        runs = self._runs(new)
        pieces: list[Piece] = []
        done, last = 0, None
        for run in runs:
            hidden = "".join(new.raw[run.start : run.start + run.length])
            if len(hidden) < 60:
                continue
            reference = self._reference(new, run, first_line, None if last is not None else handle, same=last == run.source)
            if count(hidden) < count(reference) + MIN_SAVED:
                continue
            if run.start > done:
                pieces.append(Piece("".join(new.raw[done : run.start]), first_line + done, reference=False))
            end = "\n" if new.raw[run.start + run.length - 1].endswith("\n") else ""
            pieces.append(Piece(reference + end, first_line + run.start, reference=True))
            done, last = run.start + run.length, run.source
        if not pieces:
            return None
        if done < len(new.raw):
            pieces.append(Piece("".join(new.raw[done:]), first_line + done, reference=False))
        return pieces

    def _runs(self, new: _Lines) -> list[_Run]:
        sources = self._sources(new)
        if not sources:
            return []
        places: dict[tuple[str, ...], list[tuple[int, int]]] = {}
        for source, old in sources.items():
            for at, trio in enumerate(zip(old.keys, old.keys[1:], old.keys[2:], strict=False)):
                if trio[0] in new.known and trio[2] in new.known:
                    found = places.setdefault(trio, [])
                    if len(found) < CANDIDATES:
                        found.append((source, at))
            for at, key in enumerate(old.keys):
                if len(key) >= LONG and key in new.known:
                    places[key,] = [(source, at)]
        runs, start = [], 0
        while start < len(new.keys):
            best = None
            for source, at in places.get(new.keys[start : start + 3]) or places.get(new.keys[start : start + 1], ()):
                length = _extend(new, start, sources[source], at)
                if best is None or length >= best.length:
                    best = _Run(start, length, source, at)
            if best is not None and (best.length >= MIN_LINES or len(new.keys[start]) >= LONG):
                runs.append(best)
                start += best.length
            else:
                start += 1
        return runs

    def _sources(self, new: _Lines) -> dict[int, _Lines]:
        """The earlier texts that have lines in common with the new one."""
        found = {}
        for number, (_, visible) in enumerate(self._seen):
            old = _lines(visible)
            if len(old.known & new.known if len(old.known) < len(new.known) else new.known & old.known) >= 2:
                found[number] = old
        return found

    def _reference(self, new: _Lines, run: _Run, offset: int, handle: Callable[[], str] | None, *, same: bool) -> str:
        first, last = new.numbers[run.start], new.numbers[run.start + run.length - 1]
        sign = {-2: "-", -3: "+", -4: "context "}.get(first, "")
        span = markers.span(first, last) if first >= 0 else markers.span(offset + run.start, offset + run.start + run.length - 1)
        if same:
            return markers.note(f"{sign}lines {span}: same as there", handle() if handle else None)
        block, _ = self._seen[run.source]
        start = ""
        if first < 0 and not (run.start == 0 and run.at == 0):
            opening = next((key.strip() for key in new.keys[run.start : run.start + run.length] if key.strip()), "")
            start = f" (from {_short(opening, 32)!r})"
        return markers.note(f"{sign}lines {span}{start}: {_origin(block)}", handle() if handle else None)


def _extend(new: _Lines, start: int, old: _Lines, at: int) -> int:
    """How many lines from `start` on are the same as the old ones from `at` on; all of one sign, all numbered or none."""
    length, most = 0, min(len(new.keys) - start, len(old.keys) - at)
    numbered = min(new.numbers[start], 0)
    first = new.numbers[start]
    while length < most and new.keys[start + length] == old.keys[at + length]:
        number = new.numbers[start + length]
        if min(number, 0) != numbered or (numbered == 0 and number != first + length):
            break
        length += 1
    return length


def _origin(block: Block) -> str:
    if block.role == "result" and block.call:
        command = policy.command_of(block.call)
        return f"same as in `{_short(command, 60)}` above"
    if block.role in ("call", "assistant"):
        return "as you wrote them above"
    return "as given above"


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3].rstrip() + "..."

