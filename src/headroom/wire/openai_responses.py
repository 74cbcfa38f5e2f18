"""OpenAI Responses items: `{"type": "function_call_output", …}` and their like, and the SDK's item objects.

Rules:
* Items are told apart by `type`. `{"role", "content"}` without one is an item too when its parts are `input_text` or
  `output_text`; with a plain string it is read as Anthropic's, which gives the same blocks.
* What the client ran can be edited; what the provider ran (MCP, code interpreter, hosted shell, file search) cannot.
* Reasoning, references and encrypted content hold no text for us. A compaction is a boundary.
* An item of an unknown type is a recorded failure: it may hold text that goes out uncompressed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from headroom.blocks import Path, Role
from headroom.wire.access import elements, get
from headroom.wire.reading import Reading, Result, Runner, made, runner_of

_ROLES: Final[dict[object, Role]] = {
    "user": "user",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
}
_TEXT_TYPES = ("input_text", "output_text", "text")
_OWN_PARTS = ("input_text", "output_text", "input_image", "input_file", "input_audio", "refusal")
_DEFAULT_NAMESPACE = "functions"
"""Where OpenAI puts tools that were declared without a namespace."""


def made_by_model(kind: str) -> bool:
    """Whether an item of this type is the model's own: a call, reasoning, a compaction; never a result or a declaration."""
    return kind.endswith("_call") or kind in _MADE_BY_MODEL


def claims(message: object) -> bool:
    """Whether a message has this shape and no other."""
    kind = get(message, "type")
    if isinstance(kind, str) and kind != "message":
        return kind in _READERS or kind in _SILENT or get(message, "role") is None
    parts = elements(get(message, "content"))
    if parts:
        return any(get(part, "type") in _OWN_PARTS for part in parts)
    # a reference may come without its type: nothing but an id
    return kind is None and get(message, "role") is None and isinstance(message, dict) and message.keys() == {"id"}


def read(message: object, index: int, reading: Reading) -> None:
    """Add the texts of one item."""
    kind = get(message, "type")
    if not isinstance(kind, str):
        _message(reading, index, message)
    elif kind in _READERS:
        _READERS[kind](reading, index, message)
    elif kind not in _SILENT:
        reading.fail(index, "an item of a type that is not known")


def _message(reading: Reading, index: int, item: object) -> None:
    role = get(item, "role")
    known = _ROLES.get(role) if isinstance(role, str) else None
    if known is None:
        if role is not None or get(item, "content") is not None:
            reading.fail(index, "a message item without a role that is known")
        return
    for path, part in _parts(get(item, "content"), (index, "content")):
        reading.text(path, part, known, editable=known == "user")
        reading.picture(path, part, known)


def _parts(content: object, path: Path) -> list[tuple[Path, object]]:
    """The texts of a message or a result, and the parts that hold no text."""
    if isinstance(content, str):
        return [(path, content)]
    return [
        ((*path, place, "text"), get(part, "text")) if get(part, "type") in _TEXT_TYPES else ((*path, place), part)
        for place, part in enumerate(elements(content))
        if not isinstance(part, str)
    ]


def _full_name(item: object) -> object:
    """A tool's name with its namespace in front: `mcp__db__query`."""
    name, namespace = get(item, "name"), get(item, "namespace")
    if not isinstance(name, str) or not namespace or not isinstance(namespace, str) or namespace == _DEFAULT_NAMESPACE:
        return name
    return f"{namespace}__{name}"


def _function_call(reading: Reading, index: int, item: object) -> None:
    arguments = get(item, "arguments")
    origin = made(get(item, "call_id"), _full_name(item), arguments, runner_of(item))
    reading.call(origin, arguments, (index, "arguments"))


def _custom_tool_call(reading: Reading, index: int, item: object) -> None:
    text = get(item, "input")
    origin = made(get(item, "call_id"), _full_name(item), text, runner_of(item))
    reading.call(origin, text, (index, "input"))


def _local_shell_call(reading: Reading, index: int, item: object) -> None:
    command = get(get(item, "action"), "command")
    origin = made(get(item, "call_id"), "local_shell", {"command": list(elements(command))})
    reading.call(origin, command, (index, "action", "command"))


