"""What a file should be without our changes.

* As we left it: the exact bytes from before.
* Changed since: each of our values that still stands goes, by the very lines that it came with where they are still there,
  else by its place; what was there before comes back. What someone has set anew in its place is theirs, and stays.
* Either way the result is read again: it must say what the file says now, without our part and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from headroom.agents import edits
from headroom.agents.edits import Change, EditError
from headroom.agents.syntax.steps import MISSING, Step


def undone(
    file: Path, before: bytes | None, after: bytes, changes: Sequence[Change], now: bytes | None
) -> tuple[bytes | None, bool]:
    """A file's bytes without our changes (`None`: no file), and whether these are the exact bytes from before.

    Args:
        file: for messages.
        before: the bytes before we came; `None`: there was no file.
        after: the bytes as we left them.
        changes: what we set, in that order.
        now: the bytes as they are.

    Raises:
        EditError: the file is broken now, or a change cannot be taken out of it alone.
    """
    if now is None or now == before:
        return now, now == before
    if now == after:
        return before, True
    current = edits.text_of(file, now)
    steps = [] if before is None else [edits.text_of(file, before)]
    steps = steps or [""]
    for change in changes:
        steps.append(edits.put(change, steps[-1]))
    for change, earlier, later in reversed(list(zip(changes, steps, steps[1:], strict=False))):
        if is_same(edits.get(change, current), change.value):
            current = _taken_back(change, earlier, later, current)
    if before is None and not current.removeprefix("\ufeff").strip("{} \t\r\n"):
        return None, True
    return current.encode(), current.encode() == before


def is_same(one: Any, other: Any) -> bool:  # noqa: ANN401 - plain data
    """Whether a value is there, and is this one."""
    return one is not MISSING and bool(one == other)


def _taken_back(change: Change, earlier: str, later: str, now: str) -> str:
    """A text without one change.

    Args:
        change: that was made.
        earlier: our own text before it.
        later: our own text after it.
        now: the text as it is.
    """
    said = edits.whole(change, earlier) if earlier.strip() else {}
    former = edits.get(change, earlier) if earlier.strip() else MISSING
    wanted = _without(edits.whole(change, now), change.path, former, said)
    for lines in (True, False):
        removed, added = _difference(earlier, later, lines=lines)
        if added and now.count(added) == 1:
            with suppress(EditError):
                candidate = now.replace(added, removed)
                if edits.whole(change, candidate) == wanted:
                    return candidate
    current = edits.drop(change, now) if former is MISSING else edits.put(replace(change, value=former), now)
    path = change.path[:-1]
    while former is MISSING and path:  # tables that were made on the way, and are empty again
        parent = replace(change, path=path)
        there = edits.get(parent, current)
        if (
            there is MISSING
            or there not in ({}, [], None)
            or (earlier.strip() and edits.get(parent, earlier) is not MISSING)
        ):
            break
        current = edits.drop(parent, current)
        path = path[:-1]
    if edits.whole(change, current) != wanted:
        raise EditError(f"{change.file}: {edits.spelled(change.path)} cannot be taken out alone; take it out by hand")
    return current


def _without(data: Any, path: Sequence[Step], former: Any, earlier: Any) -> Any:  # noqa: ANN401 - plain data
    """Plain data with the former value at a path; tables that were not there before and are empty now go as well."""
    step, rest = path[0], path[1:]
    was = _inside(earlier, step)
    copy = dict(data) if isinstance(step, str) else list(data)
    at: Any = step if isinstance(step, str) else next(i for i, item in enumerate(data) if _is_named(item, step))
    if rest:
        copy[at] = _without(data[at], rest, former, was)
        if not copy[at] and was is MISSING:
            del copy[at]
    elif former is MISSING:
        del copy[at]
    else:
        copy[at] = former
    return copy


def _inside(data: Any, step: Step) -> Any:  # noqa: ANN401 - plain data
    if isinstance(step, str):
        return data.get(step, MISSING) if isinstance(data, dict) else MISSING
    return next((item for item in data if _is_named(item, step)), MISSING) if isinstance(data, list) else MISSING


def _is_named(item: Any, step: Step) -> bool:  # noqa: ANN401 - plain data
    return isinstance(item, dict) and item.get(step[0]) == step[1]


def _difference(before: str, after: str, *, lines: bool) -> tuple[str, str]:
    """What differs between two texts, as one stretch of each: of whole lines, or of characters."""
    old: Sequence[str] = before.splitlines(keepends=True) if lines else before
    new: Sequence[str] = after.splitlines(keepends=True) if lines else after
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    return "".join(old[head : len(old) - tail]), "".join(new[head : len(new) - tail])


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How far two sequences begin alike; by halves, so that slices are compared and no loop walks a long text."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one[least:middle] == other[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least
