"""What an answer was billed, read from a copy of its bytes while they are relayed.

* `feed` takes the bytes as they come, in pieces of any size. It changes nothing, keeps only an unfinished event, and
  never raises: whatever cannot be read leaves the usage unknown.
* A cut answer has no usage: what was billed for it is not known, and unknown is not zero.
* What says nothing of usage is not decoded: an event costs a search for a few bytes.
"""

from __future__ import annotations

from headroom.wire import eventstream
from headroom.wire.body import Format
from headroom.wire.content_encoding import decoder
from headroom.wire.eventstream import Frames
from headroom.wire.usage_events import Seen, Usage
from headroom.wire.usage_formats import reader

__all__ = ["LONGEST", "Tee", "Usage"]

LONGEST = 8 * 2**20
"""Bytes of one event, or of an answer that is no stream, that are kept to be read: what is longer has no known usage. The
longest answers, 128,000 tokens of text with its reasoning, stay below 2 MB."""


class Tee:
    """One answer, read as it passes.

    For an answer over HTTP: `feed` its bytes, then `close` when it ended or was cut. For one over a websocket, where a
    frame is an event: `event` for each frame of this answer (`response_id`) until `finished`.
    """

    def __init__(self, format: Format, content_type: str, encoding: str = "") -> None:  # noqa: A002 - its name everywhere
        """Begin an answer.

        Args:
            format: the wire format it is in.
            content_type: its header. `text/event-stream` and Bedrock's frames are read event by event, JSON as one text, all
                else not at all.
            encoding: its `content-encoding`; where it is not known, or its library is missing, usage stays unknown.
        """
        kind = content_type.lower()
        self._reader = reader(format)
        self._seen = Seen()
        self._decode = decoder(encoding)
        self._streamed = kind.startswith("text/event-stream")
        self._frames = Frames(LONGEST) if kind.startswith(eventstream.TYPE) else None
        self._lost = not self._streamed and "json" not in kind
        """Whether the event, or the answer, that is coming in cannot be read any more."""
        self._pieces: list[bytes] = []
        self._size = 0
        self._data: list[bytes] = []

    @property
    def usage(self) -> Usage | None:
        """What was billed; `None` while that is not known, and for ever where the answer was cut."""
        return self._reader.usage(self._seen)

    @property
    def finished(self) -> bool:
        """Whether the answer said that it is over, well or badly."""
        return self._seen.ended

    @property
    def model(self) -> str:
        """The model that answered, by its own name; `""` if it did not say."""
        return self._seen.model

    @property
    def response_id(self) -> str:
        """The provider's id for this answer; `""` if it did not say."""
        return self._seen.response_id

    @property
    def failure_kind(self) -> str:
        """`prefix_binding` where the provider says that reasoning belongs to another conversation; else `""`."""
        return self._seen.failure_kind

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the answer's body, as the provider sent them."""
        if self._decode is None:
            self._take(chunk)
            return
        for piece in self._decode(chunk):
            self._take(piece)

    def event(self, data: bytes) -> None:
        """Take one whole event: a websocket frame, or what stands after `data:`."""
        if not self._seen.response_id or any(needle in data for needle in self._reader.needles):
            self._reader.read(data, self._seen)
        elif data.strip() == b"[DONE]":
            self._seen.complete = self._seen.ended = True

    def whole(self, data: bytes) -> None:
        """Take an answer that is no stream."""
        self._reader.read(data, self._seen)
        self._seen.complete = self._seen.ended = True  # half a JSON text is none: it has told nothing

    def close(self) -> None:
        """The answer ended, or was cut."""
        rest, self._pieces, self._size = b"".join(self._pieces), [], 0
        if self._lost:
            return
        if self._streamed:
            self._line(rest)
            self._line(b"")
        elif rest:
            self.whole(rest)

    def _take(self, chunk: bytes) -> None:
        if self._frames is not None:
            for event in self._frames.feed(chunk):
                self.event(event)
            return
        if not self._streamed or b"\n" not in chunk:
            self._keep(chunk)
            return
        first, *lines, last = chunk.split(b"\n")
        self._keep(first)
        if not self._lost:
            self._line(b"".join(self._pieces))
        self._pieces, self._size, self._lost = [], 0, False
        for line in lines:
            self._line(line)
        self._keep(last)

    def _keep(self, piece: bytes) -> None:
        """Keep what is no whole line, or no whole answer, yet."""
        self._size += len(piece)
        if self._lost or self._size > LONGEST:
            self._pieces, self._lost = [], True
        elif piece:
            self._pieces.append(piece)

    def _line(self, line: bytes) -> None:
        """One line of an event stream, without its line end."""
        if line.startswith(b"data:"):
            self._data.append(line[5:])
        elif self._data and line in (b"", b"\r"):
            data, self._data = b"\n".join(self._data), []
            self.event(data)
