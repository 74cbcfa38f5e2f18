"""The cache report: what broke the prefix of a conversation, where, and how much stood behind it.

A provider's prompt cache reads a request as far as it begins like an earlier one. Each request is compared, part by part
in the provider's order (tools, system prompt, messages), with the one before it in the same conversation.

Rules:
* Compared is what a provider reads: `wire.marks.canonical`. Moving a `cache_control`, or a tool that is loaded later, breaks
  nothing; nor does a block that joins the last message, or a history that ends earlier.
* Of messages only hashes are kept. Of tools and system prompts the last text is, within a bound, to find the byte that
  changed; a report says where it stands and what it looks like, never what it is.
* A request without the tools or the beginning of those before it (a title, a summary) is no turn of theirs: it starts a line
  of its own. A retry says the same again and breaks nothing.
* What is compared is bytes, whoever made them: once what a client sends, once what we send for it.
"""

from __future__ import annotations

import json
import re
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import msgspec

from headroom.errors import InputError
from headroom.proxy.prefix_cause import REWRITTEN, Cause, of_history, of_text
from headroom.wire.body import KEYS, Body, Format
from headroom.wire.marks import canonical

_SYSTEM: Final[dict[Format, tuple[str, ...]]] = {
    "anthropic": ("system",),
    "chat": (),
    "responses": ("instructions",),
    "gemini": ("systemInstruction", "system_instruction"),
}
"""Where the system prompt stands, in both spellings; what stands among the messages counts as one of them."""
_TOOLS, _PROMPT, _FIRST = 0, 1, 2
"""Places among a request's parts: tools, system prompt, then the messages."""
_SYSTEM_ROLES = ("system", "developer")

_BYTES_PER_TOKEN = 4
_BLOB = re.compile(rb'"[A-Za-z0-9+/=_:;,.-]{4000,}"')
"""A string of base64, or an address that holds some: an image or a file. It begins at a quote, so that time stays linear."""
_BLOB_TOKENS = 1_600
"""Anthropic and OpenAI count at most about so many tokens for an image, whatever its bytes."""

_MOST_LINES = 4
"""Lines of one conversation: its own, and what its client asks beside it under the same name (titles, summaries)."""
_MOST_PARTS = 400_000
"""Parts of all conversations, 20 bytes each: 800 conversations of 500 messages in 8 MB."""
_MOST_TEXT = 8_000_000
"""Bytes of tools and system prompts; one agent's are 10-100 KB, and conversations of one agent share them."""

_split = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_NOTHING = hash(b"")
"""Python's hash of bytes: keyed by chance in each process, 64 bits, and four times as fast as SHA-256."""

Part = bytes | msgspec.Raw
"""One part of a request, as it came."""


@dataclass(frozen=True, slots=True)
class Break:
    """A request that does not begin like the one before it."""

    part: str
    """`tools`, `system prompt`, or `message 7`: an index into the list of messages, from 0."""
    cause: Cause
    tokens: int
    """Of what both requests have behind the break, by size: what could have been read from the cache, and was not."""

    def __str__(self) -> str:
        """One line to show: `system prompt: byte 1,204, looks like a date`."""
        return f"{self.part}: {self.cause}"


@dataclass(frozen=True, slots=True)
class _Line:
    """What is remembered of one request, part by part."""

    raw: array[int]
    """Hashes of the bytes as they came."""
    plain: array[int]
    """Hashes of what a provider reads of them."""
    tokens: array[int]
    head: int
    """How many parts, from the first, an application sets up: tools, system prompt, the system messages right after it."""
    last: tuple[int, ...]
    """Hashes of the blocks of the last message, which may still grow."""

    def leads_to(self, later: _Line) -> bool:
        """Whether another request looks like a later turn of this one, its prefix broken or not."""
        mine, others = self.plain, later.plain
        has_tools = mine[_TOOLS] != _NOTHING
        if has_tools != (others[_TOOLS] != _NOTHING):
            return False
        said, now_said = mine[self.head :], others[later.head :]
        if has_tools:
            return mine[_TOOLS] == others[_TOOLS] or said[:1] == now_said[:1] != array("q")
        prompt = mine[_PROMPT : self.head]
        same_prompt = prompt == others[_PROMPT : later.head] and any(part != _NOTHING for part in prompt)
        return same_prompt or (len(said) < len(now_said) and said == now_said[: len(said)] != array("q"))


