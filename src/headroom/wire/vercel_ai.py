"""The Vercel AI SDK: `ModelMessage`, what a language model is handed (`LanguageModelV2Prompt` and later), `UIMessage`.

    {"role": "tool", "content": [{"type": "tool-result", "toolCallId", "toolName", "output": {"type": "text", "value"}}]}
    {"role": "assistant", "parts": [{"type": "tool-bash", "toolCallId", "state": "output-available", "input", "output"}]}

Rules:
* A message is of this shape when a part of it is a tool's, or when typed parts stand under `parts`. Any other
  `{"role", "content"}` is read as Anthropic's, which gives the same blocks.
* Of a result that is no string, every string among its values is a text of its own: the tool's types stay what they were.
* What the provider ran itself stands in the assistant's message, or is marked; it cannot be edited. A `UIMessage` holds
  both, the calls and what the client's tools gave back, in the assistant's message.
* The names of before version 5 (`args`, `result`, `isError`) are read too.
"""

from __future__ import annotations

from typing import Final

from headroom.blocks import Path, Role
from headroom.wire.access import elements, get, has, leaves
from headroom.wire.reading import Reading, Result, Runner, made

_ROLES: Final[dict[object, Role]] = {"user": "user", "assistant": "assistant", "system": "system", "tool": "user"}
_OWN_PARTS = ("tool-call", "tool-result", "tool-approval-request", "tool-approval-response")
_UI_TOOL = "tool-"
_ANY_UI_TOOL = "dynamic-tool"
_ERRORS = ("error-text", "error-json")
_GIVEN = ("text", "json", *_ERRORS)
"""Types of output whose `value` is what the tool returned."""


def claims(message: object) -> bool:
    """Whether a message has this shape and no other."""
    role = get(message, "role")
    if not isinstance(role, str) or role not in _ROLES:
        return False
    if has(message, "parts"):
        return any(isinstance(get(part, "type"), str) for part in elements(get(message, "parts")))
    return any(get(part, "type") in _OWN_PARTS for part in elements(get(message, "content")))


def read(message: object, index: int, reading: Reading) -> None:
    """Add the texts of one message."""
    role = _ROLES[get(message, "role")]
    if has(message, "parts"):
        for place, part in enumerate(elements(get(message, "parts"))):
            _ui_part(reading, (index, "parts", place), part, role)
        return
    for place, part in enumerate(elements(get(message, "content"))):
        _part(reading, (index, "content", place), part, role)


def _part(reading: Reading, path: Path, part: object, role: Role) -> None:
    kind = get(part, "type")
    if kind == "text":
        reading.text((*path, "text"), get(part, "text"), role, editable=role == "user")
    elif kind == "tool-call":
        _call(reading, path, part, get(part, "toolName"))
    elif kind == "tool-result":
        _result(reading, path, part, editable=role != "assistant")


def _call(reading: Reading, path: Path, part: object, name: object) -> None:
    key = "input" if get(part, "input") is not None else "args"
    arguments = get(part, key)
    runner: Runner = "server" if get(part, "providerExecuted") is True else "client"
    reading.call(made(get(part, "toolCallId"), name, arguments, runner), arguments, (*path, key))


def _result(reading: Reading, path: Path, part: object, *, editable: bool) -> None:
    origin = reading.origin(get(part, "toolCallId"), get(part, "toolName"))
    output = get(part, "output")
    kind = get(output, "type")
    result = Result(origin, kind in _ERRORS or get(part, "isError") is True, editable)
    if output is None:
        _values(reading, (*path, "result"), get(part, "result"), result)
    elif kind in _GIVEN:
        _values(reading, (*path, "output", "value"), get(output, "value"), result)
    elif kind == "content":
        for place, inner in enumerate(elements(get(output, "value"))):
            if get(inner, "type") == "text":
                reading.result((*path, "output", "value", place, "text"), get(inner, "text"), result)


def _values(reading: Reading, path: Path, value: object, result: Result) -> None:
    for where, text in leaves(value, path):
        reading.result(where, text, result)


def _ui_part(reading: Reading, path: Path, part: object, role: Role) -> None:
    kind = get(part, "type")
    if kind == "text":
        reading.text((*path, "text"), get(part, "text"), role, editable=role == "user")
    elif isinstance(kind, str) and (kind == _ANY_UI_TOOL or kind.startswith(_UI_TOOL)):
        name = get(part, "toolName") if kind == _ANY_UI_TOOL else kind[len(_UI_TOOL) :]
        _call(reading, path, part, name)
        result = Result(reading.origin(get(part, "toolCallId"), name))
        if get(part, "state") == "output-error":
            reading.result((*path, "errorText"), get(part, "errorText"), result._replace(is_error=True))
        else:
            _values(reading, (*path, "output"), get(part, "output"), result)
