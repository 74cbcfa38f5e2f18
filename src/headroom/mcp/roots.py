"""Which files a client may have read: those under the roots, wherever links and `..` lead.

A path is judged by where it really ends, before anything is said about what is there. Only plain files are opened: a pipe
or a device would never end.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from headroom.errors import InputError

MAX_BYTES: Final = 64 * 2**20
"""Of a file that is read; compressing takes 2 s for each 20 MB."""
_PROBE: Final = 8192
"""Bytes in which a NUL shows that a file is no text."""


def read(path: str, roots: Sequence[Path]) -> str:
    """The text of a file; a byte that is no UTF-8 is carried as `surrogateescape` does.

    Args:
        path: as the client wrote it; relative to the first root.
        roots: folders.

    Raises:
        InputError: it may not be read, or cannot be; the message says what to do.
    """
    try:
        found = (roots[0] / Path(path).expanduser()).resolve()
        if not any(found.is_relative_to(root.resolve()) for root in roots):
            raise InputError(
                f"{path} is not in {', '.join(map(str, roots))}. Give the text itself, or have the user start"
                " headroom mcp with --root FOLDER."
            )
        about = found.stat()
        if not stat.S_ISREG(about.st_mode):
            raise InputError(f"{path} is no plain file: name one, or give the text itself.")
        if about.st_size > MAX_BYTES:
            raise InputError(
                f"{path} has {about.st_size:,} bytes, and at most {MAX_BYTES:,} are read: cut it up, or give a part of it."
            )
        data = found.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist (relative paths begin at {roots[0]}).") from error
    except (OSError, ValueError, RuntimeError) as error:  # a NUL in the name; links in a circle; no home for a ~
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read: {reason}.") from error
    if b"\0" in data[:_PROBE]:
        raise InputError(f"{path} is binary: only text can be read in short.")
    return data.decode("utf-8", "surrogateescape")
