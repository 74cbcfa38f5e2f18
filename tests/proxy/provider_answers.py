"""What a model says, in each provider's own words: JSON, server-sent events, and events for a websocket.

Rules:
* A `Turn` is the same in every format. Identifiers come from the turn and the request, never from chance, so the same
  request gets the same answer.
* Thinking is signed over the request it was thought in: `provider_rules.seal`.
* Usage is made from the size of the request: half of it read from the cache, a quarter written.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

import provider_rules as rules

SIZE_OF_DELTA = 12
"""Characters in one event of a stream."""


@dataclass(frozen=True)
class Turn:
    """What a model says in one answer."""

    text: str = ""
    calls: tuple = ()
    """`(id, name, arguments)` each; text for a tool of Responses that takes free text."""
    thinking: str = ""
    gates: tuple = ()
    """Where the stream waits: before its second event, its third, and so on."""


def format_of(path):
    """The format of a request that a model answers; `None` for anything else."""
    target = urlsplit(path).path
    for ending, form in (
        ("/messages", "anthropic"),
        (":rawPredict", "anthropic"),
        (":streamRawPredict", "anthropic"),
        ("/invoke", "anthropic"),
        ("/chat/completions", "chat"),
        ("/responses", "responses"),
        (":generateContent", "gemini"),
        (":streamGenerateContent", "gemini"),
    ):
        if target.endswith(ending):
            return form
    return None


def rendered(turn, form, seen):
    """The content type and the chunks of an answer."""
    body = seen.value
    streams = "stream" in seen.path if form == "gemini" else body.get("stream") is True
    mark = "msg_" + sha256(seen.plain).hexdigest()[:12]
    whole = WHOLE[form](turn, body, mark, len(seen.plain) // 4)
    if not streams:
        return "application/json", [json.dumps(whole).encode()]
    if form == "gemini" and "alt=sse" not in seen.path:
        pieces = [json.dumps(event) for event in EVENTS[form](whole)]
        chunks = [f"{',' if at else '['}{piece}\n".encode() for at, piece in enumerate(pieces)] + [b"]"]
        return "application/json", chunks
    chunks = list(framed(form, EVENTS[form](whole)))
    if form == "chat" and not (body.get("stream_options") or {}).get("include_usage"):
        chunks = [chunk for chunk in chunks if b'"usage": {' not in chunk]
    for at, gate in reversed(list(enumerate(turn.gates, 1))):
        chunks.insert(at, gate)
    return "text/event-stream; charset=utf-8", chunks


def framed(form, events):
    """Events as bytes on the wire, one chunk each."""
    for event in events:
        name = f"event: {event['type']}\n" if form in ("anthropic", "responses") else ""
        end = "\r\n\r\n" if form == "gemini" else "\n\n"
        yield f"{name}data: {json.dumps(event)}{end}".encode()
    if form == "chat":
        yield b"data: [DONE]\n\n"


def refusal(form, reason):
    """Headers and chunks of a 400."""
    error = {"type": "invalid_request_error", "message": reason, "status": "INVALID_ARGUMENT"}
    value = {"type": "error", "error": error} if form == "anthropic" else {"error": error}
    return {"content-type": "application/json"}, (json.dumps(value).encode(),)


def parts(text):
    """A text in the pieces a stream brings it in."""
    return [text[at : at + SIZE_OF_DELTA] for at in range(0, len(text), SIZE_OF_DELTA)] or [""]


def anthropic(turn, body, mark, size):
    """A message."""
    content = []
    if turn.thinking:
        content.append(
            {
                "type": "thinking",
                "thinking": turn.thinking,
                "signature": rules.seal("anthropic", body, len(body["messages"])),
            }
        )
    if turn.text:
        content.append({"type": "text", "text": turn.text})
    content += [
        {"type": "tool_use", "id": id_, "name": name, "input": arguments} for id_, name, arguments in turn.calls
    ]
    usage = {
        "input_tokens": size - size // 2 - size // 4,
        "cache_read_input_tokens": size // 2,
        "cache_creation_input_tokens": size // 4,
        "output_tokens": 7,
    }
    return {
        "id": mark,
        "type": "message",
        "role": "assistant",
        "model": body.get("model", "claude-sonnet-4-6"),
        "content": content,
        "stop_reason": "tool_use" if turn.calls else "end_turn",
        "stop_sequence": None,
        "usage": usage,
    }


def anthropic_events(whole):
    """A message as a stream."""
    yield {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None}}
    yield {"type": "ping"}
    for index, block in enumerate(whole["content"]):
        empty = {"text": "", "thinking": "", "signature": "", "input": {}}
        start = {key: empty.get(key, value) for key, value in block.items()}
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for delta in _anthropic_deltas(block):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ending = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": ending, "usage": whole["usage"]}
    yield {"type": "message_stop"}


def _anthropic_deltas(block):
    kind = block["type"]
    if kind == "text":
        yield from ({"type": "text_delta", "text": part} for part in parts(block["text"]))
    elif kind == "thinking":
        yield from ({"type": "thinking_delta", "thinking": part} for part in parts(block["thinking"]))
        yield {"type": "signature_delta", "signature": block["signature"]}
    else:
        given = parts(json.dumps(block["input"]))
        yield from ({"type": "input_json_delta", "partial_json": part} for part in given)


def chat(turn, body, mark, size):
    """A chat completion."""
    message = {"role": "assistant", "content": turn.text or None}
    if turn.calls:
        message["tool_calls"] = [
            {"id": id_, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
            for id_, name, arguments in turn.calls
        ]
    return {
        "id": mark,
        "object": "chat.completion",
        "created": 1,
        "model": body.get("model", "gpt-5.5"),
        "choices": [
            {"index": 0, "message": message, "finish_reason": "tool_calls" if turn.calls else "stop", "logprobs": None}
        ],
        "usage": {
            "prompt_tokens": size,
            "completion_tokens": 7,
            "total_tokens": size + 7,
            "prompt_tokens_details": {"cached_tokens": size // 2},
        },
    }


def chat_events(whole):
    """A chat completion as a stream."""
    same = {key: whole[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    [choice] = whole["choices"]

    def piece(delta, ending=None):
        return {**same, "choices": [{"index": 0, "delta": delta, "finish_reason": ending, "logprobs": None}]}

    yield piece({"role": "assistant", "content": ""})
    for part in parts(choice["message"]["content"] or ""):
        yield piece({"content": part})
    for index, call in enumerate(choice["message"].get("tool_calls", ())):
        named = {**call["function"], "arguments": ""}
        yield piece({"tool_calls": [{**call, "index": index, "function": named}]})
        for part in parts(call["function"]["arguments"]):
            yield piece({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    yield piece({}, choice["finish_reason"])
    yield {**same, "choices": [], "usage": whole["usage"]}


def responses(turn, body, mark, size):
    """A response."""
    output = []
    if turn.thinking:
        listed = body["input"] if isinstance(body["input"], list) else []
        sealed = rules.seal("responses", body, len(listed))
        output.append({"type": "reasoning", "id": f"rs_{mark}", "summary": [], "encrypted_content": sealed})
    if turn.text:
        content = [{"type": "output_text", "text": turn.text, "annotations": []}]
        output.append(
            {"type": "message", "id": f"m_{mark}", "role": "assistant", "status": "completed", "content": content}
        )
    output += [_called(*call) for call in turn.calls]
    return {
        "id": f"resp_{mark}",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": body.get("model", "gpt-5.5"),
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": size,
            "input_tokens_details": {"cached_tokens": size // 2},
            "output_tokens": 7,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": size + 7,
        },
    }


def _called(id_, name, arguments):
    if isinstance(arguments, str):
        said = {"type": "custom_tool_call", "id": f"ctc_{id_}", "input": arguments}
    else:
        said = {"type": "function_call", "id": f"fc_{id_}", "arguments": json.dumps(arguments)}
    space, _, name = name.rpartition(".")
    if space:
        said["namespace"] = space
    return {**said, "call_id": id_, "name": name, "status": "completed"}


def responses_events(whole):
    """A response as a stream."""
    started = {**whole, "status": "in_progress", "output": [], "usage": None}
    events = [{"type": f"response.{name}", "response": started} for name in ("created", "in_progress")]
    for index, item in enumerate(whole["output"]):
        events.append({"type": "response.output_item.added", "output_index": index, "item": _begun(item)})
        events += _responses_deltas(item, {"item_id": item["id"], "output_index": index})
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": "response.completed", "response": whole})
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def _begun(item):
    emptied = {"content": [], "arguments": "", "input": ""}
    return {key: emptied.get(key, value) for key, value in item.items()}


def _responses_deltas(item, place):
    if item["type"] == "function_call":
        given = item["arguments"]
        name = "response.function_call_arguments"
        yield from ({"type": f"{name}.delta", **place, "delta": part} for part in parts(given))
        yield {"type": f"{name}.done", **place, "name": item["name"], "arguments": given}
    elif item["type"] == "custom_tool_call":
        name = "response.custom_tool_call_input"
        yield from ({"type": f"{name}.delta", **place, "delta": part} for part in parts(item["input"]))
        yield {"type": f"{name}.done", **place, "input": item["input"]}
    elif item["type"] == "message":
        [part] = item["content"]
        place = {**place, "content_index": 0}
        yield {"type": "response.content_part.added", **place, "part": {**part, "text": ""}}
        for piece in parts(part["text"]):
            yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
        yield {"type": "response.output_text.done", **place, "text": part["text"], "logprobs": []}
        yield {"type": "response.content_part.done", **place, "part": part}


def gemini(turn, body, mark, size):
    """A generated content."""
    said = [{"text": turn.text}] if turn.text else []
    said += [{"functionCall": {"id": id_, "name": name, "args": arguments}} for id_, name, arguments in turn.calls]
    if turn.thinking:
        said[-1]["thoughtSignature"] = rules.seal("gemini", body, len(body["contents"]))
    usage = {
        "promptTokenCount": size,
        "cachedContentTokenCount": size // 2,
        "candidatesTokenCount": 7,
        "totalTokenCount": size + 7,
    }
    return {
        "candidates": [{"content": {"role": "model", "parts": said}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": usage,
        "modelVersion": "gemini-3-pro",
        "responseId": mark,
    }


def gemini_events(whole):
    """A generated content as a stream: one part in each event, the ending in the last."""
    [candidate] = whole["candidates"]
    pieces = []
    for part in candidate["content"]["parts"]:
        pieces += [{**part, "text": text} for text in parts(part["text"])] if "text" in part else [part]
    for at, piece in enumerate(pieces):
        last = at == len(pieces) - 1
        ending = {"finishReason": "STOP"} if last else {}
        content = {"role": "model", "parts": [piece]}
        yield {**whole, "candidates": [{"content": content, "index": 0, **ending}]}


WHOLE = {"anthropic": anthropic, "chat": chat, "responses": responses, "gemini": gemini}
EVENTS = {
    "anthropic": anthropic_events,
    "chat": chat_events,
    "responses": responses_events,
    "gemini": gemini_events,
}
