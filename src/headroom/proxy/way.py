"""Which way a conversation's model asks for an original: told by its first request, and by nothing else.

    mcp     the client has our MCP tool, listed or (in what its system text says) to be loaded on demand
    file    the user asked for it, and the client has a tool that reads files on this machine
    proxy   our own tool, declared and answered by the proxy; the client never sees it
    none    nobody can ask: only what can be read back in place is compressed

Rules:
* The caller stores the way under `conversation_key` at the first request that `settles` it, and asks `holds` afterwards:
  the tool is in every request of a conversation that carries tools, or in none.
* `proxy` needs everything it rests on: the whole history in the request, an API key rather than a subscription, tools,
  a free choice among them, one candidate, no reasoning that the provider signs (unless the user chose `proxy`), and no
  other tool of that name. Where one is missing the way is `none`.
* Never `proxy` for the Responses format: its items are kept by the provider, and its reasoning is encrypted.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from headroom import wire
from headroom.blocks import Block
from headroom.compression import cache
from headroom.originals import retrieval
from headroom.originals.declaration import ABOUT
from headroom.proxy.options import Retrieve
from headroom.wire.access import elements, get
from headroom.wire.body import Body, Change, Format, Insert

__all__ = ["Request", "Way", "choose", "conversation_key", "holds", "offer", "settles"]

Way = Literal["mcp", "file", "proxy", "none"]

_KEPT_BY_PROVIDER: Final = ("previous_response_id", "conversation", "background", "cachedContent", "cached_content")
"""Keys of a request whose history stands elsewhere, or whose answer is fetched elsewhere."""
_SIGNED: Final = frozenset(
    {"thinking", "redacted_thinking", "reasoning", "thoughtSignature", "thought_signature", "thinking_blocks"}
    | {"reasoning_details", "extra_content", "encrypted_content"}
)
"""Types and keys of reasoning that a provider checks when it comes back; gateways to Gemini and Anthropic put it beside
chat messages."""
_SUBSCRIPTION = re.compile(r"(?i)bearer\s+(?:sk-ant-oat|gh[opsu]_|tid=)")
"""Tokens of a signed-in person: Claude, GitHub Copilot."""
_THINKS: Final = re.compile(r"gemini-(?:2\.5|[3-9]|\d\d|(?:flash|pro)\b)")
"""Gemini models that think, and sign it, unless told not to. Checked with Google's model list of November 2026."""
_LOADED_LATER = re.compile(rf"^(?:[\w-]+, )*mcp__[\w-]+__{retrieval.TOOL}\b", re.MULTILINE)
"""How Claude Code's system text names tools that a search loads: lines of nothing but names. An agent's list of tools is none."""
_SERVER_LATER = re.compile(rf"^- mcp__[\w-]+: {re.escape(ABOUT)}", re.MULTILINE)
"""How Codex's developer text names servers whose tools a search loads: with what the server says of itself, shortened."""
_LISTED_LATER: Final[Mapping[Format, tuple[re.Pattern[str], tuple[str, ...]]]] = {
    "anthropic": (_LOADED_LATER, ("system",)),
    "responses": (_SERVER_LATER, ("developer", "system")),
}
"""How such a list reads, and in whose messages it stands; what a user or a tool says is no list."""
_READS = re.compile(r"(?i)(?:^|[^a-z])(?:bash|shell|exec|terminal|command|cmd|read|cat|view|open)(?:[^a-z]|$)|readfile")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Request:
    """What the choice is made by."""

    body: Body
    format: Format
    headers: Mapping[str, str]
    """Names in lower case."""
    model: str = ""
    """From the path, where the body does not name it."""


def choose(request: Request, retrieve: Retrieve, seen_from_start: bool) -> Way:
    """The way for a conversation, by its first request.

    Args:
        request: as it came.
        retrieve: what the user allows; `auto`: mcp, else proxy.
        seen_from_start: no model had answered in this conversation before the proxy saw it.
    """
    names = list(_names(request))
    if retrieve == "none":
        return "none"
    if retrieve == "file":
        return "file" if any(_reads(name) for name in names) else "none"
    if any(retrieval.is_named(name) for name in names) or _loaded_later(request):
        return "mcp"
    free = seen_from_start and _free_choice(request) and (retrieve == "proxy" or not _signed(request))
    return "proxy" if retrieve != "mcp" and free and holds("proxy", request) else "none"


def settles(request: Request) -> bool:
    """Whether this request decides for its conversation: titles and summaries, asked without tools, do not."""
    return bool(elements(request.body.value.get("tools"))) or any(_names(request))


def holds(way: Way, request: Request) -> bool:
    """Whether a later request of a conversation can still go the stored way.

    Where not, it goes without the tool and the hidden turns, and nothing new is left out: a subscription's token, a history
    kept elsewhere or several candidates rule our own tool out whatever was stored. The others rest on the client's tools:
    another conversation that begins alike may have none of them.
    """
    names = list(_names(request))
    if way == "mcp":
        return not names or any(map(retrieval.is_named, names)) or _loaded_later(request)
    if way == "file":
        return not names or any(map(_reads, names))
    if way == "none":
        return True
    value = request.body.value
    return (
        request.format != "responses"
        and offer(request.body, request.format) is not None
        and not any(retrieval.is_named(name) for name in names)
        and not any(value.get(key) for key in _KEPT_BY_PROVIDER)
        and value.get("store") is not True
        and _candidates(request) == 1
        and not _subscription(request.headers)
    )


