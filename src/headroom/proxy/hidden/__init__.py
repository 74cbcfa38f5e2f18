"""Hidden turns: what the model said and was told in an answer, and the client never saw.

An answer that used our retrieve tool took several rounds upstream and is one turn for the client:

    the provider's rounds                                 the client's turn
    "Let me look." + our call, our result                 "Let me look."
    "Found it." + our call + Bash, (our result)           "Found it." + Bash

From then on the client echoes the right side, and every later request must hold the left side, byte for byte the same
each time, or the provider's cache (and what it signed) no longer fits. So `restore` puts the rounds back.

Rules:
* Hidden turns are facts, kept for ever under what the client had sent before the turn (its *place*) and what it was
  shown in it. At a known place an echo that is none of those shown is a recorded failure, and stays as it came.
* A turn comes back as the provider said it: text and reasoning as remembered, the client's own calls in the client's own
  bytes. Its cache marks stay on their blocks. Reasoning and provider's tool results that the client dropped stay away.
* Of an answer that was cut off the client may keep a part: the rounds it covers come back, then what else it kept.
* Our call that stood beside the client's own returns at its old index. Its result joins theirs in the next message, each
  in the order of its call, before any text.
* Echoes are compared by meaning: whitespace in texts, how texts are cut into blocks, the order of keys and how numbers
  are written do not count, and neither do marks, reasoning and fields nobody compares (ids of Gemini's calls).
* Pure: facts are handed in and out (`originals.facts` keeps them).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, Protocol

from headroom.blocks import Block, Call, Failure, Path
from headroom.compression import cache
from headroom.errors import StoreError
from headroom.wire.body import Body, Change, Insert, Remove, SetRaw

__all__ = ["Piece", "Place", "Restored", "Round", "Shape", "facts", "restore"]

Kind = Literal["text", "thought", "call", "own", "other"]
"""What the model said, its reasoning, a call of the client's tool, a call of ours, anything else."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a turn: a content block, a part, a tool call."""

    kind: Kind
    raw: str
    """As JSON, as it came; bytes that are not UTF-8 as surrogates."""
    text: str = ""
    call: Call | None = None
    mark: str = ""
    """A cache mark on it, as JSON."""


@dataclass(frozen=True, slots=True)
class Round:
    """One answer of the provider, and our results to the calls of ours in it."""

    pieces: tuple[Piece, ...]
    results: tuple[str, ...] = ()
    """As JSON, one for each call of ours."""

    @property
    def joins(self) -> bool:
        """Whether the results go with the client's own, because the answer holds calls of both."""
        return bool(self.results) and any(piece.kind == "call" for piece in self.pieces)


class Shape(Protocol):
    """How a format writes turns."""

    key: str
    """Where its messages stand."""
    ids: bool
    """Whether a call's id is the provider's, so that an echo must have it."""

    def piece(self, raw: str) -> Piece:
        """What a part is."""

    def pieces(self, body: Body, path: Path) -> list[Piece]:
        """The parts of the turn at a path, in a request or in an answer."""

    def is_turn(self, message: object) -> bool:
        """Whether the model said this message."""

    def turn(self, pieces: Sequence[Piece]) -> bytes:
        """A message of these parts; empty where nothing is left to say."""

    def result(self, call: Call, text: str) -> str:
        """The result of a call, as it stands among others."""

    def reply(self, results: Sequence[str]) -> list[bytes]:
        """The messages that hold these results."""

    def join(self, body: Body, at: int, ordinal: int) -> tuple[Path, int] | None:
        """Where a result goes among those from message `at` on; `None` where there are none."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a conversation an answer stands: after all that the client had sent."""

    key: str
    spliced: bool = False
    """Whether an answer with hidden turns was given here before."""


@dataclass(frozen=True, slots=True)
class Restored:
    """How a request gets its hidden turns back."""

    changes: list[Change]
    failures: list[Failure]
    """Not empty: from here on nothing may be left out that the reader would have to ask for."""
    place: Place
    """Of the answer to this request."""


_WHOLE, _PART, _DONE = "turn:", "part:", ":done"
"""What a turn is kept under: all of it; what was shown up to a hidden call; and whether an answer came to its end."""
_KEPT_AWAY: Final = frozenset({"thought", "other"})
"""What comes back only if the client sent any of it."""


