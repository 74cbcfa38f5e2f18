"""Where one event of a streamed answer ends and the next begins: server-sent events, or the elements of a JSON array.

Rules:
* Every byte that comes in belongs to one event or to the rest, in order: events put back as they came are the stream.
* An event is complete at its end and not a byte later, however the stream is cut into chunks.
* Nothing is decoded twice, and nothing that is no event is an error: it is handed on as it came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

from headroom.proxy.hidden.raw import decode

_END: Final = re.compile(rb"\r?\n\r?\n|\r\r")
_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_TOKEN: Final = re.compile(rb'"|\\.|[][{}]', re.DOTALL)


@dataclass
class Event:
    """One event: what stands before its data, the data, what stands behind."""

    before: bytes
    data: bytes
    behind: bytes = b""

    @cached_property
    def value(self) -> dict[str, Any]:
        """The data's members; none where it is no JSON object."""
        if not self.data.startswith(b"{"):
            return {}
        try:
            found = decode(self.data)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Framing(Protocol):
    """How a stream is cut into events."""

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that are complete now."""

    def put(self, event: Event, data: bytes | None = None) -> bytes:
        """An event as bytes for the client, with other data if given; in order, and not all that came need be put."""

    def rest(self) -> bytes:
        """What came after the last event, and what closes the stream."""

    def again(self) -> None:
        """Another answer follows, whose events go into the same stream."""


class Sse:
    """Server-sent events: lines, then an empty one."""

    def __init__(self) -> None:
        """At the start of a stream."""
        self._buffer = b""

    def feed(self, chunk: bytes) -> list[Event]:
        """See `Framing`."""
        searched = max(0, len(self._buffer) - 3)
        self._buffer += chunk
        events = []
        start = 0
        while end := _END.search(self._buffer, max(start, searched)):
            events.append(_parted(self._buffer[start : end.end()]))
            start = end.end()
        if start:
            self._buffer = self._buffer[start:]
        return events

    def put(self, event: Event, data: bytes | None = None) -> bytes:
        """See `Framing`."""
        return event.before + (event.data if data is None else data) + event.behind

    def rest(self) -> bytes:
        """See `Framing`."""
        return self._buffer

    def again(self) -> None:
        """See `Framing`."""
        self._buffer = b""


def _parted(raw: bytes) -> Event:
    """An event by its `data` line; of several, which no provider sends, nothing is data."""
    places = [found.span() for found in _LINE.finditer(raw) if found[0].startswith(b"data:")]
    if len(places) != 1:
        return Event(raw, b"")
    start, end = places[0]
    start += len(b"data:")
    line = raw[start:end]
    start += len(line) - len(line.lstrip(b" "))
    data = raw[start:end].rstrip(b"\r\n")
    return Event(raw[:start], data, raw[start + len(data) :])


class Array:
    """A JSON array that grows, element by element, as Gemini streams without `alt=sse`."""

    def __init__(self) -> None:
        """At the start of a stream."""
        self._opened = False
        self._first: Event | None = None
        self._read = _Elements()

    def feed(self, chunk: bytes) -> list[Event]:
        """See `Framing`."""
        events = self._read.feed(chunk)
        self._first = self._first or next(iter(events), None)
        return events

    def put(self, event: Event, data: bytes | None = None) -> bytes:
        """See `Framing`: what stands before an element is a bracket, or a comma, whatever was left out."""
        before = event.before
        if not self._opened and event is not self._first:
            before = b"["
        elif self._opened and b"[" in before:
            before = b",\r\n"
        self._opened = True
        return before + (event.data if data is None else data)

    def rest(self) -> bytes:
        """See `Framing`."""
        rest = self._read.buffer
        return b"[" + rest if self._first and not self._opened else rest

    def again(self) -> None:
        """See `Framing`."""
        self._read = _Elements()


class _Elements:
    """The elements of one array, as its bytes come in."""

    def __init__(self) -> None:
        self.buffer = b""
        self._at = 0
        self._start = 0
        self._depth = 0
        self._quoted = False

    def feed(self, chunk: bytes) -> list[Event]:
        self.buffer += chunk
        events: list[Event] = []
        while token := _TOKEN.search(self.buffer, self._at):
            self._at = token.end()
            if token[0] == b'"':
                self._quoted = not self._quoted
            elif self._quoted:
                continue
            elif token[0] in b"[{":
                self._depth += 1
                if self._depth == 2:
                    self._start = token.start()
            elif token[0] in b"]}":
                self._depth -= 1
                if self._depth == 1:
                    events.append(Event(self.buffer[: self._start], self.buffer[self._start : self._at]))
                    self.buffer, self._at = self.buffer[self._at :], 0
        if not self.buffer.endswith(b"\\"):  # else the character that it escapes is still to come
            self._at = len(self.buffer)
        return events
