"""Answers as providers send them, and what each of them bills: the cases of `test_usage.py`."""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import NamedTuple

from headroom.wire.usage import Usage


class Answer(NamedTuple):
    """One answer over HTTP."""

    format: str
    content_type: str
    body: bytes
    usage: Usage | None
    model: str
    response_id: str
    failure_kind: str = ""


def sse(*events: dict | str, named: bool = False, end: str = "\n") -> bytes:
    """Events as a stream; `named` puts the type on a line of its own, as Anthropic and OpenAI do."""
    lines = []
    for event in events:
        if isinstance(event, str):
            lines += [event, ""] if event.startswith(":") else [f"data: {event}", ""]
            continue
        lines += [f"event: {event['type']}"] if named else []
        lines += ["data: " + json.dumps(event, separators=(",", ":")), ""]
    return end.join([*lines, ""]).encode()


SSE, JSON = "text/event-stream; charset=utf-8", "application/json"
TRAP = 'the "usage" is {"input_tokens": 9}, "finishReason":"STOP", "error"\n\ndata: [DONE]\n\n'
"""A text of a model that looks like what is read here."""


def anthropic(usage: dict, *later: dict, delta: str | None = "tool_use", **extra: object) -> bytes:
    start = {"id": "msg_01", "type": "message", "role": "assistant", "model": "claude-sonnet-5", "content": [], **extra}
    return sse(
        {"type": "message_start", "message": {**start, "stop_reason": None, "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": TRAP}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": TRAP}},
        {"type": "content_block_stop", "index": 0},
        *({"type": "message_delta", "delta": {"stop_reason": None}, "usage": one} for one in later[:-1]),
        {"type": "message_delta", "delta": {"stop_reason": delta, "stop_sequence": None}, "usage": later[-1]},
        {"type": "message_stop"},
        named=True,
    )


def framed(stream: bytes) -> bytes:
    """The events of a stream as Bedrock sends them: in binary frames with checksums, in base64 within JSON."""
    made = b""
    for event in re.findall(rb"data: (.*)", stream):
        payload = json.dumps({"bytes": base64.b64encode(event).decode(), "p": "abc"}).encode()
        header = b"".join(
            bytes([len(name)]) + name + b"\x07" + len(value).to_bytes(2, "big") + value
            for name, value in (
                (b":event-type", b"chunk"),
                (b":content-type", JSON.encode()),
                (b":message-type", b"event"),
            )
        )
        prelude = (16 + len(header) + len(payload)).to_bytes(4, "big") + len(header).to_bytes(4, "big")
        message = prelude + zlib.crc32(prelude).to_bytes(4, "big") + header + payload
        made += message + zlib.crc32(message).to_bytes(4, "big")
    return made


CACHED = {
    "input_tokens": 12,
    "cache_creation_input_tokens": 700,
    "cache_read_input_tokens": 9000,
    "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 500},
    "output_tokens": 3,
    "service_tier": "standard",
    "inference_geo": "global",
}
COMPACTED = [
    {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3500, "cache_read_input_tokens": 100,
     "cache_creation_input_tokens": 60, "cache_creation": {"ephemeral_1h_input_tokens": 50}},
    {"type": "message", "input_tokens": 23_000, "output_tokens": 1000, "cache_read_input_tokens": 0,
     "cache_creation_input_tokens": 0},
    {"type": "advisor_message", "model": "claude-opus-5", "input_tokens": 77, "output_tokens": 7,
     "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0},
]  # fmt: skip


def chat(*events: dict | str, end: str = "\n") -> bytes:
    head = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "model": "gpt-5-2025-08-07",
        "service_tier": "default",
    }
    return sse(*(event if isinstance(event, str) else {**head, **event} for event in events), end=end)


def said(text: str | None, reason: str | None = None) -> dict:
    delta = {"content": text} if text is not None else {}
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


CHAT_USAGE = {
    "prompt_tokens": 5000,
    "completion_tokens": 120,
    "total_tokens": 5120,
    "prompt_tokens_details": {"cached_tokens": 4096, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 64},
}
RESPONSE = {"id": "resp_1", "object": "response", "model": "gpt-6.1-sol", "service_tier": "flex", "error": None}
RESPONSE_USAGE = {
    "input_tokens": 6000,
    "input_tokens_details": {
        "cached_tokens": 4000,
        "cache_write_tokens": 1500,
        "cache_write_tokens_details": {"ttl_12h_tokens": 500, "ttl_30m_tokens": 1000},
    },
    "output_tokens": 80,
    "output_tokens_details": {"reasoning_tokens": 40},
    "total_tokens": 6080,
}


def responses(last: dict) -> bytes:
    return sse(
        {"type": "response.created", "response": {**RESPONSE, "status": "in_progress", "output": [], "usage": None}},
        {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "delta": TRAP},
        {"type": "response.function_call_arguments.delta", "item_id": "fc_1", "output_index": 1, "delta": TRAP},
        {"type": "response.output_item.done", "item": {"id": "fc_1", "type": "function_call", "arguments": TRAP}},
        last,
        named=True,
    )


def gemini(*usages: dict, reason: str = "STOP") -> list[dict]:
    head = {"modelVersion": "gemini-3.8-flash", "responseId": "r-1"}
    return [
        {
            "candidates": [
                {"content": {"role": "model", "parts": [{"text": TRAP}]}, "index": 0}
                | ({"finishReason": reason} if at == len(usages) - 1 else {})
            ],
            "usageMetadata": usage,
            **head,
        }
        for at, usage in enumerate(usages)
    ]


GEMINI = gemini(
    {"promptTokenCount": 900, "cachedContentTokenCount": 600, "totalTokenCount": 900},
    {"promptTokenCount": 900, "cachedContentTokenCount": 600, "thoughtsTokenCount": 30, "totalTokenCount": 930},
    {"promptTokenCount": 900, "cachedContentTokenCount": 600, "toolUsePromptTokenCount": 8, "candidatesTokenCount": 20,
     "thoughtsTokenCount": 31, "totalTokenCount": 959, "trafficType": "ON_DEMAND"},
)  # fmt: skip
GEMINI_USAGE = Usage(308, 600, 0, 0, 51)
BOUND = "messages.3.content.0: thinking block is bound to a different conversation"

ANSWERS: dict[str, Answer] = {
    "anthropic, cached": Answer(
        "anthropic", SSE, anthropic(CACHED, {"output_tokens": 90}), Usage(12, 9000, 200, 500, 90), "claude-sonnet-5", "msg_01"
    ),
    "anthropic, in Bedrock's frames": Answer(
        "anthropic",
        "application/vnd.amazon.eventstream",
        framed(anthropic(CACHED, {"output_tokens": 90})),
        Usage(12, 9000, 200, 500, 90),
        "claude-sonnet-5",
        "msg_01",
    ),
    "anthropic, cumulative": Answer(
        "anthropic",
        SSE,
        anthropic(
            {"input_tokens": 10, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1},
            {"output_tokens": 40},
            {"input_tokens": 25, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 5, "output_tokens": 60},
        ),
        Usage(25, 7, 5, 0, 60),
        "claude-sonnet-5",
        "msg_01",
    ),
    "anthropic, compacted": Answer(
        "anthropic",
        SSE,
        anthropic(
            {"input_tokens": 1, "output_tokens": 1},
            {"input_tokens": 23_000, "output_tokens": 1000, "iterations": COMPACTED},
            speed="ignored",
        ),
        Usage(203_000, 100, 10, 50, 4500),
        "claude-sonnet-5",
        "msg_01",
    ),
    "anthropic, fast, in the US": Answer(
        "anthropic",
        SSE,
        anthropic(
            {"input_tokens": 5, "output_tokens": 1, "service_tier": "priority", "speed": "fast", "inference_geo": "us"},
            {"output_tokens": 2},
        ),
        Usage(5, 0, 0, 0, 2, "priority+fast+us"),
        "claude-sonnet-5",
        "msg_01",
    ),
    "anthropic, whole": Answer(
        "anthropic",
        JSON,
        json.dumps(
            {"id": "msg_02", "type": "message", "model": "claude-opus-5", "content": [{"type": "text", "text": TRAP}],
             "stop_reason": "end_turn", "usage": {**CACHED, "output_tokens": 44}},
            indent=1,
        ).encode(),
        Usage(12, 9000, 200, 500, 44),
        "claude-opus-5",
        "msg_02",
    ),
    "anthropic, half a pair": Answer(
        "anthropic",
        JSON,
        b'{"id":"msg_03","type":"message","model":"m","content":[{"text":"\\ud83d"}],"usage":{"input_tokens":4,"output_tokens":2}}',
        Usage(4, 0, 0, 0, 2),
        "m",
        "msg_03",
    ),
    "anthropic, overloaded midway": Answer(
        "anthropic",
        SSE,
        anthropic(CACHED, {"output_tokens": 9}, delta=None)
        + sse({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, named=True),
        None,
        "claude-sonnet-5",
        "msg_01",
    ),
    "anthropic, bound": Answer(
        "anthropic",
        JSON,
        json.dumps({"type": "error", "error": {"type": "invalid_request_error", "message": BOUND}}).encode(),
        None,
        "",
        "",
        "prefix_binding",
    ),
    "anthropic, reasoning dropped": Answer(
        "anthropic",
        SSE,
        anthropic(
            {"input_tokens": 5, "output_tokens": 1},
            {"output_tokens": 2},
            input_transformations=[{"type": "thinking_dropped", "reason": "prefix_binding_mismatch", "message_index": 3}],
        ),
        Usage(5, 0, 0, 0, 2),
        "claude-sonnet-5",
        "msg_01",
        "prefix_binding",
    ),
    "chat, streamed": Answer(
        "chat",
        SSE,
        chat(
            {**said(""), "usage": None},
            {**said(TRAP), "usage": None},
            ": keep-alive",
            {**said(None, "stop"), "usage": None},
            {"choices": [], "usage": CHAT_USAGE},
            "[DONE]",
        ),
        Usage(904, 4096, 0, 0, 120),
        "gpt-5-2025-08-07",
        "chatcmpl-1",
    ),
    "chat, no usage asked": Answer(
        "chat", SSE, chat(said("hi"), said(None, "stop"), "[DONE]"), None, "gpt-5-2025-08-07", "chatcmpl-1"
    ),
    "chat, usage in every chunk": Answer(
        "chat",
        SSE,
        chat(
            {**said("a"), "usage": {"prompt_tokens": 7, "completion_tokens": 1}},
            {**said("b"), "usage": {"prompt_tokens": 7, "completion_tokens": 2}},
            {**said(None, "stop"), "usage": {"prompt_tokens": 7, "completion_tokens": 3}},
            "[DONE]",
            end="\r\n",
        ),
        Usage(7, 0, 0, 0, 3),
        "gpt-5-2025-08-07",
        "chatcmpl-1",
    ),
    "chat, whole": Answer(
        "chat",
        "application/json; charset=utf-8",
        json.dumps(
            {"id": "chatcmpl-2", "object": "chat.completion", "model": "gpt-5.6", "service_tier": "priority",
             "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": TRAP}}],
             "usage": {**CHAT_USAGE, "prompt_tokens_details": {"cached_tokens": 1000, "cache_write_tokens": 3000}}}
        ).encode(),
        Usage(1000, 1000, 3000, 0, 120, "priority"),
        "gpt-5.6",
        "chatcmpl-2",
    ),
    "responses, streamed": Answer(
        "responses",
        SSE,
        responses({"type": "response.completed", "response": {**RESPONSE, "status": "completed", "usage": RESPONSE_USAGE}}),
        Usage(500, 4000, 1000, 500, 80, "flex"),
        "gpt-6.1-sol",
        "resp_1",
    ),
    "responses, failed": Answer(
        "responses",
        SSE,
        responses({"type": "response.failed", "response": {**RESPONSE, "usage": None, "error": {"code": "server_error"}}}),
        None,
        "gpt-6.1-sol",
        "resp_1",
    ),
    "responses, whole": Answer(
        "responses",
        JSON,
        json.dumps({**RESPONSE, "status": "completed", "usage": {"input_tokens": 3, "output_tokens": 4}}).encode(),
        Usage(3, 0, 0, 0, 4, "flex"),
        "gpt-6.1-sol",
        "resp_1",
    ),
    "gemini, streamed": Answer("gemini", SSE, sse(*GEMINI, end="\r\n"), GEMINI_USAGE, "gemini-3.8-flash", "r-1"),
    "gemini, array": Answer("gemini", JSON, json.dumps(GEMINI, indent=2).encode(), GEMINI_USAGE, "gemini-3.8-flash", "r-1"),
    "gemini, whole": Answer("gemini", JSON, json.dumps(GEMINI[-1]).encode(), GEMINI_USAGE, "gemini-3.8-flash", "r-1"),
    "gemini, in an envelope": Answer(
        "gemini", SSE, sse(*({"response": one, "traceId": "t"} for one in GEMINI)), GEMINI_USAGE, "gemini-3.8-flash", "r-1"
    ),
    "gemini, blocked": Answer(
        "gemini",
        SSE,
        sse({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 9, "trafficType": "ON_DEMAND_FLEX"},
             "modelVersion": "m", "responseId": "r"}),
        Usage(9, 0, 0, 0, 0, "flex"),
        "m",
        "r",
    ),
    "no frames of Bedrock's": Answer("anthropic", "application/vnd.amazon.eventstream", b"\x00\x00\x01{}", None, "", ""),
    "another kind": Answer("anthropic", "application/octet-stream", b"{}", None, "", ""),
    "an error page": Answer("chat", "text/html", b"<html>502</html>", None, "", ""),
    "an error": Answer("chat", JSON, b'{"error":{"message":"no such model","code":404}}', None, "", ""),
}  # fmt: skip
