"""The tools as a client lists them: each a name, one line that says when to use it, a schema.

* None has an output schema: clients show structured results to the model as one escaped JSON string.
* `headroom_retrieve` is declared as the proxy declares it, which recognises it by its name.
* A client may load tools on demand and show no more than their names: the instructions stand in its system prompt then.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from headroom.originals import declaration

NAME: Final = "headroom"
"""Of the server, as clients register it: its tools become `mcp__headroom__headroom_retrieve` and the like."""
RETRIEVE: Final = declaration.TOOL
COMPRESS: Final = "headroom_compress"
STATS: Final = "headroom_stats"

_INSTRUCTIONS: Final = f"{declaration.ABOUT} to read it, all of it or just the lines, rows or matches you need."

_COMPRESS_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "description": "The file; either this or text"},
        "text": {"type": "string", "description": "The text; either this or path"},
        "kind": {
            "type": "string",
            "description": "What printed it, such as 'pytest -q' or 'git log', where that does not show",
        },
        "query": {"type": "string", "description": "What you are after: lines and rows that answer it stay"},
    },
}
_READS: Final = {"readOnlyHint": True, "openWorldHint": False}
"""Clients ask their user before a tool that may change something; none of these does."""

_TOOLS: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": RETRIEVE,
        "description": declaration.DESCRIPTION,
        "inputSchema": declaration.SCHEMA,
        "annotations": _READS,
    },
    {
        "name": COMPRESS,
        "description": (
            "Reads a long file or text in short: a log, JSON, CSV, test report, diff, search result or listing. Use it"
            " instead of reading such a file whole; what it leaves out has a handle for headroom_retrieve."
        ),
        "inputSchema": _COMPRESS_SCHEMA,
        "annotations": _READS,
    },
    {
        "name": STATS,
        "description": "Says what Headroom has saved, in tokens and money. Use it when the user asks for that.",
        "inputSchema": {"type": "object", "properties": {}},
        "annotations": _READS,
    },
)


class Offer(NamedTuple):
    """What a server offers its client."""

    instructions: str
    tools: tuple[dict[str, Any], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the tools."""
        return tuple(tool["name"] for tool in self.tools)


EVERYTHING: Final = Offer(
    f"{_INSTRUCTIONS} Call {COMPRESS} with a path to read a long log, JSON, CSV or test report in short.", _TOOLS
)
RETRIEVAL: Final = Offer(_INSTRUCTIONS, _TOOLS[:1])
"""The least that undoes what the proxy leaves out: a tool's declaration is in every request that its client makes."""
