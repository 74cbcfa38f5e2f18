"""Spliced answers, whatever was said: the client's SDK reads the visible parts, the provider its own turns, for ever.

The oracles are written apart from the code: real SDKs read the stream, and the histories are built from the rounds.
"""

import json

import anthropic
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from splice_talk import RESULT, TALKS, Facts, Played, restore

from headroom.wire.body import Body

try:
    import httpx2 as httpx  # what the SDKs of 2026 speak HTTP with
except ImportError:
    import httpx

WORDS = st.text(st.sampled_from('ab \n"\\é漢😀{}[]:,d'), min_size=1, max_size=12).filter(str.strip)
ARGUMENTS = st.dictionaries(
    st.sampled_from(["path", "n", "é"]), st.one_of(WORDS, st.integers(-9, 9), st.booleans()), max_size=2
)
FRAMES = [("anthropic", "stream"), ("anthropic", "whole"), ("chat", "stream"), ("chat", "whole")]
FRAMES += [("gemini", "stream"), ("gemini", "array"), ("gemini", "whole")]


@st.composite
def conversations(draw, chat=False):
    """Rounds of one answer: all but the last call us and nobody else; the last may call anybody or nobody."""
    count = 0

    def calls(kind):
        nonlocal count
        count += 1
        return (kind, f"{kind}{count}", {"handle": "0123456789ab"} if kind == "own" else draw(ARGUMENTS))

    def words():
        kinds = st.sampled_from(["text"] if chat else ["text", "think"])
        return [(draw(kinds), draw(WORDS)) for _ in range(draw(st.integers(0, 2)))]

    rounds = [words() + [calls("own") for _ in range(draw(st.integers(1, 2)))] for _ in range(draw(st.integers(0, 3)))]
    last = words() + [calls(draw(st.sampled_from(["own", "call", "call"]))) for _ in range(draw(st.integers(0, 4)))]
    if not any(item[0] == "call" for item in last):
        last = [item for item in last if item[0] != "own"] or [("text", "Done.")]
    return [*rounds, last]


def cut(chunks, size):
    data = "".join(chunks).encode()
    return [data[at : at + size] for at in range(0, len(data), size)]


def play(talk, frame, rounds, facts, size=10_000):
    content_type = "text/event-stream" if frame == "stream" else "application/json"
    played = Played(talk, talk.request([talk.user("hello")]), facts, content_type, streamed=frame != "whole")
    for number, items in enumerate(rounds):
        said = getattr(talk, frame)(items, number)
        more = played.hear(cut([said] if frame == "whole" else said, size))
        assert more == (number < len(rounds) - 1)
    return played


def visible(rounds):
    return [item for items in rounds for item in items if item[0] != "own"]


def history(talk, rounds):
    """The provider's side of an answer: each round, then what our tool and the client's gave back."""
    messages = []
    for items in rounds:
        messages += talk.turns(items)
        ids = [(item[1], answered(item)) for item in items if item[0] in ("own", "call")]
        messages += talk.results(ids) if ids else []
    return messages


def answered(item):
    return RESULT if item[0] == "own" else f"ran {item[1]}"


def client_history(talk, rounds):
    seen = visible(rounds)
    ids = [(item[1], answered(item)) for item in seen if item[0] == "call"]
    return talk.turns(seen) + (talk.results(ids) if ids else [])


def read_by_client(talk, frame, data):
    """The message that the client's own SDK makes of the bytes: its parts as `(kind, what)`."""
    if talk.format == "gemini":
        return read_gemini(frame, data)
    kind = "text/event-stream" if frame == "stream" else "application/json"
    http = httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=data, headers={"content-type": kind}))
    )
    return (read_anthropic if talk.format == "anthropic" else read_chat)(http, frame)


def read_anthropic(http, frame):
    client = anthropic.Anthropic(api_key="k", http_client=http, max_retries=0)
    asked = {"model": "claude", "max_tokens": 10, "messages": [{"role": "user", "content": "hello"}]}
    if frame == "stream":
        with client.messages.stream(**asked) as stream:
            message = stream.get_final_message()
    else:
        message = client.messages.create(**asked)
    parts = []
    for block in message.content:
        if block.type == "text":
            parts.append(("text", block.text))
        elif block.type == "thinking":
            parts.append(("think", block.thinking))
        else:
            parts.append(("call", block.id, block.input))
    return parts, message.stop_reason == "tool_use", (message.usage.input_tokens, message.usage.output_tokens)


