"""Chat completions' stream: one `id`, the role once, calls numbered from 0, one `finish_reason`, one `[DONE]`.

Our call is known by its first delta, which names the function. Its deltas are taken out of the chunks that hold them;
a chunk with nothing left in it is left out. Usage is shown only where the provider sends it, which it does when asked.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from headroom.proxy.hidden import Piece
from headroom.proxy.hidden.chat import NO_PART, ChatShape
from headroom.proxy.hidden.raw import encode
from headroom.proxy.splice.framing import Event, Sse
from headroom.proxy.splice.rounds import CutError, Job, Rounds
from headroom.proxy.splice.stream import Streamed
from headroom.wire.access import elements, get

_FOR_TOOLS = ("tool_calls", "stop", "function_call")
"""Reasons to finish after a call is whole: some servers say `stop` where OpenAI says `tool_calls`."""
_GROW = ("arguments", "input")
_SHARED = ("id", "created")
"""What all chunks of one answer have in common."""


class Chunk(NamedTuple):
    """One event, and the number of each call in it."""

    event: Event
    numbers: list[int | None]


class ChatStream(Streamed):
    """See `Streamed`."""

    def __init__(self, job: Job) -> None:
        """At the start of the first answer."""
        self._next = 0
        self._output = 0
        self._first: dict[str, Any] = {}
        super().__init__(Rounds(job, ChatShape()), Sse())

    def _start_round(self) -> None:
        super()._start_round()
        self._later = bool(self.rounds.taken)
        self._log: list[dict[str, Any]] = []
        self._calls: list[list[dict[str, Any]]] = []
        self._numbers: list[int | None] = []
        self._at: dict[object, int] = {}
        self._reason: object = None
        self._usage: dict[str, Any] | None = None
        self._held: list[Chunk] = []

    def _event(self, event: Event) -> bytes:
        value = event.value
        if event.data == b"[DONE]":
            return self._last_word(Chunk(event, [])) if self.spliced else self.framing.put(event)
        if not value:
            return self.framing.put(event)
        if value.get("error") and self.rounds.taken:
            raise CutError("a hidden round ended in an error")
        choice = next(iter(elements(value.get("choices"))), None)
        if choice and not self._first:
            self._first = {key: value[key] for key in _SHARED if key in value}
        delta = get(choice, "delta")
        if isinstance(delta, dict):
            self._log.append(delta)
        chunk = Chunk(event, [self._take(call) for call in elements(get(delta, "tool_calls"))])
        if isinstance(value.get("usage"), dict):
            self._usage = value["usage"]
        reason = get(choice, "finish_reason")
        if reason is not None:
            self._reason, self.ended = reason, True
        if not self.spliced:
            return self.framing.put(event)
        if self.ended:
            return self._last_word(chunk)
        return self._put(chunk)

    def _take(self, call: object) -> int | None:
        """Add a delta to its call, and give the call's number for the client; ours has none.

        A call is new where its index is, or, with servers that give every call the same index, where its id is.
        """
        index, id_ = get(call, "index"), get(call, "id")
        if not isinstance(call, dict) or isinstance(index, (dict, list)):
            return None
        name = get(get(call, "function") or get(call, "custom"), "name")
        at = self._at.get(index)
        if at is None or (id_ and name and id_ != self._calls[at][0].get("id")):
            at = self._at[index] = len(self._calls)
            self._calls.append([])
            ours = self._is_ours(name)
            self._numbers.append(None if ours else self._next)
            self._next += not ours
        self._calls[at].append(call)
        return self._numbers[at]

    def _last_word(self, chunk: Chunk) -> bytes:
        self._held.append(chunk)
        return b""

    def _put(self, chunk: Chunk, reason: object = None, *, last: bool = False) -> bytes:
        """A chunk without what is hidden, as one of the first answer's; nothing where nothing is left.

        Args:
            chunk: what came.
            reason: why the answer finishes, where it does here.
            last: nothing follows, so its usage is the answer's.
        """
        event = chunk.event
        value = {**event.value, **self._first}
        if isinstance(value.get("usage"), dict):
            value["usage"] = _summed(value["usage"], self._output) if last else None
        choices = elements(value.get("choices"))
        if choices:
            delta = dict(get(choices[0], "delta") or {})
            calls = zip(elements(delta.pop("tool_calls", None)), chunk.numbers, strict=True)
            seen = [{**call, "index": number} for call, number in calls if number is not None]
            if seen:
                delta["tool_calls"] = seen
            if self._later:
                delta.pop("role", None)
            if not any(delta.values()) and not last:
                return b""
            value["choices"] = [{**choices[0], "delta": delta, "finish_reason": reason}, *choices[1:]]
        return self.framing.put(event, None if value == event.value else encode(value))

    def _pieces(self) -> list[Piece]:
        text = "".join(delta["content"] for delta in self._log if isinstance(delta.get("content"), str))
        others: dict[str, list[Any]] = {}
        for delta in self._log:
            for key, value in delta.items():
                if value and key not in NO_PART:
                    others.setdefault(key, []).append(value)
        found: list[dict[str, Any]] = [{"content": text}] if text else []
        found += [{key: _joined(values)} for key, values in others.items()]
        found += [_grown(deltas) for deltas in self._calls]
        return [self.rounds.shape.piece(encode(part).decode()) for part in found]

    def _for_tools(self) -> bool:
        return self._reason in _FOR_TOOLS

    def _pause(self) -> bytes:
        output = get(self._usage, "completion_tokens")
        self._output += output if isinstance(output, int) else 0
        return b"".join(self._put(chunk) for chunk in self._held if chunk.event.value.get("choices"))

    def _close(self) -> bytes:
        out = []
        for chunk in self._held:
            event = chunk.event
            reason = get(next(iter(elements(event.value.get("choices"))), None), "finish_reason")
            if reason is not None and self.rounds.stopped_for_us:
                reason = "stop"
            out.append(self._put(chunk, reason, last=True) if event.value else self.framing.put(event))
        return b"".join(out)


def _grown(deltas: list[dict[str, Any]]) -> dict[str, Any]:
    """A call of all its deltas: arguments grow, everything else is as it was said first."""
    call: dict[str, Any] = {}
    for kind in ("function", "custom"):
        parts = [part for delta in deltas if isinstance(part := delta.get(kind), dict)]
        if parts:
            inner = {key: value for part in reversed(parts) for key, value in part.items() if value is not None}
            for key in _GROW:
                if any(key in part for part in parts):
                    inner[key] = "".join(part[key] for part in parts if isinstance(part.get(key), str))
            call[kind] = inner
    for delta in deltas:
        for key, value in delta.items():
            if value is not None and key != "index":
                call.setdefault(key, value)
    return call


def _joined(values: list[Any]) -> Any:  # noqa: ANN401 - whatever JSON holds
    """What a member of all deltas together says: texts and lists grow, of anything else the last counts."""
    if all(isinstance(value, str) for value in values):
        return "".join(values)
    if all(isinstance(value, list) for value in values):
        return [each for value in values for each in value]
    return values[-1]


def _summed(usage: dict[str, Any], earlier: int) -> dict[str, Any]:
    """The last round's usage with the output of all."""
    output = usage.get("completion_tokens")
    if not earlier or not isinstance(output, int):
        return usage
    total = usage.get("total_tokens")
    return {
        **usage,
        "completion_tokens": output + earlier,
        **({"total_tokens": total + earlier} if isinstance(total, int) else {}),
    }
