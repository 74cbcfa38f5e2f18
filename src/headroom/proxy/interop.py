"""Compression as a service, in the words that gateways use (LiteLLM's guardrail, Portkey): rows in, lighter rows out.

    POST /v1/compress              {"messages": [...], "model"?: "...", "settings"?: {...}, "conversation"?: true,
                                    "sent"?: 4 | "answered", "plain"?: [2], "answer"?: "edits"}
    GET  /v1/retrieve/{hash}       ?query=words, or ?lines= &rows= &grep= as `headroom.retrieve` takes them

Rules:
* As many rows come back as were sent, in any provider's shape; every byte outside an edited text is the byte that came.
* A gateway sends whatever part of a history it likes, so each row is decided by itself: by its text and the call that made
  it, never by the rows around it. The same row becomes the same text whatever it comes with. With `conversation` the rows
  are a whole history, decided as `headroom.compress` does.
* Our own clients keep the messages and put the texts in themselves: `edits` holds each with its path, and `answer: "edits"`
  leaves the rows out, and images as they are: these clients put texts. `sent` (a number, or all up to the model's last word) is what a provider had before: undecided, it
  stays. `plain` are rows that went out as they came, whatever was decided about them: an answer of ours that came too late.
* A result whose call was not sent may be a file that an agent edits: it is treated as a read of something unknown.
* `ccr_hashes` names what was left out and can be asked for, and nothing that a payload only claims to be a handle.
* These endpoints are ours, so a caller's mistake is answered by a 4xx that says what to do.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from functools import partial
from typing import Any, NamedTuple, Protocol

import msgspec
from aiohttp import web

import headroom
from headroom import engine, wire
from headroom.blocks import Block, Call, Edit, Failure
from headroom.compression import cache, markers
from headroom.errors import HeadroomError, InputError, SettingsError, SliceError, UnknownHandleError
from headroom.originals import questions, slices
from headroom.originals.store import Store
from headroom.proxy.compute import Compute
from headroom.proxy.options import Options
from headroom.settings import Settings
from headroom.tokens import report
from headroom.wire import pictures
from headroom.wire.body import Body
from headroom.wire.content_encoding import decoded

_AT = "/{at:(?:t/[^/]+/)?(?:w/[^/]+/)?}v1"
"""Behind our own prefixes too: a token, a tag."""
_ALONE = Block((), "row", "boundary")
"""In front of a row that is decided by itself: such decisions have keys of their own."""
_READ = '{"command":"cat"}'
"""The arguments of a call that was not sent: by shell, of a path nobody knows, so only kinds that are data are folded."""


class Host(Protocol):
    """What the endpoints need of a proxy."""

    options: Options
    store: Store
    compute: Compute


def register(app: web.Application, host: Host) -> None:
    """Serve both endpoints."""
    app.router.add_post(f"{_AT}/compress", partial(_compress, host))
    app.router.add_get(f"{_AT}/retrieve/{{hash}}", partial(_retrieve, host))


async def _compress(host: Host, request: web.Request) -> web.Response:
    try:
        data, encoding = await request.read(), request.headers.get("Content-Encoding", "")
        answer = await host.compute.apart(partial(_decoded_first, data, encoding, host.options.settings), len(data))
    except web.HTTPRequestEntityTooLarge:
        return _refused(413, f"the body has more than max_body = {host.options.max_body} bytes: send fewer rows")
    except (InputError, SettingsError) as error:
        return _refused(400, str(error))
    except (asyncio.TimeoutError, OSError) as error:
        return _refused(503, f"the rows could not be worked on ({type(error).__name__}): send them as they are")
    return web.Response(body=answer, content_type="application/json")


async def _retrieve(host: Host, request: web.Request) -> web.Response:
    handle = request.match_info["hash"].lower().removeprefix("h:")
    try:
        answer = await asyncio.to_thread(retrieve, handle, request.query, host.store)
    except UnknownHandleError as error:
        return _refused(404, str(error))
    except SliceError as error:
        return _refused(400, str(error))
    except HeadroomError as error:
        return _refused(503, f"the store cannot be read ({type(error).__name__}): ask again")
    return web.Response(body=answer, content_type="application/json")


def _refused(status: int, message: str) -> web.Response:
    return web.json_response({"error": {"type": "invalid_request_error", "message": message}}, status=status)


def _decoded_first(data: bytes, encoding: str, settings: Settings, store: Store) -> bytes:
    return compress(decoded(data, encoding), settings, store)


def compress(data: bytes, settings: Settings, store: Store) -> bytes:
    """What `POST /v1/compress` answers, as JSON.

    Args:
        data: the request's body.
        settings: the proxy's own; those in the body go before them.
        store: keeps originals and decisions.

    Raises:
        InputError: the body, or `messages` in it, is not what it must be.
        SettingsError: the body's settings cannot be.
    """
    body = Body(data, "chat")  # the format whose messages stand under this key; each row's own shape tells its provider
    if not isinstance(body.value.get("messages"), list):
        raise InputError('messages must be a list of messages: {"messages": [...], "model": "..."}')
    chosen = _settings(settings, body.value.get("settings"))
    model = body.value.get("model")
    blocks, failures = wire.read(body.messages, model if isinstance(model, str) else "")
    only_edits = body.value.get("answer") == "edits"
    if only_edits:
        blocks = [block for block in blocks if block.picture is None]
    whole = body.value.get("conversation") is True
    edits, went_wrong = (_whole if whole else _row_by_row)(blocks, chosen, store, _history(body))
    figures = _figures(blocks, edits, body.value.get("model"))
    figures["failures"] = [asdict(failure) for failure in dict.fromkeys([*failures, *went_wrong])]
    if only_edits:
        return _as_json(figures)
    changes = [each for edit in edits for each in pictures.changes(body, ("messages", *edit.path), edit.text)]
    made = body.edited(changes)
    start, end = body.span(("messages",))
    return b'{"messages":' + made[start : end + len(made) - len(data)] + b"," + _as_json(figures)[1:]


def _settings(own: Settings, asked: object) -> Settings:
    """The proxy's settings, and over them those of a request."""
    if asked is None:
        return own
    known = {field.name for field in fields(Settings)}
    if not isinstance(asked, dict) or (unknown := sorted(set(asked) - known)):
        what = f"has no {unknown[0][:40]!r}" if isinstance(asked, dict) else "must be an object"
        raise SettingsError(f"settings {what}; there are {', '.join(sorted(known))}")
    return replace(own, **asked)


