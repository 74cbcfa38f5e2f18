"""The server over streamable HTTP, by the official SDK: `headroom mcp --http`, with the extra `mcp`.

Rules:
* On loopback the `Host` header must name this machine and an `Origin` must be of this machine: the SDK checks both, so that
  no name that someone points here (DNS rebinding) works, and no page in a browser.
* Beyond loopback every request needs the token: `Authorization: Bearer TOKEN`, or `x-headroom-token`.
* Nothing is remembered between requests, so a client may go on after a restart.
"""

from __future__ import annotations

import hmac
import socket
from collections.abc import Callable
from typing import Any, Final

import anyio
import anyio.to_thread
import mcp_types as types
import uvicorn
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

import headroom
from headroom.errors import SettingsError
from headroom.hosts import is_loopback
from headroom.mcp import offered
from headroom.mcp.tools import Tools

PATH: Final = "/mcp"
MAX_BODY: Final = 64 * 2**20
"""Bytes of a request, as of a line in `stdio`."""
LEAST_TOKEN: Final = 16
"""Characters that nobody guesses."""


class Token:
    """Lets in who has the token; everyone where there is none."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        """Args: app: behind it. token: `""` for none."""
        self._app, self._token = app, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if self._token and scope["type"] == "http" and not self._has(Headers(scope=scope)):
            says = "headroom: send the token as Authorization: Bearer TOKEN, or as x-headroom-token\n"
            refused = PlainTextResponse(says, 401, {"WWW-Authenticate": 'Bearer realm="headroom"'})
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _has(self, headers: Headers) -> bool:
        kind, _, bearer = headers.get("authorization", "").partition(" ")
        given = bearer.strip() if kind.lower() == "bearer" else headers.get("x-headroom-token", "")
        return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), self._token)


def create(tools: Tools, host: str, token: str) -> ASGIApp:
    """The application.

    Args:
        tools: what it serves.
        host: where it listens.
        token: what clients must send; `""` for none.
    """
    one_at_a_time = anyio.CapacityLimiter(1)

    async def listed(_: ServerRequestContext[Any], __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[types.Tool.model_validate(tool) for tool in tools.offer.tools])

    async def called(_: ServerRequestContext[Any], asked: types.CallToolRequestParams) -> types.CallToolResult:
        if asked.name not in tools.offer.names:
            raise MCPError(types.INVALID_PARAMS, f"no tool has this name; there are {', '.join(tools.offer.names)}")
        text, failed = await anyio.to_thread.run_sync(
            tools.call, asked.name, asked.arguments or {}, limiter=one_at_a_time
        )
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=failed)

    server = Server(
        offered.NAME,
        version=headroom.__version__,
        instructions=tools.offer.instructions,
        on_list_tools=listed,
        on_call_tool=called,
    )
    names = ("127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host)
    local = TransportSecuritySettings(
        enable_dns_rebinding_protection=is_loopback(host),
        allowed_hosts=[f"{name}{port}" for name in names for port in ("", ":*")],
        allowed_origins=[f"http://{name}{port}" for name in names for port in ("", ":*")],
    )
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=MAX_BODY,
        transport_security=local,
    )
    return Token(app, token)


def serve(tools: Tools, host: str, port: int, token: str, say: Callable[[str], None]) -> None:
    """Serve until asked to stop.

    Raises:
        SettingsError: the port is taken, or the host is open to others and no token was given.
    """
    if not is_loopback(host) and len(token) < LEAST_TOKEN:
        raise SettingsError(
            f"--host {host} is open to other machines: give a token of {LEAST_TOKEN} characters or more (--token, or"
            " HEADROOM_TOKEN), which clients send as Authorization: Bearer TOKEN"
        )
    made = _listen(host, port)
    at = made.getsockname()[1]
    say(f"headroom mcp on http://{f'[{host}]' if ':' in host else host}:{at}{PATH}")
    settings = uvicorn.Config(create(tools, host, token), log_level="warning", access_log=False)
    uvicorn.Server(settings).run(sockets=[made])


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=128
        )
    except OSError as error:
        raise SettingsError(f"{host}:{port} cannot be listened on ({error.strerror}): choose another --port") from error
