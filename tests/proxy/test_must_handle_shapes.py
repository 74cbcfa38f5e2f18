"""Must-handle items 4, 5 and 6: cache marks, signed and encrypted parts, and every shape of a tool's result."""

import json

import pytest
from provider_talk import RETRIEVE, compact, log

LONG = log(3)
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}
REFERENCE = {"type": "tool_reference", "tool_name": "mcp__px__retrieve"}
MARK = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
TOOL = {"name": RETRIEVE, "description": "d", "input_schema": {"type": "object"}}
PADDING = "A long and unchanging rule of conduct for agents. " * 400
"""Larger than any model's least cacheable prompt."""


def anthropic_body(first, results, **fields):
    """A running tool loop: one call for each result."""
    calls = [{"type": "tool_use", "id": f"t{at}", "name": "bash", "input": {}} for at in range(len(results))]
    blocks = [{"type": "tool_result", "tool_use_id": f"t{at}", **result} for at, result in enumerate(results)]
    messages = [
        {"role": "user", "content": first},
        {"role": "assistant", "content": calls},
        {"role": "user", "content": blocks},
    ]
    return {"model": "claude-sonnet-4-6", "max_tokens": 9, "tools": [TOOL], "messages": messages, **fields}


RESULTS = {
    "string": ({"content": LONG}, ("content",)),
    "one text": ({"content": [{"type": "text", "text": LONG}]}, ("content", 0, "text")),
    "text after a picture": ({"content": [PICTURE, {"type": "text", "text": LONG}]}, ("content", 1, "text")),
    "text beside references": ({"content": [REFERENCE, {"type": "text", "text": LONG}]}, ("content", 1, "text")),
}


def split_at(body, path):
    """The value at a path, and the rest without it."""
    rest = json.loads(json.dumps(body))
    value = rest
    for key in path[:-1]:
        value = value[key]
    found = value[path[-1]]
    value[path[-1]] = None
    return found, rest


@pytest.mark.parametrize("shape", RESULTS)
def test_item_6_anthropic_results(client, provider, shape):
    result, path = RESULTS[shape]
    body = anthropic_body(f"shape: {shape}", [result], system=[{"type": "text", "text": "s", **MARK}])
    body["messages"][2]["content"][0].update(MARK)
    client.send("/v1/messages", compact(body))
    shorter, rest = split_at(provider.seen[0].value, ("messages", 2, "content", 0, *path))
    assert rest == split_at(body, ("messages", 2, "content", 0, *path))[1]
    assert len(shorter) < len(LONG) / 2


@pytest.mark.parametrize("key", ["function_call", "custom_tool_call", "local_shell_call"])
@pytest.mark.parametrize("listed", [False, True])
def test_item_6_responses_results(client, provider, key, listed):
    result = (
        [{"type": "input_text", "text": "Script completed\n"}, {"type": "input_text", "text": LONG}] if listed else LONG
    )
    call = {"type": key, "call_id": "t1", "name": "exec", "arguments": "{}"}
    output = {"type": f"{key}_output", "call_id": "t1", "output": result}
    tool = {"type": "function", "name": RETRIEVE, "parameters": {}}
    said = [{"role": "user", "content": f"shape {key} {listed}"}, call, output]
    body = {"model": "gpt-5.5", "store": False, "tools": [tool], "input": said}
    client.send("/v1/responses", compact(body))
    path = ("input", 2, "output", *((1, "text") if listed else ()))
    shorter, rest = split_at(provider.seen[0].value, path)
    assert rest == split_at(body, path)[1]
    assert len(shorter) < len(LONG) / 2


@pytest.mark.parametrize("listed", [False, True])
def test_item_6_chat_results(client, provider, listed):
    call = {"id": "t1", "type": "function", "function": {"name": "bash", "arguments": "{}"}}
    result = {"role": "tool", "tool_call_id": "t1", "content": [{"type": "text", "text": LONG}] if listed else LONG}
    tool = {"type": "function", "function": {"name": RETRIEVE}}
    said = [{"role": "user", "content": f"shape {listed}"}, {"role": "assistant", "tool_calls": [call]}, result]
    body = {"model": "gpt-5.5", "tools": [tool], "messages": said}
    client.send("/v1/chat/completions", compact(body))
    path = ("messages", 2, "content", *((0, "text") if listed else ()))
    shorter, rest = split_at(provider.seen[0].value, path)
    assert rest == split_at(body, path)[1]
    assert len(shorter) < len(LONG) / 2


@pytest.mark.parametrize("spelt", ["functionResponse", "function_response"])
def test_item_6_gemini_results(client, provider, spelt):
    call = "functionCall" if spelt == "functionResponse" else "function_call"
    answered = {spelt: {"name": "bash", "response": {"output": LONG}}}
    failed = {spelt: {"name": "bash", "response": {"error": log(4, lines=20)}}}
    said = [
        {"role": "user", "parts": [{"text": f"shape {spelt}"}]},
        {"role": "model", "parts": [{call: {"name": "bash", "args": {}}}, {call: {"name": "bash", "args": {}}}]},
        {"role": "user", "parts": [answered, failed]},
    ]
    body = {"tools": [{"functionDeclarations": [{"name": RETRIEVE}]}], "contents": said}
    client.send("/v1beta/models/gemini-3-pro:generateContent", compact(body))
    path = ("contents", 2, "parts", 0, spelt, "response", "output")
    shorter, rest = split_at(provider.seen[0].value, path)
    assert rest == split_at(body, path)[1]
    assert len(shorter) < len(LONG) / 2


