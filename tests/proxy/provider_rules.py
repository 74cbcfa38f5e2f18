"""What providers refuse, and what they compare to tell whether a conversation is still the same.

Rules:
* `canonical` is what a provider sees of a message: `cache_control` taken off, a string equal to one text block.
* A signature seals everything before the turn it stands in: system prompt, tools, messages. So a request whose history was
  changed after a turn was signed breaks a seal, which is what providers answer "bound to a different conversation" to.
"""

import base64
import json
from hashlib import sha256

LISTS = {"anthropic": "messages", "chat": "messages", "responses": "input", "gemini": "contents"}
"""Where each format has its messages."""

MOST_MARKS = 4
UNSEALED = frozenset(
    {base64.b64encode(b"skip_thought_signature_validator").decode(), "skip_thought_signature_validator"}
)
"""What Google lets clients put where a call has no signature: pydantic-ai does."""


def messages_of(form, body):
    """The messages of a request as a list."""
    found = body.get(LISTS[form])
    return found if isinstance(found, list) else [{"role": "user", "content": found}]


def canonical(value):
    """A message, or any part of a request, as a provider sees it."""
    if isinstance(value, list):
        return [canonical(part) for part in value]
    if not isinstance(value, dict):
        return value
    seen = {key: canonical(part) for key, part in value.items() if key != "cache_control"}
    content = seen.get("content")
    if isinstance(content, list) and len(content) == 1 and set(content[0]) == {"type", "text"}:
        seen["content"] = content[0]["text"]
    return seen


def prompt(form, body):
    """System prompt and tools, canonical."""
    keys = {"anthropic": ("system", "tools"), "gemini": ("systemInstruction", "tools")}
    return [canonical(body.get(key)) for key in keys.get(form, ("instructions", "tools"))]


def history(form, body):
    """The messages, canonical."""
    return [canonical(message) for message in messages_of(form, body)]


def seal(form, body, count):
    """The signature of thinking that stands after the first `count` messages; base64 of either alphabet."""
    whole = json.dumps([prompt(form, body), history(form, body)[:count]], sort_keys=True)
    return "sealed00" + sha256(whole.encode()).hexdigest()


def problems(form, body):
    """Which rules a request breaks, in words of the provider."""
    return [*CHECKS[form](body), *_seals(form, body), *_names(body)]


def _names(body):
    """Names of tools are unique."""
    listed = body.get("tools") or []
    names = [tool.get("name") or tool.get("function", {}).get("name") for tool in listed]
    named = [name for name in names if name]
    return ["tools: Tool names must be unique."] if len(set(named)) < len(named) else []


def _seals(form, body):
    """Signed thinking stands where it was thought."""
    found = []
    listed = messages_of(form, body)
    run = 0
    for at, message in enumerate(listed):
        # What one answer brought is one turn: in Responses it is several items, all sealed over what came before them.
        run = at if form != "responses" or _is_given(message) or not at or _is_given(listed[at - 1]) else run
        broken = [mark for mark in _signatures(message) if mark not in UNSEALED and mark != seal(form, body, run)]
        if broken:
            found.append(f"messages.{at}: this signature is bound to a different conversation")
    return found


def _is_given(item):
    """Whether an item of Responses came from the client, not from the model."""
    return item.get("role") in ("user", "developer", "system") or str(item.get("type", "")).endswith("_output")


def _signatures(message):
    if message.get("type") == "reasoning":
        return [message["encrypted_content"]]
    content = message.get("content") if isinstance(message.get("content"), list) else message.get("parts") or []
    keys = ("signature", "thoughtSignature")
    return [part[key] for part in content for key in keys if isinstance(part, dict) and key in part]


def _blocks(message):
    content = message.get("content")
    return content if isinstance(content, list) else []


def _anthropic(body):
    found = []
    asked = []
    for at, message in enumerate(body["messages"]):
        blocks = _blocks(message)
        answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if message["role"] == "user":
            if missing := set(asked) - set(answered):
                found.append(f"messages.{at}: `tool_use` ids without `tool_result` blocks: {sorted(missing)}")
            if stray := set(answered) - set(asked):
                found.append(f"messages.{at}: unexpected `tool_use_id` in `tool_result`: {sorted(stray)}")
            kinds = [block["type"] == "tool_result" for block in blocks]
            if asked and kinds != sorted(kinds, reverse=True):
                found.append(f"messages.{at}: `tool_result` blocks must come first")
        if message["role"] != "system":
            asked = [block["id"] for block in blocks if block["type"] == "tool_use"]
        if any(block["type"] == "text" and not block["text"] for block in blocks) or message.get("content") == "":
            found.append(f"messages.{at}: text content blocks must be non-empty")
    if asked:
        found.append("the last turn asks for tools: nothing is left to say")
    return found + _marks(body)


def _marks(body):
    """Cache breakpoints: how many, in which order, and on what."""
    marked = [part for part in _markable(body) if isinstance(part, dict) and part.get("cache_control")]
    found = []
    if len(marked) + bool(body.get("cache_control")) > MOST_MARKS:
        found.append(f"A maximum of {MOST_MARKS} blocks with cache_control may be provided. Found {len(marked)}.")
    lifetimes = [part["cache_control"].get("ttl", "5m") for part in marked]
    if lifetimes != sorted(lifetimes):
        found.append("a ttl='1h' cache_control block must not come after a ttl='5m' one")
    if any(part.get("type") in ("thinking", "redacted_thinking") or part.get("text") == "" for part in marked):
        found.append("cache_control cannot be set for thinking or empty text blocks")
    return found


def _markable(body):
    yield from body.get("tools") or []
    yield from body["system"] if isinstance(body.get("system"), list) else []
    for message in body["messages"]:
        for block in _blocks(message):
            yield block
            yield from block["content"] if isinstance(block.get("content"), list) else []


def _chat(body):
    found = []
    asked = set()
    for at, message in enumerate(body["messages"]):
        if message["role"] == "tool":
            if message["tool_call_id"] not in asked:
                found.append(f"messages.{at}: role 'tool' must be a response to a preceding 'tool_calls'")
            asked.discard(message["tool_call_id"])
        else:
            if asked:
                found.append(f"messages.{at}: tool_call_ids did not have response messages: {sorted(asked)}")
            asked = {call["id"] for call in message.get("tool_calls") or ()}
    return found


def _responses(body):
    listed = messages_of("responses", body)
    asked = {item["call_id"] for item in listed if item.get("type") in ("function_call", "custom_tool_call")}
    answered = {item["call_id"] for item in listed if str(item.get("type")).endswith("_call_output")}
    stray = [] if body.get("previous_response_id") else sorted(answered - asked)
    found = [f"No tool call found for function call output with call_id {id_}." for id_ in stray]
    return found + [f"No tool output found for function call {id_}." for id_ in sorted(asked - answered)]


def _gemini(body):
    found = []
    asked = 0
    for at, content in enumerate(body["contents"]):
        parts = content.get("parts") or []
        answered = sum("functionResponse" in part or "function_response" in part for part in parts)
        if content.get("role") != "model":
            if answered != asked:
                found.append(f"contents.{at}: function response parts must equal function call parts of the call turn")
            asked = 0
        asked += sum(
            "functionCall" in part or "function_call" in part for part in parts
        )  # a turn may be several contents
    return found


CHECKS = {"anthropic": _anthropic, "chat": _chat, "responses": _responses, "gemini": _gemini}
