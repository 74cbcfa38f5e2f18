"""The Responses websocket: two sockets joined, frame by frame, with the client's requests made lighter on the way.

Rules:
* Frames keep their order in each direction, and neither direction waits for the other. Whatever is no
  `response.create` passes byte for byte: text, binary, ping, pong, the close frame with its code and reason.
* A side that is cut off cuts the other one off. An upgrade that the provider refuses is refused with its own words.
* What is known of a conversation hangs on the ids of its responses (`chains`), never on the socket: one socket carries
  several, told apart by `stream_id`, and a conversation outlives its socket.
* A response is complete for the client when it can be followed: what is kept of it is durable before its last event goes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Protocol

import aiohttp
import msgspec
from aiohttp import WSMsgType, web
from multidict import CIMultiDict
from yarl import URL

from headroom.originals.store import Store
from headroom.proxy import forward, headers
from headroom.proxy.account import Request
from headroom.proxy.chains import Answer
from headroom.proxy.forward import Call
from headroom.proxy.lighten import Lightened
from headroom.proxy.routes import Route
from headroom.wire.usage import Tee

_HANDSHAKE = frozenset(
    f"sec-websocket-{each}" for each in ("key", "version", "extensions", "protocol", "accept")
) | frozenset({"content-length", "content-type"})
"""Headers that each of the two sockets makes anew."""
_WINDOW = 15
"""Bits of the window of permessage-deflate: the most there are, and what clients offer."""
_CLOSING_SECONDS = 10.0
"""A guard against hangs: how long a side may take to answer the other side's close frame."""
_RESTARTS = struct.pack("!H", aiohttp.WSCloseCode.SERVICE_RESTART) + b"headroom stops"
_CREATE, _STEER = "response.create", "response.steer"
_OK, _SWITCHING, _FAILED = 200, 101, 500


class Host(Protocol):
    """What a socket needs of the proxy it belongs to."""

    store: Store
    sockets: set[Joined]

    @property
    def client(self) -> aiohttp.ClientSession:
        """The open client."""

    async def lighten(
        self, request: web.Request, route: Route, body: bytes, *, linked: bool = False, gap: bool = False
    ) -> Lightened:
        """A body made lighter; never raises."""

    def account(self, request: Request, tee: Tee | None) -> None:
        """Write down a request whose answer has gone."""


class _RefusedError(Exception):
    """The provider answered the upgrade by something else."""

    def __init__(self, answer: aiohttp.ClientResponse, body: bytes) -> None:
        super().__init__(answer.status)
        self.answer, self.body = answer, body


class _Handshake(aiohttp.ClientResponse):
    """The answer to an upgrade: its body is read where it is a refusal, which the library would drop."""

    async def start(self, connection: Any) -> aiohttp.ClientResponse:  # noqa: ANN401 - a class of the library's own
        await super().start(connection)
        if self.status != _SWITCHING:
            raise _RefusedError(self, await self.read())
        return self


class _Upstream(aiohttp.ClientWebSocketResponse[bool]):
    """The provider's socket, with the answer that opened it."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - as the library makes it
        super().__init__(*given, **named)
        self.answer: aiohttp.ClientResponse = given[3]


_Side = _Upstream | web.WebSocketResponse[bool]


def is_asked(request: web.Request) -> bool:
    """Whether a request asks for a websocket."""
    return request.method == "GET" and request.headers.get("Upgrade", "").strip().lower() == "websocket"


async def serve(host: Host, request: web.Request, route: Route) -> web.StreamResponse:
    """Join a client's socket to one of the provider's, until either ends.

    Args:
        host: the proxy.
        request: asks for a websocket.
        route: where a POST to its path would go; its frames are edited where that one's body would be.
    """
    async with forward.session(host.client.connector, _Handshake, _Upstream) as session:
        try:
            upstream = await _connect(session, request, route)
        except _RefusedError as refusal:
            answer = refusal.answer
            kept = headers.back(answer.raw_headers, without=frozenset({"content-length"}))
            return web.Response(status=answer.status, reason=answer.reason, headers=kept, body=refusal.body)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            return forward.unreachable(route.provider, error)
        try:
            client = await _accept(request, upstream)
            named = replace(route, name=f"{route.name} (websocket)")
            await _finished(Joined(host, request, named, client, upstream).run())
        finally:
            upstream.answer.close()
            forward.cut(request)
    return client


async def _finished(work: Coroutine[Any, Any, None]) -> None:
    """Wait for two sockets to end. A client that leaves ends this call, but not before its last frames are handed on."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=_CLOSING_SECONDS)
        raise
    finally:
        task.cancel()


