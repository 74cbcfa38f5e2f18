"""Gemini contents: `{"role", "parts": […]}` in camelCase or snake_case, and google-genai's `Content` and `Part` objects.

Rules:
* A content may be a bare string or a bare part, as google-genai takes them: the user's turn.
* Every string in a `functionResponse`'s response is text of the result, whatever key it stands under.
* Results are found by id, else by the tool's name in the order of its calls.
* What the provider ran (code execution, its own tools) cannot be edited. Thoughts hold no text for us.
"""

from __future__ import annotations

from typing import Final

from headroom.blocks import Path, Role
from headroom.wire.access import elements, get, has, leaves
from headroom.wire.reading import Reading, Result, made

_ROLES: Final[dict[object, Role]] = {
    None: "user",
    "": "user",
    "user": "user",
    "function": "user",
    "tool": "user",
    "model": "assistant",
    "system": "system",
}
_BARE = ("text", "functionResponse", "function_response", "functionCall", "function_call", "inlineData", "inline_data")


def claims(message: object) -> bool:
    """Whether a message has this shape and no other."""
    if isinstance(message, str) or has(message, "parts"):
        return True
    if get(message, "role") is not None or get(message, "content") is not None or get(message, "type") is not None:
        return False
    return any(get(message, key) is not None for key in _BARE)


def read(message: object, index: int, reading: Reading) -> None:
    """Add the texts of one content."""
    if isinstance(message, str):
        reading.text((index,), message, "user", editable=True)
        return
    if not has(message, "parts"):
        _part(reading, (index,), message, "user")
        return
    role, parts = get(message, "role"), get(message, "parts")
    known = _ROLES.get(role) if role is None or isinstance(role, str) else None
    if known is None or not (parts is None or isinstance(parts, (list, tuple))):
        reading.fail(index, "a content whose role is not known or whose parts are not a list")
        return
    for place, part in enumerate(elements(parts)):
        _part(reading, (index, "parts", place), part, known)


def _either(value: object, camel: str, snake: str) -> tuple[str, object]:
    """The spelling that is there, and what stands under it."""
    found = get(value, camel)
    return (camel, found) if found is not None else (snake, get(value, snake))


def _part(reading: Reading, path: Path, part: object, role: Role) -> None:
    text = get(part, "text")
    if text and isinstance(text, str):
        if get(part, "thought") is not True:
            reading.text((*path, "text"), text, role, editable=role == "user")
        return
    key, response = _either(part, "functionResponse", "function_response")
    if response is not None:
        _function_response(reading, (*path, key), response)
        return
    key, call = _either(part, "functionCall", "function_call")
    if call is not None:
        arguments = get(call, "args")
        reading.call(made(get(call, "id"), get(call, "name"), arguments), arguments, (*path, key, "args"))
        return
    reading.picture(path, part, role)
    _provider_part(reading, path, part)


def _function_response(reading: Reading, path: Path, answer: object) -> None:
    origin = reading.next_origin(get(answer, "id"), get(answer, "name"))
    response = get(answer, "response")
    result = Result(origin, bool(get(response, "error")))
    for where, text in leaves(response, (*path, "response")):
        reading.result(where, text, result)
    for place, part in enumerate(elements(get(answer, "parts"))):
        reading.picture((*path, "parts", place), part, "result", result, textual=False)


def _provider_part(reading: Reading, path: Path, part: object) -> None:
    """Code that the provider ran for the model, and what its own tools returned."""
    key, program = _either(part, "executableCode", "executable_code")
    if program is not None:
        code = get(program, "code")
        reading.call(made(get(program, "id"), "code_execution", code, "server"), code, (*path, key, "code"))
        return
    key, outcome = _either(part, "codeExecutionResult", "code_execution_result")
    if outcome is not None:
        origin = reading.next_origin(get(outcome, "id"), "code_execution")
        reading.result((*path, key, "output"), get(outcome, "output"), Result(origin, editable=False))
        return
    key, answer = _either(part, "toolResponse", "tool_response")
    for where, text in leaves(get(answer, "response"), (*path, key, "response")):
        reading.result(where, text, Result(None, editable=False))