def test_item_5_signed_and_encrypted_parts_stand_in_an_edited_request(client, provider):
    opaque = "Ab-_/+9=" * 300
    kept = [
        {"type": "thinking", "thinking": LONG, "signature": opaque},
        {"type": "redacted_thinking", "data": opaque},
        {"type": "compaction", "content": LONG, "encrypted_content": opaque},
    ]
    body = anthropic_body("opaque", [{"content": LONG}])
    body["messages"][1]["content"] = [*kept, *body["messages"][1]["content"]]
    client.send("/v1/messages", compact(body))
    [seen] = provider.seen
    assert seen.body.startswith(compact(body)[: compact(body).index(b'"tool_result"')])
    assert len(seen.value["messages"][2]["content"][0]["content"]) < len(LONG) / 2


def test_item_5_reasoning_items_and_thought_signatures_stand(client, provider):
    opaque = "gAAAAAB-_/+9=" * 200
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": [], "content": None, "encrypted_content": opaque}
    compacted = {"type": "compaction", "encrypted_content": opaque}
    call = {"type": "function_call", "call_id": "t1", "name": "bash", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "t1", "output": LONG}
    tool = {"type": "function", "name": RETRIEVE, "parameters": {}}
    said = [{"role": "user", "content": "opaque"}, compacted, reasoning, call, output]
    client.send("/v1/responses", compact({"model": "m", "store": False, "tools": [tool], "input": said}))
    thought = {"functionCall": {"name": "bash", "args": {}}, "thoughtSignature": opaque}
    contents = [
        {"role": "user", "parts": [{"text": "opaque"}]},
        {"role": "model", "parts": [{"text": "t", "thought": True, "thought_signature": opaque}, thought]},
        {"role": "user", "parts": [{"functionResponse": {"name": "bash", "response": {"output": LONG}}}]},
    ]
    declared = [{"functionDeclarations": [{"name": RETRIEVE}]}]
    client.send("/v1beta/models/g:generateContent", compact({"tools": declared, "contents": contents}))
    responses, gemini = provider.seen
    assert responses.value["input"][:4] == said[:4]
    assert responses.value["input"][4] != said[4]
    assert gemini.value["contents"][:2] == contents[:2]
    assert gemini.value["contents"][2] != contents[2]


def marks(value, path=()):
    """Every cache mark in a request, with its place."""
    if isinstance(value, dict):
        own = [(path, value["cache_control"])] if "cache_control" in value else []
        return own + [found for key, inner in value.items() for found in marks(inner, (*path, key))]
    if isinstance(value, list):
        return [found for at, inner in enumerate(value) for found in marks(inner, (*path, at))]
    return []


def test_item_4_a_client_that_uses_all_marks_keeps_them_and_gets_no_fifth(client, provider):
    provider.reset(strict=True)
    system = [{"type": "text", "text": PADDING, **HOUR}, {"type": "text", "text": "s", **MARK}]
    body = anthropic_body("four", [{"content": LONG}, {"content": LONG, **MARK}], system=system)
    body["tools"] = [{**TOOL, **HOUR}]
    assert client.send("/v1/messages", compact(body)).status == 200
    assert marks(provider.seen[0].value) == marks(body)


def test_item_4_an_automatic_mark_is_the_only_one(client, provider):
    body = anthropic_body("automatic", [{"content": LONG}], system=PADDING, **MARK)
    client.send("/v1/messages", compact(body))
    assert marks(provider.seen[0].value) == marks(body)


def test_item_4_a_mark_on_a_system_message_stays_there(client, provider):
    body = anthropic_body("system message", [{"content": LONG}], system=PADDING)
    body["messages"].append({"role": "system", "content": [{"type": "text", "text": "<total_tokens>", **MARK}]})
    client.send("/v1/messages", compact(body))
    assert marks(provider.seen[0].value) == marks(body)


def test_item_4_a_running_loop_without_marks_gets_them_on_its_last_two_user_turns(client, provider):
    provider.reset(strict=True)
    body = anthropic_body("no marks", [{"content": LONG}, {"content": LONG}], system=PADDING)
    assert client.send("/v1/messages", compact(body)).status == 200
    five = {"type": "ephemeral"}
    assert marks(provider.seen[0].value) == [
        (("messages", 0, "content", 0), five),
        (("messages", 2, "content", 1), five),
    ]


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ([("authorization", "Bearer sk-ant-oat01-0"), ("anthropic-beta", "oauth-2025-04-20")], {}),
        ([], {"tools": []}),
        ([], {"messages": [{"role": "user", "content": PADDING}]}),
    ],
    ids=["subscription", "no tools", "first request"],
)
def test_item_4_no_mark_is_added_where_it_may_not_be(client, provider, headers, fields):
    body = {**anthropic_body("unmarked", [{"content": "short"}], system=PADDING), **fields}
    client.send("/v1/messages", compact(body), headers)
    assert provider.seen[0].body == compact(body)
