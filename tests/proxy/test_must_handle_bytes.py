"""Must-handle items 1, 7, 16 and 17: what is not edited is the bytes that came, whatever it is.

Numbers in names are those of the list of what real clients send. A body that may be edited holds one long log, and
everything around it is odd: spacing, key order, escapes, numbers, keys twice.
"""

import json

import pytest
from provider_talk import FORMS, PATHS, RETRIEVE, compact, log

LONG = log(1)
ERROR = log(2, lines=30)
ODD = (
    rb'{ "stream" : false,"new_beta":{"b":[1e5, 2.50,-0.0, 1E+2]},"tools":[],"model":"m", "model":"m-2",'
    rb'"temperature":1.0e-0,"seed":123456789012345678901234567890,%s :%s, "end":"\u00e9\/ \ud83d\ude00 '
    + "é😀".encode()
    + b'" }\r\n'
)
SAID = {
    "anthropic": (b'"messages"', b'[{"content":"h\\u0069","role":"user","x":1e5}]'),
    "chat": (b'"messages"', b'[{"content":"h\\u0069","role":"user","x":1e5}]'),
    "responses": (b'"input"', b'[{"content":"h\\u0069","role":"user","x":1e5}]'),
    "gemini": (b'"contents"', b'[{"parts":[{"text":"h\\u0069","x":1e5}],"role":"user"}]'),
}


@pytest.mark.parametrize("form", FORMS)
def test_item_1_a_request_without_long_results_leaves_as_it_came(client, provider, form):
    body = ODD % SAID[form]
    assert client.send(PATHS[form], body).status == 200
    assert provider.seen[0].body == body


CALLED = {
    "anthropic": (
        b'{"role":"user","content":"bytes"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"bash","input":{"command":"\\u006bubectl logs"}}]}',
        b'{"content":[{"content":%s,"tool_use_id":"t1", "type":"tool_result","x":1.0}],"role":"user"}',
        {"name": RETRIEVE, "input_schema": {}},
    ),
    "chat": (
        b'{"role":"user","content":"bytes"},{"role":"assistant","tool_calls":[{"id":"t1","type":"function","function":{"name":"bash","arguments":"{\\"command\\": \\"kubectl logs\\"}"}}]}',
        b'{"content":%s,"tool_call_id":"t1", "role":"tool","x":1.0}',
        {"type": "function", "function": {"name": RETRIEVE}},
    ),
    "responses": (
        b'{"role":"user","content":"bytes"},{"type":"function_call","call_id":"t1","name":"bash","arguments":"{\\"command\\": \\"kubectl logs\\"}"}',
        b'{"output":%s,"call_id":"t1", "type":"function_call_output","x":1.0}',
        {"type": "function", "name": RETRIEVE},
    ),
    "gemini": (
        b'{"role":"user","parts":[{"text":"bytes"}]},{"role":"model","parts":[{"functionCall":{"id":"t1","name":"bash","args":{"command":"kubectl logs"}}}]}',
        b'{"parts":[{"functionResponse":{"name":"bash","response":{"output":%s},"id":"t1"}}],"role":"user"}',
        {"functionDeclarations": [{"name": RETRIEVE}]},
    ),
}


def around(form):
    """The bytes before and after the long text of an odd body."""
    said, result, tool = CALLED[form]
    before, after = (
        (ODD % (SAID[form][0], b"[" + said + b", " + result + b"]"))
        .replace(b'"tools":[]', b'"tools":' + compact([tool]))
        .split(b"%s")
    )
    return before, after


