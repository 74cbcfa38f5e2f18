"""A streamed answer whose hidden rounds are cut out and whose ends are joined: what all formats have in common.

Rules:
* Text streams on at once. Only a call of our tool is held back, and, in an answer that has hidden turns, its last word
  (stop reason, usage), so that they are durable before the client can act on it.
* An answer without such a call leaves byte for byte as it came, each event when it is complete.
* A later round that ends before its end, or in an error, raises `CutError`: the client must see a broken stream.
* The input shown is the last round's, because clients compact by it; the output is the sum of all rounds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

from headroom.proxy.hidden import Piece
from headroom.proxy.splice.framing import Event, Framing
from headroom.proxy.splice.leaks import leaks, writes
from headroom.proxy.splice.rounds import ODD, Again, CutError, Done, Rounds


class Streamed(ABC):
    """One answer to the client, over as many answers of the provider as it takes."""

    def __init__(self, rounds: Rounds, framing: Framing) -> None:
        """At the start of the first answer."""
        self.rounds = rounds
        self.framing = framing
        self._start_round()

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes of the provider's answer; give what the client gets now.

        Raises:
            CutError: a later round went wrong.
        """
        try:
            return b"".join([self._event(event) for event in self.framing.feed(chunk)])
        except ODD as error:  # without a call of ours nothing is read that could raise
            raise CutError("a part of the answer has a shape nobody knows") from error

    def finish(self) -> Done | Again:
        """The provider's answer ended as it should.

        Raises:
            CutError: it did not, as far as can be told from it, and the client was shown a part of the whole.
        """
        if not self.ended and self.spliced:
            raise CutError("a hidden round ended early")
        try:
            return self._finished()
        except ODD as error:
            if self.spliced:
                raise CutError("a part of the answer has a shape nobody knows") from error
            return Done(self.framing.rest())

    def _finished(self) -> Done | Again:
        job, spliced = self.rounds.job, self.spliced
        concluded = self.ended and (spliced or (job.place.spliced and bool(job.tool)))
        pieces = self._pieces() if concluded or self.writes else []
        found = leaks(pieces, job.known)
        if not concluded:
            return Done(self.framing.rest(), leaks=found)
        verdict = self.rounds.conclude(pieces, self._for_tools())
        if isinstance(verdict, Again):
            data = self._pause()
            self.framing.again()
            self._start_round()
            return replace(verdict, data=data, leaks=found)
        return replace(verdict, data=(self._close() if spliced else b"") + self.framing.rest(), leaks=found)

    @property
    def spliced(self) -> bool:
        """Whether the client sees something else than what came."""
        return self.holds_own or bool(self.rounds.taken)

    holds_own: bool
    """Whether this round has a call of our tool."""
    writes: bool
    """Whether it has a call of the client's that changes files."""
    ended: bool
    """Whether this round's answer came to its end."""

    def _start_round(self) -> None:
        self.holds_own = False
        self.writes = False
        self.ended = False

    def _is_ours(self, name: object) -> bool:
        """Whether a call is ours, by its tool's name, which is noted."""
        ours = bool(name) and name == self.rounds.job.tool
        self.holds_own |= ours
        self.writes |= writes(name)
        return ours

    @abstractmethod
    def _event(self, event: Event) -> bytes:
        """What the client gets of an event."""

    @abstractmethod
    def _pieces(self) -> list[Piece]:
        """All that the provider said in this round."""

    @abstractmethod
    def _for_tools(self) -> bool:
        """Whether the model stopped to have tools called."""

    @abstractmethod
    def _pause(self) -> bytes:
        """What was held back and the client may see before the next round; notes this round's usage."""

    @abstractmethod
    def _close(self) -> bytes:
        """The last word, which was held back."""
