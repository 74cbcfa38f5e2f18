"""Which headers travel on, in both directions: all but those that concern one connection.

Names keep their spelling and order; nothing is added. Ours (`x-headroom-*`) stay here.
"""

from __future__ import annotations

from collections.abc import Iterable

from multidict import CIMultiDict

from headroom.proxy.lenient import AGAIN

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""RFC 9110, 7.6.1; `proxy-connection` is what old clients send instead."""
_SET_ANEW = frozenset({"host", "content-length", "expect"})
"""The client library writes these for the upstream; the server has answered `Expect` itself."""
OWN = "x-headroom-"


def onward(raw: Iterable[tuple[bytes, bytes]], *, without: frozenset[str] = frozenset()) -> CIMultiDict[str]:
    """The headers of a request as they go upstream."""
    return _filtered(raw, HOP_BY_HOP | _SET_ANEW | without)


def back(raw: Iterable[tuple[bytes, bytes]], *, without: frozenset[str] = frozenset()) -> CIMultiDict[str]:
    """The headers of an answer as they go to the client; its length as well."""
    return _filtered(raw, HOP_BY_HOP | without)


def _filtered(raw: Iterable[tuple[bytes, bytes]], dropped: frozenset[str]) -> CIMultiDict[str]:
    pairs = [(_own_name(name.decode("latin-1")), value.decode("utf-8", "surrogateescape")) for name, value in raw]
    listed = {
        each.strip().lower() for name, value in pairs if name.lower() == "connection" for each in value.split(",")
    }
    first: dict[str, str] = {}  # the client library replaces a header by one of another spelling
    return CIMultiDict(
        (first.setdefault(low, name), value)
        for name, value in pairs
        if (low := name.lower()) not in dropped and low not in listed and not low.startswith(OWN)
    )


def _own_name(name: str) -> str:
    return name.removeprefix(AGAIN)
