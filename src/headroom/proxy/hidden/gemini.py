"""How Gemini contents write turns: parts of the model's content, results in the user's next. See `hidden.Shape`."""

from __future__ import annotations

from collections.abc import Sequence

from headroom.blocks import Call, Path
from headroom.originals.retrieval import TOOL
from headroom.proxy.hidden import Piece, meaning
from headroom.proxy.hidden.raw import decode, encode, raws, to_bytes
from headroom.wire.access import elements, get
from headroom.wire.body import Body


class GeminiShape:
    """See `hidden.Shape`."""

    key = "contents"
    ids = False

    def piece(self, raw: str) -> Piece:
        """One part, in either spelling."""
        part = decode(raw)
        function = get(part, "functionCall") or get(part, "function_call")
        if function is not None:
            name = str(get(function, "name"))
            call = Call(str(get(function, "id") or ""), name, meaning(get(function, "args") or {}))
            return Piece("own" if name == TOOL else "call", raw, call=call)
        text = get(part, "text")
        if get(part, "thought") is True:
            return Piece("thought", raw)
        return Piece("text", raw, text) if isinstance(text, str) else Piece("other", raw)

    def pieces(self, body: Body, path: Path) -> list[Piece]:
        """The parts of a content."""
        return [self.piece(raw) for raw in raws(body, (*path, "parts"))]

    def is_turn(self, message: object) -> bool:
        """Whether the model said it."""
        return bool(get(message, "role") == "model")

    def turn(self, pieces: Sequence[Piece]) -> bytes:
        """A content by the model; empty texts stay only where they carry a signature."""
        said = [
            to_bytes(piece.raw) for piece in pieces if piece.kind != "text" or piece.text or "ignature" in piece.raw
        ]
        return b'{"role":"model","parts":[' + b",".join(said) + b"]}" if said else b""

    def result(self, call: Call, text: str) -> str:
        """A `functionResponse` part."""
        answer = {**({"id": call.id} if call.id else {}), "name": call.name, "response": {"output": text}}
        return encode({"functionResponse": answer}).decode()

    def reply(self, results: Sequence[str]) -> list[bytes]:
        """One content with all of them."""
        return [b'{"role":"user","parts":[' + b",".join(map(to_bytes, results)) + b"]}"]

    def join(self, body: Body, at: int, ordinal: int) -> tuple[Path, int] | None:
        """Among the results with which the content begins."""
        parts = get(body.messages[at], "parts") if at < len(body.messages) else None
        leading = 0
        for part in elements(parts):
            if get(part, "functionResponse") is None and get(part, "function_response") is None:
                break
            leading += 1
        return (("contents", at, "parts"), min(ordinal, leading)) if leading else None
