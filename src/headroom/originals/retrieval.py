"""The tool by which a model asks for an original: what it was asked, and the answer. How it is declared: `declaration`.

Rules:
* Arguments are read leniently: a model writes `h:3fa9c1d2e4b7`, `[h:3fa9c1d2e4b7]` or a number where a string belongs.
* An answer is always text. What cannot be given is answered by what to do instead: `answer` raises nothing, `give` raises it.
* The proxy answers only handles of the conversation that asks: a handle is no secret, and a store is shared.
* No answer is longer than its budget; one that was cut says how to get the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from contextlib import suppress
from typing import Final, NamedTuple

from headroom import tokens
from headroom.compression.markers import HANDLE_DIGITS
from headroom.errors import HeadroomError, InputError, SliceError, StoreError, UnknownHandleError
from headroom.originals import slices
from headroom.originals.declaration import TOOL, declaration, is_named
from headroom.originals.store import Store

__all__ = ["BUDGET", "TOOL", "Asked", "answer", "asked", "declaration", "give", "is_named", "within"]

BUDGET: Final = 20_000
"""Tokens of one answer: what coding agents allow one tool result (10,000 to 25,000)."""
_CHARS_PER_TOKEN = 10
"""More than any text has on average but runs of one character; bounds what is counted."""

_HANDLE = re.compile(rf"(?<![0-9a-f])[0-9a-f]{{{HANDLE_DIGITS}}}(?![0-9a-f])")
_FROM = re.compile(r"\s*([0-9]{1,12})\s*-?\s*[0-9]*\s*")
"""A single range that says where it starts."""


class Asked(NamedTuple):
    """What a call asks for."""

    handle: str
    """Empty where no handle could be found."""
    lines: slices.Lines | None = None
    rows: slices.Rows | None = None
    grep: str | None = None


def asked(arguments: object) -> Asked:
    """The arguments of a call: a dict, or JSON text as models write it; what cannot be read is left out."""
    if isinstance(arguments, str):
        with suppress(ValueError, RecursionError):
            arguments = json.loads(arguments, strict=False)
    if not isinstance(arguments, dict):
        arguments = {"handle": arguments}
    given = arguments.get("handle", arguments.get("id", arguments.get("hash")))
    found = _HANDLE.search(given.lower()) if isinstance(given, str) else None
    grep = arguments.get("grep")
    return Asked(
        found[0] if found else "",
        _range(arguments.get("lines")),
        _range(arguments.get("rows")),
        grep if isinstance(grep, str) and grep else None,
    )


def _range(value: object) -> slices.Lines | None:
    if isinstance(value, (list, tuple)) and len(value) == 2:
        first, last = (_range(each) for each in value)
        return (first, last) if isinstance(first, int) and isinstance(last, int) else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        return value.strip() or None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def answer(store: Store, arguments: object, known: Collection[str], budget: int = BUDGET) -> str:
    """What a call of the tool is answered; see `give`.

    Returns:
        The slice that was asked for, or one sentence that says what to do; never empty.
    """
    try:
        return give(store, arguments, known, budget)
    except HeadroomError as error:
        return str(error)


def give(store: Store, arguments: object, known: Collection[str] | None, budget: int = BUDGET) -> str:
    """The slice that a call of the tool asks for; never empty.

    Args:
        store: where the originals are.
        arguments: of the call, as the model wrote them.
        known: the handles that this conversation was shown; `None` where whoever asks may have all that is kept.
        budget: tokens (cl100k) that the answer may have, a line about the cut aside.

    Raises:
        HeadroomError: it cannot be given; the message is one sentence that says what to do.
    """
    wanted = asked(arguments)
    if not wanted.handle:
        raise InputError(
            "No handle was given. Call this with handle set to the 12 hex digits after h: in a note such as"
            " [41-388 omitted: 348 lines. Full text: h:3fa9c1d2e4b7]."
        )
    if known is not None and wanted.handle not in known:
        raise UnknownHandleError(
            f"No note in this conversation has the handle h:{wanted.handle}. Copy the 12 hex digits from the note, or run"
            " the command that printed the text again."
        )
    try:
        text = store.original(wanted.handle)
        if text.startswith("data:image/"):
            return "This is an image, which cannot be given back as text. Look at it again where it came from."
        found = slices.cut(text, wanted.lines, wanted.rows, wanted.grep)
    except SliceError as error:
        raise SliceError(f"{error}. Nothing was given back; ask again.") from error
    except UnknownHandleError as error:
        raise UnknownHandleError(
            f"No text is kept under h:{wanted.handle}, or no longer. Check the 12 hex digits against the note. Run the"
            " command that printed the text again if they are right."
        ) from error
    except StoreError as error:
        raise StoreError("The text cannot be read at the moment. Run the command that printed it again.") from error
    if not found:
        return f"Nothing in the text ({text.count(chr(10)) + 1:,} lines) is what was asked for: try without grep, or other lines."
    return within(found, budget, wanted)


def within(text: str, budget: int, wanted: Asked, ask: str = "") -> str:
    """As much of the text as the budget allows, cut at a line end where there is one, and how to get the rest.

    Args:
        text: what was asked for.
        budget: tokens (cl100k).
        wanted: the question; its lines say where the text begins.
        ask: what a reader who did not ask must do to go on, in front of the lines.
    """
    head = text[: budget * _CHARS_PER_TOKEN]
    if len(head) == len(text) and tokens.count(text) <= budget:
        return text
    while (size := tokens.count(head)) > budget:
        head = head[: max(1, len(head) * budget // size * 98 // 100)]
    end = head.rfind("\n") + 1
    head = head[:end] if end else head
    shown = head.count("\n")
    start = 1
    if wanted.lines is not None and wanted.rows is None and wanted.grep is None:
        place = _FROM.fullmatch(str(wanted.lines))
        start = int(place[1]) if place else 0
    if shown and start and wanted.rows is None and wanted.grep is None:
        rest = f'go on with {ask}lines="{start + shown}-"'
    else:
        rest = f"narrow it down with {ask}lines, rows or grep"
    more = f"{shown:,} lines" if shown else f"{len(head):,} characters"
    whole = f"{text.count(chr(10)) + 1:,} lines" if shown else f"{len(text):,} characters"
    between = "" if end else "\n"
    return f"{head}{between}[only the first {more} of {whole} are shown: {rest}]"
