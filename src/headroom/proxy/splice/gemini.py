"""Gemini's stream, as server-sent events or as one growing array: one `responseId`, one `finishReason`.

A part that calls our tool is taken out of the chunk that holds it. A chunk with a `finishReason` may be the last one, so
in an answer with hidden turns it waits for the next: older models send the reason with every chunk.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from headroom.proxy.hidden import Piece
from headroom.proxy.hidden.gemini import GeminiShape
from headroom.proxy.hidden.raw import encode, raws
from headroom.proxy.splice.framing import Array, Event, Sse
from headroom.proxy.splice.rounds import CutError, Job, Rounds
from headroom.proxy.splice.stream import Streamed
from headroom.wire.access import elements, get
from headroom.wire.body import Body

_PARTS = ("candidates", 0, "content", "parts")
OUTPUT = ("candidatesTokenCount", "thoughtsTokenCount")
"""What the model wrote: `thoughtsTokenCount` stands beside the other, not in it."""


class GeminiStream(Streamed):
    """See `Streamed`."""

    def __init__(self, job: Job, sse: bool) -> None:
        """At the start of the first answer; `sse`: framed as events, else as an array."""
        self._before: dict[str, int] = {}
        self._id: object = None
        super().__init__(Rounds(job, GeminiShape()), Sse() if sse else Array())

    def _start_round(self) -> None:
        super()._start_round()
        self._log: list[Event] = []
        self._reason: object = None
        self._usage: dict[str, Any] = {}
        self._held: list[Event] = []

    def _event(self, event: Event) -> bytes:
        value = event.value
        if not value:
            return self.framing.put(event)
        if value.get("error") and self.rounds.taken:
            raise CutError("a hidden round ended in an error")
        self._id = self._id or value.get("responseId")
        self._log.append(event)
        candidate = next(iter(elements(value.get("candidates"))), None)
        for part in elements(get(get(candidate, "content"), "parts")):
            self._is_ours(get(get(part, "functionCall"), "name"))
        if isinstance(value.get("usageMetadata"), dict):
            self._usage = value["usageMetadata"]
        reason = get(candidate, "finishReason")
        if reason is not None:
            self._reason, self.ended = reason, True
        if not self.spliced:
            return self.framing.put(event)
        if candidate is None and self._held:  # usage alone, after the last word
            self._held.append(event)
            return b""
        out = self._release(None)
        if reason is not None:
            self._held.append(event)
            return out
        return out + self._put(event, None)

    def _release(self, reason: object) -> bytes:
        held, self._held = self._held, []
        return b"".join(self._put(event, reason) for event in held)

    def _put(self, event: Event, reason: object) -> bytes:
        """A chunk without what is hidden, as one of the first answer's; nothing where nothing is left."""
        value = dict(event.value)
        if self._id and "responseId" in value:
            value["responseId"] = self._id
        if isinstance(value.get("usageMetadata"), dict):
            value["usageMetadata"] = summed(value["usageMetadata"], self._before)
        candidates = elements(value.get("candidates"))
        if candidates:
            candidate = {key: inner for key, inner in candidates[0].items() if key != "finishReason"}
            parts = elements(get(get(candidate, "content"), "parts"))
            seen = [part for part in parts if get(get(part, "functionCall"), "name") != self.rounds.job.tool]
            if reason is None and not any(seen):
                return b""
            if len(seen) < len(parts):
                candidate["content"] = {**candidate["content"], "parts": seen}
            if reason is not None:
                candidate["finishReason"] = reason
            value["candidates"] = [candidate, *candidates[1:]]
        return self.framing.put(event, None if value == event.value else encode(value))

    def _pieces(self) -> list[Piece]:
        said = [self.rounds.shape.piece(raw) for event in self._log for raw in raws(Body(event.data, "gemini"), _PARTS)]
        found: list[Piece] = []
        for plain, run in groupby(said, lambda piece: piece.kind == "text" and "ignature" not in piece.raw):
            if plain:  # texts and nothing else: one says the same
                found.append(self.rounds.shape.piece(encode({"text": "".join(piece.text for piece in run)}).decode()))
            else:
                found += run
        return found

    def _for_tools(self) -> bool:
        return self._reason == "STOP"

    def _pause(self) -> bytes:
        self._held = [event for event in self._held if event.value.get("candidates")]
        out = self._release(None)
        for key in OUTPUT:
            count = self._usage.get(key)
            self._before[key] = self._before.get(key, 0) + (count if isinstance(count, int) else 0)
        return out

    def _close(self) -> bytes:
        return self._release(self._reason)


def summed(usage: dict[str, Any], before: dict[str, int]) -> dict[str, Any]:
    """This round's usage with the output of those before."""
    more = {key: count for key, count in before.items() if count and isinstance(usage.get(key), int)}
    total = usage.get("totalTokenCount")
    added = {key: usage[key] + count for key, count in more.items()}
    if isinstance(total, int) and more:
        added["totalTokenCount"] = total + sum(more.values())
    return {**usage, **added}
