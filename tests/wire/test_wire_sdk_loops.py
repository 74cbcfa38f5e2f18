"""The tool loop of each provider's SDK, as its documentation shows it, against a server on loopback.

Each loop runs twice: with the messages as they are, and made shorter before each request. What the server received must
be the same but for the long tool results, and what the SDK returned must come back as the same objects.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import anthropic
import openai
import pytest
from google import genai
from google.genai import types

import headroom
from headroom import wire
from headroom.originals.store import MemoryStore

LONG = "".join(f"2026-11-22 10:{n // 60:02}:{n % 60:02} INFO worker: job {n} done in {n % 7} ms\n" for n in range(300))
NESTED = LONG + "2026-11-22 10:05:00 INFO worker: stopped\n"
BRIEF = "3 passed"


def shrink(messages):
    """The smallest compressor there is: long results become a word."""
    blocks, failures = wire.read(messages)
    assert failures == []
    assert all(block.call.name == "bash" and block.call.arguments for block in blocks if block.role == "result")
    edits = {
        block.path: "short" for block in blocks if block.role == "result" and block.editable and len(block.text) > 200
    }
    return wire.put(messages, edits)


class Provider:
    """A server that gives its answers in order and keeps the requests."""

    def __init__(self, answers):
        self.requests = []
        waiting = iter(answers)
        requests = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                answer = json.dumps(next(waiting)).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def anthropic_loop(url, prepare):
    """Content blocks of the answer go into the next request as they are."""
    client = anthropic.Anthropic(api_key="none", base_url=url, max_retries=0)
    messages = [{"role": "user", "content": "Why is the worker slow?"}]
    returned = []
    for results in ([LONG], [BRIEF, [{"type": "text", "text": NESTED}]], []):
        response = client.messages.create(
            model="claude-sonnet-4-6", max_tokens=99, messages=prepare(messages, returned)
        )
        messages.append({"role": "assistant", "content": response.content})
        returned.extend(response.content)
        uses = [block for block in response.content if block.type == "tool_use"]
        answers = [
            {"type": "tool_result", "tool_use_id": use.id, "content": text}
            for use, text in zip(uses, results, strict=True)
        ]
        messages.append({"role": "user", "content": answers})


def anthropic_answer(*uses):
    thinking = {"type": "thinking", "thinking": "Look at the log.", "signature": "c2lnbmF0dXJl"}
    content = [thinking, {"type": "text", "text": "Let me look."}]
    content += [{"type": "tool_use", "id": name, "name": "bash", "input": {"command": name}} for name in uses]
    usage = {"input_tokens": 1, "output_tokens": 1}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None}
    return {**head, "stop_reason": "tool_use" if uses else "end_turn", "usage": usage, "content": content}


def chat_loop(url, prepare):
    """The answer's message object goes into the next request as it is."""
    client = openai.OpenAI(api_key="none", base_url=f"{url}/v1", max_retries=0)
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why is the worker slow?"}]
    returned = []
    for results in ([LONG], [BRIEF, [{"type": "text", "text": NESTED}]], []):
        response = client.chat.completions.create(model="gpt-5.5", messages=prepare(messages, returned))
        message = response.choices[0].message
        messages.append(message)
        returned.append(message)
        for call, text in zip(message.tool_calls or [], results, strict=True):
            messages.append({"role": "tool", "tool_call_id": call.id, "content": text})


def chat_answer(*calls):
    made = [
        {"id": name, "type": "function", "function": {"name": "bash", "arguments": f'{{"command":"{name}"}}'}}
        for name in calls
    ]
    message = {
        "role": "assistant",
        "content": None if calls else "It waits.",
        "refusal": None,
        **({"tool_calls": made} if calls else {}),
    }
    choice = {"index": 0, "finish_reason": "tool_calls" if calls else "stop", "message": message, "logprobs": None}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-5.5", "choices": [choice]}


def responses_loop(url, prepare):
    """The answer's items, reasoning included, go into the next input as they are."""
    client = openai.OpenAI(api_key="none", base_url=f"{url}/v1", max_retries=0)
    items = [{"role": "user", "content": "Why is the worker slow?"}]
    returned = []
    for results in ([LONG], [BRIEF, [{"type": "input_text", "text": NESTED}]], []):
        response = client.responses.create(model="gpt-5.5", input=prepare(items, returned), store=False)
        items += response.output
        returned += response.output
        calls = [item for item in response.output if item.type == "function_call"]
        for call, text in zip(calls, results, strict=True):
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": text})


