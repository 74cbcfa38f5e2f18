"""What is known while a conversation is read from its start: the blocks so far, and the calls that results answer.

Rules:
* Only what came before is known, so that a block never depends on what follows it.
* A text is a block only where the model reads it. Results of calls made by a program (`caller` other than `direct`) go
  back to that program; thinking and encrypted content go to no one.
* What a model wrote into a call's arguments is text it has seen. It becomes one block for each longer string in them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from headroom.blocks import Block, Call, Failure, Path, Role
from headroom.wire import pictures
from headroom.wire.access import get, leaves

_MIN_ARGUMENT = 40
"""Characters from which a string among a call's arguments is a block: paths, patterns and flags are mostly shorter, and
a reference to so little would be longer than the text."""

_MEMORY_TOOL = "memory"
"""Anthropic's memory tool: its results are files that the model itself keeps and edits word by word."""

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

Runner = Literal["client", "server", "program"]
"""Who takes the result of a call: the client sends it to the model, the provider does, or a program consumes it."""


class Origin(NamedTuple):
    """A call that was made, and what may become of its result."""

    call: Call
    runner: Runner = "client"


class Result(NamedTuple):
    """What holds for every text of one tool result."""

    origin: Origin | None
    is_error: bool = False
    editable: bool = True


class Reading:
    """A conversation read up to some message."""

    __slots__ = ("_by_id", "_model", "_unanswered", "blocks", "failures")

    def __init__(self, model: str = "") -> None:
        """Nothing read yet; `model` is who reads it."""
        self._model = model
        self.blocks: list[Block] = []
        self.failures: list[Failure] = []
        self._by_id: dict[str, Origin] = {}
        self._unanswered: dict[str, list[Origin]] = {}

    def fail(self, index: int, reason: str) -> None:
        """Record a message that could not be understood; it goes out as it came in."""
        self.failures.append(Failure("wire", reason, (index,)))

    def text(self, path: Path, text: object, role: Role, *, editable: bool = False) -> None:
        """Add what someone said; anything but a non-empty string is no text."""
        if text and isinstance(text, str):
            self.blocks.append(Block(path, text, role, None, False, editable))

    def picture(
        self, path: Path, part: object, role: Role, result: Result | None = None, *, textual: bool = True
    ) -> None:
        """Add an image; one that does not stand in the part itself cannot be edited. Another part is none.

        Args:
            path: where the part stands.
            part: what may hold an image.
            role: who sent it.
            result: what holds for the tool result it is part of.
            textual: whether the place takes text as well.
        """
        origin = result.origin if result else None
        inline = pictures.url_of(part)
        url = inline or pictures.address_of(part)
        runner = origin.runner if origin else "client"
        if not url or runner == "program":
            return
        by_client = role in ("result", "user") and runner == "client"
        editable = bool(inline) and by_client and (result is None or result.editable)
        about = pictures.about(part, self._model, textual=textual)
        failed = result is not None and result.is_error
        self.blocks.append(Block(path, url, role, origin.call if origin else None, failed, editable, about))

    def boundary(self, path: Path) -> None:
        """Mark a place before which the provider may drop everything."""
        self.blocks.append(Block(path, "", "boundary"))

    def call(self, origin: Origin, arguments: object, path: Path) -> None:
        """Remember a call, so that its result is known by it, and show the longer texts in its arguments.

        Args:
            origin: the call.
            arguments: what the model wrote: a dict, or JSON or free text as a string.
            path: where the arguments stand. Inside a JSON string the path goes on by the keys of what it holds.
        """
        if origin.call.id:
            self._by_id[origin.call.id] = origin
        self._unanswered.setdefault(origin.call.name, []).append(origin)
        if origin.runner == "program":
            return
        if isinstance(arguments, str):
            if len(arguments) < _MIN_ARGUMENT:
                return
            arguments = _decoded(arguments)
        for place, leaf in leaves(arguments, path):
            if len(leaf) >= _MIN_ARGUMENT:
                self.blocks.append(Block(place, leaf, "call", origin.call))

    def origin(self, call_id: object, name: object = None) -> Origin | None:
        """The latest call with this id; without one, an origin of which only the name is known, if it is."""
        known = self._by_id.get(call_id) if isinstance(call_id, str) else None
        if known is None and name and isinstance(name, str):
            return Origin(Call(call_id if isinstance(call_id, str) else "", name, ""))
        return known

    def next_origin(self, call_id: object, name: object) -> Origin | None:
        """The call with this id, else the first call of this name that has no result yet (Gemini, old OpenAI)."""
        waiting = self._unanswered.get(name, []) if isinstance(name, str) else []
        known = self._by_id.get(call_id) if call_id and isinstance(call_id, str) else None
        if known is None and waiting:
            known = waiting[0]
        if known is not None and known in waiting:
            waiting.remove(known)
        return known or self.origin(call_id, name)

    def result(self, path: Path, text: object, result: Result) -> None:
        """Add what a tool returned, unless a program reads it and the model does not."""
        origin = result.origin
        runner = origin.runner if origin else "client"
        if not text or not isinstance(text, str) or runner == "program":
            return
        call = origin.call if origin else None
        editable = result.editable and runner == "client" and not (call and call.name == _MEMORY_TOOL)
        self.blocks.append(Block(path, text, "result", call, result.is_error, editable))


def made(call_id: object, name: object, arguments: object, runner: Runner = "client") -> Origin:
    """A call from its parts as they stand in a message.

    Args:
        call_id: the provider's id; empty where it has none.
        name: the tool.
        arguments: a dict, which becomes compact JSON, or a string, which stays as it is.
        runner: who takes the result.
    """
    known_id = call_id if isinstance(call_id, str) else ""
    return Origin(Call(known_id, name if isinstance(name, str) else "", _as_text(arguments)), runner)


def runner_of(value: object, default: Runner = "client") -> Runner:
    """Who takes a result, by the `caller` of its call or of itself: a missing one is the model."""
    caller = get(value, "caller")
    return default if caller is None or get(caller, "type") in ("direct", None) else "program"


def _as_text(arguments: object) -> str:
    """Arguments as JSON text; empty where they are none or cannot be written as JSON."""
    if isinstance(arguments, str):
        return arguments
    if not isinstance(arguments, Mapping):
        return ""
    try:
        return _to_json(dict(arguments))
    except (TypeError, ValueError, RecursionError):
        return ""


def _decoded(arguments: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """What a JSON text holds; other text is itself."""
    if arguments[0] not in "{[":
        return arguments
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
