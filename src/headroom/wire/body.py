"""The bytes of one request: what they say, and the same bytes with a few values changed.

Rules:
* A request is never encoded again. Changes are spliced in, and every byte outside them is the byte that came in: numbers,
  escapes, whitespace, key order, doubled keys, fields nobody knows.
* No changes give the very same object back.
* A value that no decoder takes stands as `UNREADABLE` in the decoded view and hides nothing beside it: messages are
  decoded one by one where the whole is refused, each as it would have been without the others.
* What is no JSON object raises `BodyError`; nothing else does. Messages that are no list are no messages.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal

import msgspec

from headroom.blocks import Path
from headroom.errors import InputError
from headroom.wire.spans import Span, SpanError, Spans

__all__ = [
    "KEYS",
    "UNREADABLE",
    "AddKey",
    "Body",
    "BodyError",
    "Change",
    "Format",
    "Insert",
    "Remove",
    "SetRaw",
    "SetText",
    "Unreadable",
]

Format = Literal["anthropic", "chat", "responses", "gemini"]
"""How a request is written: Anthropic Messages, OpenAI Chat Completions, OpenAI Responses, Gemini generateContent."""

KEYS: Final[dict[Format, str]] = {
    "anthropic": "messages",
    "chat": "messages",
    "responses": "input",
    "gemini": "contents",
}
"""Where the list of messages stands in each format."""


class Unreadable(Enum):
    """The class of `UNREADABLE`: one member, the same object after a trip to another process."""

    UNREADABLE = "unreadable"


UNREADABLE: Final = Unreadable.UNREADABLE
"""Stands for a value that cannot be decoded: nested too deep, not UTF-8, or no JSON."""


class BodyError(InputError):
    """A request's body that is no JSON object."""