def _shell_call(reading: Reading, index: int, item: object) -> None:
    commands = get(get(item, "action"), "commands")
    hosted: Runner = "client" if get(get(item, "environment"), "type") in (None, "local") else "server"
    origin = made(get(item, "call_id"), "shell", {"commands": list(elements(commands))}, runner_of(item, hosted))
    reading.call(origin, commands, (index, "action", "commands"))


def _apply_patch_call(reading: Reading, index: int, item: object) -> None:
    operation = get(item, "operation")
    arguments = {key: get(operation, key) for key in ("type", "path", "diff") if isinstance(get(operation, key), str)}
    origin = made(get(item, "call_id"), "apply_patch", arguments, runner_of(item))
    reading.call(origin, arguments, (index, "operation"))


def _output(reading: Reading, index: int, item: object) -> None:
    """The result of whatever the client ran: a string, a list of parts, or a shell's stdout and stderr."""
    if runner_of(item) == "program":
        return
    # local_shell_call_output carries the call's id as its own
    origin = reading.origin(get(item, "call_id") or get(item, "id"), _full_name(item))
    result = Result(origin, get(item, "status") == "failed")
    output = get(item, "output")
    for path, part in _parts(output, (index, "output")):
        reading.result(path, part, result)
        reading.picture(path, part, "result", result)
    for place, part in enumerate(elements(output)):
        for stream in ("stdout", "stderr"):
            reading.result((index, "output", place, stream), get(part, stream), result)


def _mcp_call(reading: Reading, index: int, item: object) -> None:
    arguments = get(item, "arguments")
    origin = made(get(item, "id"), get(item, "name"), arguments, "server")
    reading.call(origin, arguments, (index, "arguments"))
    reading.result((index, "output"), get(item, "output"), Result(origin, get(item, "error") is not None))


def _code_interpreter_call(reading: Reading, index: int, item: object) -> None:
    code = get(item, "code")
    origin = made(get(item, "id"), "code_interpreter", code, "server")
    reading.call(origin, code, (index, "code"))
    for place, part in enumerate(elements(get(item, "outputs"))):
        reading.result((index, "outputs", place, "logs"), get(part, "logs"), Result(origin))


def _file_search_call(reading: Reading, index: int, item: object) -> None:
    origin = made(get(item, "id"), "file_search", {"queries": list(elements(get(item, "queries")))}, "server")
    for place, part in enumerate(elements(get(item, "results"))):
        reading.result((index, "results", place, "text"), get(part, "text"), Result(origin))


def _program(reading: Reading, index: int, item: object) -> None:
    code = get(item, "code")
    reading.call(made(get(item, "call_id"), "program", code, "server"), code, (index, "code"))


def _program_output(reading: Reading, index: int, item: object) -> None:
    result = Result(reading.origin(get(item, "call_id")), editable=False)
    reading.result((index, "result"), get(item, "result"), result)


def _compaction(reading: Reading, index: int, _: object) -> None:
    reading.boundary((index,))


_READERS: Final[dict[str, Callable[[Reading, int, object], None]]] = {
    "message": _message,
    "function_call": _function_call,
    "function_call_output": _output,
    "custom_tool_call": _custom_tool_call,
    "custom_tool_call_output": _output,
    "local_shell_call": _local_shell_call,
    "local_shell_call_output": _output,
    "shell_call": _shell_call,
    "shell_call_output": _output,
    "apply_patch_call": _apply_patch_call,
    "apply_patch_call_output": _output,
    "mcp_call": _mcp_call,
    "code_interpreter_call": _code_interpreter_call,
    "file_search_call": _file_search_call,
    "program": _program,
    "program_output": _program_output,
    "compaction": _compaction,
    "compaction_summary": _compaction,
    "context_compaction": _compaction,
}

_SILENT = frozenset(
    {
        "additional_tools",
        "compaction_trigger",
        "computer_call",
        "computer_call_output",
        "configuration_update",
        "image_generation_call",
        "item_reference",
        "mcp_approval_request",
        "mcp_approval_response",
        "mcp_list_tools",
        "reasoning",
        "tool_search_call",
        "tool_search_output",
        "web_search_call",
    }
)
"""Items without text of ours: encrypted, images, references, tool declarations, or approvals."""

_MADE_BY_MODEL = frozenset({"reasoning", "program", "compaction", "mcp_approval_request", "mcp_list_tools"})
