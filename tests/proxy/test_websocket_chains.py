"""Conversations over a websocket: frames bring only what is new, and become what the whole history would have become."""

import asyncio
import json
import sqlite3
from contextlib import contextmanager

import aiohttp
import pytest
from conftest import Proxy
from provider_answers import Turn
from provider_talk import RETRIEVE, Talk, compact, log
from provider_talk import output as any_output

PATH = "/v1/responses"
MCP = ("shell", RETRIEVE)


def output(number):
    """The command and the output of one call; the fourth prints what the first did: it becomes a reference to that."""
    return any_output(number % 3)


class Socket:
    """A client's socket, used step by step."""

    def __init__(self, url):
        self._url, self._loop = url, asyncio.new_event_loop()

    def __enter__(self):
        self._session, self._socket = self._run(self._open())
        return self

    def __exit__(self, *_):
        self._run(self._close())
        self._loop.close()

    def send(self, frame):
        """Send a frame: bytes, or a value as clients write it."""
        data = frame if isinstance(frame, bytes) else compact(frame)
        self._run(self._socket.send_str(data.decode("utf-8", "surrogatepass")))

    def event(self):
        """The next event."""
        return json.loads(self._run(self._socket.receive_str(timeout=30)))

    def ask(self, frame):
        """Send a request and read to the end of its answer: the response, or the error."""
        self.send(frame)
        while (event := self.event())["type"] not in ("response.completed", "error"):
            pass
        return event.get("response", event)

    def _run(self, work):
        return self._loop.run_until_complete(work)

    async def _open(self):
        session = aiohttp.ClientSession()
        return session, await session.ws_connect(self._url + PATH, max_msg_size=0)

    async def _close(self):
        await self._socket.close()
        await self._session.close()


class Chain:
    """A conversation in frames beside the same one as whole requests."""

    def __init__(self, first, provider, tools=MCP, **fields):
        self.first, self.talk = first, Talk("responses", first, tools=tools)
        self.provider, self.fields = provider, fields
        self.told = 0
        self.last = None

    def frame(self, **more):
        """The next frame: what the provider has not had yet."""
        value = {"type": "response.create", **self.talk.value(), **self.fields, **more}
        if self.last:
            value |= {"previous_response_id": self.last, "input": self.talk.messages[self.told :]}
        return value

    def whole(self, **more):
        """The next frame of a client that lost its connection."""
        return {"type": "response.create", **self.talk.value(), **self.fields, **more}

    def hear(self, response):
        """Take an answer; what it calls prints."""
        self.last = response["id"]
        self.told = len(self.talk.messages) + len(response["output"])
        self.talk.hear(response)

    def turn(self, socket, number, whole=False):
        """One turn over a socket, after which the output of a call waits to be sent."""
        command, printed = output(number)
        call = (f"call_{number} of {self.first}", "shell", {"command": command})
        self.provider.say(Turn("Let me look.", (call,)))
        self.hear(socket.ask(self.whole() if whole else self.frame()))
        self.talk.bring(printed)
        return self


def outputs(provider):
    """What the provider was sent for each call, every form of it; no two conversations have a call's id in common."""
    found = {}
    for seen in provider.turns:
        for item in seen.value["input"] if isinstance(seen.value["input"], list) else []:
            if "output" in item:
                found.setdefault(item["call_id"].partition(" ")[0], []).append(item["output"])
    return found


@contextmanager
def ledger(proxy):
    """The rows of a stopped proxy's ledger."""
    proxy.stop()
    connection = sqlite3.connect(proxy.home / "ledger.sqlite3")
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def frames(_provider, tmp_path_factory):
    """A proxy for conversations over frames: its store is not that of `proxy`, which gets them whole."""
    running = Proxy(tmp_path_factory.mktemp("frames"), _provider.url)
    yield running
    running.stop()


