"""The server: takes a request in, makes it lighter, hands it on, writes down what it came to.

Rules:
* Everything that goes wrong on our side lets the request through as it came (the one place beside the pipeline that
  catches every exception), and is recorded.
* No payload, header value or key is ever logged: a line holds sizes, times, the model and what failed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import aiohttp
from aiohttp import web

import headroom
from headroom import config
from headroom.blocks import Failure
from headroom.compression.pipeline import describe
from headroom.hosts import is_loopback
from headroom.ledger.report import Report
from headroom.originals import files
from headroom.originals.store import Store
from headroom.proxy import dashboard, forward, gate, headers, interop, routes, websocket
from headroom.proxy.account import Accounts, Ledger, Request, is_subscription
from headroom.proxy.compute import Compute
from headroom.proxy.exchange import Exchange
from headroom.proxy.forward import Call
from headroom.proxy.lighten import INLINE, Job, Lightened
from headroom.proxy.options import Options
from headroom.proxy.routes import Route
from headroom.proxy.websocket import Joined
from headroom.proxy.worker import Pieces
from headroom.wire.usage import Tee

BYPASS = "x-headroom-bypass"
_HEALTH = ("/health", "/livez", "/readyz")
_ONWARD = "onward"
"""The route of what is handed on."""
_PATH = web.RequestKey("path", str)
"""Path and query without our token."""
_SHUTDOWN_SECONDS = 600.0
"""A stream may go on so long after the proxy was asked to stop."""


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Proxy:
    """One server's state: where it sends, what it keeps."""

    def __init__(self, options: Options, store: Store, ledger: Ledger) -> None:
        """Nothing is opened yet."""
        self.options = options
        self.store = store
        self._folder = config.home() / files.FOLDER
        self.compute = Compute(store, config.store_path())
        self.accounts = Accounts(ledger, self.compute, verbose=options.verbose)
        self._client: aiohttp.ClientSession | None = None
        self.sockets: set[Joined] = set()

    async def life(self, app: web.Application) -> Any:  # noqa: ANN401 - an async generator, as aiohttp takes it
        """Open the client when the server starts, close everything after it has stopped."""
        del app
        self._client = forward.session()
        self.compute.warm()
        yield
        await self._client.close()
        await self.accounts.close()
        self.compute.close()

    @property
    def client(self) -> aiohttp.ClientSession:
        """The client, open while the server runs."""
        assert self._client is not None
        return self._client

    async def close_sockets(self, app: web.Application) -> None:
        """When the server is about to stop: a websocket would stay open for ever."""
        del app
        for each in list(self.sockets):
            await each.stop()

    def reload(self) -> None:
        """Read the settings again; what was sent keeps its bytes."""
        self.options = replace(self.options, settings=config.settings())

    @web.middleware
    async def admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who may come in."""
        onward = request.match_info.route.name == _ONWARD
        if request.path not in _HEALTH or is_loopback(self.options.host):  # whoever watches over a server has no token
            request[_PATH] = gate.admit(request.headers, request.raw_path, self.options, own=not onward)
        return await handler(request)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Any request that is not for the proxy itself."""
        began = time.perf_counter()
        path: str = request[_PATH]
        if request.method == "HEAD" and path in ("/", "/api/hello"):
            return web.Response()
        socket = websocket.is_asked(request)
        route = routes.find("POST" if socket else request.method, path, request.headers, self.options.upstreams)
        if route is None:
            named = ", ".join(sorted(self.options.upstreams))
            return web.Response(status=502, text=f"headroom: no upstream has this name; there are {named}\n")
        if socket:
            return await websocket.serve(self, request, route)
        size = request.content_length
        if route.format is None or size is None or size > self.options.max_body:
            return await self._pass(request, route, began)
        return await self._lighter(request, route, began)

    async def _pass(self, request: web.Request, route: Route, began: float) -> web.StreamResponse:
        """Hand a request on as it streams in."""
        call = Call(route.url, headers.onward(request.raw_headers), None)
        if request.can_read_body:
            call.body = request.content.iter_any()
            if request.content_length is not None:
                call.headers["Content-Length"] = str(request.content_length)
        return await Exchange(self, request, route, Lightened(b""), began).run(call)

    async def _lighter(self, request: web.Request, route: Route, began: float) -> web.StreamResponse:
        body: bytes | Pieces
        if (request.content_length or 0) > INLINE:  # never joined here: copying 20 MB would stop everybody's stream
            body = [piece async for piece in request.content.iter_any()]
        else:
            body = await request.read()
        encoding = request.headers.get("Content-Encoding", "")
        made = await self.lighten(request, route, body, encoding)
        dropped = frozenset({"content-encoding"}) if made.changed and encoding else frozenset[str]()
        sent = (made.pieces or made.body) if made.changed else body
        call = Call(route.url, headers.onward(request.raw_headers, without=dropped), sent)
        return await Exchange(self, request, route, made, began).run(call)

    async def lighten(
        self, request: web.Request, route: Route, body: bytes | Pieces, encoding: str = "", **frame: bool
    ) -> Lightened:
        """A body made lighter; whatever goes wrong, it goes out as it came.

        Args:
            request: whose body it is, or on whose socket it came.
            route: where it goes.
            body: as it came; in pieces where it is large.
            encoding: its content encoding.
            frame: `linked` and `gap` of a `Job`, for what came over a websocket.
        """
        try:
            return await self._made(request, route, body, encoding, **frame)
        except Exception as error:  # noqa: BLE001 - law 7: whatever goes wrong here, the request goes out as it came
            return Lightened(b"", failures=(Failure("proxy", describe(error)),))

    async def _made(
        self, request: web.Request, route: Route, body: bytes | Pieces, encoding: str, **frame: bool
    ) -> Lightened:
        assert route.format is not None
        seen = {name.lower(): value for name, value in request.headers.items()}
        whole, pieces = (body, ()) if isinstance(body, bytes) else (b"", body)
        job = Job(
            whole,
            route.format,
            seen,
            self.options.settings,
            self.options.retrieve,
            route.model,
            marks=self._may_mark(request, route),
            folder=self._folder,
            bypass=seen.get(BYPASS, "") not in ("", "0", "false"),
            guarded=not self.options.edit_guarded,
            encoding=encoding,
            **frame,
        )
        made = await self.compute.run(job, pieces)
        made.streamed = made.streamed or route.streamed
        return made

    def _may_mark(self, request: web.Request, route: Route) -> bool:
        """Whether cache marks are wanted, and save the payer money: nothing is added to what a subscription pays for."""
        paid = not is_subscription(request.headers.get("Authorization", ""))
        return self.options.marks and route.provider == "anthropic" and paid

    async def health(self, _: web.Request) -> web.Response:
        """That it is there, and as which process: of several workers, the one that started them."""
        pid = os.getpid() if self.options.workers == 1 else os.getppid()
        return web.json_response({"service": "headroom", "status": "ok", "version": headroom.__version__, "pid": pid})

    def account(self, request: Request, tee: Tee | None) -> None:
        """Write down what it came to, when the answer has gone; nobody waits for it."""
        self.accounts.add(request, tee)


def create(proxy: Proxy) -> web.Application:
    """The application: our own pages, and everything else handed on."""
    app = web.Application(client_max_size=proxy.options.max_body + 1, middlewares=[proxy.admit])
    app.cleanup_ctx.append(proxy.life)
    app.on_shutdown.append(proxy.close_sockets)
    for path in _HEALTH:
        app.router.add_get(path, proxy.health)
    interop.register(app, proxy)
    dashboard.register(app, Report(config.ledger_path()), proxy.store)
    app.router.add_route("*", "/{path:.*}", proxy.handle, name=_ONWARD)
    return app


def runner(app: web.Application) -> web.AppRunner:
    """How the application is served: bytes as they come, handlers cancelled when their client leaves."""
    return web.AppRunner(
        app,
        auto_decompress=False,
        handler_cancellation=True,
        shutdown_timeout=_SHUTDOWN_SECONDS,
        access_log=None,
        max_line_size=64 * 1024,
        max_field_size=64 * 1024,
        keepalive_timeout=75.0,
    )