@pytest.mark.parametrize("escaped", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_item_1_only_the_long_text_changes(client, provider, form, escaped):
    before, after = around(form)
    text = json.dumps(LONG).encode()
    if escaped:  # the same text, spelt otherwise
        text = text.replace(b"INFO", b"\\u0049NFO").replace(b"/", b"\\/")
    client.send(PATHS[form], before + text + after)
    [seen] = provider.seen
    assert seen.body.startswith(before)
    assert seen.body.endswith(after)
    shorter = json.loads(seen.body[len(before) : -len(after)])
    assert len(shorter) < len(LONG) / 2
    assert "session_timeout_1 changed 3600 -> 1" in shorter


PLACES = [
    ("POST", "/v1/messages?beta=true&x=%2F%20y&&z"),
    ("POST", "//v1//messages"),
    ("POST", "/v1/messages/"),
    ("POST", "/v1/new%2Fthing;a=b/../c?x=1#"),
    ("POST", "/v1beta/models/gemini-3-pro:generateContent?key=K%3D&alt=json"),
    ("POST", "/v1/models/gemini%2D3%2Dpro%3AgenerateContent"),
    ("POST", "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse"),
    ("POST", "/v1beta1/projects/p/locations/l/publishers/google/models/g:generateContent"),
    ("PUT", "/v1/skills/%E2%82%AC"),
    ("PATCH", "/v1/x?~!*'()"),
    ("DELETE", "/v1/files/file_1"),
    ("GET", "/v1/models?limit=1000&after_id="),
    ("OPTIONS", "/v1/x"),
]


@pytest.mark.parametrize(("method", "path"), PLACES)
def test_item_1_method_path_and_query_travel_as_they_are(client, provider, method, path):
    body = b'{"messages":[],"contents":[]}' if method in ("POST", "PUT", "PATCH") else None
    client.send(path, body, method=method)
    [seen] = provider.seen
    assert (seen.method, seen.path, seen.body) == (method, path.partition("#")[0], body or b"")


def test_item_1_headers_travel_in_order_with_their_spelling_and_nothing_else(proxy, provider):
    sent = [
        ("X-Api-Key", "k"),
        ("Content-Type", "application/json; Charset=UTF-8"),
        ("anthropic-beta", "one,two"),
        ("anthropic-beta", "three"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("X-Unknown", "a  b;c=[~]"),
        ("x-stainless-retry-count", "0"),
        ("traceparent", "00-1-2-01"),
        ("user-agent", "claude-cli/2.1.330 (external, sdk-cli)"),
    ]
    proxy.client.send(
        "/v1/messages", compact({"messages": []}), [*sent, ("x-headroom-note", "ours"), ("te", "trailers")]
    )
    [seen] = provider.seen
    assert [pair for pair in seen.headers if pair[0].lower() not in ("host", "content-length")] == sent
    assert seen.header("host") == f"127.0.0.1:{provider.port}"


NEVER = [
    "/v1/messages/batches",
    "/v1/batches",
    "/v1beta/models/gemini-3-pro:batchGenerateContent",
    "/v1/messages/count_tokens?beta=true",
    "/v1beta/models/gemini-3-pro:countTokens",
    "/v1/responses/input_tokens",
    "/v1/responses/compact",
    "/v1/files",
    "/v1/embeddings",
    "/v1beta/models/e:embedContent",
    "/v1beta/models/e:batchEmbedContents",
    "/v1/moderations",
    "/v1/realtime/sessions",
    "/v1beta/cachedContents",
    "/v1/responses/resp_1/cancel",
    "/v1/chat/completions/chatcmpl_1",
    "/v1/completions",
    "/v1/audio/speech",
]


@pytest.mark.parametrize("path", NEVER)
def test_item_16_never_edited(client, provider, path):
    form = "gemini" if "beta" in path.partition("?")[0] else "responses" if "responses" in path else "anthropic"
    before, after = around(form)
    body = before + json.dumps(LONG).encode() + after
    client.send(path, body)
    assert (provider.seen[0].path, provider.seen[0].body) == (path, body)


SIGNED = [
    (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=AKIA/20261122/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=0",
    ),
    ("content-digest", "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"),
    ("signature", "sig1=:0000:"),
]


@pytest.mark.parametrize("header", SIGNED, ids=lambda header: header[0])
@pytest.mark.parametrize("path", ["/v1/messages", "/model/anthropic.claude-sonnet-4-6-v1:0/invoke"])
def test_item_16_signed_bodies_are_never_edited(client, provider, header, path):
    before, after = around("anthropic")
    body = before + json.dumps(LONG).encode() + after
    client.send(path, body, [header])
    assert provider.seen[0].body == body


CLOUD = [
    "/model/anthropic.claude-sonnet-4-6-v1:0/invoke",
    "/model/anthropic.claude-sonnet-4-6-v1%3A0/invoke",
    "/v1/projects/p/locations/global/publishers/anthropic/models/claude-sonnet-4-6:rawPredict",
]


@pytest.mark.parametrize("path", CLOUD)
def test_anthropic_on_bedrock_and_vertex_is_edited_where_it_is_not_signed(client, provider, path):
    before, after = around("anthropic")
    client.send(path, before + json.dumps(LONG).encode() + after, [("authorization", "Bearer ABSK-key")])
    [seen] = provider.seen
    assert seen.path == path
    assert seen.body.startswith(before)
    assert seen.body.endswith(after)
    assert len(seen.body) < len(LONG)


def anthropic(*messages, **fields):
    """A body whose results are compressed where they may be: the way back is there."""
    return {
        "model": "m",
        "max_tokens": 9,
        "tools": [{"name": RETRIEVE, "input_schema": {}}],
        "messages": messages,
        **fields,
    }


def called(result, name="bash", **call):
    """A tool call and its result, in a conversation."""
    asked = {"type": "tool_use", "id": "t1", "name": name, "input": {"command": "x"}, **call}
    return anthropic(
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [asked]},
        {"role": "user", "content": [result]},
    )


def provided(block):
    """What a tool of the provider returned, in an assistant turn."""
    return anthropic(
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [block, {"type": "text", "text": "so"}]},
        {"role": "user", "content": "on"},
    )


