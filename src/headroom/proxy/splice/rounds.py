"""The rounds behind one answer: what the provider said, what our tool was asked and gave back, what comes next.

Rules:
* A round in which the model calls only our tool is answered and followed by another: the same request with the model's
  turn and our results at its end, so that the provider's cache covers all but these.
* A round that calls the client's tools too ends the answer; our results wait for the client's (see `hidden`).
* After `ROUNDS` further rounds no call is answered with an original: the last result says so. A model that asks all the
  same ends the answer; its call and the refusal are in its history. Our tool is never taken away, because a list of tools
  that changes breaks the provider's cache.
* A call that was cut off (the answer's length ran out) was never made: nobody was told of it.
* What is remembered must be durable before a byte is shown that comes after it: `Again` and `Done` carry both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from headroom.blocks import Failure
from headroom.errors import HeadroomError
from headroom.originals.retrieval import TOOL
from headroom.proxy.hidden import Piece, Place, Round, Shape, facts
from headroom.wire.body import Body, Change, Format, Insert

ROUNDS: Final = 5
"""Rounds after the first. Each costs a read of the whole prefix; models that looked twice rarely need a third time."""
LAST: Final = "\n[This was the last retrieval in this answer: go on with what you have.]"
NO_MORE: Final = "No more retrievals in this answer: go on with what you have."


ODD: Final = (TypeError, ValueError, AttributeError, LookupError)
"""What reading a value of a shape that no provider documents may raise. Where an answer is spliced it is a cut."""


class CutError(HeadroomError):
    """A round failed after the client was shown something: its answer must end as one that was cut off."""


@dataclass(frozen=True, slots=True)
class Done:
    """The answer is whole."""

    data: bytes
    """What the client still gets, once the facts are durable."""
    remember: Mapping[str, str] = field(default_factory=dict)
    retrievals: int = 0
    leaks: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Again:
    """Another round is needed."""

    data: bytes
    """What the client gets now, once the facts are durable."""
    body: bytes
    """The request to send; its answer is fed on."""
    remember: Mapping[str, str] = field(default_factory=dict)
    retrievals: int = 0
    leaks: tuple[Failure, ...] = ()
    """Calls of the client's that write a note of ours (see `leaks`)."""


@dataclass(frozen=True, slots=True)
class Job:
    """One request whose answer may hold calls of our tool."""

    format: Format
    body: bytes
    """As it was sent to the provider."""
    place: Place
    """Of its answer (`hidden.restore`)."""
    answer: Callable[[str], str]
    """What a call is answered, by its arguments as JSON (`originals.retrieval.answer`). It may take its time."""
    rounds: int = ROUNDS
    known: Collection[str] = ()
    """The handles that this conversation was shown, to find where one leaks."""
    tool: str = TOOL
    """Whose calls are answered here; empty where the answer is only read along, and leaves as it came."""


class Rounds:
    """The rounds so far."""

    def __init__(self, job: Job, shape: Shape) -> None:
        """None yet."""
        self.job = job
        self.shape = shape
        self.taken: list[Round] = []
        self._body = job.body

    def conclude(self, pieces: Sequence[Piece], for_tools: bool) -> Done | Again:
        """Take in what the provider said in one round.

        Args:
            pieces: all of it.
            for_tools: the model stopped to have its tools called; otherwise calls of ours in it are incomplete.

        Returns:
            What to do next, without data for the client.
        """
        if not for_tools:
            pieces = [piece for piece in pieces if piece.kind != "own"]
        calls = [piece.call for piece in pieces if piece.kind == "own" and piece.call]
        left = self.job.rounds - len(self.taken)
        texts = [self.job.answer(call.arguments) if left > 0 else NO_MORE for call in calls]
        if left == 1 and texts:
            texts[-1] += LAST
        results = tuple(self.shape.result(call, text) for call, text in zip(calls, texts, strict=True))
        self.taken.append(Round(tuple(pieces), results))
        whole = not results or self.taken[-1].joins or left <= 0
        remember = facts(self.shape, self.job.place, self.taken, whole=whole)
        if whole:
            return Done(b"", remember, len(calls))
        self._body = self._continued()
        return Again(b"", self._body, remember, len(calls))

    @property
    def stopped_for_us(self) -> bool:
        """Whether the last round called nobody but us, so that the client has no call to answer."""
        return bool(self.taken) and bool(self.taken[-1].results) and not self.taken[-1].joins

    def _continued(self) -> bytes:
        body = Body(self._body, self.job.format)
        end = len(body.messages)
        last = self.taken[-1]
        said = [self.shape.turn(last.pieces), *self.shape.reply(last.results)]
        changes: list[Change] = [Insert((self.shape.key,), end, raw) for raw in said]
        return body.edited(changes)
