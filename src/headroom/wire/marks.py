"""Anthropic's cache breakpoints: `cache_control` on the blocks of a request whose client sets none on its messages.

Rules:
* A client that marks any message, or the whole request, knows what it does: nothing is added.
* Only while a tool loop runs: there are tools, and the last turn holds tool results, so that what is written to the cache
  now is read by the next request. So never in a first request.
* Two marks: the last block of this request, which the next one reads, and the last block of the turn before, where the
  request before put its own: a mark finds an older entry at most 20 blocks back, and parallel calls reach further.
* Five minutes, never an hour. A client's marks all stand before ours (tools, system), and a five-minute mark may follow an
  hour's. At most four in all.
* A mark is not part of the prompt. Canonical messages stay as they were while the marks move on from turn to turn.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from typing import Any, Final

import msgspec

from headroom.blocks import Path
from headroom.wire.access import elements
from headroom.wire.body import UNREADABLE, AddKey, Body, Change, SetRaw

KEY: Final = "cache_control"
MARK: Final = b'{"type":"ephemeral"}'
"""Without a `ttl` an entry lives for five minutes."""
MOST: Final = 4
"""Breakpoints that Anthropic takes in one request; a fifth is answered by 400."""

_CHARS_PER_TOKEN = 4
"""English has about four characters a token, code and JSON fewer: what is taken for long enough nearly always is."""
_CARRIERS = ("text", "image", "document", "search_result", "tool_result")
"""What a client sends in a user's turn and may mark; thinking and tool references may not be."""
_MAX_DEPTH = 6
"""Lists of blocks inside blocks: a document's parts in a tool result, the deepest known, stand four levels down."""

_encoder = msgspec.json.Encoder()


def marks(body: Body, minimum_tokens: int, edited: Container[Path] = ()) -> list[Change]:
    """The breakpoints to set in a request; none where the client sets its own, or no tool loop is running.

    Whether they are wanted at all is the caller's to say: only for Anthropic Messages that are no batch, paid by an API
    key (a subscription's requests get nothing added).

    Args:
        body: the request as the client sent it.
        minimum_tokens: what this model caches at least; a mark on a shorter prefix does nothing.
        edited: paths that other changes of the same request set. A string among them cannot be made a block as well.

    Returns:
        At most two changes, for `Body.edited`, beside others. Only `cache_control` is added; a string content that is to
        carry it becomes one text block around the same bytes.
    """
    value, messages = body.value, body.messages
    if not elements(value.get("tools")) or value.get(KEY) is not None or _marks_in(messages) or UNREADABLE in messages:
        return []
    last = _turn_before(messages, len(messages))
    running = last.start > 0 and last.stop == len(messages)
    if not running or not any(_holds_result(message) for message in messages[last]):
        return []
    changes: list[Change] = []
    free = MOST - _marks_in(value["tools"]) - _marks_in(value.get("system"))
    for turn in (last, _turn_before(messages, last.start)):
        path = _carrier(messages, turn, edited)
        if path is None or len(changes) >= free:
            continue
        before = (value["tools"], value.get("system"), messages[: int(path[0]) + 1])
        if _long_enough(before, minimum_tokens * _CHARS_PER_TOKEN):
            changes.append(_marked(body, ("messages", *path)))
    return changes


def canonical(message: object) -> bytes:
    """A message as bytes that are equal where a provider reads the same.

    `cache_control` is taken off, a string content is one text block, and the order of a message's and a block's own keys
    does not count. What stands deeper, the arguments of a call, counts as it stands: an order of keys is part of a prompt.

    Args:
        message: of any format, as decoded JSON; also a list of blocks (`system`), or a tool.

    Raises:
        RecursionError: it is nested too deep to be written.
    """
    plain = _plain(message, _MAX_DEPTH)
    try:
        return _encoder.encode(plain)
    except (UnicodeEncodeError, OverflowError):  # lone surrogates and numbers over 64 bits
        return json.dumps(plain, separators=(",", ":")).encode()


def _plain(value: object, depth: int) -> object:
    if isinstance(value, list):
        return [_plain(inner, depth) for inner in value]
    if not isinstance(value, dict) or not depth:
        return value
    plain = {key: value[key] for key in sorted(value) if key != KEY}
    content = plain.get("content")
    if isinstance(content, str):
        plain["content"] = [{"text": content, "type": "text"}]
    elif isinstance(content, list):
        plain["content"] = _plain(content, depth - 1)
    if isinstance(plain.get("source"), dict):
        plain["source"] = _plain(plain["source"], depth - 1)
    return plain


def _marks_in(value: object, depth: int = _MAX_DEPTH) -> int:
    """How many breakpoints a message, a block or a list of them carries."""
    if isinstance(value, list):
        return sum(_marks_in(inner, depth) for inner in value)
    if not isinstance(value, dict) or not depth:
        return 0
    own = int(value.get(KEY) is not None)
    return own + sum(_marks_in(value[key], depth - 1) for key in ("content", "source") if key in value)


def _turn_before(messages: Sequence[Any], end: int) -> slice:
    """What the client sent last before `end`: the messages between the model's last answer there and the one before."""
    while end and _role(messages[end - 1]) == "assistant":
        end -= 1
    start = end
    while start and _role(messages[start - 1]) != "assistant":
        start -= 1
    return slice(start, end)


def _role(message: object) -> object:
    return message.get("role") if isinstance(message, dict) else None


def _holds_result(message: object) -> bool:
    content = message.get("content") if isinstance(message, dict) else None
    return any(isinstance(block, dict) and block.get("type") == "tool_result" for block in elements(content))


def _carrier(messages: Sequence[Any], turn: slice, edited: Container[Path]) -> Path | None:
    """Where the last block of a turn stands that may carry a mark: `(7, "content", 2)`, or `(7, "content")` for a string."""
    for index in range(turn.stop - 1, turn.start - 1, -1):
        message = messages[index]
        content = message.get("content") if _role(message) == "user" else None
        if isinstance(content, str) and content.strip() and ("messages", index, "content") not in edited:
            return (index, "content")
        for place in range(len(elements(content)) - 1, -1, -1):
            if ("messages", index, "content", place) not in edited and _can_carry(elements(content)[place]):
                return (index, "content", place)
    return None


def _can_carry(block: object) -> bool:
    if not isinstance(block, dict) or block.get("type") not in _CARRIERS:
        return False
    if block["type"] == "text":
        return isinstance(block.get("text"), str) and bool(block["text"].strip())
    if block["type"] == "tool_result":
        content = block.get("content")
        kinds = {part.get("type") if isinstance(part, dict) else None for part in elements(content)}
        return bool(content) and "tool_reference" not in kinds
    return True


def _marked(body: Body, path: Path) -> Change:
    if path[-1] != "content":
        return AddKey(path, KEY, MARK)
    text = body.data[slice(*body.span(path))]
    return SetRaw(path, b'[{"type":"text","text":%b,"%b":%b}]' % (text, KEY.encode(), MARK))


def _long_enough(parts: Iterable[object], characters: int) -> bool:
    """Whether the strings of some values, keys included, have so many characters; the bytes of an image are none."""
    waiting = list(parts)
    while waiting and characters > 0:
        value = waiting.pop()
        if isinstance(value, str):
            characters -= len(value)
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, dict) and value.get("type") != "base64":
            waiting += value
            waiting += value.values()
    return characters <= 0
