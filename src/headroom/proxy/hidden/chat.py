"""How chat completions write turns: text and calls in one message, a message for each result. See `hidden.Shape`.

A part of a message is written as an object of its own: `{"content": "…"}` for text, a tool call as it is, and any other
member alone: `{"reasoning_content": "…"}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from headroom.blocks import Call, Path
from headroom.originals.retrieval import TOOL
from headroom.proxy.hidden import Piece, meaning
from headroom.proxy.hidden.raw import decode, encode, raws, to_bytes, value
from headroom.wire.access import elements, get
from headroom.wire.body import Body

_RESULTS = ("tool", "function")
NO_PART: Final = frozenset(
    {"role", "content", "tool_calls", "function_call", "name", "refusal", "annotations", "audio"}
)
"""Members of a message that are no part of their own, or that a model with tools leaves empty."""


class ChatShape:
    """See `hidden.Shape`."""

    key = "messages"
    ids = True

    def piece(self, raw: str) -> Piece:
        """One part, written as above."""
        part = decode(raw)
        if get(part, "function") is not None or get(part, "custom") is not None:
            function = get(part, "function") or get(part, "custom")
            name, arguments = str(get(function, "name")), get(function, "arguments") or get(function, "input")
            call = Call(str(get(part, "id")), name, _arguments(arguments))
            return Piece("own" if name == TOOL else "call", raw, call=call)
        text = get(part, "content")
        return Piece("text", raw, text) if isinstance(text, str) else Piece("other", raw)

    def pieces(self, body: Body, path: Path) -> list[Piece]:
        """Text first, then other members, then calls."""
        message = value(body, path)
        content = get(message, "content")
        texts = [content] if isinstance(content, str) else [get(part, "text") for part in elements(content)]
        found = [self.piece(encode({"content": text}).decode()) for text in texts if text and isinstance(text, str)]
        members = message.items() if isinstance(message, dict) else ()
        found += [
            self.piece(encode({key: member}).decode()) for key, member in members if member and key not in NO_PART
        ]
        return found + [self.piece(raw) for raw in raws(body, (*path, "tool_calls"))]

    def is_turn(self, message: object) -> bool:
        """Whether the model said it."""
        return bool(get(message, "role") == "assistant")

    def turn(self, pieces: Sequence[Piece]) -> bytes:
        """An assistant message."""
        text = "".join(piece.text for piece in pieces if piece.kind == "text")
        calls = [to_bytes(piece.raw) for piece in pieces if piece.kind in ("call", "own")]
        if not text and not calls:
            return b""
        members = [b'"role":"assistant"', b'"content":' + (encode(text) if text else b"null")]
        members += [to_bytes(piece.raw)[1:-1] for piece in pieces if piece.kind == "other"]
        members += [b'"tool_calls":[' + b",".join(calls) + b"]"] if calls else []
        return b"{" + b",".join(members) + b"}"

    def result(self, call: Call, text: str) -> str:
        """A tool message."""
        return encode({"role": "tool", "tool_call_id": call.id, "content": text}).decode()

    def reply(self, results: Sequence[str]) -> list[bytes]:
        """The tool messages."""
        return [to_bytes(result) for result in results]

    def join(self, body: Body, at: int, ordinal: int) -> tuple[Path, int] | None:
        """Among the tool messages that follow."""
        leading = 0
        for message in body.messages[at:]:
            if get(message, "role") not in _RESULTS:
                break
            leading += 1
        return (("messages",), at + min(ordinal, leading)) if leading else None


def _arguments(written: object) -> str:
    """A call's arguments by meaning; free text and broken JSON as they are."""
    if not isinstance(written, str):
        return ""
    try:
        return meaning(decode(written or "{}"))
    except ValueError:
        return written
