"""Websockets through the proxy: what comes out of one side is what went into the other, however it ends."""

import asyncio
import json
import struct

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from conftest import Proxy
from websocket_peer import EXACT, Peer, opened
from yarl import URL

PATH = "/v1/responses"
ODD = (
    b"",
    b"no JSON",
    b"[1,2]",
    b'{"type":5}',
    b'{ "type" : "response.steer", "previous_response_id": "resp_1", "input": [] }',
    b'{"type":"response.cancel","n":1e5,"n":2}',
    b'{"type":"response.create","input":"plain"}',
    b'{"type":"response.create","input":[{"type":"message","role":"user","content":"\\ud800 \\u00e9 1"}],"x":NaN}',
    b'{"type":"response.create","input":{"not":"a list"}}',
    b'{"type":"response.create", "input":[{"type":"of tomorrow"}], "stream_id":7}',
    "prétentieux ☃".encode(),
    b"not \xff\xfe UTF-8",
)


@pytest.fixture(scope="module")
def peer():
    with Peer() as running:
        yield running


@pytest.fixture(scope="module")
def proxy(peer, tmp_path_factory):
    running = Proxy(tmp_path_factory.mktemp("proxy"), peer.url)
    yield running
    running.stop()


async def echo(request):
    """A provider that sends every message back, with what kind it was in front."""
    socket = await opened(request)
    while (message := await socket.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
        await socket.send_frame(message.data, message.type)
    if message.type is WSMsgType.CLOSE:
        await socket.send_frame(b"", WSMsgType.CLOSE)
    return socket


@pytest.mark.parametrize("path", [PATH, "/v1/realtime?model=m%2F1", "/backend-api/codex/responses", "/u/other/v1/x"])
def test_messages_pass_byte_for_byte_in_order(peer, proxy, path):
    sent = [(data, kind) for data in ODD for kind in (WSMsgType.TEXT, WSMsgType.BINARY)]

    async def client(session):
        async with session.ws_connect(proxy.url + path, **EXACT) as socket:
            for data, kind in sent:
                await socket.send_frame(data, kind)
            return [(message.data, message.type) for message in [await socket.receive() for _ in sent]]

    assert peer.play(echo, client) == sent


@pytest.mark.parametrize("offer", [0, 15])
def test_large_messages_pass_with_and_without_compression(peer, proxy, offer):
    large = json.dumps({"type": "response.create", "input": [], "x": "text " * 10**6}).encode()
    offers = []

    async def provider(request):
        offers.append(request.headers.get("Sec-WebSocket-Extensions"))
        return await echo(request)

    async def client(session):
        async with session.ws_connect(proxy.url + PATH, compress=offer, **EXACT) as socket:
            taken = socket.compress
            await socket.send_frame(large, WSMsgType.TEXT)
            await socket.send_frame(large, WSMsgType.BINARY)
            return taken, [(await socket.receive()).data == large for _ in range(2)]

    assert peer.play(provider, client) == (offer, [True, True])
    assert [bool(each) for each in offers] == [bool(offer)]


def test_pings_are_answered_by_the_provider(peer, proxy):
    async def provider(request):
        socket = await opened(request)
        ping = await socket.receive()
        await socket.send_frame(b"from the provider", WSMsgType.PONG)
        await socket.send_frame(ping.data + b" seen", WSMsgType.PING)
        return await socket.receive() and socket

    async def client(session):
        async with session.ws_connect(proxy.url + PATH, **EXACT) as socket:
            await socket.send_frame(b"from the client", WSMsgType.PING)
            return [(message.type, message.data) for message in (await socket.receive(), await socket.receive())]

    assert peer.play(provider, client) == [
        (WSMsgType.PONG, b"from the provider"),
        (WSMsgType.PING, b"from the client seen"),
    ]


CLOSINGS = [
    (b"", (0, "")),
    (struct.pack("!H", 1000), (1000, "")),
    (struct.pack("!H", 4321) + "né".encode(), (4321, "né")),
]


@pytest.mark.parametrize(("frame", "read"), CLOSINGS)
def test_a_close_frame_of_the_provider_reaches_the_client(peer, proxy, frame, read):
    async def client(session):
        answered = asyncio.get_running_loop().create_future()

        async def provider(request):
            socket = await opened(request)
            await socket.send_frame(frame, WSMsgType.CLOSE)
            answered.set_result(await socket.receive())
            return socket

        peer.provider = provider
        async with session.ws_connect(proxy.url + PATH, **EXACT) as socket:
            message = await socket.receive()
            await socket.send_frame(frame, WSMsgType.CLOSE)
        return [(each.type, (each.data, each.extra)) for each in (message, await answered)]

    assert peer.play(None, client) == [(WSMsgType.CLOSE, read), (WSMsgType.CLOSE, read)]


@pytest.mark.parametrize(("frame", "read"), CLOSINGS)
def test_a_close_frame_of_the_client_reaches_the_provider(peer, proxy, frame, read):
    async def client(session):
        said = asyncio.get_running_loop().create_future()

        async def provider(request):
            socket = await opened(request)
            message = await socket.receive()
            said.set_result((message.type, (message.data, message.extra)))
            await socket.send_frame(frame, WSMsgType.CLOSE)
            return socket

        peer.provider = provider
        async with session.ws_connect(proxy.url + PATH, **EXACT) as socket:
            await socket.send_frame(frame, WSMsgType.CLOSE)
            answer = await socket.receive()
            assert (answer.data, answer.extra) == read
            return await said

    assert peer.play(None, client) == (WSMsgType.CLOSE, read)


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (426, {}, b"use HTTP"),
        (401, {"www-authenticate": "Bearer", "content-type": "application/json"}, b'{"error":{"code":"no key"}}'),
        (503, {"retry-after": "7", "content-encoding": "x-odd"}, b"\x00\xff"),
        (307, {"location": "http://127.0.0.1:1/elsewhere"}, b""),
    ],
)
def test_a_refusal_is_the_providers_own(peer, proxy, status, headers, body):
    async def provider(_):
        return web.Response(status=status, headers=headers, body=body)

    async def client(session):
        asked = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        async with session.get(proxy.url + PATH, headers=asked | key, allow_redirects=False) as answer:
            return answer.status, dict(answer.headers), await answer.read()

    got = peer.play(provider, client)
    assert (got[0], got[2]) == (status, body)
    assert headers.items() <= {name.lower(): value for name, value in got[1].items()}.items()


