"""Where each value stands in the bytes of a JSON text, found without decoding it.

Rules:
* A span is a half-open range of bytes: from a value's first byte to just after its last.
* Well-formed JSON is split by msgspec, whose pieces say how long each value is. What msgspec refuses (NaN, lone
  surrogates, bytes that are not UTF-8, nesting deeper than its limit) is split by brackets and quotes alone, so one odd
  value hides nothing that stands beside it. Both give the same spans wherever both can.
* Nothing recurses, and the time is linear in the bytes, whatever they hold.
* Of several members with one key the last counts, as it does for providers' parsers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final

import msgspec

from headroom.blocks import Path

Span = tuple[int, int]
"""Where a value starts, and where it ends (exclusive), in bytes."""

BOM: Final = b"\xef\xbb\xbf"
"""A UTF-8 byte order mark: no JSON, but some clients on Windows send it and some parsers take it."""

SPACES: Final = b" \t\n\r"
"""JSON's whitespace."""

_split_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_split_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

_BEFORE_ELEMENT: Final = re.compile(rb"[ \t\n\r,]*")
_BEFORE_MEMBER: Final = re.compile(rb'[ \t\n\r,]*"([^"\\]*)"[ \t\n\r]*:[ \t\n\r]*')
"""In well-formed JSON, from the end of a value to the next one; a key with escapes is left to the slow way."""

_SPACE: Final = re.compile(rb"[ \t\n\r]*")
_KEY: Final = re.compile(rb'"([^"]*)"[ \t\n\r]*:[ \t\n\r]*')
_NEXT: Final = re.compile(rb"[ \t\n\r]*([],}])[ \t\n\r]*")
_PLAIN_VALUE: Final = re.compile(rb'"[^"]*"|[^][{}",: \t\n\r]+')
_TOKEN: Final = re.compile(rb'"[^"]*"|([\[{])|([\]}])')
"""The slow way's words. They are read off bytes without escapes, so a quote always opens or closes a string."""


class SpanError(ValueError):
    """The bytes are no JSON: a bracket, a quote or a comma is missing."""


class Spans:
    """The spans of one JSON text, found on need."""

    def __init__(self, data: bytes) -> None:
        """Take the bytes; nothing is read yet.

        Args:
            data: one JSON value, which may have whitespace around it and a UTF-8 byte order mark before it.
        """
        self.data = data
        self._view = memoryview(data)
        self._objects: dict[int, dict[str, Span]] = {}
        self._lists: dict[int, list[Span]] = {}

    @cached_property
    def root(self) -> Span:
        """Where the whole value stands, if it is one; only its ends are looked for."""
        start = len(BOM) if self.data.startswith(BOM) else 0
        return _after_space(self.data, start), len(self.data.rstrip(SPACES))

    def find(self, path: Path) -> Span:
        """Where a value stands.

        Args:
            path: keys and indices from the root.

        Raises:
            LookupError: nothing stands there.
            SpanError: the bytes on the way to it are no JSON.
        """
        here = self.root
        for step in path:
            here = self.members(here)[step] if isinstance(step, str) else self.elements(here)[step]
        return here

    def members(self, span: Span) -> dict[str, Span]:
        """The values in an object by their keys, in the order in which each key first stands.

        Args:
            span: where the object stands.

        Raises:
            LookupError: there is no object.
            SpanError: it cannot be split.
        """
        found = self._objects.get(span[0])
        if found is None:
            self._must_open(span, b"{")
            found = self._quick_members(span)
            if found is None:
                found = dict(self._slow_children(span, keyed=True))
            self._objects[span[0]] = found
        return found

    def elements(self, span: Span) -> list[Span]:
        """The values in a list, in order.

        Args:
            span: where the list stands.

        Raises:
            LookupError: there is no list.
            SpanError: it cannot be split.
        """
        found = self._lists.get(span[0])
        if found is None:
            self._must_open(span, b"[")
            found = self._quick_elements(span)
            if found is None:
                found = [place for _, place in self._slow_children(span, keyed=False)]
            self._lists[span[0]] = found
        return found

    def _must_open(self, span: Span, bracket: bytes) -> None:
        if not self.data.startswith(bracket, *span):
            raise LookupError("a path leads into a value that is no list or object")

    def _quick_elements(self, span: Span) -> list[Span] | None:
        """The elements by msgspec; `None` where it refuses."""
        try:
            pieces = _split_list(self._view[slice(*span)])
        except (ValueError, RecursionError):
            return None
        found: list[Span] = []
        at = span[0] + 1
        for piece in pieces:
            start = _end(_BEFORE_ELEMENT, self.data, at)
            at = start + len(piece)
            found.append((start, at))
        return found

    def _quick_members(self, span: Span) -> dict[str, Span] | None:
        """The members by msgspec; `None` where it refuses, or where keys are doubled or escaped."""
        try:
            pieces = _split_object(self._view[slice(*span)])
        except (ValueError, RecursionError):
            return None
        found: dict[str, Span] = {}
        at = span[0] + 1
        for _ in pieces:
            key = _BEFORE_MEMBER.match(self.data, at)
            name = key[1].decode() if key else ""
            if key is None or name not in pieces or not self.data.startswith(pieces[name], key.end()):
                return None
            at = key.end() + len(pieces[name])
            found[name] = (key.end(), at)
        return found if _after_space(self.data, at) == span[1] - 1 else None

    @cached_property
    def _plain(self) -> bytes:
        """The same bytes, as many of them, with every escaped backslash and quote blotted out."""
        return self.data.replace(rb"\\", b"__").replace(rb"\"", b"__")

    def _slow_children(self, span: Span, *, keyed: bool) -> Iterator[tuple[str, Span]]:
        """Each value in a list or object, with its key if it has one, by brackets and quotes alone."""
        close = b"}" if keyed else b"]"
        name = ""
        at = _after_space(self._plain, span[0] + 1)
        closed = self._plain.startswith(close, at)
        at += closed
        while not closed:
            if keyed:
                key = _KEY.match(self._plain, at)
                if key is None:
                    raise SpanError(f"a key is missing at byte {at}")
                name = _name(self.data[slice(*key.span(1))])
                at = key.end()
            end = self._value_end(at)
            yield name, (at, end)
            after = _NEXT.match(self._plain, end)
            if after is None or after[1] not in (b",", close):
                raise SpanError(f"a comma is missing at byte {end}")
            closed = after[1] == close
            at = after.end(1) if closed else after.end()
        if at != span[1]:
            raise SpanError(f"more follows after the end at byte {at}")

    def _value_end(self, start: int) -> int:
        """Where the value ends that starts here."""
        plain = _PLAIN_VALUE.match(self._plain, start)
        if plain:
            return plain.end()
        depth = 0
        if self._plain.startswith((b"[", b"{"), start):
            for token in _TOKEN.finditer(self._plain, start):
                kind = token.lastindex
                if kind == 1:
                    depth += 1
                elif kind == 2:
                    depth -= 1
                    if not depth:
                        return token.end()
        raise SpanError(f"the value at byte {start} does not end")


def _name(raw: bytes) -> str:
    """A key without its quotes, decoded; what cannot be decoded still gets a name of its own kind."""
    text = raw.decode("utf-8", "replace")
    if "\\" not in text:
        return text
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _end(pattern: re.Pattern[bytes], data: bytes, at: int) -> int:
    """Where a pattern that may be empty stops matching."""
    match = pattern.match(data, at)
    return match.end() if match else at


def _after_space(data: bytes, at: int) -> int:
    return _end(_SPACE, data, at)