class _History(NamedTuple):
    """What a provider has been sent already, as the caller knows it."""

    sent: int
    """Messages, from the first."""
    plain: frozenset[int]
    """Indices of messages that went out as they came."""


def _history(body: Body) -> _History:
    sent, plain = body.value.get("sent", 0), body.value.get("plain", [])
    if sent == "answered":
        sent = wire.answered(body.messages)
    if not _is_count(sent):
        raise InputError('sent must be a number of messages, or "answered": all up to the model\'s last')
    if not isinstance(plain, list) or not all(map(_is_count, plain)):
        raise InputError("plain must be a list of indices of messages")
    return _History(sent, frozenset(plain))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _whole(
    blocks: Sequence[Block], settings: Settings, store: Store, history: _History
) -> tuple[list[Edit], list[Failure]]:
    """A whole conversation. What went out as it came is read under keys that nothing is ever decided for."""
    told, keys = list(blocks), cache.keys(blocks)
    for at, block in enumerate(blocks):
        if block.path[0] in history.plain:
            told[at], keys[at] = replace(block, editable=False), f"plain:{keys[at]}"
    return engine.edit(told, settings, store, history.sent, None, engine.Asked(keys, None))


def _row_by_row(
    blocks: Sequence[Block], settings: Settings, store: Store, history: _History
) -> tuple[list[Edit], list[Failure]]:
    """Each block decided as if it stood alone."""
    alone = replace(settings, repeats=False)
    edits: list[Edit] = []
    failures: list[Failure] = []
    for block in blocks:
        if block.editable and block.path[0] not in history.plain:
            made, went_wrong = engine.edit([_ALONE, _as_read(block)], alone, store, history.sent)
            edits += made
            failures += went_wrong
    return edits, failures


def _as_read(block: Block) -> Block:
    call = block.call or Call("", "", "")
    return block if block.role != "result" or call.arguments else replace(block, call=call._replace(arguments=_READ))


def _figures(blocks: Sequence[Block], edits: Sequence[Edit], model: object) -> dict[str, Any]:
    """What was done, in tokens of the model where its vocabulary is public, else estimated; each edit's own in cl100k."""
    name = model if isinstance(model, str) else None
    texts = {block.path: block.text for block in blocks if block.picture is None}
    images = [edit for edit in edits if edit.path not in texts]
    before = sum(report(text, name) for text in texts.values()) + sum(edit.tokens_before for edit in images)
    edits_of_texts = [edit for edit in edits if edit.path in texts]
    after = before + sum(report(edit.text, name) - report(texts[edit.path], name) for edit in edits_of_texts)
    after += sum(edit.tokens_after - edit.tokens_before for edit in images)
    asked_for = [
        handle for edit in edits_of_texts if not edit.lossless for handle in _handles(edit.text, texts[edit.path])
    ]
    return {
        "version": headroom.__version__,
        "tokens_before": before,
        "tokens_after": after,
        "tokens_saved": before - after,
        "compression_ratio": after / before if before else 1.0,
        "ccr_hashes": list(dict.fromkeys(asked_for)),
        "transforms_applied": sorted({name for edit in edits for name in edit.compressor.split("+")}),
        "edits": [_described(edit) for edit in edits],
    }


def _as_json(figures: Mapping[str, Any]) -> bytes:
    """Half a surrogate pair in a text stays the escape that it came as."""
    try:
        return msgspec.json.encode(figures)
    except UnicodeEncodeError:
        return json.dumps(figures).encode()


def _handles(text: str, original: str) -> list[str]:
    """The handles that we put into a text: what the original said already is no handle of ours."""
    return [handle for handle in markers.HANDLE.findall(text) if handle not in original]


def _described(edit: Edit) -> dict[str, Any]:
    return {
        "path": edit.path,
        "text": edit.text,
        "compressor": edit.compressor,
        "handle": edit.handle,
        "lossless": edit.lossless,
        "tokens_before": edit.tokens_before,
        "tokens_after": edit.tokens_after,
    }


def retrieve(handle: str, asked: Mapping[str, str], store: Store) -> bytes:
    """What `GET /v1/retrieve/{hash}` answers, as JSON: the original, or the part that was asked for.

    Args:
        handle: 12 hex digits.
        asked: `query`, or `lines`, `rows` and `grep`; empty values ask for nothing.
        store: where the originals are.

    Raises:
        UnknownHandleError: no original has this handle.
        SliceError: the slice cannot be read.
        StoreError: the store cannot be read.
    """
    text = store.original(handle)
    lines, rows, grep = (asked.get(name) or None for name in ("lines", "rows", "grep"))
    if lines or rows or grep:
        found = slices.cut(text, lines, rows, grep)
    else:
        found = questions.pick(text, asked.get("query") or "")
    return json.dumps({"hash": handle, "original_content": found, "whole": found == text}).encode()