def attached(block):
    """Something the user gave."""
    return anthropic({"role": "user", "content": [block, {"type": "text", "text": "what is this?"}]})


CITED = {"citations": {"enabled": True}}
UNTOUCHABLE = {
    "code execution": provided(
        {
            "type": "code_execution_tool_result",
            "tool_use_id": "s",
            "content": {"type": "code_execution_result", "stdout": LONG, "stderr": ""},
        }
    ),
    "web search": provided(
        {
            "type": "web_search_tool_result",
            "tool_use_id": "s",
            "content": [{"type": "web_search_result", "encrypted_content": LONG}],
        }
    ),
    "mcp connector": provided(
        {"type": "mcp_tool_result", "tool_use_id": "s", "content": [{"type": "text", "text": LONG}]}
    ),
    "compaction": provided({"type": "compaction", "content": LONG}),
    "redacted thinking": provided({"type": "redacted_thinking", "data": LONG}),
    "thinking": provided({"type": "thinking", "thinking": LONG, "signature": LONG}),
    "cited document": attached(
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": LONG}, **CITED}
    ),
    "cited search result": attached(
        {"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": LONG}], **CITED}
    ),
    "cited search result of a tool": called(
        {
            "type": "tool_result",
            "tool_use_id": "t1",
            "content": [{"type": "search_result", "content": [{"type": "text", "text": LONG}], **CITED}],
        }
    ),
    "programmatic call": called(
        {"type": "tool_result", "tool_use_id": "t1", "content": LONG},
        caller={"type": "code_execution_20260120", "tool_id": "s"},
    ),
    "text editor": called(
        {"type": "tool_result", "tool_use_id": "t1", "content": LONG}, name="str_replace_based_edit_tool"
    ),
    "memory": called(
        {"type": "tool_result", "tool_use_id": "t1", "content": LONG},
        name="memory",
        input={"command": "view", "path": "/memories"},
    ),
    "error": called({"type": "tool_result", "tool_use_id": "t1", "content": ERROR, "is_error": True}),
    "our own retrieval": called({"type": "tool_result", "tool_use_id": "t1", "content": LONG}, name=RETRIEVE),
    "user": anthropic({"role": "user", "content": LONG}),
    "assistant": anthropic(
        {"role": "user", "content": "go"}, {"role": "assistant", "content": LONG}, {"role": "user", "content": "on"}
    ),
    "system": anthropic({"role": "user", "content": "go"}, system=[{"type": "text", "text": LONG}]),
    "system message": anthropic(
        {"role": "user", "content": "go"}, {"role": "system", "content": LONG, "output_config": {}}
    ),
    "unknown block": anthropic({"role": "user", "content": [{"type": "brand_new", "text": LONG}]}),
}


