"""Conversations that the provider keeps: a request names the response it follows, and brings only what is new.

What the provider has read by then is kept here too, under the response's id: never under a connection, and durable before
the client learns that the response is complete. So the same is decided as if the whole history stood in the request, and a
client that sends it whole after a lost connection gets the same bytes.

Rules:
* A link holds what one request and its response added, and the id of the response before: a fork shares its beginning.
* What follows a response that is not known is decided by itself: it refers to nothing before it, as nobody knows where it
  will stand. Its decisions are filed under call and text as well, and a whole history that holds them takes them over.
* A link that cannot be kept costs the next request its context, never the request.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from headroom import wire
from headroom.blocks import Block, Decision, Failure
from headroom.compression import cache
from headroom.errors import StoreError
from headroom.originals import facts
from headroom.originals.store import Store
from headroom.wire import pictures
from headroom.wire.access import elements, get
from headroom.wire.body import Body
from headroom.wire.usage import Tee

_UNREAD: Final = frozenset(
    {"encrypted_content", "file_data", "input_audio", "tools", "annotations", "logprobs"}
    | {"internal_chat_message_metadata_passthrough"}
)
"""Keys of an item under which nothing stands that a key or a reference could need; encrypted text is long."""
_IMAGE: Final = "image_url"
_PICTURE: Final = "image_generation_call"
"""Its `result` is a picture; that of other items is text."""


_STEP: Final = 16
"""Links read at once; each holds the ids of so many before it, which take 1 KB."""


@dataclass(frozen=True, slots=True)
class Link:
    """What one request adds to its conversation; with its response's output it is kept under the response's id."""

    follows: list[str]
    """The responses before it, nearest first, so that a long chain is read in few steps."""
    items: list[Any]
    whole: bool
    """Whether everything before it is known."""

    def keep(self, store: Store, response_id: str, output: Sequence[Any]) -> None:
        """Make it durable.

        Raises:
            StoreError: it is not kept.
        """
        told = {"follows": self.follows, "whole": self.whole, "items": [*self.items, *output]}
        facts.remember(store, {_key(response_id): _json(told)})


@dataclass(frozen=True, slots=True)
class Chain:
    """Where a request stands in its conversation."""

    follows: str = ""
    """The response it names; `""` for a request that brings its history."""
    before: int = 0
    """Messages that the provider has from earlier requests, as far as they are known."""
    whole: bool = True
    """Whether everything before it is known."""
    fixed: bool = False
    """Nothing of it can be edited: its input is a plain string."""
    link: Link | None = None
    """What is to be kept when its response is complete, if anybody may follow that."""


def extend(body: Body, store: Store, *, linked: bool = False, gap: bool = False) -> Chain:
    """Put what the provider has already in front of `body.messages`.

    Args:
        body: a request in the Responses format.
        store: keeps the links.
        linked: what follows its response is sure to bring only what is new.
        gap: the provider puts more before it than the response it follows.
    """
    value = body.value
    said, follows = value.get("input"), value.get("previous_response_id")
    follows = follows if isinstance(follows, str) else ""
    fixed = isinstance(said, str)
    new = [{"role": "user", "content": said}] if fixed else body.messages
    earlier, whole, ids = _earlier(store, follows)
    body.messages = [*earlier, *new]
    whole = whole and not gap and not value.get("conversation")
    # Whoever brings a history with answers in it brings it the next time too.
    linked = linked or bool(follows) or (value.get("store") is not False and not wire.answered(new))
    link = Link(ids, [lean(item) for item in new if isinstance(item, dict)], whole) if linked else None
    return Chain(follows, len(earlier), whole, fixed, link)


def _earlier(store: Store, response_id: str) -> tuple[list[Any], bool, list[str]]:
    """Everything up to a response, whether that is everything, and the ids of the last responses, nearest first."""
    parts: list[list[Any]] = []
    ids: list[str] = []
    whole, waiting = True, [response_id] if response_id else []
    try:
        while waiting:
            found = facts.recall(store, [_key(each) for each in waiting])
            for each in waiting:
                told = found.get(_key(each))
                if told is None or each in ids:
                    whole, waiting = False, []
                    break
                link = json.loads(told) if "\\ud" in told else msgspec.json.decode(told)
                ids.append(each)
                parts.append(link["items"])
                whole, waiting = whole and link["whole"], link["follows"]
    except (StoreError, ValueError):
        whole = False
    return [item for part in reversed(parts) for item in part], whole, ids[:_STEP]


def adopt(
    messages: Sequence[Any], blocks: Sequence[Block], keys: Sequence[str], store: Store, known: dict[str, Decision]
) -> list[Failure]:
    """Take over, in a whole history, what was decided about its results while their beginning was not known.

    Args:
        messages: the history.
        blocks: what is read of it.
        keys: of the blocks.
        store: keeps decisions.
        known: the decisions that stand under the keys; gets what is taken over.
    """
    aliases = {
        alias: key
        for block, key in zip(blocks, keys, strict=True)
        if key not in known and (alias := _alias(messages, block))
    }
    try:
        found = store.decisions(list(aliases)) if aliases else {}
        if found:
            known |= store.put({}, [replace(decision, key=aliases[alias]) for alias, decision in found.items()])
    except StoreError as error:
        return [Failure("store", str(error))]
    return []


def file(messages: Sequence[Any], blocks: Sequence[Block], keys: Sequence[str], store: Store) -> list[Failure]:
    """File decisions under call and text as well, for `adopt`; with a failure nothing was filed."""
    aliases = {key: alias for block, key in zip(blocks, keys, strict=True) if (alias := _alias(messages, block))}
    try:
        made = store.decisions(list(aliases))
        if made:
            store.put({}, [replace(decision, key=aliases[key]) for key, decision in made.items()])
    except StoreError as error:
        return [Failure("store", str(error))]
    return []


def _alias(messages: Sequence[Any], block: Block) -> str:
    """A name for a result by its call's id and its text; `""` for what is no result, or has no call id."""
    call_id = get(messages[int(block.path[0])], "call_id") if block.editable and block.role == "result" else None
    return "call:" + cache.digest(f"{call_id}\n{block.text}") if isinstance(call_id, str) and call_id else ""


