"""Chat completions' stream: one `id`, the role once, calls numbered from 0, one `finish_reason`, one `[DONE]`.

Our call is known by its first delta, which names the function. Its deltas are taken out of the chunks that hold them;
a chunk with nothing left in it is left out. Usage is shown only where the provider sends it, which it does when asked.
"""

from __future__ import annotations

from typing import Any

from headroom.proxy.hidden import Piece
from headroom.proxy.hidden_chat import NO_PART, ChatShape
from headroom.proxy.hidden_raw import encode
from headroom.proxy.splice.framing import Event, Sse
from headroom.proxy.splice.rounds import CutError, Job, Rounds
from headroom.proxy.splice.stream import Streamed
from headroom.wire.access import elements, get

_FOR_TOOLS = ("tool_calls", "stop", "function_call")
"""Reasons to finish after a call is whole: some servers say `stop` where OpenAI says `tool_calls`."""
_SHARED = ("id", "created")
"""What all chunks of one answer have in common."""


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
        self._numbers: dict[object, int | None] = {}
        self._reason: object = None
        self._usage: dict[str, Any] | None = None
        self._held: list[Event] = []

    def _event(self, event: Event) -> bytes:
        value = event.value
        if event.data == b"[DONE]":
            return self._last_word(event) if self.spliced else self.framing.put(event)
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
            for call in elements(delta.get("tool_calls")):
                self._number(call)
        if isinstance(value.get("usage"), dict):
            self._usage = value["usage"]
        reason = get(choice, "finish_reason")
        if reason is not None:
            self._reason, self.ended = reason, True
        if not self.spliced:
            return self.framing.put(event)
        if self.ended:
            return self._last_word(event)
        return self._put(event)

    def _number(self, call: object) -> None:
        """Give a call its number for the client; ours has none."""
        index = get(call, "index")
        if index in self._numbers:
            return
        if self._is_ours(get(get(call, "function"), "name")):
            self._numbers[index] = None
        else:
            self._numbers[index] = self._next
            self._next += 1

    def _last_word(self, event: Event) -> bytes:
        self._held.append(event)
        return b""

    def _put(self, event: Event, reason: object = None, *, last: bool = False) -> bytes:
        """A chunk without what is hidden, as one of the first answer's; nothing where nothing is left.

        Args:
            event: the chunk.
            reason: why the answer finishes, where it does here.
            last: nothing follows, so its usage is the answer's.
        """
        value = {**event.value, **self._first}
        if isinstance(value.get("usage"), dict):
            value["usage"] = _summed(value["usage"], self._output) if last else None
        choices = elements(value.get("choices"))
        if choices:
            delta = dict(get(choices[0], "delta") or {})
            calls = [(call, self._numbers.get(get(call, "index"))) for call in elements(delta.pop("tool_calls", None))]
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
        texts: dict[str, str] = {}
        others: dict[str, Any] = {}
        calls: dict[object, dict[str, Any]] = {}
        for delta in self._log:
            for key, value in delta.items():
                if key == "tool_calls":
                    for call in elements(value):
                        _grow(calls.setdefault(get(call, "index"), {}), call)
                elif key == "content" and isinstance(value, str):
                    texts[key] = texts.get(key, "") + value
                elif value and key not in NO_PART:
                    others[key] = _joined(others.get(key), value)
        found: list[dict[str, Any]] = [texts] if texts.get("content") else []
        found += [{key: value} for key, value in others.items()]
        found += [{key: value for key, value in call.items() if key != "index"} for call in calls.values()]
        return [self.rounds.shape.piece(encode(part).decode()) for part in found]

    def _for_tools(self) -> bool:
        return self._reason in _FOR_TOOLS

    def _pause(self) -> bytes:
        output = get(self._usage, "completion_tokens")
        self._output += output if isinstance(output, int) else 0
        return b"".join(self._put(event) for event in self._held if event.value.get("choices"))

    def _close(self) -> bytes:
        out = []
        for event in self._held:
            reason = get(next(iter(elements(event.value.get("choices"))), None), "finish_reason")
            if reason is not None and self.rounds.stopped_for_us:
                reason = "stop"
            out.append(self._put(event, reason, last=True) if event.value else self.framing.put(event))
        return b"".join(out)


def _grow(call: dict[str, Any], delta: object) -> None:
    """Add a delta to a call: arguments grow, everything else is as it was said first."""
    for key, value in delta.items() if isinstance(delta, dict) else ():
        if isinstance(value, dict):
            _grow(call.setdefault(key, {}), value)
        elif key in ("arguments", "input") and isinstance(value, str):
            call[key] = call.get(key, "") + value
        elif value is not None:
            call.setdefault(key, value)


def _joined(before: Any, value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(before, str) and isinstance(value, str):
        return before + value
    if isinstance(before, list) and isinstance(value, list):
        return before + value
    return value


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