def offer(body: Body, format: Format) -> Change | None:  # noqa: A002 - what every caller calls it
    """The change that declares our tool, after the client's own; `None` where the request declares none."""
    tools = body.value.get("tools")
    if not isinstance(tools, list) or not tools:
        return None
    raw = retrieval.declaration(format)
    if format != "gemini":
        return Insert(("tools",), len(tools), raw)
    for at, tool in enumerate(tools):  # several tools with functions are refused by some of Google's endpoints
        for key in ("functionDeclarations", "function_declarations"):
            functions = get(tool, key)
            if isinstance(functions, list) and functions:
                return Insert(("tools", at, key), len(functions), raw)
    return None


def conversation_key(body: Body, blocks: Sequence[Block], keys: Sequence[str], agent: str) -> str:
    """What a conversation's way is stored under: its messages up to the first answer, and the client's agent.

    Args:
        body: any request of the conversation.
        blocks: what `wire.read` finds in its messages, in their order.
        keys: of the blocks (`cache.keys`): each holds all the blocks before it.
        agent: the client's name for a sub-agent, empty where it has none.
    """
    first = next((at for at, message in enumerate(body.messages) if wire.answered([message])), len(body.messages))
    before = bisect_left(blocks, first, key=lambda block: int(block.path[0]))
    return cache.digest(f"{keys[before - 1] if before else ''}\n{agent}")


def _names(request: Request) -> Iterator[str]:
    """The names of every tool the request declares, those of namespaces with it in front."""
    yield from _declared(request.body.value.get("tools"), "")
    if request.format == "responses":
        for item in request.body.messages:
            if get(item, "type") in ("additional_tools", "tool_search_output"):
                yield from _declared(get(item, "tools"), "")


def _declared(tools: object, space: str) -> Iterator[str]:
    for tool in elements(tools):
        name = get(tool, "name")
        inner = [get(tool, key) for key in ("tools", "functionDeclarations", "function_declarations")]
        if any(inner):
            for each in inner:
                yield from _declared(each, f"{name}__" if isinstance(name, str) else "")
            continue
        for holder in (tool, get(tool, "function"), get(tool, "custom")):
            found = get(holder, "name")
            if isinstance(found, str):
                yield space + found


def _loaded_later(request: Request) -> bool:
    """Whether our MCP tool is among those the client loads on demand; only the client's own system text counts."""
    if request.format not in _LISTED_LATER:
        return False
    named, roles = _LISTED_LATER[request.format]
    messages = request.body.messages
    texts = [
        request.body.value.get("system"),
        *(get(each, "content") for each in messages if get(each, "role") in roles),
    ]
    parts = [part for text in texts for part in ([text] if isinstance(text, str) else elements(text))]
    return any(
        isinstance(text, str) and named.search(text)
        for text in (part if isinstance(part, str) else get(part, "text") for part in parts)
    )


def _reads(name: str) -> bool:
    return bool(_READS.search(_WORDS.sub("_", name)))


def _free_choice(request: Request) -> bool:
    """Whether the model may call any tool, or none."""
    value = request.body.value
    choice = value.get("tool_choice")
    if choice is not None and (get(choice, "type") or choice) != "auto":
        return False
    for key in ("toolConfig", "tool_config"):
        calling = get(value.get(key), "functionCallingConfig") or get(value.get(key), "function_calling_config")
        if get(calling, "mode") not in (None, "AUTO", "auto", "MODE_UNSPECIFIED"):
            return False
    return True


def _candidates(request: Request) -> object:
    value = request.body.value
    config = value.get("generationConfig") or value.get("generation_config")
    several = get(config, "candidateCount") or get(config, "candidate_count")
    return value.get("n") or several or 1


def _subscription(headers: Mapping[str, str]) -> bool:
    """Whether a person's subscription pays: such a token is for the client's own requests, as they are."""
    authorization = headers.get("authorization", "")
    if "oauth-" in headers.get("anthropic-beta", "") or "chatgpt-account-id" in headers:
        return True
    return bool(_SUBSCRIPTION.match(authorization)) or headers.get("x-api-key", "").startswith("sk-ant-oat")


def _signed(request: Request) -> bool:
    """Whether the model reasons, or has, in a way that the provider signs or encrypts."""
    value = request.body.value
    if request.format == "gemini":
        config = value.get("generationConfig") or value.get("generation_config")
        thinking = get(config, "thinkingConfig") or get(config, "thinking_config")
        budget = get(thinking, "thinkingBudget") if get(thinking, "thinkingBudget") is not None else None
        budget = get(thinking, "thinking_budget") if budget is None else budget
        model = request.model or str(value.get("model"))
        if budget != 0 and (thinking or _THINKS.search(model.lower())):
            return True
    elif any(_is_on(value.get(key)) for key in ("thinking", "reasoning")):
        return True
    return any(_holds_signed(message, 5) for message in request.body.messages if wire.answered([message]))


def _is_on(config: object) -> bool:
    return bool(config) and get(config, "type") != "disabled" and get(config, "enabled") is not False


def _holds_signed(value: object, depth: int) -> bool:
    """Whether a message holds signed reasoning: by the type or a key of it, or of what it holds."""
    if isinstance(value, dict):
        kind = value.get("type")
        if (isinstance(kind, str) and kind in _SIGNED) or any(value.get(key) for key in _SIGNED if key != "thinking"):
            return True
        inner: Sequence[Any] = list(value.values())
    else:
        inner = elements(value)
    return depth > 0 and any(_holds_signed(each, depth - 1) for each in inner if isinstance(each, (dict, list)))
