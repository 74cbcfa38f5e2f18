"""Repeats: lines that this conversation has already shown are replaced by a reference to them.

    [same 207 lines as in `cat src/app.py` above. Full text: h:3fa9c1d2e4b7]
    [54 lines from "def retry(self):" on: same as in `cat src/app.py` above. Full text: h:3fa9c1d2e4b7]
    [the next 152 lines there]
    [lines 978-983: same as lines 975-980 in `nl -ba src/app.py` above]
    [22 added lines from "def test_retry():" on: same as you wrote in `Write tests/test_retry.py` above]

Rules:
* A reference points only at lines that the model can still see above, word for word and one after another: what
  compression took away, and what stood before a boundary, is no target.
* Line numbers (`12<tab>`, `12:`, `  12→`) and a diff's signs do not hide a repeat, and none of them is lost: a reference over
  numbered lines speaks in their numbers, and only of lines numbered above too; one over a diff says which sign they carry.
* A reference saves at least `MIN_SAVED` tokens. What is new stays in its place, word for word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from headroom.blocks import Block, Call
from headroom.compression import markers, mixed, policy
from headroom.compression.views import (
    ADDED,
    CONTEXT,
    LONG,
    REMOVED,
    Lines,
    View,
    cut,
    hashes,
    long_lines,
    times_numbered,
)
from headroom.tokens import count

MIN_SAVED = 20
"""Tokens a reference must save. On 56 real sessions anything from 4 to 25 gives the same bill; fewer references read better."""
HANDLE_TOKENS = 12
"""What `. Full text: h:3fa9c1d2e4b7` costs (cl100k)."""
SOURCES = 12
"""Earlier texts, the latest first, that are tried for one pair of lines: one that stands in more is boilerplate."""
MIN_CHARS = MIN_SAVED + HANDLE_TOKENS
"""Characters under which nothing is counted: no token is shorter than one."""
OPENINGS = (24, 40, 60)
"""Characters of the words that a reference names a place by; more where fewer stand there twice."""
OPENING_LINES = 8
"""Lines from which those words are taken."""
MAX_TRIES = 100_000
"""Places tried for one text in all, some 0.2 s: a text that says two lines over and over matches everywhere."""
MAX_CHARS = 2_000_000
"""Longer texts are only compared as a whole: cutting one up takes a tenth of a second."""
_VERDICT = re.compile(
    r"(?i)\b(?:pass|fail|error|warning|succe|exit|complete|finish|abort|ok\b|\d+ (?:tests?|problems?)\b)"
)
VERDICT_CHARS = 200
"""A line that says how a run ended is shorter than this."""
_SIGN_NAMES = {REMOVED: "removed ", ADDED: "added ", CONTEXT: "context "}
_CHANGES_FOLDER = re.compile(r"\A\s*cd\s+[^\s;&|]+\s*(?:&&|;)\s*")
_PATH_KEY = re.compile(r"(?i)path|file|uri|url")


class Piece(NamedTuple):
    """A run of whole lines of a text, line ends included."""

    text: str
    first_line: int
    reference: bool
    """Whether `text` is a reference to earlier lines, not lines of the text itself."""


class _Run(NamedTuple):
    """Lines `start` to `stop` of the new text that stand in an earlier one from line `at` on."""

    start: int
    stop: int
    at: int
    source: int
    view: View
    old: View


class Shown:
    """What the model has been shown so far in one conversation, in the words it was shown."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._seen: list[tuple[Block, str]] = []

    def add(self, block: Block, visible: str) -> None:
        """Take in a block as the model reads it."""
        if block.role != "system":
            self._seen.append((block, visible))

    def forget(self) -> None:
        """Nothing said so far can be relied on to be still there."""
        self._seen.clear()

    def texts(self) -> list[str]:
        """Everything shown so far, in order."""
        return [visible for _, visible in self._seen]

    def whole(self, text: str, handle: Callable[[], str]) -> str | None:
        """A reference to an earlier result that reads exactly the same; `None`: there is none."""
        if len(text) < LONG or mixed.kept_lines(text):
            return None
        found = (at for at in range(len(self._seen) - 1, -1, -1) if self._seen[at][1] == text and self._is_named(at))
        source = next(found, None)
        return None if source is None else markers.note(f"same {self._origin(source)}", handle())

    def fold(self, text: str, first_line: int, handle: Callable[[], str]) -> list[Piece] | None:
        """The text cut into lines of its own and references; `None`: nothing in it is worth a reference.

        Args:
            text: its words, terminal noise already gone.
            first_line: the number of its first line in the whole original.
            handle: gives the handle of the whole original.
        """
        if len(text) > MAX_CHARS or not any(map(_has_places, filter(_is_source, self._seen))):
            return None
        new = cut(text)
        pieces: list[Piece] = []
        done, last = 0, None
        kept = mixed.kept_lines(text)
        verdict = _verdict(new)
        for found in self._chosen(new):
            run = self._from_words(found, last)
            if run.start < verdict < run.stop:
                run = run._replace(stop=verdict)
            if any(first < run.stop and run.start < stop for first, stop in kept):
                continue
            reference = self._reference(run, last, handle)
            if count("\n".join(new.lines[run.start : run.stop])) < count(reference) + MIN_SAVED:
                continue
            if run.start > done:
                pieces.append(Piece(_joined(new.lines[done : run.start]), first_line + done, reference=False))
            pieces.append(Piece(f"{reference}\n", first_line + run.start, reference=True))
            done, last = run.stop, run
        if not pieces:
            return None
        if done < len(new.lines):
            pieces.append(Piece(_joined(new.lines[done:]), first_line + done, reference=False))
        if not text.endswith("\n"):
            pieces[-1] = pieces[-1]._replace(text=pieces[-1].text[:-1])
        return pieces

    def _chosen(self, new: Lines) -> list[_Run]:
        """The runs that are long enough to refer to, each reaching as far back as it can: over runs that are too short."""
        chosen: list[_Run] = []
        for run in self._runs(new):
            back = _back(run)
            while chosen and run.start - back <= chosen[-1].start:
                chosen.pop()
            if chosen:
                back = min(back, run.start - chosen[-1].stop)
            longer = run._replace(start=run.start - back, at=run.at - back)
            hidden = "\n".join(new.lines[longer.start : longer.stop])
            if len(hidden) >= MIN_CHARS and count(hidden) >= MIN_SAVED + HANDLE_TOKENS:
                chosen.append(longer)
        return chosen

    def _runs(self, new: Lines) -> Iterator[_Run]:
        """The longest run at each place of the new text, from its start."""
        places = self._places(new)
        starts: list[tuple[int, int, int]] = []
        for number, view in enumerate(new.views if places else ()):
            starts += [(at, number, seed) for at, seed in enumerate(hashes(view.keys)) if (number, seed) in places]
            longs = ((at, number, hash(view.keys[at])) for at in long_lines(view.keys))
            starts += [start for start in longs if start[1:] in places]
        starts.sort()
        most = max(1, MAX_TRIES // max(1, len(starts)))
        done, last = 0, -1
        for at, number, seed in starts:
            if at < done:
                continue
            view = new.views[number]
            tried = places[number, seed][:most]
            found = [(_reach(view, at, old, place), source, place, old) for source, place, old in tried]
            length, source, place, old = max(
                found, key=lambda one: (one[0], one[1] == last, self._worth(view, at, one))
            )
            if length > 1 or (length and len(view.keys[at]) >= LONG):
                yield _Run(at, at + length, place, source, view, old)
                done, last = at + length, source

    def _worth(self, view: View, at: int, found: tuple[int, int, int, View]) -> tuple[bool, int, int, int]:
        """How well a reader finds a place: under the same number, in a tool's result, not far above, at its start."""
        _, source, place, old = found
        role = self._seen[source][0].role
        return old.mark(place) == view.mark(at), 2 * (role == "result") + (role == "call"), source, -place

    def _places(self, new: Lines) -> dict[tuple[int, int], list[tuple[int, int, View]]]:
        """Where each pair of lines, and each long line, of the new text stands above: by view and hash."""
        found: dict[tuple[int, int], list[tuple[int, int, View]]] = {}
        tried: dict[tuple[int, int], int] = {}
        for source in range(len(self._seen) - 1, -1, -1):
            if not _is_source(self._seen[source]):
                continue
            for old in cut(self._seen[source][1]).views:
                for number, view in enumerate(new.views):
                    for seed in view.first.keys() & old.first.keys():
                        key = (number, seed)
                        tried[key] = tried.get(key, 0) + 1
                        if tried[key] <= SOURCES:
                            places = found.setdefault(key, [])
                            places += [(source, at, old) for at in (old.first[seed], *old.more.get(seed, ()))]
        return found

    def _reference(self, run: _Run, last: _Run | None, handle: Callable[[], str]) -> str:
        """What stands for a run.

        Args:
            run: the lines.
            last: the run of the reference before, whose source is called `there`; `None`: this is the first, and carries
                the handle.
            handle: gives the handle of the whole original.
        """
        length = run.stop - run.start
        number, number_there = run.view.mark(run.start), run.old.mark(run.at)
        lines = f"{_SIGN_NAMES.get(number, '')}line{'s' * (length > 1)}"
        what = f"{lines} {markers.span(number, number + length - 1)}" if number >= 0 else f"{length} {lines}"
        span = ""
        numbered = self._is_numbered(run)
        if numbered and number_there != number:
            span = f"lines {markers.span(number_there, number_there + length - 1)}"
        there = last is not None and last.source == run.source
        where = " ".join(filter(None, ("as", span, "there"))) if there else self._origin(run.source, span)
        if numbered:
            said = f"{what}: same {where}"
        elif number < 0 and _goes_on(run, last):
            said = f"the next {what} there"
        elif (
            number < 0
            and self._is_named(run.source)
            and (run.at, run.at + length) == cut(self._seen[run.source][1]).body
        ):
            said = f"same {what} {where}"
        else:
            said = f"{what} from {self._opening(run)} on: same {where}"
        return markers.note(said, None if last else handle())

    def _is_numbered(self, run: _Run) -> bool:
        """Whether the numbers that the lines carry in the earlier text say where they stand."""
        number = run.old.mark(run.at)
        if number < 0 or run.old.end(run.at) < run.at + run.stop - run.start:
            return False
        return times_numbered(self._seen[run.source][1], number) == 1

    def _from_words(self, run: _Run, last: _Run | None) -> _Run:
        """The run without the blank lines it begins with, which no words could name."""
        if self._is_numbered(run) or (run.view.mark(run.start) < 0 and _goes_on(run, last)):
            return run
        blank = next((at for at in range(run.start, run.stop) if run.view.keys[at].strip()), run.stop) - run.start
        return run._replace(start=run.start + blank, at=run.at + blank)

    def _opening(self, run: _Run) -> str:
        """The words a run begins with, in quotes: as many as it takes to find the place, or which of several places it is."""
        keys, start = self._named_alike(run)
        said = " ".join(" ".join(keys[start : start + OPENING_LINES]).split())
        everything = " ".join(" ".join(keys).split())
        openings = [said[:size].rstrip() for size in OPENINGS]
        alone = next((opening for opening in openings if everything.count(opening) == 1), None)
        opening = alone or openings[-1]
        nth = "" if alone else f"the {_ordinal(sum(_begins(keys, at, opening) for at in range(start)) + 1)} "
        dots = "..." if len(opening) < len(" ".join(keys[start].split())) else ""
        return f'{nth}"{opening}{dots}"'

    def _named_alike(self, run: _Run) -> tuple[tuple[str, ...], int]:
        """The lines of every earlier text that bears the name of a run's source, and where the run begins in them."""
        if self._is_named(run.source):
            numbered = run.old.mark(run.at) >= 0  # such lines are quoted with their numbers
            return (cut(self._seen[run.source][1]).lines if numbered else run.old.keys), run.at
        name, before = self._origin(run.source), 0
        lines: list[str] = []
        for source, (_, visible) in enumerate(self._seen):
            if source == run.source:
                before = len(lines)
            if not self._is_named(source) and self._origin(source) == name:
                lines += cut(visible).lines if len(visible) <= MAX_CHARS else ()
        return tuple(lines), before + run.at

    def _is_named(self, source: int) -> bool:
        """Whether a reference's name for an earlier text is that of no other one."""
        block = self._seen[source][0]
        return block.role == "result" and block.call is not None

    def _origin(self, source: int, span: str = "") -> str:
        """Which earlier text it is: `as in ... above`, `as you wrote in ... above`."""
        block = self._seen[source][0]
        lines = f"{span} " if span else ""
        if block.call and block.role == "result":
            label = _label(block.call)
            results = {id(seen.call): seen.call for seen, _ in self._seen if seen.role == "result" and seen.call}
            alike = [one for one, call in results.items() if _label(call) == label]
            nth = f"the {_ordinal(alike.index(id(block.call)) + 1)} " if len(alike) > 1 else ""
            return f"as {lines}in {nth}`{label}` above"
        if block.role in ("call", "assistant"):
            return f"as {lines}you wrote{f' in `{_label(block.call)}`' if block.call else ''} above"
        return f"as {lines}in {'the output' if block.role == 'result' else 'what the user gave'} above"


def _verdict(new: Lines) -> int:
    """The last line with words, if it says how a command ended: whoever ran it again looks there. Else -1."""
    last = next((at for at in range(len(new.lines) - 1, -1, -1) if new.lines[at].strip()), -1)
    said = new.lines[last] if last >= 0 else ""
    return last if len(said) < VERDICT_CHARS and _VERDICT.search(said) else -1


def _is_source(seen: tuple[Block, str]) -> bool:
    """Whether an earlier text is long enough to refer to, and short enough to be cut up."""
    return LONG // 3 <= len(seen[1]) <= MAX_CHARS


def _has_places(seen: tuple[Block, str]) -> bool:
    """Whether a reference could point into an earlier text: not into a short sentence."""
    return any(view.first for view in cut(seen[1]).views)


def _joined(lines: tuple[str, ...]) -> str:
    return "\n".join(lines) + "\n"


def _reach(view: View, start: int, old: View, at: int) -> int:
    """How many lines from `start` on are the same as the old ones from `at` on, under one kind of mark."""
    number, number_there = view.mark(start), old.mark(at)
    if number >= 0 > number_there:
        return 0
    most = min(view.end(start) - start, (old.end(at) if number_there >= 0 else len(old.keys)) - at)
    new_keys, old_keys = view.keys, old.keys
    length, step = 0, 4
    while length < most:
        step = min(step, most - length)
        if new_keys[start + length : start + length + step] == old_keys[at + length : at + length + step]:
            length += step
            step *= 2
        elif step == 1:
            break
        else:
            step //= 2
            most = min(most, length + 2 * step + 1)
    return length


def _back(run: _Run) -> int:
    """How many lines before a run are the same too."""
    view, old, back = run.view, run.old, 0
    numbered = old.mark(run.at) >= 0
    while run.start > back and run.at > back:
        here, there = run.start - back - 1, run.at - back - 1
        if view.keys[here] != old.keys[there] or view.end(here) < run.stop:
            break
        if numbered and old.end(there) < run.at + run.stop - run.start:
            break
        back += 1
    return back


def _goes_on(run: _Run, last: _Run | None) -> bool:
    """Whether a run begins where the one before ended, in the earlier text."""
    return last is not None and last.old is run.old and last.at + last.stop - last.start == run.at


def _begins(keys: tuple[str, ...], at: int, opening: str) -> bool:
    """Whether the lines from `at` on begin with these words, the first of them in the first line."""
    first = " ".join(keys[at].split())
    if not first or not (first.startswith(opening) or opening.startswith(first)):
        return False
    return " ".join(" ".join(keys[at : at + OPENING_LINES]).split()).startswith(opening)


@lru_cache(maxsize=4096)
def _label(call: Call) -> str:
    """What a call is called in a reference: its command, or the tool and the file it is about."""
    arguments = policy.arguments_of(call)
    command = policy.shell_command(arguments)
    if command:
        first, *rest = _CHANGES_FOLDER.sub("", command).strip().split("\n")
        return _short(first + (" ..." if rest else ""), 60).replace("`", "'")
    short = [
        (key, str(value)) for key, value in arguments.items() if isinstance(value, (str, int)) and len(str(value)) <= 60
    ]
    named = [value for key, value in short if _PATH_KEY.search(key)] or [value for _, value in short]
    return _short(" ".join([call.name, *named[:2]]), 60).replace("`", "'")


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3].rstrip() + "..."
