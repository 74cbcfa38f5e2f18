"""Both ends of a websocket, in one event loop of a thread: a provider that does as a test says, and a client.

`peer.play(provider, client)` runs one test: `provider(request)` answers the upgrade, `client(session)` talks through the
proxy. `opened` joins the two steps that nearly every provider begins with.
"""

import asyncio
import threading

import aiohttp
from aiohttp import web
from provider import LONGEST_WAIT

EXACT = {"autoping": False, "autoclose": False, "max_msg_size": 0, "decode_text": False}
"""Sockets of a test see every frame, and texts as bytes."""


class Peer:
    """The provider's server and the loop that clients run in: `with Peer() as peer: ...`."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.provider = None

    def __enter__(self):
        self._thread.start()
        self._run(self._start())
        return self

    def __exit__(self, *_):
        self._run(self._runner.cleanup())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def play(self, provider, client):
        """Run one test; what `client` returns."""
        self.provider = provider
        return self._run(asyncio.wait_for(self._talk(client), LONGEST_WAIT))

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(2 * LONGEST_WAIT)

    async def _talk(self, client):
        async with aiohttp.ClientSession() as session:
            return await client(session)

    async def _start(self):
        async def handle(request):
            return await self.provider(request)

        self._runner = web.ServerRunner(web.Server(handle, access_log=None), shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"


async def opened(request, **options):
    """The provider's side of a new socket."""
    socket = web.WebSocketResponse(**{**EXACT, **options})
    await socket.prepare(request)
    return socket