@pytest.mark.parametrize("what", UNTOUCHABLE)
def test_item_16_untouchable_inside_a_request(client, provider, what):
    body = compact(UNTOUCHABLE[what])
    client.send("/v1/messages", body)
    assert provider.seen[0].body == body


def test_the_same_log_in_an_ordinary_result_is_edited(client, provider):
    """What the cases above stand against."""
    client.send("/v1/messages", compact(called({"type": "tool_result", "tool_use_id": "t1", "content": LONG})))
    assert len(provider.seen[0].body) < len(LONG)


def test_item_16_a_request_to_compact_is_never_edited(client, provider):
    said = [
        {"role": "user", "content": "go"},
        {"type": "function_call", "call_id": "t1", "name": "bash", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "t1", "output": LONG},
        {"type": "compaction_trigger"},
    ]
    body = compact({"model": "m", "input": said, "tools": [{"type": "function", "name": RETRIEVE}]})
    client.send("/v1/responses", body)
    assert provider.seen[0].body == body


def test_items_7_and_17_tools_and_new_fields_stand_in_an_edited_request(client, provider):
    kept = {
        "thinking": {"type": "adaptive", "display": "updates", "block_binding": "strict"},
        "input_transformations": [{"type": "clear_at", "tokens": 100000.0}],
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "diagnostics": {"tool_addition": True, "tool_removal": None},
    }
    tools = [
        {"name": RETRIEVE, "input_schema": {}, "defer_loading": True},
        {"type": "custom", "name": "grammar", "format": {"type": "grammar", "syntax": "lark", "definition": LONG}},
        {"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec", "description": LONG}]},
    ]
    value = called({"type": "tool_result", "tool_use_id": "t1", "content": LONG})
    value["messages"] = [
        *value["messages"],
        {"role": "system", "content": [], "output_config": {"effort": "medium"}},
    ]
    client.send("/v1/messages", compact({**value, **kept, "tools": tools}))
    [seen] = provider.seen
    for field, wanted in {**kept, "tools": tools}.items():
        assert compact({field: wanted})[1:-1] in seen.body
    assert compact(value["messages"][-1]) in seen.body
    assert LONG not in seen.value["messages"][2]["content"][0]["content"]


def test_item_7_tools_that_are_items_stand(client, provider):
    tools = {
        "type": "additional_tools",
        "role": "developer",
        "tools": [{"type": "custom", "name": "exec", "description": LONG}],
    }
    searched = {
        "type": "tool_search_output",
        "call_id": "s",
        "tools": [{"type": "function", "name": RETRIEVE, "description": LONG}],
    }
    output = {"type": "custom_tool_call_output", "call_id": "t1", "output": [{"type": "input_text", "text": LONG}]}
    call = {"type": "custom_tool_call", "call_id": "t1", "name": "exec", "input": "await run()"}
    said = [tools, {"role": "user", "content": "go"}, searched, call, output]
    client.send("/v1/responses", compact({"model": "gpt-6.1-sol", "store": False, "input": said}))
    [seen] = provider.seen
    assert compact(tools) in seen.body
    assert compact(searched) in seen.body
    assert seen.value["input"][:4] == said[:4]
    assert len(seen.value["input"][4]["output"][0]["text"]) < len(LONG)
