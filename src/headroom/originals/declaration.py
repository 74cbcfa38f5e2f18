"""The tool by which a model asks for an original, as it is declared: one name, one line on when to use it, one schema.

Only the envelope differs by provider. What a call is answered stands in `retrieval`; this file imports next to nothing, so
that a program that only offers the tool starts at once.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # four letters of a type are not worth half of an MCP server's start
    from headroom.wire.body import Format

__all__ = ["ABOUT", "DESCRIPTION", "SCHEMA", "TOOL", "declaration", "is_named"]

TOOL: Final = "headroom_retrieve"
ABOUT: Final = (
    "A tool result may hold notes such as [41-388 omitted: 348 lines. Full text: h:3fa9c1d2e4b7] where text was left out."
    f" Call {TOOL} with that handle"
)
"""The first words that our MCP server says of itself: by them it is known where a client lists servers, not tools."""
DESCRIPTION: Final = (
    "Gives back text that was left out of a tool result. Use it when a note such as [41-388 omitted: 348 lines. Full text:"
    " h:3fa9c1d2e4b7] stands where you need the text; ask for the lines, rows or matches you need rather than for all."
)
SCHEMA: Final = {
    "type": "object",
    "properties": {
        "handle": {"type": "string", "description": "The 12 hex digits after h: in the note"},
        "lines": {"type": "string", "description": "Which lines: 41-388, 41-, -20 (the last 20) or 1-5,9"},
        "rows": {
            "type": "string",
            "description": "Which records of JSON, NDJSON or CSV: 3-10, or a condition such as status!=completed",
        },
        "grep": {"type": "string", "description": "A regular expression: matching lines, with their numbers"},
    },
    "required": ["handle"],
}

_NAMED = re.compile(rf"(?i)(?:^|[^a-z0-9]){TOOL}$")
"""Our tool as clients name an MCP server's: bare, or behind the server's name, joined as `mcp__headroom__headroom_retrieve`
(Claude Code, Codex, qwen), `mcp_headroom_…` (gemini, droid), `headroom__…` (cline), `headroom_…` (opencode), `headroom-…`
(Copilot)."""


def declaration(format: Format) -> bytes:  # noqa: A002 - what every caller calls it
    """The tool as JSON, as it stands in a request's list of tools.

    For Gemini it is a function declaration, which stands in the `functionDeclarations` of a tool.
    """
    if format == "anthropic":
        shape: dict[str, Any] = {"name": TOOL, "description": DESCRIPTION, "input_schema": SCHEMA}
    elif format == "chat":
        function = {"name": TOOL, "description": DESCRIPTION, "parameters": SCHEMA}
        shape = {"type": "function", "function": function}
    elif format == "responses":
        shape = {"type": "function", "name": TOOL, "description": DESCRIPTION, "parameters": SCHEMA}
    else:
        shape = {"name": TOOL, "description": DESCRIPTION, "parameters": SCHEMA}
    return json.dumps(shape, ensure_ascii=False, separators=(",", ":")).encode()


def is_named(name: object) -> bool:
    """Whether a tool's name is ours, bare or with the name of an MCP server in front."""
    return isinstance(name, str) and bool(_NAMED.search(name))