def over_http(proxy, first, provider, turns):
    """What becomes of the same conversation where the client sends it whole."""
    provider.reset()
    talk = Talk("responses", first, tools=MCP)
    for number in range(turns):
        command, printed = output(number)
        provider.say(Turn("Let me look.", ((f"call_{number} of {first}", "shell", {"command": command}),)))
        talk.hear(proxy.client.send(PATH, talk.body()).value)
        talk.bring(printed)
    proxy.client.send(PATH, talk.body())
    return {call: forms[-1] for call, forms in outputs(provider).items()}


def test_frames_become_what_the_whole_history_becomes(provider, proxy, frames):
    first = "look at everything, in one piece and in frames"
    expected = over_http(proxy, first, provider, 4)
    provider.reset(strict=True)
    chain = Chain(first, provider)
    with Socket(frames.url) as socket:
        chain.turn(socket, 0).turn(socket, 1).turn(socket, 2).turn(socket, 3)
        socket.ask(chain.frame())
    assert outputs(provider) == {call: [text] for call, text in expected.items()}
    assert sum(len(text) for text in expected.values()) < sum(len(output(number)[1]) for number in range(4)) / 2
    assert provider.problems == []


def test_a_chain_goes_on_over_sockets_and_restarts(provider, proxy, launch):
    first = "look at everything, with breaks"
    expected = over_http(proxy, first, provider, 4)
    provider.reset()
    chain, own = Chain(first, provider), launch()
    for number, ended in enumerate((own.kill, None, None, None)):
        with Socket(own.url) as socket:
            chain.turn(socket, number)
        if ended:
            ended()
            own.start()
    with Socket(own.url) as socket:
        socket.ask(chain.frame())
    assert outputs(provider) == {call: [text] for call, text in expected.items()}


@pytest.mark.parametrize("by", ["frame", "request"])
def test_a_whole_history_after_frames_has_their_bytes(provider, proxy, by):
    chain = Chain(f"look, then lose the connection ({by})", provider)
    with Socket(proxy.url) as socket:
        chain.turn(socket, 0).turn(socket, 1).turn(socket, 2).turn(socket, 3)
        chain.hear(socket.ask(chain.frame()))
    with Socket(proxy.url) as socket:
        if by == "frame":
            socket.ask(chain.whole())
        else:
            proxy.client.send(PATH, chain.talk.body())
    sent = outputs(provider)
    assert all(len(set(forms)) == 1 for forms in sent.values())
    assert sent["call_0"][-1] != output(0)[1]
    assert [len(forms) for forms in sent.values()] == [2, 2, 2, 2]


def test_what_follows_an_unknown_response_keeps_its_bytes_in_a_whole_history(provider, proxy):
    chain = Chain("begin elsewhere, go on here", provider)
    with Socket(provider.url) as direct:
        chain.turn(direct, 0)
    with Socket(proxy.url) as socket:
        chain.turn(socket, 1).turn(socket, 3)
        socket.ask(chain.frame())
        socket.ask(chain.whole())
    sent = outputs(provider)
    assert [len(set(forms)) for forms in sent.values()] == [1, 1, 1]
    provider.reset()
    proxy.client.send(PATH, chain.talk.body())
    assert {call: set(forms) for call, forms in outputs(provider).items()} == {
        call: set(forms) for call, forms in sent.items()
    }


def test_the_first_frame_after_an_unknown_response_is_made_lighter_without_references(provider, proxy):
    chain = Chain("no beginning", provider)
    text = log(5)
    with Socket(provider.url) as direct:
        provider.say(Turn("", (("a", "shell", {"command": "cat log"}),)))
        chain.hear(direct.ask(chain.frame()))
        chain.talk.bring(text)
        provider.say(Turn("", (("b", "shell", {"command": "cat log"}),)))
        chain.hear(direct.ask(chain.frame()))
        chain.talk.bring(text)
    with Socket(proxy.url) as socket:
        provider.say(Turn("", (("c", "shell", {"command": "cat log"}),)))
        chain.hear(socket.ask({**chain.frame(), "tools": chain.talk.value()["tools"]}))
        chain.talk.bring(text)
        socket.ask(chain.frame())
    sent = outputs(provider)
    assert sent["b"][-1] == sent["c"][-1]
    assert len(sent["b"][-1]) < len(text)