def facts(shape: Shape, place: Place, rounds: Sequence[Round], *, whole: bool) -> dict[str, str]:
    """What to remember of an answer, so far or `whole`; it must be durable before anything after it is shown."""
    pieces = [piece for one in rounds for piece in one.pieces]
    hidden = any(one.results for one in rounds)
    kept = [[[piece.raw for piece in one.pieces], list(one.results)] for one in rounds] if hidden else []
    found = {_shown(shape, place.key, pieces, _WHOLE if whole else _PART): json.dumps(kept, separators=(",", ":"))}
    if hidden:
        found[place.key] = "1"
        if whole:
            found[place.key + _DONE] = "1"
    return found


def restore(
    body: Body,
    shape: Shape,
    blocks: Sequence[Block],
    recall: Callable[[Collection[str]], Mapping[str, str]],
    keys: Sequence[str] | None = None,
) -> Restored:
    """Find the turns of a request that have hidden ones, and what puts them back.

    Args:
        body: the request as the client sent it.
        shape: of its format.
        blocks: what `wire.read` finds in its messages.
        recall: gives what is remembered under keys (`originals.facts.recall`); may raise `StoreError`.
        keys: those of the blocks (`compression.cache.keys`), where they are known already.
    """
    runs, gaps, here = _places(body, shape, blocks, cache.keys(blocks) if keys is None else keys)
    try:
        known = recall({*runs, *gaps, here})
        echoes = {place: _echo(body, shape, run) for place, run in runs.items() if place in known}
        keys_of = {place: {place + _DONE, *_wanted(shape, place, echo)} for place, echo in echoes.items()}
        turns = recall(set().union(*keys_of.values())) if echoes else {}
    except StoreError as error:
        return Restored([], [Failure("retrieval", str(error))], Place(here))
    changes: list[Change] = []
    failures = [
        _changed(at, "an answer that used our tool is missing")
        for gap, at in gaps.items()
        if gap in known and gap not in runs
    ]
    for place, echo in echoes.items():
        run = runs[place]
        wanted = _wanted(shape, place, echo)
        if place + _DONE in turns:  # then the client has seen all of it
            wanted = {key: seen for key, seen in wanted.items() if key.startswith(_WHOLE)}
        kept = next(((turns[key], seen) for key, seen in wanted.items() if key in turns), None)
        found = None if kept is None else _put_back(body, shape, run, (_loaded(shape, kept[0]), echo, kept[1]))
        if found is None:
            failures.append(_changed(run.start, "an answer that used our tool came back changed"))
        else:
            changes += found
    return Restored(changes, failures, Place(here, here in known))


def _wanted(shape: Shape, place: str, echo: Sequence[Piece]) -> dict[str, int]:
    """What a turn may be remembered under, and how many of its parts that covers, the most first.

    Of an answer that was cut off the client may keep what it saw: some rounds whole, and a part of the next one.
    """
    wanted = {_shown(shape, place, echo, _WHOLE): len(echo)}
    for seen in range(len(echo), -1, -1):
        wanted.setdefault(_shown(shape, place, echo[:seen], _PART), seen)
        if seen and echo[seen - 1].kind == "call":
            break
    return wanted


def _changed(at: int, reason: str) -> Failure:
    return Failure("retrieval", f"{reason}: from here on nothing is left out", (at,))


def _places(
    body: Body, shape: Shape, blocks: Sequence[Block], keys: Sequence[str]
) -> tuple[dict[str, range], dict[str, int], str]:
    """The place of every turn, every place between two messages of the client's, and the place after all.

    A key of `compression.cache` covers texts only, so the number of turns before tells places without text between apart.
    """
    last: list[str] = []
    count = 0
    for at in range(len(body.messages) + 1):
        while count < len(blocks) and int(blocks[count].path[0]) < at:
            count += 1
        last.append(keys[count - 1] if count else "")
    runs: dict[str, range] = {}
    gaps: dict[str, int] = {}
    inside = False
    start = place = None
    for at, message in enumerate(body.messages):
        turn = shape.is_turn(message)
        if turn and not inside:
            start, place = at, _place(shape, last[at], len(runs))
        if inside and not turn and start is not None and place is not None:
            runs[place] = range(start, at)
        elif not turn and at:
            gaps.setdefault(_place(shape, last[at], len(runs)), at)
        inside = turn
    if inside and start is not None and place is not None:
        runs[place] = range(start, len(body.messages))
    return runs, gaps, _place(shape, last[-1], len(runs))