class Prefixes:
    """The last requests of the latest conversations. Every method may be called from any thread."""

    def __init__(self, most_parts: int = _MOST_PARTS, most_text: int = _MOST_TEXT) -> None:
        """Nothing seen yet.

        Args:
            most_parts: of all conversations together; those not seen for longest are forgotten first.
            most_text: bytes of tools and system prompts; without them a break is told, but not the byte.
        """
        self._lock = Lock()
        self._conversations: OrderedDict[str, tuple[_Line, ...]] = OrderedDict()
        self._parts = 0
        self._most_parts = most_parts
        self._texts = _Texts(most_text)

    def observe(self, conversation: str, data: bytes, format: Format) -> Break | None:  # noqa: A002 - as in `Body`
        """Compare a request with the one before it, and remember it.

        Args:
            conversation: what tells conversations, and the agents within one, apart.
            data: the request's body, without content encoding.
            format: how it is written.

        Returns:
            What broke the prefix; `None` for a first request, for one that begins like the one before, and for bytes
            that are no request.
        """
        parts = _parts_of(data, format)
        if parts is None:
            return None
        with self._lock:
            lines = self._conversations.get(conversation, ())
        now = self._read(parts, lines)
        before = max(
            (line for line in lines if line.leads_to(now)),
            key=lambda line: _shared(line.plain, now.plain),
            default=None,
        )
        # A history begun anew may be another agent's beside this one: the one before stays, to be gone on with.
        goes_on = before is not None and _shared(before.plain, now.plain) > before.head
        self._keep(conversation, (now, *(line for line in lines if line is not before or not goes_on)))
        return None if before is None else self._compared(before, now, parts)

    def _read(self, parts: Sequence[Part], lines: Sequence[_Line]) -> _Line:
        """What is to be remembered; parts that an earlier request had as they are now are not read again."""
        raw = array("q", [hash(bytes(part)) for part in parts])
        plain, tokens, head = array("q"), array("q"), 0
        if lines:
            same = _shared(lines[0].raw, raw)
            plain, tokens, head = lines[0].plain[:same], lines[0].tokens[:same], min(same, lines[0].head)
        for at in range(len(plain), len(parts)):
            known = next((line for line in lines if at < len(line.raw) and line.raw[at] == raw[at]), None)
            if known is not None:
                plain.append(known.plain[at])
                tokens.append(known.tokens[at])
                head += head == at < known.head
                continue
            text, is_prompt = _plain(parts[at], at)
            plain.append(hash(text))
            tokens.append(_weight(text))
            head += head == at and is_prompt
            if is_prompt:
                self._texts.keep(plain[at], text)
        self._texts.touch(plain[:head])
        return _Line(raw, plain, tokens, head, _blocks(parts[-1]) if len(parts) > _FIRST else ())

    def _compared(self, before: _Line, now: _Line, parts: Sequence[Part]) -> Break | None:
        at = _shared(before.plain, now.plain)
        old, new = before.plain[at:], now.plain[at:]
        if not old or not new:
            return None
        if len(old) == 1 and at >= _FIRST and _blocks(parts[at])[: len(before.last)] == before.last:
            return None
        tokens = min(sum(before.tokens[at:]), sum(now.tokens[at:]))
        text, is_prompt = _plain(parts[at], at)
        kept = self._texts.get(old[0]) if is_prompt else None
        if at < _FIRST:
            cause = of_text(kept, text) if kept is not None else Cause("other", "changed")
            return Break(("tools", "system prompt")[at], cause, tokens)
        cause = of_history(old, new)
        if cause == REWRITTEN and kept is not None:
            cause = of_text(kept, text)
        return Break(f"message {at - _FIRST}", cause, tokens)

    def _keep(self, conversation: str, lines: tuple[_Line, ...]) -> None:
        lines = lines[:_MOST_LINES]
        with self._lock:
            for line in self._conversations.pop(conversation, ()):
                self._parts -= len(line.raw)
            self._conversations[conversation] = lines
            self._parts += sum(len(line.raw) for line in lines)
            while self._parts > self._most_parts and len(self._conversations) > 1:
                _, oldest = self._conversations.popitem(last=False)
                self._parts -= sum(len(line.raw) for line in oldest)


