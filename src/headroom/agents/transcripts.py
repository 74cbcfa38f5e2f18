"""Transcripts of coding agents, read as conversations in the shape of their provider's API.

* Claude Code (and its SDKs): JSON lines with `type` user or assistant and a `message`; an answer of several blocks is
  several lines with one `message.id`. A sub-agent's lines are marked as a side chain: in a file of its own they are the
  conversation, elsewhere they are left out. Other line types are the client's own bookkeeping.
* Codex: JSON lines `{timestamp, type, payload}`; `response_item` payloads are items of the Responses API.
* A JSON array of messages, or a request of an API (`messages`, `input` or `contents`).

Where the client compacted the conversation, a compaction block or item stands: what is before it is sent no more.
Nothing here writes: the files belong to the user.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

MAX_LINE = 64_000_000
"""Characters; a longer line is no message."""
_PROBE = 1_000_000
"""Bytes in which a transcript shows itself: a client's own first lines, long prompts among them, are shorter."""
_ROLES = frozenset({"user", "assistant", "system", "developer", "tool", "function", "model"})
_WORDS = ("content", "parts", "tool_calls", "function_call")
"""Keys of which a message has one; other records with a role have none."""
_NOT_SENT = frozenset({"ghost_snapshot", "other"})
"""Items that Codex keeps for itself."""


def read(path: Path) -> list[dict[str, Any]] | None:
    """The messages of a transcript, oldest first; `None` where the file is not one.

    Raises:
        OSError: the file cannot be read.
    """
    if path.suffix == ".json":
        return _request(path.read_bytes())
    return _messages(list(_objects(path.read_bytes().splitlines()))) if path.suffix == ".jsonl" else None


def is_transcript(path: Path) -> bool:
    """Whether a file of JSON lines opens as a transcript does; `False` also where it cannot be read."""
    try:
        with path.open("rb") as file:
            lines = file.read(_PROBE).splitlines()
    except OSError:
        return False
    return bool(_messages(list(_objects(lines))))


def _objects(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.startswith(b"{") and len(line) <= MAX_LINE:
            try:
                yield msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue  # a line cut off by a crash of the client


def _messages(lines: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    if any(line.get("type") == "response_item" and isinstance(line.get("payload"), dict) for line in lines):
        return _codex(lines)
    return _claude(lines) if any(map(_is_said, lines)) else None


def _request(data: bytes) -> list[dict[str, Any]] | None:
    if b'"role"' not in data and b'"type"' not in data:
        return None
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(value, dict):
        value = next(
            (value[key] for key in ("messages", "input", "contents") if isinstance(value.get(key), list)), None
        )
    if not isinstance(value, list) or not any(_is_message(item) for item in value):
        return None
    return value if all(isinstance(item, dict) and (_is_message(item) or "type" in item) for item in value) else None


def _is_message(item: object) -> bool:
    if not isinstance(item, dict) or not isinstance(item.get("role"), str):
        return False
    return item["role"] in _ROLES and any(key in item for key in _WORDS)


def _is_said(line: dict[str, Any]) -> bool:
    """Whether a line of Claude Code holds a message that was sent or received; what the client made up itself is neither."""
    message = line.get("message")
    if line.get("type") not in ("user", "assistant") or not isinstance(message, dict):
        return False
    return message.get("model") != "<synthetic>"


def _claude(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    said = [line for line in lines if _is_said(line)]
    main = [line for line in said if not line.get("isSidechain")]
    messages: list[dict[str, Any]] = []
    last_id = None
    for line in main or said:
        message = line["message"]
        content = message.get("content")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        if not isinstance(content, list) or not content:
            continue
        if line.get("isCompactSummary"):
            content = [{"type": "compaction"}, *content]
        role = message.get("role") or line["type"]
        if messages and messages[-1]["role"] == role and (role == "user" or message.get("id") == last_id):
            messages[-1]["content"].extend(content)
        else:
            messages.append({"role": role, "content": list(content)})
        last_id = message.get("id")
    return messages


def _codex(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for line in lines:
        payload = line.get("payload")
        if not isinstance(payload, dict):
            continue
        if line.get("type") == "compacted":
            kept = payload.get("replacement_history")
            items.append({"type": "compaction"})
            items += [item for item in kept if isinstance(item, dict)] if isinstance(kept, list) else []
        elif line.get("type") == "response_item" and payload.get("type") not in _NOT_SENT:
            items.append(payload)
    return items