def _place(shape: Shape, key: str, turns: int) -> str:
    return "place:" + cache.digest(f"{shape.key}\n{key}\n{turns}")


def _shown(shape: Shape, place: str, pieces: Sequence[Piece], kind: str) -> str:
    """The key of a turn at a place: what was shown in it, by meaning."""
    text = "".join("".join(piece.text.split()) for piece in pieces if piece.kind == "text")
    calls = [
        [piece.call.id if shape.ids else "", piece.call.name, piece.call.arguments]
        for piece in pieces
        if piece.kind == "call" and piece.call
    ]
    return kind + cache.digest(json.dumps([place, text, calls]))


def meaning(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """A JSON value as text that is the same however it was written."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) < 2**1000 else str(value)  # JavaScript has no other numbers
    return value


def _echo(body: Body, shape: Shape, run: range) -> list[Piece]:
    return [piece for at in run for piece in shape.pieces(body, (shape.key, at))]


def _loaded(shape: Shape, kept: str) -> list[Round]:
    return [Round(tuple(shape.piece(raw) for raw in pieces), tuple(results)) for pieces, results in json.loads(kept)]


def _put_back(body: Body, shape: Shape, run: range, turn: tuple[list[Round], list[Piece], int]) -> list[Change] | None:
    """The changes that put rounds in the place of an echo; `None` where results cannot join the client's own.

    Args:
        body: the request.
        shape: of its format.
        run: the messages that are the echo.
        turn: the rounds, the parts of the echo, and how many of these the rounds cover.
    """
    rounds, echo, seen = turn
    if not rounds:
        return []
    messages: list[bytes] = []
    for one in _as_echoed(rounds, echo[:seen]):
        said = shape.turn(one.pieces)
        messages += [said] if said else []
        if one.results and not one.joins:
            messages += shape.reply(one.results)
    rest = shape.turn(echo[seen:])
    messages += [rest] if rest else []
    list_path: Path = (shape.key,)
    changes: list[Change] = [SetRaw((shape.key, run.start), b",".join(messages))]
    changes += [Remove(list_path, at) for at in run[1:]]
    last = rounds[-1]
    if last.joins:
        results = iter(last.results)
        for at, piece in enumerate(last.pieces):
            if piece.kind == "own":
                before = sum(other.kind == "call" for other in last.pieces[:at])
                target = shape.join(body, run.stop, before)
                if target is None:
                    return None
                changes.append(Insert(*target, next(results).encode("utf-8", "surrogateescape")))
    return changes


def _as_echoed(rounds: Sequence[Round], echo: Sequence[Piece]) -> list[Round]:
    """The rounds with the client's own calls as the client writes them, its marks, and without what it dropped."""
    sent = {piece.kind for piece in echo}
    calls = iter([piece for piece in echo if piece.kind == "call"])
    kept = [
        [
            next(calls, piece) if piece.kind == "call" else piece
            for piece in one.pieces
            if piece.kind in sent or piece.kind not in _KEPT_AWAY
        ]
        for one in rounds
    ]
    marks = [piece.mark for piece in echo if piece.kind == "text" and piece.text.strip()]
    texts = [
        (at, place)
        for at, pieces in enumerate(kept)
        for place, piece in enumerate(pieces)
        if piece.kind == "text" and piece.text.strip()
    ]
    if len(marks) != len(texts):  # cut up in another way: a mark on the last stays on the last
        marks = ["" for _ in texts[:-1]] + marks[-1:]
    for (at, place), mark in zip(texts, marks, strict=False):
        kept[at][place] = replace(kept[at][place], mark=mark)
    return [replace(one, pieces=tuple(pieces)) for one, pieces in zip(rounds, kept, strict=True)]
