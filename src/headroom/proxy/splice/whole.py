"""An answer that comes as one JSON object: the rounds' visible parts in the last round's envelope.

An answer without a call of ours leaves as the bytes that came. Nothing is shown before all rounds are over, so a later
round that is no answer raises `CutError`, and whoever drives this may hand that round's own error on instead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from headroom.blocks import Path
from headroom.proxy.hidden import Piece, Shape
from headroom.proxy.hidden.anthropic import AnthropicShape
from headroom.proxy.hidden.chat import ChatShape
from headroom.proxy.hidden.gemini import GeminiShape
from headroom.proxy.hidden.raw import decode, encode, to_bytes, value
from headroom.proxy.splice.gemini import OUTPUT
from headroom.proxy.splice.leaks import leaks
from headroom.proxy.splice.rounds import ODD, Again, CutError, Done, Job, Rounds
from headroom.wire.body import AddKey, Body, Change, Format, SetRaw

_SHAPES: Final[dict[Format, Shape]] = {"anthropic": AnthropicShape(), "chat": ChatShape(), "gemini": GeminiShape()}
_TURN: Final[dict[Format, Path]] = {
    "anthropic": (),
    "chat": ("choices", 0, "message"),
    "gemini": ("candidates", 0, "content"),
}
"""Where an answer holds what the model said."""
_REASON: Final[dict[Format, Path]] = {
    "anthropic": ("stop_reason",),
    "chat": ("choices", 0, "finish_reason"),
    "gemini": ("candidates", 0, "finishReason"),
}
_FOR_TOOLS: Final = ("tool_use", "tool_calls", "stop", "STOP")
_OUTPUT: Final[dict[Format, tuple[str, tuple[str, ...], str]]] = {
    "anthropic": ("usage", ("output_tokens",), ""),
    "chat": ("usage", ("completion_tokens",), "total_tokens"),
    "gemini": ("usageMetadata", OUTPUT, "totalTokenCount"),
}
"""Where the output is counted, and the total that holds it."""


class Whole:
    """One answer to the client; fed and finished as `Streamed` is."""

    def __init__(self, job: Job) -> None:
        """Nothing has come yet."""
        self.rounds = Rounds(job, _SHAPES[job.format])
        self._data: list[bytes] = []
        self._before: dict[str, int] = {}

    def feed(self, chunk: bytes) -> bytes:
        """Keep the bytes: the length of the answer is not known before its end."""
        self._data.append(chunk)
        return b""

    def finish(self) -> Done | Again:
        """The provider's answer is whole.

        Raises:
            CutError: a later round is no answer.
        """
        data, self._data = b"".join(self._data), []
        job = self.rounds.job
        later = bool(self.rounds.taken)
        concluded = bool(job.tool) and (later or job.place.spliced or job.tool.encode() in data)
        if not concluded and not (job.known and b"h:" in data):
            return Done(data)
        try:
            return self._finished(data, concluded)
        except ODD as error:
            if self.rounds.taken:
                raise CutError("a hidden round is no answer, or has a shape nobody knows") from error
            return Done(data)

    def _finished(self, data: bytes, concluded: bool) -> Done | Again:
        format_ = self.rounds.job.format
        later = bool(self.rounds.taken)
        body = Body(data, format_)
        pieces = self.rounds.shape.pieces(body, _TURN[format_])
        found = leaks(pieces, self.rounds.job.known)
        if not concluded:
            return Done(data, leaks=found)
        reason = value(body, _REASON[format_])
        if later and reason is None:
            raise CutError("a hidden round ended in an error")
        verdict = self.rounds.conclude(pieces, reason in _FOR_TOOLS)
        if isinstance(verdict, Again):
            for key, count in self._counts(body):
                self._before[key] = self._before.get(key, 0) + count
            return replace(verdict, leaks=found)
        hidden = later or any(piece.kind == "own" for piece in pieces)
        return replace(verdict, data=body.edited(self._merged(body)) if hidden else data, leaks=found)

    def _counts(self, body: Body) -> list[tuple[str, int]]:
        usage, keys, _ = _OUTPUT[self.rounds.job.format]
        found = [(key, value(body, (usage, key))) for key in keys]
        return [(key, count) for key, count in found if isinstance(count, int)]

    def _merged(self, body: Body) -> list[Change]:
        """The changes that make the last round's answer the whole one."""
        format_ = self.rounds.job.format
        said = [piece for one in self.rounds.taken for piece in one.pieces if piece.kind != "own"]
        changes = _told(format_, body, said)
        if self.rounds.stopped_for_us and format_ != "gemini":
            changes.append(SetRaw(_REASON[format_], b'"end_turn"' if format_ == "anthropic" else b'"stop"'))
        usage, _, total = _OUTPUT[format_]
        counts = [
            (key, count + self._before[key], self._before[key])
            for key, count in self._counts(body)
            if key in self._before
        ]
        changes += [AddKey((usage,), key, b"%d" % count) for key, count, _ in counts]
        whole = value(body, (usage, total)) if total else None
        if isinstance(whole, int) and counts:
            changes.append(AddKey((usage,), total, b"%d" % (whole + sum(before for _, _, before in counts))))
        return changes


def _told(format_: Format, body: Body, said: list[Piece]) -> list[Change]:
    """All that the client sees, in the envelope of the last answer."""
    parts = b"[" + b",".join(to_bytes(piece.raw) for piece in said) + b"]"
    turn = _TURN[format_]
    if format_ == "anthropic":
        members = {"content": parts}
    elif format_ == "gemini":
        members = {"parts": parts}
    else:
        members = _message(said)
    here = value(body, turn)
    if isinstance(here, dict):
        return [AddKey(turn, key, raw) for key, raw in members.items() if raw != b"null" or key in here]
    role = {"role": b'"model"' if format_ == "gemini" else b'"assistant"'}
    written = b",".join(encode(key) + b":" + member for key, member in (role | members).items())
    return [AddKey(turn[:-1], str(turn[-1]), b"{" + written + b"}")]


def _message(said: list[Piece]) -> dict[str, bytes]:
    """The members of a chat message: texts, and other members that are text, one after another."""
    texts: dict[str, str] = {"content": ""}
    for piece in said:
        for key, member in decode(piece.raw).items() if piece.kind in ("text", "other") else ():
            if isinstance(member, str):
                texts[key] = texts.get(key, "") + member
    calls = [to_bytes(piece.raw) for piece in said if piece.kind == "call"]
    members = {key: encode(text) if text else b"null" for key, text in texts.items()}
    return members | {"tool_calls": b"[" + b",".join(calls) + b"]" if calls else b"null"}
