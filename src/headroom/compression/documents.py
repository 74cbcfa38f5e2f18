"""Documents inside what the user sent: only clearly delimited ones are compressed, every other word stays.

Delimited means a pair of tags that name a document (`<document>`, `<file>`, `<context>` ...), a code fence, or what
retrieval returned: what stands behind `Context:` or in numbered passages, up to a line that begins with `Question:`. What
is inside goes to the router; source that an agent may edit is nobody's, so it stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from headroom.compression import mixed
from headroom.compression.contract import Context

_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>documents?|document_contents?|doc|file|file_contents?|context|attachment|chunk|passage"
    r"|search_results?|tool_result|logs?|output|data)(?:\s[^<>\n]{0,300})?>"
)
_HEADED = re.compile(
    r"^[ \t]*(?:#{1,4} |\*\*)?(?:the )?(?:retrieved |search |relevant |following |supporting |provided |reference )*"
    r"(?:contexts?|passages?|documents?|sources?|results?|references|excerpts|snippets|knowledge|background)"
    r"(?: (?:passages|documents|information|results))?(?:\*\*)?:?(?:\*\*)?[ \t]*\n(?:[ \t]*\n)?(?=\[1\] |\(1\) |1[.)] |(?:document|passage|source|chunk) \[?#?1\b)",
    re.IGNORECASE | re.MULTILINE,
)
_LABELLED = re.compile(
    r"^[ \t]*(?:#{1,4} |\*\*)?(?:contexts?|passages?|documents?|sources?|article|story|paper|text|excerpts?)(?:\*\*)?:(?:\*\*)?\s+"
    r"|^(?=(?:document|passage|source|chunk) \[?#?1\]?\b)",
    re.IGNORECASE | re.MULTILINE,
)
"""What opens a document that a question's heading must close."""
_ASKS = re.compile(
    r"^[ \t]*(?:#{1,4} |\*\*)?(?:(?:user |my |the )?(?:question|query|task|instructions?|request|answer))(?:\*\*)?:",
    re.IGNORECASE | re.MULTILINE,
)
MAX_DEPTH = 4
"""Documents in `<documents>` in `<context>`: nobody nests deeper."""


@dataclass
class _Document:
    """A delimited part of a text: where its inside begins and ends, what it is called, and the parts in it."""

    start: int
    stop: int
    name: str = ""
    label: str = ""
    inside: list[_Document] = field(default_factory=list)


def fold(text: str, context: Context) -> tuple[str, bool]:
    """The text with its documents made shorter where they can be, and whether nothing is missing."""
    whole = _Document(0, len(text))
    whole.inside = _documents(text)
    return _folded(text, whole, context, context.first_line, 0)


def around(text: str) -> str:
    """What the user says around the documents: there the question stands."""
    pieces, at = [], 0
    for document in _documents(text):
        pieces.append(text[at : document.start])
        at = document.stop
    return "".join(pieces) + text[at:]


def _folded(text: str, document: _Document, context: Context, line: int, depth: int) -> tuple[str, bool]:
    pieces, at, lossless = [], document.start, True
    for inner in document.inside:
        line += text.count("\n", at, inner.start)
        said = text[inner.start : inner.stop]
        routed = context.route(said, line, inner.label)
        if routed is not None:
            said, whole = routed
        else:
            said, whole = _folded(text, inner, context, line, depth + 1) if depth < MAX_DEPTH else (said, True)
        lossless = lossless and whole
        pieces += [text[at : inner.start], said]
        line += text.count("\n", inner.start, inner.stop)
        at = inner.stop
    return "".join(pieces) + text[at : document.stop], lossless


def _documents(text: str) -> list[_Document]:
    """The outermost documents, each with those in it. A tag that is never closed is text."""
    top: list[_Document] = []
    opened: list[_Document] = []
    for start, stop, name, ends in _edges(text):
        if name.startswith("`"):
            (opened[-1].inside if opened else top).append(_Document(start, stop, label=name[1:]))
        elif not ends:
            opened.append(_Document(stop, stop, name))
        elif name in (document.name for document in opened):
            _close(opened, top, name, start)
    for document in opened:
        top += document.inside
    return top or _passages(text)


def _passages(text: str) -> list[_Document]:
    """Passages under a heading of their own, up to the question.

    Without a question's heading behind them nobody knows where they end, unless they are numbered and stand last.
    """
    headed = _HEADED.search(text) or _LABELLED.search(text)
    if headed is None:
        return []
    asks = _ASKS.search(text, headed.end())
    if asks is None and not (headed.re is _HEADED and _ASKS.search(text, 0, headed.start())):
        return []
    return [_Document(headed.end(), asks.start() if asks else len(text))]


def _close(opened: list[_Document], top: list[_Document], name: str, stop: int) -> None:
    """End the innermost document of a name; what was opened in it and never closed is text."""
    left: list[_Document] = []
    while (document := opened.pop()).name != name:
        left = document.inside + left
    document.stop = stop
    document.inside += left
    (opened[-1].inside if opened else top).append(document)


def _edges(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """Tags as (start, stop, name, whether they end), and the insides of fences, their label behind a backtick, in order."""
    islands = mixed.islands(text)
    at = 0
    for island in [*islands, None]:
        for tag in _TAG.finditer(text, at, island.start if island else len(text)):
            yield tag.start(), tag.end(), tag["name"], bool(tag["end"])
        if island:
            at = island.stop
            if not island.kept:
                yield island.first, island.last, f"`{island.label}", False
