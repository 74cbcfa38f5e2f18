r"""The server that a client starts: one message a line on standard input, one answer a line on standard output.

Rules:
* Standard output carries the protocol alone: whatever else is printed goes to standard error.
* Calls of tools run one after another beside the reader, so a ping is answered at once, and a call can be cancelled.
* A call that fails in a way nobody thought of is an error result, and the server goes on.
* At the end of the input what was asked is still answered; a client that reads no more ends the server.
* Nothing is imported that the first answer does not need: a client that waits a second for it takes the server for dead.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, Final

from headroom.mcp import protocol
from headroom.mcp.offered import EVERYTHING, Offer
from headroom.mcp.protocol import INVALID_REQUEST, Message, Protocol, ProtocolError

if TYPE_CHECKING:  # loads the engine: not before a tool is called
    from headroom.mcp.tools import Tools

Answered = Future["Message | None"]
MAX_LINE: Final = 64 * 2**20
"""Bytes of a message. A text of this length has no place in a context; a file of it is better named by its path."""


class Server:
    """Reads what a client says, and answers."""

    def __init__(self, output: IO[bytes], roots: Sequence[Path], max_tokens: int, offer: Offer = EVERYTHING) -> None:
        """Args: as for `serve`."""
        self._output, self._roots, self._max_tokens = output, roots, max_tokens
        self._protocol = Protocol(self._call, offer)
        self._tools: Tools | None = None
        self._worker = ThreadPoolExecutor(1)
        self._lock = Lock()
        self._waiting: dict[object, Answered] = {}
        """Calls by their ids, from when they came until they are answered or cancelled."""
        self.deaf = False
        """Whether the client reads no more."""

    def run(self, source: IO[bytes]) -> None:
        """Answer until the input ends."""
        try:
            while not self.deaf and (line := source.readline(MAX_LINE)):
                if len(line) < MAX_LINE or line.endswith(b"\n"):
                    self._take(line.strip())
                    continue
                while source.readline(MAX_LINE)[-1:] not in (b"\n", b""):
                    pass
                too_long = f"a message may have {MAX_LINE:,} bytes: name a file by its path"
                self._write(protocol.failed(ProtocolError(INVALID_REQUEST, too_long)))
        finally:
            self._worker.shutdown(wait=True)

    def _take(self, line: bytes) -> None:
        if not line:
            return
        try:
            message = protocol.decode(line, self._protocol.batches)
        except ProtocolError as error:
            self._write(protocol.failed(error))
            return
        if isinstance(message, list):
            self._batch(message)
        elif isinstance(message, dict) and message.get("method") == "tools/call" and protocol.is_id(message.get("id")):
            self._queue(message)
        elif isinstance(message, dict) and message.get("method") == "notifications/cancelled":
            self._cancel(message.get("params"))
        else:
            self._write(self._protocol.answer(message))

    def _queue(self, message: Message) -> None:
        """Have a call done beside the reader."""
        id_ = message["id"]
        with self._lock:
            called = None if id_ in self._waiting else self._worker.submit(self._protocol.answer, message)
            if called is not None:
                self._waiting[id_] = called
        if called is None:
            self._write(protocol.failed(ProtocolError(INVALID_REQUEST, "a call with this id is still to be answered")))
        else:
            called.add_done_callback(partial(self._finish, id_))

    def _finish(self, id_: object, called: Answered) -> None:
        """Write the answer to a call, unless it was cancelled."""
        with self._lock:
            wanted = self._waiting.get(id_) is called
            if wanted:
                del self._waiting[id_]
        if wanted:
            self._write(_outcome(id_, called))

    def _cancel(self, params: object) -> None:
        """Drop a call that waits; one that runs goes on, and nobody hears of it."""
        id_ = params.get("requestId") if isinstance(params, dict) else None
        if protocol.is_id(id_):
            with self._lock:
                called = self._waiting.pop(id_, None)
            if called is not None:
                called.cancel()

    def _batch(self, messages: Sequence[object]) -> None:
        """Answer an array by an array, when all of it is done."""
        called = [self._worker.submit(self._protocol.answer, _alone(each)) for each in messages]
        ids = [each.get("id") if isinstance(each, dict) else None for each in messages]

        def gather() -> None:
            answers = [_outcome(id_, each) for id_, each in zip(ids, called, strict=True)]
            self._write([each for each in answers if each is not None] or None)

        self._worker.submit(gather)

    def _call(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        if self._tools is None:
            from headroom.mcp.tools import Tools  # noqa: PLC0415 - the engine loads at the first call, not at the start

            self._tools = Tools(self._roots, self._max_tokens)
        return self._tools.call(name, arguments)

    def _write(self, answer: object) -> None:
        if answer is None:
            return
        try:
            self._output.write(protocol.encode(answer))
            self._output.flush()
        except BrokenPipeError:
            self.deaf = True


def _alone(message: object) -> object:
    """What a batch may hold: `initialize` stands alone."""
    if isinstance(message, dict) and message.get("method") == "initialize":
        return {**message, "method": None}
    return message


def _outcome(id_: object, called: Answered) -> Message | None:
    """What a call came to; a failure that nobody thought of is told by its type and place, without payload."""
    error = called.exception()
    if error is None:
        return called.result()
    from headroom.compression.pipeline import describe  # noqa: PLC0415 - loaded by the call that failed

    text = f"Headroom failed ({describe(error)}). Go on without it, and report this."
    return {"jsonrpc": "2.0", "id": id_, "result": {"content": [{"type": "text", "text": text}], "isError": True}}


def serve(roots: Sequence[Path], max_tokens: int, offer: Offer) -> None:
    """Answer the client at the other end of standard input and output until it leaves.

    Args:
        roots: folders whose files may be read.
        max_tokens: (cl100k) of one result; the rest can be asked for.
        offer: which tools there are.
    """
    sys.stdout.flush()
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        server = Server(output, roots, max_tokens, offer)
        server.run(sys.stdin.buffer)
        if server.deaf:  # what could not be written is not tried again
            os.dup2(os.open(os.devnull, os.O_WRONLY), output.fileno())
