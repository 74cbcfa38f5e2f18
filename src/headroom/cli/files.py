"""Reading what the user names on the command line."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from headroom.errors import InputError

_PROBE = 8192
"""Characters in which a NUL shows itself: programs, images and archives have one in the first hundred."""
_STRAY = re.compile(r"[\udc80-\udcff]")
"""A byte that was not UTF-8, as `surrogateescape` carries it."""


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


def is_binary(text: str) -> bool:
    """Whether what `read` gave back is no text: it has NULs and is not UTF-8. A log with a few NULs in it still is."""
    return "\0" in text[:_PROBE] and not text.isascii() and _STRAY.search(text) is not None


def write(text: str) -> None:
    """A text to standard output, as the very bytes it was read from."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()
