"""Must-handle items 2, 3 and 8 to 12: what the proxy does around a body."""

import gzip
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from provider import Raw, Turn, zstd
from provider_client import Client
from provider_talk import FORMS, PATHS, RETRIEVE, Talk, compact, log

LONG = log(5)


def body(first, result=LONG, **fields):
    """A tool loop's request with one long result."""
    call = {"id": "t1", "type": "function", "function": {"name": "bash", "arguments": "{}"}}
    said = [
        {"role": "user", "content": first},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "t1", "content": result},
    ]
    tool = {"type": "function", "function": {"name": RETRIEVE}}
    return {"model": "gpt-5.5", "tools": [tool], "messages": said, **fields}


CHAT = "/v1/chat/completions"


def test_item_2_a_resend_leaves_as_the_first_did(client, provider):
    sent = compact(body("resend"))
    for headers in ([], [("x-stainless-retry-count", "2")], [("x-request-id", "other")]):
        client.send(CHAT, sent, headers)
    first, *others = [seen.body for seen in provider.seen]
    assert len(first) < len(sent)
    assert others == [first, first]


def test_item_2_the_same_request_at_the_same_time_leaves_the_same(client, provider):
    sent = compact(body("at once"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.send(CHAT, sent), range(8)))
    assert len({seen.body for seen in provider.seen}) == 1
    assert len(provider.seen[0].body) < len(sent)


def test_item_3_a_conversation_is_known_by_what_was_said_not_by_its_bytes(client, provider):
    """Marks moved, a string turned into one text block, other model settings, another order of keys."""
    talk = Talk("anthropic", "canonical")
    talk.turn(client, provider, 0)
    one = talk.value()
    two = {**dict(reversed(one.items())), "temperature": 0.5, "metadata": {"user_id": "u"}}
    two["messages"] = [{"role": "user", "content": [{"type": "text", "text": "canonical"}]}, *one["messages"][1:]]
    client.send(talk.path, compact(one))
    client.send(talk.path, compact(two))
    results = [seen.value["messages"][2]["content"][0]["content"] for seen in provider.seen[-2:]]
    assert results[0] == results[1]
    assert len(results[0]) < len(talk.messages[2]["content"][0]["content"])


def test_item_3_other_requests_between_turns_change_nothing(client, provider):
    """A title request, a count of tokens and a sub-agent, with the same session."""
    session = [("x-session-id", "s-1"), ("x-claude-code-session-id", "s-1")]
    quiet, busy = Talk("anthropic", "fix the bug (title)"), Talk("anthropic", "fix the bug (title)")
    for number in range(3):
        quiet.turn(client, provider, number)
    alone = [seen.body for seen in provider.turns]
    provider.reset()
    for number in range(3):
        client.send(
            "/v1/messages",
            compact({"model": "m", "messages": [{"role": "user", "content": "fix the bug (title)"}]}),
            session,
        )
        client.send("/v1/messages/count_tokens", busy.body(), session)
        client.send("/v1/messages", Talk("anthropic", "explore").body(), [*session, ("x-claude-code-agent-id", "a")])
        busy.turn(client, provider, number)
    assert [seen.body for seen in provider.turns if b"(title)" in seen.body and b"Let me look" in seen.body] == alone[
        1:
    ]


ENCODED = {"gzip": gzip.compress, "zstd": zstd.compress}


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "br"])
def test_item_8_encoded_bodies_are_read(client, provider, encoding):
    brotli = pytest.importorskip("brotli")
    encode = {**ENCODED, "br": brotli.compress}[encoding]
    client.send(CHAT, compact(body("encoded")))
    client.send(CHAT, encode(compact(body("encoded"))), [("content-encoding", encoding)])
    plain, encoded = provider.seen
    assert encoded.plain == plain.plain
    assert len(encoded.plain) < len(LONG)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_item_8_encoded_bodies_without_an_edit_leave_as_they_came(client, provider, encoding):
    sent = ENCODED[encoding](compact(body("brief", "3 passed")))
    client.send(CHAT, sent, [("content-encoding", encoding)])
    assert (provider.seen[0].body, provider.seen[0].header("content-encoding")) == (sent, encoding)


