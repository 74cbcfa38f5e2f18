"""Reading what the user names on the command line."""

from __future__ import annotations

import re
import sys
from base64 import b64decode
from pathlib import Path

from headroom.errors import InputError

_PROBE = 8192
"""Characters in which a NUL shows itself: programs, images and archives have one in the first hundred."""
_HEAD = 300
"""Characters in which the media type and the parameters of a data URL end."""
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


def image(text: str) -> bytes | None:
    """The file of an image that is kept as a data URL, as it came; `None` for any other text."""
    head, comma, _ = text[:_HEAD].partition(",")
    if not comma or not head.startswith("data:image/") or not head.endswith(";base64"):
        return None
    try:
        return b64decode(text[len(head) + 1 :].translate({ord("-"): "+", ord("_"): "/"}))
    except ValueError:
        return None


def write(content: str | bytes, output: str | None = None) -> None:
    """A text, as the very bytes it was read from, or bytes, to standard output or a file.

    Raises:
        InputError: the file cannot be written.
    """
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        Path(output).write_bytes(data)
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror or error}") from error
