"""Who may speak to the proxy: programs on this machine, or elsewhere with the token; no page in a browser.

Rules:
* On loopback the `Host` header must name this machine, so that no name that someone points here (DNS rebinding) works.
* An `Origin` of another site is refused; no CORS header is ever sent.
* Beyond loopback a token is needed: `/t/TOKEN` in front of the path, or the header `x-headroom-token`; for our own pages
  also a bearer token, or the password of HTTP basic authentication.
"""

from __future__ import annotations

import base64
import hmac
import re
from urllib.parse import urlsplit

from aiohttp import web
from multidict import CIMultiDictProxy

from headroom.hosts import is_loopback
from headroom.proxy.options import Options

_PREFIX = "/t/"
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
"""In front of the path, as clients of a forward proxy write it; it counts for nothing."""


def admit(headers: CIMultiDictProxy[str], raw_path: str, options: Options, *, own: bool = False) -> str:
    """The path without our token.

    Args:
        headers: of the request.
        raw_path: as it stood in the request line.
        options: where we listen, and the token.
        own: the request is for a page of ours, so that a bearer token or password in it is meant for us. Elsewhere it is
            the provider's, and none of our business.

    Raises:
        web.HTTPForbidden: the request may not pass; the text says why.
        web.HTTPUnauthorized: the token is missing or wrong.
    """
    host = headers.get("Host", "")
    if is_loopback(options.host) and not is_loopback(_name(host)):
        raise web.HTTPForbidden(
            text=f"headroom: this proxy is for this machine; the Host header says {_name(host)!r}\n"
        )
    origin = headers.get("Origin")
    if origin and origin.startswith(("http:", "https:", "null")) and urlsplit(origin).netloc != host:
        raise web.HTTPForbidden(text="headroom: requests from web pages are refused\n")
    if written := _AUTHORITY.match(raw_path):
        raw_path = "/" + raw_path[written.end() :].removeprefix("/")
    given = headers.get("x-headroom-token", "")
    if raw_path.startswith(_PREFIX):
        given, slash, rest = raw_path[len(_PREFIX) :].partition("/")
        raw_path = slash + rest or "/"
    if own and not given:
        given = _own_token(headers.get("Authorization", ""))
    if options.token and not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), options.token.encode()):
        asks = {"WWW-Authenticate": 'Basic realm="headroom"'} if own else {}
        raise web.HTTPUnauthorized(
            text="headroom: put the token into the base URL: http://HOST:PORT/t/TOKEN\n", headers=asks
        )
    return raw_path


def _own_token(authorization: str) -> str:
    """A bearer token, as gateways send their key, or the password that a browser was asked for."""
    kind, _, value = authorization.partition(" ")
    if kind.lower() != "basic":
        return value.strip() if kind.lower() == "bearer" else ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _name(host: str) -> str:
    """The host without its port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.rsplit(":", 1)[0]
