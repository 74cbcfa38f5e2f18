"""What a change of a prompt looks like: which byte, and whether a date, a time, an id, a counter or an order changed.

Rules:
* A cause says where and what kind, never what: no part of the text leaves here.
* A kind is claimed only where both texts show it at the first byte that differs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from headroom.wire.access import leaves

Kind = Literal["date", "time", "uuid", "counter", "order", "history", "other"]
"""`order`: the same in another order. `history`: messages left out, put in, or rewritten."""

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_DAY = r"\b(?:Mon|Tue(?:s)?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?\b\.?"
_LOOKS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    (
        "uuid",
        re.compile(
            r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b(?=[0-9a-f]*[a-f])[0-9a-f]{16,64}\b", re.IGNORECASE
        ),
    ),
    (
        "date",
        re.compile(
            rf"\b\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\b\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}\b"
            rf"|(?:{_DAY},? )?{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?"
            rf"|(?:{_DAY},? )?\d{{1,2}} {_MONTH}(?: \d{{4}})?|{_DAY}"
        ),
    ),
    (
        "time",
        re.compile(
            r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AP]M)?|\b1\d{9}(?:\d{3}){0,3}\b(?:\.\d+)?", re.IGNORECASE
        ),
    ),
    ("counter", re.compile(r"\d+(?:[.,]\d+)*")),
)
"""Asked in this order: an id holds digits, and so do dates. A number of ten digits that begins with 1 is seconds since 1970,
with three to nine more digits of its fractions."""
_AROUND = 80
"""Characters before and after the change that are looked at; the longest look is an id of 64."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why one part of a request is not what it was."""

    kind: Kind
    change: str
    """In words: `order changed`, `rewritten`; empty where the kind says it."""
    offset: int = -1
    """Where the first byte differs: in a system prompt's text, else in the part's JSON; -1 where that is not known."""

    def __str__(self) -> str:
        """`byte 1,204, looks like a date`."""
        told = [self.change] if self.change else []
        if self.offset >= 0:
            told.append(f"byte {self.offset:,}")
        if self.kind in ("date", "time", "uuid", "counter"):
            told.append(f"looks like a {self.kind}")
        return ", ".join(told)


REWRITTEN: Final = Cause("history", "rewritten")
SHORTENED: Final = Cause("history", "history shortened (compaction)")


def of_text(before: bytes, now: bytes) -> Cause:
    """Compare two versions of the tools or of a system prompt, both as canonical JSON."""
    values = [_decoded(text) for text in (before, now)]
    items = [_items(value) for value in values]
    change = _in_list(*items)
    old, new = (_text(value, raw) for value, raw in zip(values, (before, now), strict=True))
    if old == new:
        old, new = (raw.decode("utf-8", "replace") for raw in (before, now))
    at = _first_difference(old, new)
    offset = len(old[:at].encode("utf-8", "replace"))
    if change == "order changed":
        return Cause("order", change, offset)
    return Cause(_looks(old, new, at), change, offset)


def of_history(before: Sequence[int], now: Sequence[int]) -> Cause:
    """Compare the messages of two requests from the first that differs, by hashes; both have at least that one."""
    if now[0] in before[1:]:
        return Cause("history", f"history shortened, {_messages(before.index(now[0]))} left out")
    if before[0] in now[1:]:
        return Cause("history", f"{_messages(now.index(before[0]))} put in")
    return SHORTENED if len(now) < len(before) else REWRITTEN


def _messages(count: int) -> str:
    return f"{count} message{'' if count == 1 else 's'}"


def _decoded(text: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return msgspec.json.decode(text) if text else []
    except (ValueError, RecursionError):
        return None


def _items(value: object) -> list[object]:
    """The tools of a list, of Gemini's lists of functions, or of an item that brings some; the blocks of a prompt."""
    if isinstance(value, dict):
        value = value.get("tools") or value.get("content") or value.get("parts") or []
    found: list[object] = []
    for item in value if isinstance(value, list) else []:
        inner = item.get("functionDeclarations", item.get("function_declarations")) if isinstance(item, dict) else None
        found += inner if isinstance(inner, list) else [item]
    return found


def _in_list(before: list[object], now: list[object]) -> str:
    """What happened to a list: `order changed`, or how many came, went and changed; empty for one that only changed."""
    old, new = (Counter(msgspec.json.encode(item, order="sorted") for item in items) for items in (before, now))
    if before and old == new:
        return "order changed"
    gone, come = (old - new).total(), (new - old).total()
    if len(before) == len(now) or not old & new:
        return ""
    changed = min(gone, come)
    counts = ((come - changed, "added"), (gone - changed, "removed"), (changed, "changed"))
    return ", ".join(f"{count} {word}" for count, word in counts if count)


def _text(value: object, raw: bytes) -> str:
    """The text of a prompt, block after block; the JSON of anything else."""
    if isinstance(value, (dict, list)) and not _has_tools(value):
        return "".join(text for text in _texts(value))
    return raw.decode("utf-8", "replace")


def _has_tools(value: dict[str, Any] | list[Any]) -> bool:
    return (
        "tools" in value
        if isinstance(value, dict)
        else any(isinstance(item, dict) and "text" not in item for item in value)
    )


def _texts(value: object) -> Iterator[str]:
    return (text for path, text in leaves(value, ()) if not path or path[-1] == "text")


def _first_difference(before: str, now: str) -> int:
    """How many characters two texts share at their beginning."""
    low, high = 0, min(len(before), len(now))
    while low < high:
        middle = (low + high + 1) // 2
        if before[low:middle] == now[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _looks(before: str, now: str, at: int) -> Kind:
    start = max(0, at - _AROUND)
    old, new = before[start : at + _AROUND], now[start : at + _AROUND]
    for kind, pattern in _LOOKS:
        found = [_covering(pattern, text, at - start) for text in (old, new)]
        if None not in found and found[0] != found[1]:
            return kind
    return "other"


def _covering(pattern: re.Pattern[str], text: str, at: int) -> str | None:
    """What a pattern finds at a place, or ending there."""
    return next((match[0] for match in pattern.finditer(text) if match.start() <= at <= match.end()), None)