async def _connect(session: aiohttp.ClientSession, request: web.Request, route: Route) -> _Upstream:
    offered = request.headers.get("Sec-WebSocket-Protocol", "")
    url = URL(route.url, encoded=True)
    proxy, told = forward.by_way_of(url)
    opened = await session.ws_connect(
        url,
        proxy=proxy,
        proxy_auth=told,
        headers=headers.onward(request.raw_headers, without=_HANDSHAKE),
        protocols=[each.strip() for each in offered.split(",") if each.strip()],
        compress=_WINDOW if "permessage-deflate" in request.headers.get("Sec-WebSocket-Extensions", "") else 0,
        max_msg_size=0,
        autoclose=False,
        autoping=False,
        decode_text=False,
    )
    assert isinstance(opened, _Upstream)
    return opened


async def _accept(request: web.Request, upstream: _Upstream) -> web.WebSocketResponse[bool]:
    client: web.WebSocketResponse[bool] = web.WebSocketResponse(
        protocols=[upstream.protocol] if upstream.protocol else (),
        max_msg_size=0,
        autoclose=False,
        autoping=False,
        decode_text=False,
    )
    client.headers.extend(headers.back(upstream.answer.raw_headers, without=_HANDSHAKE))
    await client.prepare(request)
    return client


@dataclass(slots=True)
class _Turn:
    """One `response.create` on its way."""

    made: Lightened
    call: Call
    began: float
    answer: Answer


class _Frame(msgspec.Struct):
    """What is read of any frame, in either direction."""

    type: str = ""
    stream_id: str | None = None
    previous_response_id: str | None = None
    status: int | None = None


_decode = msgspec.json.Decoder(_Frame).decode
_NOTHING = _Frame()


def _read(data: bytes) -> _Frame:
    """What a frame says; nothing where it is no JSON object of that kind."""
    try:
        try:
            return _decode(data)
        except msgspec.ValidationError:
            return _NOTHING
        except msgspec.DecodeError:  # half a surrogate pair in a text; the slower decoder takes it
            return msgspec.convert(json.loads(data), _Frame)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return _NOTHING


