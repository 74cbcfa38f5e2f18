"""Anthropic's stream: one `message_start`, blocks numbered through, one `message_delta` and `message_stop`.

Our `tool_use` block is known by its `content_block_start`. It and all that carries its index is held back; the blocks
after it, and those of later rounds, get the next free numbers. `ping` and events nobody knows pass as they come.
"""

from __future__ import annotations

from typing import Any

from headroom.blocks import Path
from headroom.proxy.hidden import Piece
from headroom.proxy.hidden.anthropic import AnthropicShape
from headroom.proxy.hidden.raw import decode, encode
from headroom.proxy.splice.framing import Event, Sse
from headroom.proxy.splice.rounds import CutError, Job, Rounds
from headroom.proxy.splice.stream import Streamed
from headroom.wire.access import get
from headroom.wire.body import AddKey, Body, Change, SetRaw, SetText

_ELSEWHERE = {"partial_json": "input", "citation": "citations"}
"""Keys of a delta that go into a key of another name; all others go into their own."""


class AnthropicStream(Streamed):
    """See `Streamed`."""

    def __init__(self, job: Job) -> None:
        """At the start of the first answer."""
        self._next = 0
        self._output = 0
        super().__init__(Rounds(job, AnthropicShape()), Sse())

    def _start_round(self) -> None:
        super()._start_round()
        self._log: list[Event] = []
        self._numbers: dict[object, int | None] = {}
        self._usage: dict[str, Any] = {}
        self._stop: Event | None = None
        self._held: list[Event] = []

    def _event(self, event: Event) -> bytes:
        kind = event.value.get("type")
        if kind in ("content_block_start", "content_block_delta", "content_block_stop"):
            self._log.append(event)
            return self._block(event, kind)
        if kind == "message_start":
            self._usage = get(event.value.get("message"), "usage") or {}
            return b"" if self.rounds.taken else self.framing.put(event)
        if kind == "error" and self.rounds.taken:
            raise CutError("a hidden round ended in an error")
        if kind == "message_delta":
            self._stop = event
        if kind == "message_stop":
            self.ended = True
        if kind in ("message_delta", "message_stop") and self.spliced:
            self._held.append(event)
            return b""
        return self.framing.put(event)

    def _block(self, event: Event, kind: str) -> bytes:
        index = event.value.get("index")
        if not isinstance(index, int):
            return self.framing.put(event)
        if kind == "content_block_start":
            block = event.value.get("content_block")
            if get(block, "type") == "tool_use" and self._is_ours(get(block, "name")):
                self._numbers[index] = None
            else:
                free = self._next if self.spliced else index
                self._numbers[index] = free
                self._next = max(self._next, free + 1)
        number = self._numbers.get(index, index)
        if number is None:
            return b""
        return self.framing.put(event, None if number == index else _edited(event, SetRaw(("index",), b"%d" % number)))

    def _pieces(self) -> list[Piece]:
        blocks: dict[object, bytes] = {}
        deltas: dict[object, list[dict[str, Any]]] = {}
        for event in self._log:
            index, kind = event.value.get("index"), event.value["type"]
            if kind == "content_block_start":
                body = Body(event.data, "anthropic")
                blocks[index] = body.data[slice(*body.span(("content_block",)))]
            elif kind == "content_block_delta" and isinstance(event.value.get("delta"), dict):
                deltas.setdefault(index, []).append(event.value["delta"])
        whole = [_grown(raw, deltas.get(index, [])) for index, raw in blocks.items()]
        return [self.rounds.shape.piece(raw.decode("utf-8", "surrogateescape")) for raw in whole]

    def _for_tools(self) -> bool:
        return self._stop is not None and get(self._stop.value.get("delta"), "stop_reason") == "tool_use"

    def _pause(self) -> bytes:
        self._output += _number(self._told("output_tokens"))
        return b""

    def _told(self, key: str) -> object:
        """A figure of this round's usage; the last that was told counts."""
        last = get(self._stop.value.get("usage"), key) if self._stop else None
        return self._usage.get(key) if last is None else last

    def _close(self) -> bytes:
        return b"".join(
            self.framing.put(event, self._summed(event) if event is self._stop else None) for event in self._held
        )

    def _summed(self, event: Event) -> bytes | None:
        """The last `message_delta`: a stop the client can act on, this round's input, the output of all."""
        changes: list[Change] = []
        if self.rounds.stopped_for_us:
            changes.append(SetText(("delta", "stop_reason"), "end_turn"))
        usage = event.value.get("usage")
        if len(self.rounds.taken) > 1 and isinstance(usage, dict):
            output = _number(self._told("output_tokens")) + self._output
            changes.append(AddKey(("usage",), "output_tokens", b"%d" % output))
            told = {key: value for key, value in self._usage.items() if key not in usage}
            changes += [AddKey(("usage",), key, encode(value)) for key, value in told.items()]
        return _edited(event, *changes) if changes else None


def _edited(event: Event, *changes: Change) -> bytes:
    return Body(event.data, "anthropic").edited(changes)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _is_json(text: str) -> bool:
    """Whether the arguments of a call are whole: those of one that was cut off are not."""
    try:
        decode(text)
    except ValueError:
        return False
    return True


def _grown(raw: bytes, deltas: list[dict[str, Any]]) -> bytes:
    """A block with all its deltas: strings grow, lists get another element, JSON text becomes the value it is."""
    texts: dict[str, list[str]] = {}
    lists: dict[str, list[Any]] = {}
    for delta in deltas:
        for key, value in delta.items():
            if key == "citation":
                lists.setdefault(_ELSEWHERE[key], []).append(value)
            elif key != "type" and isinstance(value, str):
                texts.setdefault(key, []).append(value)
    body = Body(raw, "anthropic")
    root: Path = ()
    changes: list[Change] = []
    for key, pieces in texts.items():
        text = "".join(pieces)
        if key == "partial_json":
            changes += [AddKey(root, _ELSEWHERE[key], text.encode("utf-8", "surrogatepass"))] if _is_json(text) else []
            continue
        before = body.value.get(key)
        changes.append(AddKey(root, key, encode((before if isinstance(before, str) else "") + text)))
    changes += [AddKey(root, key, encode(values)) for key, values in lists.items()]
    return body.edited(changes)
