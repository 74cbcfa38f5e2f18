"""The request to the provider and its answer back: relayed as it comes, byte for byte, while a tee reads the usage.

Rules:
* Nothing is buffered, retried or made up. Status, headers and body of the answer are the provider's.
* An answer that is cut off upstream is cut off at the client; a client that leaves ends the call upstream.
* Whoever cannot be reached at all is a 502 with one line that says whom, and what to look at.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from headroom.proxy import headers

_CONNECT_SECONDS = 30.0
"""Until a connection stands; an answer may take as long as it takes."""
_CONNECTIONS = 1000
"""At once, to all providers."""
_PIECE = 2**18
"""Bytes of a large body that are handed to a socket at once: copying 20 MB would stop everybody's stream for 15 ms."""
LINE = 64 * 1024
"""Bytes of one header field, as large as other proxies allow."""


class Watch(Protocol):
    """Who reads along: see `wire.usage.Tee`."""

    def feed(self, chunk: bytes) -> None:
        """Take what the client was sent."""


@dataclass(slots=True)
class Call:
    """One request on its way: filled in as it goes."""

    url: str
    headers: CIMultiDict[str]
    body: bytes | Sequence[bytes] | AsyncIterable[bytes] | None
    """Whole, in pieces, or as it comes in."""
    started: float = 0.0
    """When it left for the provider, by `time.perf_counter`."""
    status: int = 0
    first_byte: float = 0.0
    ended: float = 0.0
    cut: bool = False


def session(
    connector: aiohttp.BaseConnector | None = None,
    answer: type[aiohttp.ClientResponse] = aiohttp.ClientResponse,
    socket: type[aiohttp.ClientWebSocketResponse[bool]] = aiohttp.ClientWebSocketResponse[bool],
) -> aiohttp.ClientSession:
    """A client that changes nothing on the way: no redirects, cookies, decoding or headers of its own.

    Trusts what OpenSSL trusts, so SSL_CERT_FILE and SSL_CERT_DIR add authorities. Who is asked by way of another proxy says
    `by_way_of`; `trust_env` would also add what a `.netrc` holds, and ask for both in a thread for every request.

    Args:
        connector: another session's, to share its connections; one of its own unless given.
        answer: the class of answers.
        socket: the class of websockets.
    """
    return aiohttp.ClientSession(
        connector=connector
        or aiohttp.TCPConnector(
            limit=_CONNECTIONS, ssl=ssl.create_default_context(), keepalive_timeout=30.0, ttl_dns_cache=60
        ),
        connector_owner=connector is None,
        response_class=answer,
        ws_response_class=socket,  # type: ignore[arg-type]  # declared for those that decode texts only
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        max_line_size=LINE,
        max_field_size=LINE,
        read_bufsize=2**18,
    )


def by_way_of(url: URL) -> tuple[URL | None, aiohttp.BasicAuth | None]:
    """The HTTP proxy that leads to a URL, and what it wants to be told: `HTTPS_PROXY`, `NO_PROXY` and their like."""
    return _by_way_of({"ws": "http", "wss": "https"}.get(url.scheme, url.scheme), url.host or "")


@lru_cache(maxsize=256)
def _by_way_of(scheme: str, host: str) -> tuple[URL | None, aiohttp.BasicAuth | None]:
    named = "" if proxy_bypass(host) else getproxies().get(scheme, "")
    proxy = URL(named if "://" in named else f"http://{named}") if named else None
    if proxy is None or proxy.scheme not in ("http", "https"):
        return None, None
    return proxy.with_user(None), aiohttp.BasicAuth.from_url(proxy)


async def send(client: aiohttp.ClientSession, method: str, call: Call) -> aiohttp.ClientResponse:
    """Send a request; its answer's headers have arrived when this returns.

    Raises:
        aiohttp.ClientError, OSError: nobody answered.
    """
    call.started = time.perf_counter()
    url = URL(call.url, encoded=True)
    proxy, told = by_way_of(url)
    body = call.body
    if isinstance(body, Sequence) and (not isinstance(body, bytes) or len(body) > 4 * _PIECE):
        pieces = [body] if isinstance(body, bytes) else body
        call.headers["Content-Length"] = str(sum(map(len, pieces)))
        body = _one_by_one(pieces)
    answer = await client.request(
        method, url, headers=call.headers, data=body, allow_redirects=False, proxy=proxy, proxy_auth=told
    )
    call.status = answer.status
    return answer


async def _one_by_one(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), _PIECE):
            yield piece[start : start + _PIECE]


async def relay(
    request: web.Request,
    answer: aiohttp.ClientResponse,
    call: Call,
    watch: Watch | None,
    ahead: Callable[[bytes], Awaitable[None]] | None = None,
) -> web.StreamResponse:
    """Hand an answer on as it comes.

    Args:
        request: whose answer it is.
        answer: the provider's.
        call: takes down the times.
        watch: reads what the client was sent.
        ahead: is done with each piece before the client gets it.

    Returns:
        The response, ended as the provider's was: whole, or cut off (`call.cut`).
    """
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers.back(answer.raw_headers))
    if "Content-Length" not in response.headers and _has_body(request.method, answer.status):
        response.enable_chunked_encoding()
    try:
        await response.prepare(request)
        async for chunk in answer.content.iter_any():
            if not call.first_byte:
                call.first_byte = time.perf_counter()
            if ahead is not None:
                await ahead(chunk)
            await response.write(chunk)
            if watch is not None:
                watch.feed(chunk)
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
        call.cut = True
        cut(request)
    finally:
        call.ended = time.perf_counter()
        answer.close() if call.cut else answer.release()
    return response


def cut(request: web.Request) -> None:
    """Break the client's connection off, after what was already sent."""
    if request.transport is not None:
        request.transport.close()


def _has_body(method: str, status: int) -> bool:
    return method != "HEAD" and status >= 200 and status not in (204, 304)


def unreachable(provider: str, error: BaseException) -> web.Response:
    """What a client is told when nobody answered."""
    return web.json_response(
        {
            "type": "error",
            "error": {
                "type": "api_error",
                "message": f"headroom: {provider} cannot be reached ({type(error).__name__}): check the network, the"
                f" proxy settings and [proxy.upstreams]",
            },
        },
        status=502,
    )
