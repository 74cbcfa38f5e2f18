"""Streams: every event reaches the client when the provider sends it, as it is; both ends learn at once when one goes.

Nothing is timed: a provider stands at a gate until the client has what was sent before it.
"""

import signal

import provider_answers as answers
import pytest
from provider import LONGEST_WAIT, Raw, Turn, zstd
from provider_client import BrokenOffError
from provider_talk import FORMS, PATHS, RETRIEVE, Talk, compact

SSE = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
WAYS = {"asked by a tool of the client": ("bash", RETRIEVE), "asked by the proxy": ("bash",), "no tools": ()}


def streamed(form, first, tools=("bash", RETRIEVE)):
    """The path and body of a request that asks for a stream."""
    talk = Talk(form, first, tools)
    if form == "gemini":
        return talk.path.replace(":generate", ":streamGenerate") + "?alt=sse", talk.body()
    return talk.path, compact({**talk.value(), "stream": True})


def events(form, turn):
    """A model's answer as the events of a stream."""
    whole = answers.WHOLE[form](turn, {"messages": [], "input": [], "contents": []}, "mark_1", 400)
    return list(answers.framed(form, answers.EVENTS[form](whole)))


def stepwise(provider, chunks):
    """An answer that waits after each of its chunks, and the gates it waits at."""
    gates = [provider.gate() for _ in chunks]
    return Raw(200, SSE, tuple(part for pair in zip(chunks, gates, strict=True) for part in pair)), gates


def read_step_by_step(stream, chunks, gates):
    """Each chunk is here before the provider goes on to the next."""
    for chunk, gate in zip(chunks, gates, strict=True):
        assert stream.until(len(chunk)) == chunk
        gate.reached()
        gate.open()
    assert stream.rest() == b""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", FORMS)
def test_each_event_comes_when_it_is_sent(client, provider, form, way):
    chunks = events(form, Turn("Let me look at it now.", (("c1", "bash", {"command": "ls -l"}),)))
    answer, gates = stepwise(provider, chunks)
    provider.say(answer)
    stream = client.open(*streamed(form, f"step by step {way}", WAYS[way]))
    assert dict(stream.headers)["content-type"] == SSE["content-type"]
    read_step_by_step(stream, chunks, gates)


ODD = (
    b": keep-alive\n\n",
    b"event: ping\ndata: {}\n\n",
    b"retry: 3000\nid: 7\n\n",
    b'event: brand_new\r\ndata: {"type":"brand_new",\r\ndata: "x": 1e5}\r\n\r\n',
    b"data: not json\n\n",
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"caf\xc3',
    b'\xa9"}}\n',
    b"\n",
    b"data: [DONE]\n\n",
    b"no newline at the end",
)


@pytest.mark.parametrize("form", FORMS)
def test_odd_events_and_halves_of_events_come_as_they_are(client, provider, form):
    answer, gates = stepwise(provider, ODD)
    provider.say(answer)
    read_step_by_step(client.open(*streamed(form, "odd events")), ODD, gates)


def test_headers_come_before_the_first_event(client, provider):
    gate = provider.gate()
    provider.say(Raw(200, {**SSE, "x-late": "no"}, (gate, b"data: {}\n\n")))
    stream = client.open(*streamed("anthropic", "headers first"))
    assert (stream.status, dict(stream.headers)["x-late"]) == (200, "no")
    gate.reached()
    gate.open()
    assert stream.rest() == b"data: {}\n\n"


def test_an_encoded_stream_stays_encoded(client, provider):
    encoder = zstd.ZstdCompressor()
    chunks = [encoder.compress(event, encoder.FLUSH_BLOCK) for event in events("anthropic", Turn("hello " * 20))]
    answer, gates = stepwise(provider, chunks)
    provider.say(Raw(200, {**SSE, "content-encoding": "zstd"}, answer.chunks))
    path, body = streamed("anthropic", "encoded")
    stream = client.open(path, body, [("accept-encoding", "zstd")])
    assert dict(stream.headers)["content-encoding"] == "zstd"
    read_step_by_step(stream, chunks, gates)


def test_a_gemini_stream_may_be_a_list(client, provider):
    talk = Talk("gemini", "a list")
    provider.say(Turn("One part after the other. " * 4))
    answer = client.send(talk.path.replace(":generate", ":streamGenerate"), talk.body())
    assert len(answer.value) > 4
    assert answer.value[-1]["candidates"][0]["finishReason"] == "STOP"


