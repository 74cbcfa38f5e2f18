"""Anthropic messages: `{"role", "content": str | [blocks]}`, and the SDK's `Message` and block objects.

Rules:
* Blocks are told apart by `type`; one that is not known holds no text for us.
* The client's own tool results and what the user wrote can be edited. What the provider's tools returned, and what
  citations point into by offset, cannot.
* `{"role", "content"}` of other providers, where nothing tells them apart, is read here as well: it means the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from headroom.blocks import Path, Role
from headroom.wire.access import elements, get
from headroom.wire.reading import Reading, Result, made, runner_of

_ROLES: Final[dict[object, Role]] = {"user": "user", "assistant": "assistant", "system": "system"}

_IMAGES = ("image", "image_url")
"""Anthropic's own, and OpenAI's in messages that nothing else tells apart."""

_RESULT_TEXTS = ("text", "stdout", "stderr")
"""Keys of the texts in what the provider's tools return; `encrypted_…` and metadata are left out."""

_MAX_DEPTH = 5
"""A fetched document's text, the deepest the provider's tools return, stands three levels down."""


def claims(message: object) -> bool:
    """Whether a message has this shape."""
    role = get(message, "role")
    return isinstance(role, str) and role in _ROLES


def read(message: object, index: int, reading: Reading) -> None:
    """Add the texts of one message."""
    role = _ROLES[get(message, "role")]
    content = get(message, "content")
    if isinstance(content, str):
        reading.text((index, "content"), content, role, editable=role == "user")
    elif isinstance(content, (list, tuple)):
        for place, block in enumerate(content):
            _block(reading, (index, "content", place), block, role)
    elif content is not None or role != "assistant":
        reading.fail(index, f"content is a {type(content).__name__}, not a string or list")


def _block(reading: Reading, path: Path, block: object, role: Role) -> None:
    kind = get(block, "type")
    if not isinstance(kind, str):
        return
    if kind == "text":
        reading.text((*path, "text"), get(block, "text"), role, editable=role == "user")
    elif kind in _IMAGES:
        reading.picture(path, block, role)
    elif kind in _READERS:
        _READERS[kind](reading, path, block)
    elif kind.endswith("_tool_result"):
        _provider_result(reading, path, block)


def _tool_use(reading: Reading, path: Path, block: object) -> None:
    arguments = get(block, "input")
    origin = made(get(block, "id"), get(block, "name"), arguments, runner_of(block))
    reading.call(origin, arguments, (*path, "input"))


def _provider_tool_use(reading: Reading, path: Path, block: object) -> None:
    arguments = get(block, "input")
    origin = made(get(block, "id"), get(block, "name"), arguments, runner_of(block, "server"))
    reading.call(origin, arguments, (*path, "input"))


def _tool_result(reading: Reading, path: Path, block: object) -> None:
    result = Result(reading.origin(get(block, "tool_use_id")), get(block, "is_error") is True)
    content = get(block, "content")
    if isinstance(content, str):
        reading.result((*path, "content"), content, result)
        return
    for place, part in enumerate(elements(content)):
        here = (*path, "content", place)
        kind = get(part, "type")
        if kind == "text":
            reading.result((*here, "text"), get(part, "text"), result)
        elif kind in _IMAGES:
            reading.picture(here, part, "result", result)
        elif kind in ("search_result", "document"):
            for where, text in _cited(part, here):
                reading.result(where, text, result._replace(editable=not _has_citations(part)))


def _provider_result(reading: Reading, path: Path, block: object) -> None:
    origin = reading.origin(get(block, "tool_use_id"))
    result = Result(origin, get(block, "is_error") is True, editable=False)
    if runner_of(block) != "program":
        _provider_texts(reading, (*path, "content"), get(block, "content"), result)


def _provider_texts(reading: Reading, path: Path, content: object, result: Result) -> None:
    """Every text in what a tool of the provider returned: each tool nests it in its own way."""
    if isinstance(content, str):
        reading.result(path, content, result)
    elif len(path) < 3 + 2 * _MAX_DEPTH:
        for place, part in enumerate(elements(content)):
            _provider_texts(reading, (*path, place), part, result)
        for key in _RESULT_TEXTS:
            reading.result((*path, key), get(content, key), result)
        for where, text in _plain_source(content, path):
            reading.result(where, text, result)
        inner = get(content, "content")
        if inner is not None:
            _provider_texts(reading, (*path, "content"), inner, result)


def _attachment(reading: Reading, path: Path, block: object) -> None:
    """A document or search result that the user gave."""
    reading.text((*path, "context"), get(block, "context"), "user")
    for where, text in _cited(block, path):
        reading.text(where, text, "user", editable=not _has_citations(block))


def _cited(block: object, path: Path) -> list[tuple[Path, object]]:
    """The texts of a document or search result, which answers may cite."""
    return [*_plain_source(block, path), *_text_parts(get(block, "content"), (*path, "content"))]


def _plain_source(block: object, path: Path) -> list[tuple[Path, object]]:
    """The texts of a document's source; a file, an address or base64 is none."""
    source = get(block, "source")
    kind = get(source, "type")
    if kind == "text":
        return [((*path, "source", "data"), get(source, "data"))]
    if kind != "content":
        return []
    content = get(source, "content")
    where = (*path, "source", "content")
    return [(where, content)] if isinstance(content, str) else _text_parts(content, where)


def _text_parts(content: object, path: Path) -> list[tuple[Path, object]]:
    parts = enumerate(elements(content))
    return [((*path, place, "text"), get(part, "text")) for place, part in parts if get(part, "type") == "text"]


def _has_citations(block: object) -> bool:
    """Whether answers quote this block by offsets into the text as it was sent."""
    return bool(get(get(block, "citations"), "enabled"))


def _compaction(reading: Reading, path: Path, block: object) -> None:
    reading.boundary(path)
    reading.text((*path, "content"), get(block, "content"), "assistant")


_READERS: Final[dict[str, Callable[[Reading, Path, object], None]]] = {
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "server_tool_use": _provider_tool_use,
    "mcp_tool_use": _provider_tool_use,
    "document": _attachment,
    "search_result": _attachment,
    "compaction": _compaction,
}