def test_headers_and_subprotocols_pass(peer, proxy):
    seen = []

    async def provider(request):
        seen.append(request)
        socket = web.WebSocketResponse(protocols=["second"], **EXACT)
        socket.headers["x-codex-turn-state"] = "state=1"
        await socket.prepare(request)
        await socket.send_frame(b"", WSMsgType.CLOSE)
        return socket

    async def client(session):
        given = {"Authorization": "Bearer sk-1", "OpenAI-Beta": "responses_websockets=1", "x-headroom-bypass": "1"}
        url = URL(f"{proxy.url}/w/tag{PATH}?a=%2F", encoded=True)
        async with session.ws_connect(url, headers=given, protocols=("first", "second"), **EXACT) as socket:
            return socket.protocol, socket._response.headers.get("x-codex-turn-state")

    assert peer.play(provider, client) == ("second", "state=1")
    [request] = seen
    assert request.raw_path == f"{PATH}?a=%2F"
    assert request.headers["Authorization"] == "Bearer sk-1"
    assert request.headers["OpenAI-Beta"] == "responses_websockets=1"
    assert request.headers["Host"] == peer.url.removeprefix("http://")
    assert not [name for name in request.headers if name.lower().startswith("x-headroom")]


def test_a_provider_that_is_cut_off_cuts_the_client_off(peer, proxy):
    async def provider(request):
        socket = await opened(request)
        await socket.send_frame(b"before", WSMsgType.TEXT)
        request.transport.abort()
        return socket

    async def client(session):
        async with session.ws_connect(proxy.url + PATH, **EXACT) as socket:
            first, then = await socket.receive(), await socket.receive()
            return first.data, then.type, socket.close_code

    data, kind, code = peer.play(provider, client)
    assert data == b"before"
    assert kind in (WSMsgType.CLOSED, WSMsgType.ERROR)
    assert code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE


def test_a_client_that_is_cut_off_cuts_the_provider_off(peer, proxy):
    async def client(session):
        ended = asyncio.get_running_loop().create_future()

        async def provider(request):
            socket = await opened(request)
            try:
                first, then = await socket.receive(), await socket.receive()
                ended.set_result((first.data, then.type))
            except asyncio.CancelledError:
                ended.set_result((first.data, None))
            return socket

        peer.provider = provider
        socket = await session.ws_connect(proxy.url + PATH, **EXACT)
        await socket.send_frame(b"before", WSMsgType.TEXT)
        socket._response.connection.transport.abort()
        return await ended

    data, kind = peer.play(None, client)
    assert data == b"before"
    assert kind is not WSMsgType.CLOSE


def test_a_provider_that_is_not_there_is_a_502(peer, launch):
    gone = launch(upstream="http://127.0.0.1:1")

    async def client(session):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(gone.url + PATH)
        return caught.value.status

    assert peer.play(None, client) == 502


def test_work_on_one_direction_does_not_hold_up_the_other(peer, proxy):
    async def client(session):
        arrived = asyncio.Event()

        async def provider(request):
            socket = await opened(request)
            await socket.receive()
            await socket.send_frame(b"tick", WSMsgType.TEXT)
            await socket.receive()
            arrived.set()
            await socket.send_frame(b"done", WSMsgType.TEXT)
            return await socket.receive() and socket

        peer.provider = provider
        log = "\n".join(f"{at} INFO worker-{at % 7}: request {at * 31} served" for at in range(60_000))
        item = {"type": "function_call_output", "call_id": "c", "output": log}
        request = json.dumps({"type": "response.create", "input": [item]}).encode()
        async with session.ws_connect(proxy.url + PATH, **EXACT) as socket:
            await socket.send_frame(b"go", WSMsgType.TEXT)
            await socket.send_frame(request, WSMsgType.TEXT)
            tick, early = (await socket.receive()).data, arrived.is_set()
            return tick, early, (await socket.receive()).data

    assert peer.play(None, client) == (b"tick", False, b"done")


def test_a_stop_closes_idle_sockets(peer, launch):
    stopping = launch(upstream=peer.url)

    async def client(session):
        async with session.ws_connect(stopping.url + PATH, **EXACT) as socket:
            await socket.send_frame(b"open", WSMsgType.TEXT)
            await socket.receive()
            ended = asyncio.get_running_loop().run_in_executor(None, stopping.stop)
            message = await socket.receive()
            await socket.send_frame(b"", WSMsgType.CLOSE)
            return message.type, message.data, await ended

    assert peer.play(echo, client) == (WSMsgType.CLOSE, aiohttp.WSCloseCode.SERVICE_RESTART, 0)