@pytest.mark.parametrize("ends", ["cut", "reset"])
@pytest.mark.parametrize("form", FORMS)
def test_a_cut_upstream_cuts_the_client(client, provider, form, ends):
    """What came before the cut is there, and nothing makes it look whole."""
    chunks = events(form, Turn("A long answer. " * 5))[:4]
    gate = provider.gate()
    provider.say(Raw(200, SSE, (*chunks, gate), ends))
    stream = client.open(*streamed(form, "cut"))
    came = b"".join(chunks)
    assert stream.until(len(came)) == came
    gate.open()
    with pytest.raises(BrokenOffError):
        stream.rest()


@pytest.mark.parametrize("ends", ["cut", "reset"])
def test_a_cut_in_an_answer_of_known_length_cuts_the_client(client, provider, ends):
    gate = provider.gate()
    headers = {"content-type": "application/json", "content-length": "1000"}
    provider.say(Raw(200, headers, (b'{"id":', gate), ends))
    stream = client.open(PATHS["chat"], Talk("chat", "cut").body())
    assert stream.until(6) == b'{"id":'
    gate.open()
    with pytest.raises(BrokenOffError):
        stream.rest()


@pytest.mark.parametrize("form", FORMS)
def test_a_client_that_leaves_in_a_stream_ends_the_call_upstream(client, provider, form):
    gate = provider.gate()
    provider.say(Raw(200, SSE, (b": first\n\n", gate, b": second\n\n")))
    stream = client.open(*streamed(form, "leaves"))
    stream.until(5)
    stream.leave()
    assert provider.seen[0].left.wait(LONGEST_WAIT)


def test_a_client_that_leaves_before_an_answer_ends_the_call_upstream(client, provider):
    provider.say(Raw(200, {}, (b"late",), after=provider.gate()))
    talk = Talk("anthropic", "leaves early")
    head = f"POST {talk.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(talk.body())}\r\n\r\n".encode()
    with client.connected() as connection:
        connection.sendall(head + talk.body())
        provider.waits_for(1)
    assert provider.seen[0].left.wait(LONGEST_WAIT)


def test_a_stop_finishes_running_streams(launch, provider):
    proxy = launch()
    chunks = events("anthropic", Turn("Still going. " * 3))
    answer, gates = stepwise(provider, chunks)
    provider.say(answer)
    stream = proxy.client.open(*streamed("anthropic", "graceful"))
    assert stream.until(len(chunks[0])) == chunks[0]
    proxy.process.send_signal(signal.SIGTERM)
    gates[0].open()
    read_step_by_step(stream, chunks[1:], gates[1:])
    assert proxy.process.wait(LONGEST_WAIT) == 0


def test_new_settings_by_signal_lose_nothing(launch, provider):
    proxy = launch()
    talk = Talk("anthropic", "hang up")
    talk.turn(proxy.client, provider, 0)
    chunks = events("anthropic", Turn("Still going. " * 3))
    answer, gates = stepwise(provider, chunks)
    provider.say(answer)
    stream = proxy.client.open(talk.path, talk.body())
    assert stream.until(len(chunks[0])) == chunks[0]
    (proxy.home / "config.toml").write_text('level = "lossless"\n')
    proxy.process.send_signal(signal.SIGHUP)
    gates[0].open()
    read_step_by_step(stream, chunks[1:], gates[1:])
    proxy.client.send(talk.path, talk.body())
    assert provider.seen[-1].body == provider.seen[-2].body


def test_killed_in_a_stream_the_next_turn_leaves_with_the_same_bytes(launch, provider):
    proxy = launch()
    talk = Talk("anthropic", "killed")
    for number in range(3):
        talk.turn(proxy.client, provider, number)
    gate = provider.gate()
    provider.say(Raw(200, SSE, (b": first\n\n", gate)))
    stream = proxy.client.open(talk.path, talk.body())
    assert stream.until(9) == b": first\n\n"
    proxy.kill()
    with pytest.raises(BrokenOffError):
        stream.rest()
    proxy.start()
    proxy.client.send(talk.path, talk.body())
    assert len(provider.seen[-1].body) < 0.6 * len(talk.body())
    assert provider.seen[-1].body == provider.seen[-2].body