@dataclass(frozen=True, slots=True)
class SetText:
    """Another string in place of a value."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class SetRaw:
    """Another value, as JSON, in place of one."""

    path: Path
    raw: bytes


@dataclass(frozen=True, slots=True)
class Insert:
    """A value, as JSON, put into a list before the element that stands at `index` in the body as it came.

    `index` is at most the number of elements, which puts it at the end. Values for one place keep their order.
    """

    list_path: Path
    index: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Remove:
    """An element taken out of a list; `index` is its place in the body as it came."""

    list_path: Path
    index: int


@dataclass(frozen=True, slots=True)
class AddKey:
    """A member, its value as JSON, at the end of an object; a key that is there already gets the value where it is."""

    object_path: Path
    key: str
    raw: bytes


Change = SetText | SetRaw | Insert | Remove | AddKey

_Splice = tuple[int, int, bytes]
"""Bytes to put in place of a span."""


class Body:
    """One request's bytes, and where things stand in them."""

    def __init__(self, data: bytes, format: Format) -> None:  # noqa: A002 - what every caller calls it
        """Decode a request.

        Args:
            data: the body as it came, after any content encoding is taken off.
            format: how it is written.

        Raises:
            BodyError: it is no JSON object.
        """
        self.data: bytes = data
        self.key: str = KEYS[format]
        """Where the messages stand; the first step of every path into them."""
        self._spans = Spans(data)
        self.value: dict[str, Any] = self._decoded()
        messages = self.value.get(self.key)
        self.messages: list[Any] = messages if isinstance(messages, list) else []

    def span(self, path: Path) -> Span:
        """Where a value stands in `data`, in bytes.

        Args:
            path: keys and indices from the root of the body: `("messages", 3, "content", 0, "text")`.

        Raises:
            LookupError: nothing stands there.
        """
        try:
            return self._spans.find(path)
        except SpanError as error:
            raise LookupError(f"a path leads into broken JSON: {error}") from None

    def members(self, path: Path) -> dict[str, bytes]:
        """The values of an object by their keys, as they stand in `data`.

        Raises:
            LookupError: no object stands there.
        """
        span = self.span(path)
        try:
            members = self._spans.members(span)
        except SpanError as error:
            raise LookupError(f"a path leads into broken JSON: {error}") from None
        return {key: self.data[slice(*place)] for key, place in members.items()}

    def edited(self, changes: Sequence[Change]) -> bytes:
        """The body with some values changed; every byte outside them stays.

        Args:
            changes: in any order; paths and indices mean the body as it came.

        Returns:
            The new bytes; without changes the very same object.

        Raises:
            LookupError: a path or index that leads nowhere.
            ValueError: two changes of the same bytes.
        """
        if not changes:
            return self.data
        splices: list[_Splice] = []
        objects: dict[Path, dict[str, bytes]] = {}
        lists: dict[Path, list[Insert | Remove]] = {}
        for change in changes:
            if isinstance(change, SetText):
                splices.append((*self.span(change.path), _encoded(change.text)))
            elif isinstance(change, SetRaw):
                splices.append((*self.span(change.path), change.raw))
            elif isinstance(change, AddKey):
                objects.setdefault(change.object_path, {})[change.key] = change.raw
            else:
                lists.setdefault(change.list_path, []).append(change)
        for path, added in objects.items():
            splices += self._object_splices(self.span(path), added)
        for path, moved in lists.items():
            splices += self._list_splices(self.span(path), moved)
        return _spliced(self.data, splices)

    def _object_splices(self, span: Span, added: dict[str, bytes]) -> list[_Splice]:
        """Each new member after the last one; each known one in its place."""
        members = self._spans.members(span)
        splices = [(*members[key], raw) for key, raw in added.items() if key in members]
        new = b",".join(_encoded(key) + b":" + raw for key, raw in added.items() if key not in members)
        if new and members:
            end = max(end for _, end in members.values())
            splices.append((end, end, b"," + new))
        elif new:
            splices.append((span[0] + 1, span[0] + 1, new))
        return splices

    def _list_splices(self, span: Span, changes: list[Insert | Remove]) -> list[_Splice]:
        """Values put in and taken out, each with one comma.

        Commas stand on the far side of the first element that stays: what comes before it carries a comma behind, what
        comes after it a comma in front.
        """
        elements = self._spans.elements(span)
        removed = {change.index for change in changes if isinstance(change, Remove)}
        inserted = sorted((change for change in changes if isinstance(change, Insert)), key=lambda change: change.index)
        places = range(len(elements) + 1)
        if not removed.issubset(places[:-1]) or any(change.index not in places for change in inserted):
            raise LookupError(f"a list of {len(elements)} elements has no such place")
        first = next((index for index in range(len(elements)) if index not in removed), None)
        if first is None:
            start, end = (elements[0][0], elements[-1][1]) if elements else (span[0] + 1, span[0] + 1)
            return [(start, end, b",".join(change.raw for change in inserted))]
        head = elements[first][0]
        splices: list[_Splice] = [(elements[0][0], head, b"")] if first else []
        splices += [(elements[index - 1][1], elements[index][1], b"") for index in removed if index > first]
        for change in inserted:
            if change.index <= first:
                splices.append((head, head, change.raw + b","))
            else:
                tail = elements[change.index - 1][1]
                splices.append((tail, tail, b"," + change.raw))
        return splices

    def _decoded(self) -> dict[str, Any]:
        """The whole body at once, else member by member, and message by message."""
        start, end = self._spans.root
        try:
            value = msgspec.json.decode(memoryview(self.data)[start:end])
        except (ValueError, RecursionError):
            value = self._decoded_by_parts()
        if not isinstance(value, dict):
            raise BodyError("the body is JSON, but no object")
        return value

    def _decoded_by_parts(self) -> dict[str, Any]:
        try:
            members = self._spans.members(self._spans.root)
        except (LookupError, SpanError):
            raise BodyError("the body is no JSON object") from None
        value: dict[str, Any] = {}
        for key, span in members.items():
            try:
                parts = self._spans.elements(span) if key == self.key else None
            except (LookupError, SpanError):
                parts = None
            value[key] = self._part(span) if parts is None else [self._part(part) for part in parts]
        return value

    def _part(self, span: Span) -> Any:  # noqa: ANN401 - whatever JSON holds
        """One value: as msgspec reads it, else as Python does, which takes NaN, infinities and lone surrogates."""
        raw = self.data[slice(*span)]
        try:
            return msgspec.json.decode(raw)
        except (ValueError, RecursionError):
            pass
        try:
            return json.loads(raw.decode())
        except (ValueError, RecursionError):
            return UNREADABLE


def _encoded(text: str) -> bytes:
    """A string as JSON: nothing escaped that need not be; a lone surrogate stays the escape it came as."""
    try:
        return msgspec.json.encode(text)
    except UnicodeEncodeError:
        return json.dumps(text, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _spliced(data: bytes, splices: list[_Splice]) -> bytes:
    """The bytes with each span replaced; what is put at one place keeps its order.

    Raises:
        ValueError: spans that overlap.
    """
    view = memoryview(data)
    pieces: list[bytes | memoryview] = []
    done = 0
    for start, end, new in sorted(splices, key=lambda splice: splice[:2]):
        if start < done:
            raise ValueError("two changes of the same bytes")
        pieces += (view[done:start], new)
        done = end
    return b"".join((*pieces, view[done:]))
