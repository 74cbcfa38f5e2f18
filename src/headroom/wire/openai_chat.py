"""OpenAI chat completions: tool messages, calls beside the content, and the SDK's `ChatCompletionMessage`.

Rules:
* A message is of this shape when something only this shape has is there: role `tool`, `function` or `developer`, or calls
  beside the content. Any other `{"role", "content"}` is read as Anthropic's, which gives the same blocks.
* Results are found by `tool_call_id`; those of the old `function_call`, which has no ids, by name and order.
"""

from __future__ import annotations

from typing import Final

from headroom.blocks import Path, Role
from headroom.wire.access import elements, get
from headroom.wire.reading import Reading, Result, made

_RESULT_ROLES = ("tool", "function")
_ROLES: Final[dict[object, Role]] = {
    "developer": "system",
    "system": "system",
    "user": "user",
    "assistant": "assistant",
}


def claims(message: object) -> bool:
    """Whether a message has this shape and no other."""
    role = get(message, "role")
    if not isinstance(role, str):
        return False
    if role in _RESULT_ROLES or role == "developer":
        return True
    return role in _ROLES and (get(message, "tool_calls") is not None or get(message, "function_call") is not None)


def read(message: object, index: int, reading: Reading) -> None:
    """Add the texts of one message."""
    role = get(message, "role")
    content = get(message, "content")
    if content is not None and not isinstance(content, (str, list, tuple)):
        reading.fail(index, f"content is a {type(content).__name__}, not a string or list")
        return
    if role in _RESULT_ROLES:
        find = reading.origin if role == "tool" else reading.next_origin
        result = Result(find(get(message, "tool_call_id"), get(message, "name")))
        for path, part in _parts(content, index):
            reading.result(path, part, result)
            reading.picture(path, part, "result", result)
        return
    for path, part in _parts(content, index):
        reading.text(path, part, _ROLES[role], editable=role == "user")
        reading.picture(path, part, _ROLES[role])
    for place, call in enumerate(elements(get(message, "tool_calls"))):
        _call(reading, (index, "tool_calls", place), call)
    function = get(message, "function_call")
    if function is not None:
        _function(reading, (index, "function_call", "arguments"), function, "")


def _parts(content: object, index: int) -> list[tuple[Path, object]]:
    """The texts of a message, and the parts that hold no text."""
    if isinstance(content, str):
        return [((index, "content"), content)]
    return [
        ((index, "content", at, "text"), get(part, "text"))
        if get(part, "type") == "text"
        else ((index, "content", at), part)
        for at, part in enumerate(elements(content))
        if not isinstance(part, str)
    ]


def _call(reading: Reading, path: Path, call: object) -> None:
    custom = get(call, "custom")
    if custom is None:
        _function(reading, (*path, "function", "arguments"), get(call, "function"), get(call, "id"))
    else:
        text = get(custom, "input")
        reading.call(made(get(call, "id"), get(custom, "name"), text), text, (*path, "custom", "input"))


def _function(reading: Reading, path: Path, function: object, call_id: object) -> None:
    arguments = get(function, "arguments")
    reading.call(made(call_id, get(function, "name"), arguments), arguments, path)