DAMAGED = {
    "no gzip": (b"not gzip at all", "gzip"),
    "half a gzip": (gzip.compress(compact(body("half")))[:-20], "gzip"),
    "half a zstd": (zstd.compress(compact(body("half")))[:-20], "zstd"),
    "unknown": (compact(body("unknown encoding")), "compress"),
    "two": (gzip.compress(gzip.compress(b"{}")), "gzip, gzip"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_item_8_what_cannot_be_decoded_leaves_as_it_came(client, provider, damage):
    sent, encoding = DAMAGED[damage]
    provider.say(Raw(400, {"content-type": "text/plain"}, (b"provider: bad encoding",)))
    answer = client.send(CHAT, sent, [("content-encoding", encoding)])
    assert (answer.status, answer.body) == (400, b"provider: bad encoding")
    assert provider.seen[0].body == sent


@pytest.mark.parametrize("form", FORMS)
def test_item_9_an_answer_travels_byte_for_byte(client, provider, form):
    """Usage, odd numbers, unknown keys, headers: what the provider says is what the client gets."""
    said = b'{ "usage" : {"input_tokens":1e2,"new":null},\r\n"id":"\\u0061", "choices":[],"candidates":[] }'
    headers = {"content-type": "application/json", "x-ratelimit-remaining": "7", "X-New": "a, b", "request-id": "r"}
    provider.say(Raw(200, headers, (said,)))
    answer = client.send(PATHS[form], Talk(form, "hi").body())
    assert answer.body == said
    assert [(name, value) for name, value in answer.headers if name in headers] == list(headers.items())


def test_item_10_counts_are_of_what_the_client_sent(client, provider):
    """24 in a row, as one client asks them; the answer is the provider's."""
    sent = compact(body("count"))
    for _ in range(24):
        assert client.send("/v1/messages/count_tokens?beta=true", sent).value["input_tokens"] == len(sent) // 4
    assert {seen.body for seen in provider.seen} == {sent}


def test_item_11_probes_are_answered(client, launch):
    nowhere = launch(upstream="http://127.0.0.1:1")
    for path in ("/", "/api/hello"):
        assert client.send(path, method="HEAD").status < 500
        assert nowhere.client.send(path, method="HEAD").status < 500


def test_item_11_a_path_prefix_tags_a_session(proxy, provider):
    client = Client(f"{proxy.url}/w/my-session.1", proxy.client.headers)
    client.send("/v1/messages?beta=true", compact(Talk("anthropic", "tagged").value()))
    client.send("/v1/models?limit=1", method="GET")
    assert [seen.path for seen in provider.seen] == ["/v1/messages?beta=true", "/v1/models?limit=1"]


def test_other_upstreams_have_a_name(proxy, provider):
    client = Client(f"{proxy.url}/u/other", proxy.client.headers)
    client.send(CHAT, compact(body("by name")))
    assert provider.seen[0].path == CHAT
    assert len(provider.seen[0].body) < len(LONG)
    assert Client(f"{proxy.url}/u/nobody").send(CHAT, b"{}").status >= 500
    assert len(provider.seen) == 1


ERRORS = [400, 401, 403, 404, 413, 422, 429, 500, 502, 503, 529]


@pytest.mark.parametrize("status", ERRORS)
def test_item_12_errors_are_the_providers(client, provider, status):
    said = b'{"type":"error","error":{"type":"overloaded_error","message":"x"},"request_id":"req_1"}'
    headers = {"content-type": "application/json", "retry-after": "17", "x-should-retry": "true"}
    provider.say(Raw(status, headers, (said,)))
    answer = client.send("/v1/messages", Talk("anthropic", "error").body())
    assert (answer.status, answer.body) == (status, said)
    assert {name: answer.header(name) for name in headers} == headers
    assert len(provider.seen) == 1, "no retries of our own"


def test_item_12_redirects_are_the_clients_to_follow(client, provider):
    provider.say(Raw(307, {"location": "http://127.0.0.1:1/v1/messages"}, (b"",)))
    answer = client.send("/v1/messages", Talk("anthropic", "redirect").body())
    assert (answer.status, answer.header("location")) == (307, "http://127.0.0.1:1/v1/messages")


HOSTILE = {
    "empty": b"",
    "no JSON": b"hello",
    "half": compact(body("half"))[:-9],
    "a list": b"[]",
    "null": b"null",
    "messages is a string": b'{"model":"m","messages":"hello"}',
    "messages is null": b'{"messages":null}',
    "messages of messages": b'{"messages":[[[{"role":"user"}]]]}',
    "numbers": b'{"messages":[1,NaN,-Infinity,1e999]}',
    "deep": b'{"messages":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "deep object": b'{"messages":[' + b'{"content":' * 50_000 + b"1" + b"}" * 50_000 + b"]}",
    "not UTF-8": b'{"messages":[{"role":"user","content":"\xff\xfe"}]}',
    "UTF-16": '{"messages":[]}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + compact(body("mark", "3 passed")),
    "lone surrogate": b'{"messages":[{"role":"user","content":"\\ud800"}]}',
    "NUL": b'{"messages":[{"role":"user","content":"a\\u0000b"}]}\x00',
    "two values": b'{"messages":[]}{"messages":[]}',
    "comments": b'{"messages":[]/* hm */}',
    "binary": bytes(range(256)) * 40,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", HOSTILE)
def test_item_12_no_4xx_of_our_own(client, provider, what, form):
    """Whatever a body is, the provider gets it as it came and judges it."""
    sent = HOSTILE[what].replace(
        b'"messages"', {"responses": b'"input"', "gemini": b'"contents"'}.get(form, b'"messages"')
    )
    provider.say(Raw(418, {}, (b"judged",)))
    assert client.send(PATHS[form], sent).status == 418
    assert provider.seen[0].body == sent


def test_item_8_an_upgrade_is_relayed_or_sent_back_to_http(client):
    """426 makes Codex fall back at once; 403 or 404 cost it six seconds."""
    handshake = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("openai-beta", "responses_websockets=2026-02-06"),
    ]
    stream = client.open("/v1/responses", headers=handshake, method="GET")
    assert stream.status in (101, 426)
    stream.leave()


def test_json_is_what_the_provider_says_not_ours(client, provider):
    """A model's answer in every format, as the provider made it."""
    for form in FORMS:
        provider.say(Turn("Done.", (("c1", "bash", {"command": "ls"}),)))
        answer = client.send(PATHS[form], Talk(form, "answer").body())
        assert json.loads(answer.body) == answer.value
        assert answer.header("request-id") == "req_scripted"
