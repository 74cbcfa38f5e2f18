"""Header fields that stand twice where once is meant, as some SDKs send `User-Agent`: passed on all the same.

The server library's parser would answer 400. It is compiled and has no switch for that, so the second field gets another
name before it is parsed, and its own back on the way to the provider (`headers`). Two lengths, hosts or transfer encodings
stay refused: servers that read different ones of them are how requests are smuggled.
"""

from __future__ import annotations

import asyncio
import re

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

AGAIN = "x-headroom-again-"
"""In front of the name of a field that stood already."""
_REQUEST = re.compile(rb"[A-Z]{1,20} [^ \r\n]+ HTTP/1\.[01]\r\n")
_ONCE = re.compile(rb"(?i)(?<=\r\n)(?:content-type|user-agent|server|etag|content-location|content-range)(?=:)")
"""What the parser wants once and whose second value harms nobody (aiohttp's `SINGLETON_HEADERS`, without lengths and hosts)."""


class Site(web.SockSite):
    """A listening socket whose connections are read so."""

    async def start(self) -> None:
        """Accept connections."""
        await web.BaseSite.start(self)
        server = self._runner.server
        assert server is not None

        def connection() -> RequestHandler:
            made = server()
            made.__class__ = _Handler
            return made

        self._server = await asyncio.get_running_loop().create_server(
            connection, sock=self._sock, backlog=self._backlog
        )


class _Handler(RequestHandler):
    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """Bytes from the client; a head begins where no request is being read or answered."""
        if self._current_request is None and not self._messages:
            data = told_apart(data)
        super().data_received(data)


def told_apart(data: bytes) -> bytes:
    """The first bytes of a request, with no field twice in its head; bytes of anything else as they are."""
    if not _REQUEST.match(data):
        return data
    end = data.find(b"\r\n\r\n")
    head = data if end < 0 else data[: end + 2]
    seen: set[bytes] = set()

    def named(field: re.Match[bytes]) -> bytes:
        name = field[0].lower()
        if name in seen:
            return AGAIN.encode() + field[0]
        seen.add(name)
        return field[0]

    made = _ONCE.sub(named, head)
    return data if len(made) == len(head) else made + data[len(head) :]
