"""Notes of ours that a model writes into a file: recorded and shown, never altered.

A handle that this conversation was shown, or a gap in our grammar, among the arguments of a call that writes means that
the model took a note for text of the file. Calls are told by their tool's name; shells are not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from headroom.blocks import Failure
from headroom.compression.markers import HANDLE
from headroom.proxy.hidden import Piece

_WRITES: Final = re.compile(r"(?i)write|edit|patch|replace|create|insert|save|update")
"""Names of tools that change files: Write, Edit, MultiEdit, str_replace_based_edit_tool, apply_patch, write_file, …"""
_GAP: Final = re.compile(r"\[\d+(?:-\d+)? omitted: [^\]\n]{1,200}\]")


def writes(name: object) -> bool:
    """Whether a tool's name says that it changes files."""
    return isinstance(name, str) and bool(_WRITES.search(name))


def leaks(pieces: Iterable[Piece], known: Collection[str]) -> tuple[Failure, ...]:
    """A failure for each call of the client's that would write a note of ours into a file.

    Args:
        pieces: what the model said.
        known: the handles that this conversation was shown.
    """
    found = []
    for piece in pieces:
        if piece.kind == "call" and piece.call and writes(piece.call.name):
            ours = [handle for handle in HANDLE.findall(piece.call.arguments) if handle in known]
            if ours or _GAP.search(piece.call.arguments):
                found.append(
                    Failure(
                        "leak", f"{piece.call.name} was given a note of ours to write: {' '.join(ours)}".rstrip(": ")
                    )
                )
    return tuple(found)
