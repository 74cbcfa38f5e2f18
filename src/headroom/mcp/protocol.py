"""MCP's messages over JSON-RPC 2.0: what is answered, and in which revision. No I/O.

* Revisions up to 2025-11-25 begin with `initialize`. From 2026-07-28 on there is no beginning: every request says in its
  `_meta` which revision it speaks. Both are answered, request by request; nothing is remembered but whether batches exist.
* A notification is never answered, nor is an answer: we ask nothing.
* What cannot be understood is an error with the request's id, or without one where it has none that can be read.
* No text of a request stands in an error: a client may log it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import headroom
from headroom.mcp import offered

HANDSHAKE: Final = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""Revisions that begin with `initialize`, oldest first."""
STATELESS: Final = ("2026-07-28",)
"""Revisions in which every request says for itself what it speaks."""
BATCHED: Final = "2025-03-26"
"""The one revision in which several messages may come as an array."""

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
UNSUPPORTED_VERSION: Final = -32022

_META: Final = "io.modelcontextprotocol/"
VERSION_KEY: Final = f"{_META}protocolVersion"
_CAPABILITIES_KEY: Final = f"{_META}clientCapabilities"
_INFO: Final = {"name": offered.NAME, "title": "Headroom", "version": headroom.__version__}
_CAPABILITIES: Final[dict[str, Any]] = {"tools": {}}
_CACHE: Final = {"ttlMs": 3_600_000, "cacheScope": "public"}
"""Of our list of tools, which is the same for everyone until the next release."""

Message = dict[str, Any]
Call = Callable[[str, Mapping[str, Any]], tuple[str, bool]]
"""A tool's name and arguments to its text, and whether that is an error."""


class ProtocolError(Exception):
    """A message that is answered by an error."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        """Args: as in JSON-RPC's error object."""
        super().__init__(message)
        self.code, self.data = code, data


def decode(line: bytes, batches: bool) -> object:
    """What one line says.

    Args:
        line: JSON.
        batches: whether it may be an array of messages.

    Raises:
        ProtocolError: it is no JSON in UTF-8, or an array that may not be.
    """
    try:
        said = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        raise ProtocolError(PARSE_ERROR, f"not JSON in UTF-8 ({type(error).__name__})") from error
    if isinstance(said, list) and not (said and batches):
        raise ProtocolError(INVALID_REQUEST, "an array of messages is not for this revision, or is empty")
    return said


def encode(message: object) -> bytes:
    """One line, in ASCII: so a lone surrogate, a byte of a file that was no UTF-8, passes through too."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def failed(error: ProtocolError, id_: object = None) -> Message:
    """The answer to what cannot be answered."""
    told = {"code": error.code, "message": str(error)} | ({} if error.data is None else {"data": error.data})
    return {"jsonrpc": "2.0", "id": id_, "error": told}


def is_id(value: object) -> bool:
    """Whether this can be a request's id: a string or a whole number."""
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def is_answer(message: object) -> bool:
    """Whether this answers a question, which we never ask."""
    return isinstance(message, dict) and "method" not in message and ("result" in message or "error" in message)


class Protocol:
    """Answers the messages of one client."""

    def __init__(self, call: Call, offer: offered.Offer = offered.EVERYTHING) -> None:
        """Args: call: does what a tool does. offer: which tools there are."""
        self._call, self._offer = call, offer
        self.batches = False
        """Whether the client speaks the revision that has them."""

    def answer(self, message: object) -> Message | None:
        """The answer to one message; `None` where none is owed."""
        if is_answer(message):
            return None
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            return failed(ProtocolError(INVALID_REQUEST, 'a message is an object with "jsonrpc": "2.0"'))
        method, id_ = message.get("method"), message.get("id")
        if "id" not in message and isinstance(method, str):
            return None
        if not is_id(id_):
            return failed(ProtocolError(INVALID_REQUEST, "id must be a string or a whole number"))
        try:
            result = self._result(method, message.get("params"))
        except ProtocolError as error:
            return failed(error, id_)
        return {"jsonrpc": "2.0", "id": id_, "result": result}

    def _result(self, method: object, params: object) -> Message:
        if not isinstance(method, str):
            raise ProtocolError(INVALID_REQUEST, "method must be a string")
        params = {} if params is None else params
        if not isinstance(params, dict):
            raise ProtocolError(INVALID_PARAMS, "params must be an object")
        meta = params.get("_meta")
        if method == "initialize":
            return self._initialized(params)
        if not isinstance(meta, dict) or VERSION_KEY not in meta:
            if method == "ping":
                return {}
            return self._done(method, params)
        _check(meta)
        own = {"_meta": {f"{_META}serverInfo": _INFO}, "resultType": "complete"}
        if method == "server/discover":
            found = {
                "supportedVersions": STATELESS,
                "capabilities": _CAPABILITIES,
                "instructions": self._offer.instructions,
            }
            return {**found, **_CACHE, **own}
        return {**self._done(method, params), **(_CACHE if method == "tools/list" else {}), **own}

    def _initialized(self, params: Message) -> Message:
        asked = params.get("protocolVersion")
        if not isinstance(asked, str):
            raise ProtocolError(INVALID_PARAMS, "protocolVersion must be a string")
        agreed = asked if asked in HANDSHAKE else HANDSHAKE[-1]
        self.batches = agreed == BATCHED
        return {
            "protocolVersion": agreed,
            "capabilities": _CAPABILITIES,
            "serverInfo": _INFO,
            "instructions": self._offer.instructions,
        }

    def _done(self, method: str, params: Message) -> Message:
        """What every revision has."""
        if method == "tools/list":
            if params.get("cursor") is not None:
                raise ProtocolError(INVALID_PARAMS, "there is one page: no cursor is ours")
            return {"tools": self._offer.tools}
        if method == "tools/call":
            name, arguments = params.get("name"), params.get("arguments")
            if not isinstance(name, str) or name not in self._offer.names:
                names = ", ".join(self._offer.names)
                raise ProtocolError(INVALID_PARAMS, f"no tool has this name; there are {names}")
            if not isinstance(arguments, (dict, type(None))):
                raise ProtocolError(INVALID_PARAMS, "arguments must be an object")
            text, is_error = self._call(name, arguments or {})
            return {"content": [{"type": "text", "text": text}], "isError": is_error}
        raise ProtocolError(METHOD_NOT_FOUND, "no such method: this server has tools only")


def _check(meta: Message) -> None:
    """Refuse a request in a revision that is none, or that lacks what its revision asks for."""
    version = meta[VERSION_KEY]
    if not isinstance(version, str) or not isinstance(meta.get(_CAPABILITIES_KEY), dict):
        raise ProtocolError(INVALID_PARAMS, f"_meta needs {VERSION_KEY} (a string) and {_CAPABILITIES_KEY} (an object)")
    if version not in STATELESS:
        served = {"supported": [*HANDSHAKE, *STATELESS], "requested": version}
        raise ProtocolError(UNSUPPORTED_VERSION, "this revision is not spoken here", served)