class Joined:
    """A client's socket and the provider's."""

    def __init__(
        self,
        host: Host,
        request: web.Request,
        route: Route,
        client: web.WebSocketResponse[bool],
        upstream: _Upstream,
    ) -> None:
        """Two open sockets."""
        self._host, self._request, self._route = host, request, route
        self._client, self._upstream = client, upstream
        self._lanes: dict[str, deque[_Turn]] = {}
        """By `stream_id`, where anything waits for an answer, in order: the provider answers each lane's requests one by one."""
        self._steered: set[str] = set()
        """Responses that the provider was sent more for than what follows them."""
        self._stopping = False
        self._ways: list[asyncio.Task[bool]] = []

    async def run(self) -> None:
        """Relay until a side ends; then the other one ends the same way."""
        self._host.sockets.add(self)
        self._ways = [
            asyncio.create_task(_pump(self._client, self._upstream, self._up)),
            asyncio.create_task(_pump(self._upstream, self._client, self._down)),
        ]
        try:
            done, running = await asyncio.wait(self._ways, return_when=asyncio.FIRST_COMPLETED)
            if running and all(_closed_well(way) for way in done):
                await asyncio.wait(running, timeout=_CLOSING_SECONDS)  # until the other side answers the close frame
        finally:
            self._host.sockets.discard(self)
            for way in self._ways:
                way.cancel()
            await asyncio.gather(*self._ways, return_exceptions=True)
            for lane in self._lanes.values():
                for turn in lane:
                    turn.call.cut = True
                    self._account(turn)

    async def stop(self) -> None:
        """End both sides as soon as nothing is being answered; a server that stops hears nothing from its clients."""
        self._stopping = True
        if self._lanes:
            return
        for side in (self._client, self._upstream):
            with contextlib.suppress(aiohttp.ClientError, OSError):  # it has gone already
                await side.send_frame(_RESTARTS, WSMsgType.CLOSE)
        for way in self._ways:
            way.cancel()

    async def _up(self, data: bytes) -> None:
        """Hand on a text frame of the client's, lighter where it is a request."""
        began = time.perf_counter()
        frame = _read(data) if self._route.format == "responses" else _NOTHING
        if frame.type == _STEER and frame.previous_response_id:
            self._steered.add(frame.previous_response_id)
        if frame.type == _CREATE:
            gap = frame.previous_response_id in self._steered
            made = await self._host.lighten(self._request, self._route, data, linked=True, gap=gap)
            made.streamed = True
            call = Call(self._route.url, CIMultiDict(), None, started=time.perf_counter())
            self._lanes.setdefault(frame.stream_id or "", deque()).append(_Turn(made, call, began, Answer(made.link)))
            if made.changed:
                data = b"".join(made.pieces) or made.body
        await self._upstream.send_frame(data, WSMsgType.TEXT)

    async def _down(self, data: bytes) -> None:
        """Hand on a text frame of the provider's, and take down what it says."""
        name = self._lane(frame := _read(data)) if self._lanes else None
        if name is None:
            await self._client.send_frame(data, WSMsgType.TEXT)
            return
        turn = self._lanes[name][0]
        turn.call.first_byte = turn.call.first_byte or time.perf_counter()
        turn.call.status = (frame.status or _FAILED) if frame.type == "error" else _OK
        turn.answer.event(data)
        if turn.answer.finished:
            turn.made.failures += await turn.answer.settle(self._host.store)
        await self._client.send_frame(data, WSMsgType.TEXT)
        if turn.answer.finished:
            self._lanes[name].popleft()
            if not self._lanes[name]:
                del self._lanes[name]
            self._account(turn)
            if self._stopping:
                await self.stop()

    def _lane(self, frame: _Frame) -> str | None:
        """Which lane an event is about; an error that names none is about the only one that waits for an answer."""
        name = frame.stream_id or ""
        if name not in self._lanes and frame.type == "error" and len(self._lanes) == 1:
            return next(iter(self._lanes))
        return name if name in self._lanes else None

    def _account(self, turn: _Turn) -> None:
        turn.call.ended = time.perf_counter()
        request = Request.of(self._request, self._route, turn.call, turn.made, turn.began)
        self._host.account(request, turn.answer)


def _closed_well(way: asyncio.Task[bool]) -> bool:
    return not way.cancelled() and way.exception() is None and way.result()


async def _pump(source: _Side, target: _Side, text: Callable[[bytes], Awaitable[None]]) -> bool:
    """Hand frames on, texts by way of `text`, until there are no more; whether a close frame was the last, not a cut."""
    while True:
        message = await source.receive()
        kind, data = message.type, message.data
        if kind is WSMsgType.TEXT:
            await text(data)
        elif kind in (WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG):
            await target.send_frame(data, kind)
        elif kind is WSMsgType.CLOSE:
            reason = message.extra.encode() if message.extra else b""
            await target.send_frame(struct.pack("!H", data) + reason if data else b"", kind)
            return True
        else:
            return False