def _key(response_id: str) -> str:
    return f"response:{response_id}"


def lean(item: Any) -> Any:  # noqa: ANN401 - a provider's value, of any shape
    """An item without what is never read; of an image's pixels a name is enough."""
    if isinstance(item, list):
        return [lean(each) for each in item]
    if not isinstance(item, dict):
        return item
    dropped = _UNREAD | {"result"} if item.get("type") == _PICTURE else _UNREAD
    return {key: _named(each) if key == _IMAGE else lean(each) for key, each in item.items() if key not in dropped}


def _named(image: Any) -> Any:  # noqa: ANN401 - a provider's value, of any shape
    return cache.stand_in(image) if isinstance(image, str) and pictures.is_inline(image) else lean(image)


def _json(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (UnicodeEncodeError, OverflowError):  # lone surrogates and numbers over 64 bits
        return json.dumps(value, separators=(",", ":"))


class _Response(msgspec.Struct):
    status: str | None = None
    output: Any = None


class _Event(_Response):
    type: str = ""
    item: Any = None
    response: _Response | None = None


_decode = msgspec.json.Decoder(_Event).decode
_ITEM = b"output_item.done"
_ENDS = ("response.completed", "response.incomplete")


class Answer(Tee):
    """A response, read as it passes: what it was billed, and what it put out."""

    def __init__(
        self, link: Link | None, content_type: str = "text/event-stream", encoding: str = "", length: int | None = None
    ) -> None:
        """See `Tee`.

        Args:
            link: what is to be kept when the response is complete.
            content_type: over a websocket, that of a stream.
            encoding: its `content-encoding`.
            length: its `content-length`: the last byte tells that the answer is whole.
        """
        super().__init__("responses", content_type, encoding)
        self._link, self._left = link, length or -1
        self._output: list[Any] = []
        self._whole = False
        """Whether it is complete, so that a request may follow it."""

    async def settle(self, store: Store) -> tuple[Failure, ...]:
        """Keep the link as soon as the response can be followed; to be awaited before the client learns of that."""
        link = self._link
        if link is None or not self._whole or not self.response_id:
            return ()
        self._link = None
        try:
            await asyncio.to_thread(link.keep, store, self.response_id, self._output)
        except StoreError as error:
            return (Failure("store", str(error)),)
        return ()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of its body."""
        super().feed(chunk)
        self._left -= len(chunk)
        if self._left == 0:
            self.close()

    def event(self, data: bytes) -> None:
        """Take one whole event."""
        super().event(data)
        if _ITEM in data or self.finished:
            self._note(data)

    def whole(self, data: bytes) -> None:
        """Take an answer that is no stream."""
        super().whole(data)
        self._note(data)

    def _note(self, data: bytes) -> None:
        try:
            try:
                event = _decode(data)
            except msgspec.ValidationError:
                return
            except msgspec.DecodeError:  # half a surrogate pair in a text; the slower decoder takes it
                event = msgspec.convert(json.loads(data), _Event)
        except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
            return
        if event.type == "response.output_item.done":
            self._output.append(lean(event.item))
            return
        ended = event.response or event
        self._whole = event.type in _ENDS or (not event.type and ended.status in ("completed", "incomplete"))
        if self._whole and not self._output:
            self._output = [lean(item) for item in elements(ended.output)]