def responses_answer(*calls):
    output = [{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAA"}]
    for name in calls:
        arguments = f'{{"command":"{name}"}}'
        output.append(
            {
                "type": "function_call",
                "id": f"fc_{name}",
                "call_id": name,
                "name": "bash",
                "arguments": arguments,
                "status": "completed",
            }
        )
    text = {"type": "output_text", "text": "Let me look.", "annotations": []}
    output.append({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [text]})
    head = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-5.5", "status": "completed"}
    return {**head, "output": output, "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}


def genai_loop(url, prepare):
    """Everything is an object: the answer's content, and the tool results themselves."""
    client = genai.Client(api_key="none", http_options=types.HttpOptions(base_url=url))
    contents = [types.Content(role="user", parts=[types.Part(text="Why is the worker slow?")])]
    returned = []
    for results in ([{"output": LONG}], [{"output": BRIEF}, {"result": {"log": [NESTED], "code": 0}}], []):
        response = client.models.generate_content(model="gemini-3-pro", contents=prepare(contents, returned))
        content = response.candidates[0].content
        contents.append(content)
        returned.append(content)
        calls = [part.function_call for part in content.parts if part.function_call]
        answers = [
            types.Part.from_function_response(name=call.name, response=result)
            for call, result in zip(calls, results, strict=True)
        ]
        contents.append(types.Content(role="user", parts=answers))


def genai_answer(*calls):
    parts = [{"text": "Look at the log.", "thought": True}]
    parts += [
        {"functionCall": {"name": "bash", "args": {"command": name}}, "thoughtSignature": "c2ln"} for name in calls
    ]
    return {
        "candidates": [
            {"content": {"role": "model", "parts": [*parts, {"text": "Let me look."}]}, "finishReason": "STOP"}
        ]
    }


LOOPS = {
    "anthropic": (anthropic_loop, anthropic_answer, "messages"),
    "openai_chat": (chat_loop, chat_answer, "messages"),
    "openai_responses": (responses_loop, responses_answer, "input"),
    "google_genai": (genai_loop, genai_answer, "contents"),
}


def objects(value):
    """Every object and container in the messages: what an SDK serialises."""
    if isinstance(value, (list, tuple)):
        yield from (inner for part in value for inner in objects(part))
    elif isinstance(value, dict):
        yield value
        yield from (inner for part in value.values() for inner in objects(part))
    elif hasattr(value, "model_fields_set"):
        yield value
        yield from (inner for name in type(value).model_fields for inner in objects(getattr(value, name)))


def differences(old, new, path=()):
    """Where two JSON values differ, and the two leaves there."""
    if isinstance(old, dict) and isinstance(new, dict):
        assert list(old) == list(new), path
        return [found for key in old for found in differences(old[key], new[key], (*path, key))]
    if isinstance(old, list) and isinstance(new, list):
        assert len(old) == len(new), path
        return [found for index in range(len(old)) for found in differences(old[index], new[index], (*path, index))]
    return [] if type(old) is type(new) and old == new else [(path, old, new)]


def check_loop(name, compress):
    """Run one loop plain and compressed; give back the texts that the server got shorter, request by request."""
    loop, answer, key = LOOPS[name]
    answers = [answer("log"), answer("test", "mail"), answer()]
    with Provider(answers) as plain:
        loop(plain.url, lambda messages, _: messages)

    def prepare(messages, returned):
        dumped = [repr(message) for message in messages]
        shorter = compress(messages)
        assert [repr(message) for message in messages] == dumped
        kept = {id(value) for value in objects(list(shorter))}
        assert all(id(value) in kept for value in returned)
        assert all(type(new) is type(old) for new, old in zip(shorter, messages, strict=True))
        return shorter

    with Provider(answers) as short:
        loop(short.url, prepare)

    assert len(plain.requests) == len(short.requests) == 3
    shorter = []
    for old, new in zip(plain.requests, short.requests, strict=True):
        changed = differences(old, new)
        assert all(
            path[0] == key and isinstance(after, str) and len(after) < len(before) for path, before, after in changed
        )
        shorter.append([before for _, before, _ in changed])
    for earlier, later in zip(short.requests, short.requests[1:], strict=False):
        assert later[key][: len(earlier[key])] == earlier[key]
    return shorter


@pytest.fixture(autouse=True)
def _straight_to_loopback(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_with_long_results_replaced(name):
    assert check_loop(name, shrink) == [[], [LONG], [LONG, NESTED]]


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_with_compress(name):
    store = MemoryStore()

    def compress(messages):
        compressed = headroom.compress(messages, settings=headroom.Settings(), store=store)
        assert compressed.failures == ()
        return compressed

    # the second log begins with the first: whatever else is folded, that repeat is
    first, second, third = check_loop(name, compress)
    assert first == []
    assert second in ([], [LONG])
    assert third == [*second, NESTED]