def read_chat(http, frame):
    client = openai.OpenAI(api_key="k", http_client=http, max_retries=0)
    asked = {"model": "gpt", "messages": [{"role": "user", "content": "hello"}]}
    if frame == "stream":
        with client.chat.completions.stream(**asked) as stream:
            completion = stream.get_final_completion()
    else:
        completion = client.chat.completions.create(**asked)
    message = completion.choices[0].message
    calls = [("call", call.id, json.loads(call.function.arguments)) for call in message.tool_calls or []]
    parts = [("text", message.content)] if message.content else []
    finish = completion.choices[0].finish_reason
    return parts + calls, finish == "tool_calls", (completion.usage.prompt_tokens, completion.usage.completion_tokens)


def read_gemini(frame, data):
    if frame == "stream":
        chunks = [json.loads(event.removeprefix("data: ")) for event in data.decode().split("\n\n") if event]
    else:
        chunks = json.loads(data) if frame == "array" else [json.loads(data)]
    assert len({chunk["responseId"] for chunk in chunks}) == 1
    assert [at for at, chunk in enumerate(chunks) if "finishReason" in chunk["candidates"][0]] == [len(chunks) - 1]
    parts = []
    for part in (part for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]):
        if "functionCall" in part:
            parts.append(("call", part["functionCall"]["id"], part["functionCall"]["args"]))
        elif part["text"]:
            parts.append(("think" if part.get("thought") else "text", part["text"]))
    usage = chunks[-1]["usageMetadata"]
    return parts, None, (usage["promptTokenCount"], usage["candidatesTokenCount"])


def joined(parts):
    """Texts that stand side by side as one: streams and SDKs cut them as they like."""
    found = []
    for part in parts:
        if part[0] in ("text", "think") and found and found[-1][0] == part[0]:
            found[-1] = (part[0], found[-1][1] + part[1])
        else:
            found.append(part)
    return found


def told(talk, rounds):
    """What the client should see."""
    seen = visible(rounds)
    if talk.format == "chat":
        return joined([item for item in seen if item[0] == "text"]) + [item for item in seen if item[0] == "call"]
    return joined(seen)


@pytest.mark.parametrize(("name", "frame"), FRAMES)
def test_the_client_reads_one_answer(name, frame):
    talk = TALKS[name]

    @settings(max_examples=30)
    @given(conversations(chat=name == "chat"), st.integers(1, 400))
    def check(rounds, size):
        played = play(talk, frame, rounds, Facts(), size)
        parts, for_tools, usage = read_by_client(talk, frame, played.client)
        assert joined(parts) == told(talk, rounds)
        assert for_tools in (None, any(item[0] == "call" for item in rounds[-1]))
        assert usage == (99 + len(rounds), 10 * len(rounds))
        assert b"headroom" not in played.client

    check()


@pytest.mark.parametrize(("name", "frame"), FRAMES)
def test_the_provider_reads_its_own_turns_for_ever(name, frame):
    talk = TALKS[name]

    @settings(max_examples=30)
    @given(st.lists(conversations(chat=name == "chat"), min_size=1, max_size=3))
    def check(answers):
        facts = Facts()
        seen, real = [talk.user("hello")], [talk.user("hello")]
        for number, rounds in enumerate(answers):
            played = Played(talk, talk.request(seen), facts, KINDS[frame], streamed=frame != "whole")
            for turn, items in enumerate(rounds):
                said = getattr(talk, frame)(items, turn)
                played.hear([said] if frame == "whole" else said)
            assert [plain(talk, body) for body in played.sent] == [
                merged(talk, real + history(talk, rounds[:turn])) for turn in range(len(rounds))
            ]
            seen += [*client_history(talk, rounds), talk.user(f"go on {number}")]
            real += [*history(talk, rounds), talk.user(f"go on {number}")]
        sent, failures, _ = restore(talk, talk.request(seen), facts)
        assert failures == []
        assert plain(talk, sent) == merged(talk, real)
        assert restore(talk, talk.request(seen), facts)[0] == sent
        longer = [*seen, *talk.turns([("text", "Fine.")]), talk.user("more")]
        assert listed(talk, restore(talk, talk.request(longer), facts)[0]).startswith(listed(talk, sent))

    check()


KINDS = {"stream": "text/event-stream", "array": "application/json", "whole": "application/json"}
KEYS = {"anthropic": "messages", "chat": "messages", "gemini": "contents"}


def listed(talk, body):
    """The bytes of a request's messages, without the bracket that closes them."""
    body = Body(body, talk.format)
    start, end = body.span((KEYS[talk.format],))
    return body.data[start : end - 1]


def plain(talk, body):
    return merged(talk, json.loads(body)[KEYS[talk.format]])


def merged(talk, messages):
    """Messages with texts side by side as one, and empty thinking aside: what no provider tells apart."""
    if talk.format != "gemini":
        return messages
    out = []
    for message in messages:
        parts = []
        for part in message["parts"]:
            if parts and part.keys() == {"text"} == parts[-1].keys():
                parts[-1] = {"text": parts[-1]["text"] + part["text"]}
            else:
                parts.append(part)
        out.append({**message, "parts": parts})
    return out
