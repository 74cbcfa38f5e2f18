"""A process beside the proxy's own, for work that would hold the interpreter too long.

    python -m headroom.proxy.worker STORE

* It does one piece of work after another: reads each from its standard input, writes what came of it to its standard
  output. A message is a pickle, and after it bodies in the pieces they came in: nothing is joined or copied on the
  proxy's side, and each piece is written and read without holding its interpreter.
* It ends when its input ends, so it outlives no proxy, however that ended; signals are for the proxy, not for it.
* Nothing but the proxy writes to it: pickles come from ourselves alone.
"""

from __future__ import annotations

import os
import pickle
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

from headroom.originals.sqlite import SqliteStore
from headroom.originals.store import Store
from headroom.proxy.lane import outcome

_T = TypeVar("_T")
Pieces = Sequence[bytes]
"""A body, in pieces: joined where it is read."""
Work = Callable[[Store, Pieces], tuple[_T, Pieces]]
"""A function of this package, with its arguments, so that it can travel."""

PIECE = 2**18
"""Bytes that are written or copied at once."""
_MEMORY = 4 * 2**20
"""Bytes that it keeps of decisions: it sees a conversation now and then."""
_SIZE = struct.Struct("!Q")


class WorkerGoneError(OSError):
    """The process ended before it answered: killed, or out of memory."""


class Worker:
    """A process that was started; used by one thread at a time, but for `kill`."""

    def __init__(self, store_path: Path) -> None:
        """Start it; it opens the store at `store_path` when it needs it.

        Raises:
            OSError: it cannot be started.
        """
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "headroom.proxy.worker", str(store_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    @property
    def lives(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(self, work: Work[_T], pieces: Pieces = ()) -> tuple[_T, Pieces]:
        """Have something done, and wait for it.

        Raises:
            WorkerGoneError: the process ended; and whatever the work raises.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _write(self._process.stdin, work, pieces)
            made, back = _read(self._process.stdout)
        except (OSError, EOFError, ValueError) as error:  # ValueError: a pipe that was closed
            raise WorkerGoneError(f"the worker process ended ({type(error).__name__})") from error
        if isinstance(made, BaseException):
            raise made
        return made, back

    def kill(self) -> None:
        """End it now; who waits for an answer learns of it."""
        self._process.kill()

    def close(self) -> None:
        """End it, and clear up after it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not written yet goes nowhere
                    pipe.close()


def _write(out: IO[bytes], value: object, pieces: Pieces) -> None:
    said = pickle.dumps((value, [len(piece) for piece in pieces]), pickle.HIGHEST_PROTOCOL)
    out.write(_SIZE.pack(len(said)))
    out.write(said)
    out.writelines(pieces)
    out.flush()


def _read(source: IO[bytes]) -> tuple[Any, Pieces]:
    (size,) = _SIZE.unpack(_exactly(source, _SIZE.size))
    value, lengths = pickle.loads(_exactly(source, size))  # noqa: S301 - our own process wrote it
    return value, [_exactly(source, length) for length in lengths]


def _exactly(source: IO[bytes], size: int) -> bytes:
    data = source.read(size)
    if len(data) < size:
        raise EOFError
    return data


def cut(body: bytes) -> Pieces:
    """A body in pieces, to be handed over."""
    return [body[start : start + PIECE] for start in range(0, len(body), PIECE)]


def main(store_path: str) -> None:
    """Work until there is nothing more to read."""
    for number in (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if os.name == "posix" else [])):
        signal.signal(number, signal.SIG_IGN)
    source, out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints, prints to where the proxy's lines go
    store = SqliteStore(store_path, cache_bytes=_MEMORY)
    with suppress(EOFError, BrokenPipeError):  # the proxy has ended, or wants no more of this process
        while True:
            work, pieces = _read(source)
            assert callable(work)
            found, error = outcome(partial(work, store, pieces))
            made, back = (error, ()) if found is None else found
            del work, pieces, found
            _write(out, made, back)


if __name__ == "__main__":
    main(sys.argv[1])