class _Texts:
    """The latest tools and system prompts by their hash, in bounded memory."""

    def __init__(self, most: int) -> None:
        self._lock = Lock()
        self._texts: OrderedDict[int, bytes] = OrderedDict()
        self._size = 0
        self._most = most

    def get(self, hashed: int) -> bytes | None:
        with self._lock:
            return self._texts.get(hashed)

    def touch(self, hashes: Sequence[int]) -> None:
        with self._lock:
            for hashed in hashes:
                if hashed in self._texts:
                    self._texts.move_to_end(hashed)

    def keep(self, hashed: int, text: bytes) -> None:
        with self._lock:
            if hashed not in self._texts and len(text) <= self._most:
                self._texts[hashed] = text
                self._size += len(text)
            while self._size > self._most:
                self._size -= len(self._texts.popitem(last=False)[1])


def _parts_of(data: bytes, form: Format) -> list[Part] | None:
    """Tools, system prompt and messages, each as the bytes it came in; empty where there is none."""
    try:
        found = _split(data)
        messages = _elements(found.get(KEYS[form], b"[]"))
    except (ValueError, RecursionError):  # what msgspec refuses, and messages that are no list
        return _slow_parts_of(data, form)
    system = next((found[key] for key in _SYSTEM[form] if key in found), b"")
    return [found.get("tools", b""), system, *messages]


def _slow_parts_of(data: bytes, form: Format) -> list[Part] | None:
    try:
        body = Body(data, form)
        keys = ("tools", next((key for key in _SYSTEM[form] if key in body.value), ""))
        spans = [body.span((key,)) if key in body.value else (0, 0) for key in keys]
        spans += [body.span((body.key, at)) for at in range(len(body.messages))]
    except (InputError, LookupError):
        return None
    return [data[start:end] for start, end in spans]


def _shared(before: array[int], now: array[int]) -> int:
    """How many numbers two arrays have in common from the first."""
    shorter = min(len(before), len(now))
    if before[:shorter] == now[:shorter]:
        return shorter
    return next(at for at in range(shorter) if before[at] != now[at])


def _plain(part: Part, at: int) -> tuple[bytes, bool]:
    """What a provider reads of a part, as bytes, and whether an application set it up as (part of) the prompt."""
    raw = bytes(part)
    try:
        value = _decoded(raw)
        if at == _TOOLS and isinstance(value, list):
            value = [tool for tool in value if not (isinstance(tool, dict) and tool.get("defer_loading"))]
        if at == _PROMPT and isinstance(value, str) and value:
            value = [{"type": "text", "text": value}]
        text = canonical(value) if value else b""
    except (ValueError, RecursionError):
        return raw, at < _FIRST
    return text, at < _FIRST or (isinstance(value, dict) and value.get("role") in _SYSTEM_ROLES)


def _blocks(part: Part) -> tuple[int, ...]:
    """Hashes of a message without its blocks, and of each of them."""
    raw = bytes(part)
    try:
        value = _decoded(canonical(_decoded(raw)))
        if not isinstance(value, dict):
            return (hash(raw),)
        blocks = value.pop("parts" if "parts" in value else "content", None)
        return tuple(hash(canonical(each)) for each in (value, *(blocks if isinstance(blocks, list) else [blocks])))
    except (ValueError, RecursionError):
        return (hash(raw),)


def _decoded(raw: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    """A value; `json` takes what msgspec does not: NaN and lone surrogates.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested too deep.
    """
    try:
        return msgspec.json.decode(raw) if raw else None
    except ValueError:
        return json.loads(raw)


def _weight(text: bytes) -> int:
    """Tokens by size."""
    blobs = [len(blob) for blob in _BLOB.findall(text)]
    return (len(text) - sum(blobs)) // _BYTES_PER_TOKEN + _BLOB_TOKENS * len(blobs)