def test_conversations_on_one_socket_stay_apart(provider, proxy, frames):
    firsts = ["the left one", "the right one"]
    expected = [over_http(proxy, first, provider, 4) for first in firsts]
    provider.reset()
    chains = [Chain(first, provider, stream_id=f"s{at}") for at, first in enumerate(firsts)]
    with Socket(frames.url) as socket:
        for number in range(4):
            for chain in chains:
                chain.turn(socket, number)
        for chain in chains:
            socket.ask(chain.frame())
    for chain, whole in zip(chains, expected, strict=True):
        stream = chain.fields["stream_id"]
        mine = [seen.value["input"] for seen in provider.turns if seen.value["stream_id"] == stream]
        assert {
            item["call_id"].partition(" ")[0]: item["output"] for items in mine for item in items if "output" in item
        } == whole


def test_requests_under_way_at_once_are_told_apart_and_written_down(provider, launch):
    own = launch()
    left, right = (Chain(f"both at once: {side}", provider, stream_id=side) for side in ("l", "r"))
    with Socket(own.url) as socket:
        for chain in (left, right):
            chain.turn(socket, 0)
        socket.send(left.frame())
        socket.send(right.frame())
        ended = []
        while len(ended) < 2:
            event = socket.event()
            if event["type"] == "response.completed":
                ended.append(event["stream_id"])
    assert sorted(ended) == ["l", "r"]
    sizes = [len(seen.body) // 4 for seen in provider.turns]  # what the provider bills
    with ledger(own) as rows:
        found = rows.execute("SELECT route, status, fresh + cache_read AS billed FROM requests ORDER BY at").fetchall()
    assert [(row["route"], row["status"]) for row in found] == [("responses (websocket)", 200)] * 4
    assert sorted(row["billed"] for row in found) == sorted(sizes)


def test_tools_that_change_between_frames_are_in_the_cache_report(provider, launch):
    proxy = launch()
    with Socket(proxy.url) as socket:
        chain = Chain("whose tools change", provider, prompt_cache_key="tools-change")
        for number in range(4):
            if number == 2:
                (tool, *others) = chain.talk.value()["tools"]
                chain.fields["tools"] = [{**tool, "description": "another one"}, *others]
            chain.turn(socket, number)
    with ledger(proxy) as rows:
        told = [row["cache_break"] for row in rows.execute("SELECT cache_break FROM requests ORDER BY id")]
    assert [what.partition(":")[0] for what in told] == ["", "", "tools", ""]


def test_a_prewarmed_conversation_is_the_same(provider, proxy, frames):
    first = "warmed up before"
    expected = over_http(proxy, first, provider, 2)
    provider.reset()
    chain = Chain(first, provider)
    with Socket(frames.url) as socket:
        warm = socket.ask({**chain.frame(generate=False), "input": []})
        chain.last = warm["id"]
        chain.turn(socket, 0).turn(socket, 1)
        socket.ask(chain.frame())
    assert outputs(provider) == {call: [text] for call, text in expected.items()}


def test_a_request_to_compact_is_never_edited(provider, proxy):
    chain = Chain("compact this", provider)
    with Socket(proxy.url) as socket:
        chain.turn(socket, 0)
        chain.talk.messages.append({"type": "compaction_trigger"})
        frame = compact(chain.frame())
        socket.ask(frame)
    assert provider.turns[-1].body == frame


def test_a_frame_with_half_a_surrogate_pair_goes_on_as_it_came(provider, proxy):
    chain = Chain("half a pair", provider)
    with Socket(proxy.url) as socket:
        chain.turn(socket, 0)
        good = chain.frame()
        odd = {"type": "message", "role": "user", "content": "HALF"}
        frame = compact({**good, "input": [*good["input"], odd]}).replace(b"HALF", b"\\ud83d")
        chain.hear(socket.ask(frame))
    assert outputs(provider)["call_0"] != [output(0)[1]]
    assert provider.turns[-1].body.endswith(b'"content":"\\ud83d"}],' + frame.rpartition(b'"}],')[2])


def test_an_unedited_frame_leaves_byte_for_byte(provider, proxy):
    frame = (
        b'{ "type":"response.create" ,"model":"gpt-5.5","n":1e5,"n":1.0,"input":[{"type":"message","role":"user",'
        b'"content":[{"type":"input_text","text":"\\u00e9 \\/ \xe2\x98\x83"}],"future":[1,2.50]}]}'
    )
    with Socket(proxy.url) as socket:
        socket.ask(frame)
    assert provider.turns[-1].body == frame


def test_only_the_edited_string_of_a_frame_changes(provider, proxy):
    chain = Chain("splice", provider)
    with Socket(proxy.url) as socket:
        chain.turn(socket, 0)
        frame = json.dumps(chain.frame(n=1.50, future={"b": 1, "a": [1e5]}), indent=1).encode()
        socket.ask(frame)
    [edited] = outputs(provider)["call_0"]
    before, after = (json.dumps(text, ensure_ascii=False).encode() for text in (output(0)[1], edited))
    assert frame.count(before) == 1
    assert provider.turns[-1].body == frame.replace(before, after)


def test_an_error_passes_and_the_whole_history_follows(provider, proxy):
    chain = Chain("forgotten by the provider", provider)
    with Socket(proxy.url) as socket:
        chain.turn(socket, 0)
        provider.chains.clear()
        error = socket.ask(chain.frame())
        assert error["error"]["code"] == "previous_response_not_found"
        socket.ask(chain.whole())
    refused, whole = outputs(provider)["call_0"]
    assert refused == whole != output(0)[1]


def test_a_steered_conversation_keeps_its_bytes(provider, proxy):
    chain = Chain("steer me", provider)
    steer = {"type": "message", "role": "user", "content": "only the errors, please"}
    with Socket(proxy.url) as socket:
        chain.turn(socket, 0)
        frame = compact({"type": "response.steer", "previous_response_id": chain.last, "input": [steer]})
        socket.send(frame)
        assert socket.event()["type"] == "unknown.seen"
        assert provider.seen[-1].body == frame
        chain.hear(socket.ask(chain.frame()))
        chain.talk.messages.insert(-2, steer)  # the provider puts it before what follows, and so does the client
        socket.ask(chain.whole())
    first, again = outputs(provider)["call_0"]
    assert first == again != output(0)[1]


@pytest.mark.parametrize("streamed", [True, False])
def test_requests_that_follow_a_response_become_what_the_whole_history_becomes(provider, proxy, frames, streamed):
    first = f"over HTTP, with what is new only ({streamed})"
    expected = over_http(proxy, first, provider, 4)
    provider.reset()
    chain = Chain(first, provider, store=True)

    def ask():
        frame = {name: value for name, value in chain.frame(stream=streamed).items() if name != "type"}
        answer = frames.client.send(PATH, compact(frame))
        events = [json.loads(line[6:]) for line in answer.body.splitlines() if line.startswith(b"data: {")]
        return events[-1]["response"] if streamed else answer.value

    for number in range(4):
        command, printed = output(number)
        provider.say(Turn("Let me look.", ((f"call_{number} of {first}", "shell", {"command": command}),)))
        chain.hear(ask())
        chain.talk.bring(printed)
    ask()
    with Socket(frames.url) as socket:
        socket.ask(chain.whole())
    assert {call: set(forms) for call, forms in outputs(provider).items()} == {
        call: {text} for call, text in expected.items()
    }
