"""How Anthropic messages write turns: content blocks, results in the next user message. See `hidden.Shape`."""

from __future__ import annotations

from collections.abc import Sequence

from headroom.blocks import Call, Path
from headroom.originals.retrieval import TOOL
from headroom.proxy.hidden import Kind, Piece, meaning
from headroom.proxy.hidden.raw import decode, encode, raws, to_bytes, value
from headroom.wire.access import elements, get
from headroom.wire.body import AddKey, Body


class AnthropicShape:
    """See `hidden.Shape`."""

    key = "messages"
    ids = True

    def piece(self, raw: str) -> Piece:
        """One content block."""
        block = decode(raw)
        kind = get(block, "type")
        mark = get(block, "cache_control")
        mark = encode(mark).decode() if mark else ""
        if kind == "text":
            text = get(block, "text")
            return Piece("text", raw, text if isinstance(text, str) else "", mark=mark)
        if kind == "tool_use":
            name = str(get(block, "name"))
            call = Call(str(get(block, "id")), name, meaning(get(block, "input")))
            return Piece("own" if name == TOOL else "call", raw, call=call, mark=mark)
        other: Kind = "thought" if kind in ("thinking", "redacted_thinking") else "other"
        return Piece(other, raw, mark=mark)

    def pieces(self, body: Body, path: Path) -> list[Piece]:
        """The content blocks of a message; a string is one text block."""
        content = (*path, "content")
        if isinstance(value(body, content), str):
            start, end = body.span(content)
            raw = body.data[start:end].decode("utf-8", "surrogateescape")
            return [self.piece('{"type":"text","text":' + raw + "}")]
        return [self.piece(raw) for raw in raws(body, content)]

    def is_turn(self, message: object) -> bool:
        """Whether the model said it."""
        return bool(get(message, "role") == "assistant")

    def turn(self, pieces: Sequence[Piece]) -> bytes:
        """An assistant message; the API refuses texts without a word, which it may have said itself."""
        said = [_marked(piece) for piece in pieces if piece.kind != "text" or piece.text.strip()]
        return b'{"role":"assistant","content":[' + b",".join(said) + b"]}" if said else b""

    def result(self, call: Call, text: str) -> str:
        """A `tool_result` block."""
        return encode({"type": "tool_result", "tool_use_id": call.id, "content": text}).decode()

    def reply(self, results: Sequence[str]) -> list[bytes]:
        """One user message with all of them."""
        return [b'{"role":"user","content":[' + b",".join(map(to_bytes, results)) + b"]}"]

    def join(self, body: Body, at: int, ordinal: int) -> tuple[Path, int] | None:
        """Among the results with which the user message begins."""
        message = body.messages[at] if at < len(body.messages) else None
        leading = 0
        for block in elements(get(message, "content")):
            if get(block, "type") != "tool_result":
                break
            leading += 1
        if get(message, "role") != "user" or not leading:
            return None
        return ("messages", at, "content"), min(ordinal, leading)


def _marked(piece: Piece) -> bytes:
    raw = to_bytes(piece.raw)
    if not piece.mark or '"cache_control"' in piece.raw:
        return raw
    return Body(raw, "anthropic").edited([AddKey((), "cache_control", piece.mark.encode())])
