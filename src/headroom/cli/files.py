"""Reading what the user names on the command line."""

from __future__ import annotations

import sys
from pathlib import Path

from headroom.errors import InputError


def read(name: str) -> str:
    """The text of a file, or of standard input for `-`. Bytes that are not UTF-8 survive a round trip through `write`.

    Raises:
        InputError: it cannot be read.
    """
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from error
    return data.decode("utf-8", "surrogateescape")


def write(text: str) -> None:
    """A text to standard output, as the very bytes it was read from."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
