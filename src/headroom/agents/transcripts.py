"""Transcripts of coding agents, read as conversations in Anthropic's shape.

* Claude Code (and its SDKs): JSON lines with `type` user or assistant and a `message`; an answer of several blocks is
  several lines with one `message.id`. Other line types are the client's own bookkeeping.
* Codex: JSON lines `{timestamp, type, payload}`; `response_item` payloads are items of the Responses API.
* A JSON array of messages, or an object with `messages`, as an API takes it.

Nothing here writes: the files belong to the user.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

MAX_LINE = 64_000_000
"""Characters; a longer line is no message."""


def read(path: Path) -> list[dict[str, Any]] | None:
    """The messages of a transcript, oldest first; `None` where the file is not one.

    Raises:
        OSError: the file cannot be read.
    """
    if path.suffix not in (".jsonl", ".json"):
        return None
    data = path.read_bytes()
    if path.suffix == ".json":
        return _array(data)
    lines = [line for line in _lines(data) if isinstance(line, dict)]
    if any(line.get("type") == "response_item" for line in lines):
        return _codex(lines)
    if any(line.get("type") in ("user", "assistant") and isinstance(line.get("message"), dict) for line in lines):
        return _claude(lines)
    return None


def _lines(data: bytes) -> Iterator[Any]:
    for line in data.splitlines():
        if line.startswith(b"{") and len(line) <= MAX_LINE:
            try:
                yield msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue  # a line cut off by a crash of the client


def _array(data: bytes) -> list[dict[str, Any]] | None:
    if b'"role"' not in data[:20_000]:
        return None
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(value, dict):
        value = value.get("messages")
    if isinstance(value, list) and value and all(isinstance(message, dict) for message in value):
        return value if any("role" in message for message in value) else None
    return None


def _claude(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    last_id = None
    for line in lines:
        message = line.get("message")
        if line.get("type") not in ("user", "assistant") or not isinstance(message, dict) or line.get("isSidechain"):
            continue
        content = message.get("content")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        if not isinstance(content, list) or not content:
            continue
        role = message.get("role") or line["type"]
        if messages and messages[-1]["role"] == role and (role == "user" or message.get("id") == last_id):
            messages[-1]["content"].extend(content)
        else:
            messages.append({"role": role, "content": list(content)})
        last_id = message.get("id")
    return messages


def _codex(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        line["payload"]
        for line in lines
        if line.get("type") == "response_item" and isinstance(line.get("payload"), dict)
    ]
