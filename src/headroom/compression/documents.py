"""Documents inside what the user sent: only clearly delimited ones are compressed, every other word stays.

Delimited means a pair of tags that name a document (`<document>`, `<file>`, `<context>` ...), or a code fence. What is
inside goes to the router; text an agent may edit (source, prose) is nobody's, so it stays.
"""

from __future__ import annotations

import re

from headroom.compression.contract import Context

_DELIMITED = re.compile(
    r"(?P<open><(?P<tag>documents?|document_contents?|doc|file|file_contents?|context|attachment|chunk|passage|search_results?|tool_result|log|logs|output|data)\b[^>\n]{0,300}>)(?P<body>.*?)(?P<close></(?P=tag)>)"
    r"|(?P<fence>^(?P<ticks>```+|~~~+)[^\n]{0,60}\n)(?P<code>.*?)(?P<end>^(?P=ticks)[ \t]*$)",
    re.DOTALL | re.MULTILINE,
)
MAX_DEPTH = 3
"""Documents in `<documents>` in `<context>`: nobody nests deeper."""


def fold(text: str, context: Context, first_line: int = 1, depth: int = 0) -> tuple[str, bool]:
    """The text with its documents made shorter where they can be, and whether nothing is missing."""
    pieces, at, lossless = [], 0, True
    for match in _DELIMITED.finditer(text):
        name = "body" if match["body"] is not None else "code"
        start, end = match.span(name)
        line = first_line + text.count("\n", 0, start)
        inner = match[name]
        routed = context.route(inner, line)
        if routed is not None:
            inner, lossless = routed.text, lossless and routed.lossless
        elif name == "body" and depth < MAX_DEPTH:
            inner, whole = fold(inner, context, line, depth + 1)
            lossless = lossless and whole
        pieces += [text[at:start], inner]
        at = end
    return "".join(pieces) + text[at:], lossless
