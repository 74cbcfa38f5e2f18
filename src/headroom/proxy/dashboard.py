"""What a person sees in a browser: the page, the figures behind it, and one edit before and after.

    GET /dashboard                the page; its script, style and icon lie below /dashboard/
    GET /dashboard/data           its figures (`stats.page`): ?seconds=604800&conversation=…&offset=2 (hours ahead of UTC)
    GET /dashboard/edit/{key}     one edit: {"before", "after", "cut"}; the only answer here that holds text of the user's
    GET /stats                    the totals for programs (`perf.live.figures`): ?seconds=604800
    GET /metrics                  the same for Prometheus (`stats.metrics`)

Rules:
* Every answer forbids other hosts, inline scripts and frames; the page inserts what it is given as text, and the browser is
  told to refuse anything else (`require-trusted-types-for`). A hostile tool output is shown, and never runs.
* Queries run in a thread. What cannot be read is said, with what to do, as `{"error": "..."}`.
* Who may ask (`Host`, `Origin`, token) is decided before a request gets here. Every address in the page is relative, so it
  works below `/t/TOKEN` as well.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import PurePath
from typing import Any

from aiohttp import web

from headroom.compression.compressors import image
from headroom.errors import StoreError
from headroom.ledger.report import Report
from headroom.originals.store import Store
from headroom.perf import live
from headroom.proxy import stats

POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none';"
    " require-trusted-types-for 'script'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format."""
LONGEST = 400_000
"""Characters of each side of an edit that are sent: some 8,000 lines, more than a person reads in a page."""
LONGEST_PERIOD = 1e9
"""Seconds: thirty years."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_KEY = re.compile(r"[0-9a-f]{16,64}")
"""Keys of decisions are hex; the other facts in the store are none of a browser's business."""


def register(app: web.Application, report: Report, store: Store) -> None:
    """Add the pages to an application, before any route that takes every path.

    Args:
        app: the proxy's; its middlewares have checked who asks.
        report: of the ledger, for every figure.
        store: for the text of one edit.
    """
    page = _Page(report, store)
    found: dict[str, Handler] = {
        "/stats": page.stats,
        "/metrics": page.metrics,
        "/dashboard/data": page.data,
        "/dashboard/edit/{key}": page.edit,
    }
    for entry in (files("headroom.proxy") / "page").iterdir():
        if (kind := TYPES.get(PurePath(entry.name).suffix)) is not None:
            path = "/dashboard" if entry.name == "index.html" else f"/dashboard/{entry.name}"
            found[path] = _static(entry.read_bytes(), kind)
    for prefix in ("", "/t/{token}"):
        for path, answer in found.items():
            app.router.add_get(prefix + path, answer)


def _static(body: bytes, kind: str) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=HEADERS)

    return answer


class _Page:
    """The handlers that read something."""

    def __init__(self, report: Report, store: Store) -> None:
        self._report = report
        self._store = store

    async def stats(self, request: web.Request) -> web.Response:
        """`GET /stats`."""
        since = _since(request)
        return await _told(lambda: live.figures(self._report, since))

    async def data(self, request: web.Request) -> web.Response:
        """`GET /dashboard/data`."""
        since, conversation = _since(request), request.query.get("conversation") or None
        offset = int(_number(request, "offset")) % 24
        return await _told(lambda: stats.page(self._report, since, conversation, offset))

    async def metrics(self, _request: web.Request) -> web.Response:
        """`GET /metrics`."""
        try:
            text = await asyncio.to_thread(stats.metrics, self._report)
        except StoreError as error:
            return _refused(503, str(error))
        return web.Response(body=text.encode(), headers={**HEADERS, "Content-Type": METRICS_TYPE})

    async def edit(self, request: web.Request) -> web.Response:
        """`GET /dashboard/edit/{key}`."""
        key = request.match_info["key"]
        return await _told(lambda: self._before_and_after(key))

    def _before_and_after(self, key: str) -> dict[str, Any] | None:
        decision = self._store.decisions([key]).get(key) if _KEY.fullmatch(key) else None
        if decision is None or decision.text is None:
            return None
        before = image.described(self._store.original(decision.handle)) if decision.handle else ""
        after = image.described(decision.text)
        cut = max(len(before), len(after)) > LONGEST
        return {"before": before[:LONGEST], "after": after[:LONGEST], "cut": cut}


def _since(request: web.Request) -> float:
    """The start of the period asked for, in Unix seconds; 0 for everything."""
    seconds = _number(request, "seconds")
    return time.time() - seconds if 0 < seconds < LONGEST_PERIOD else 0.0


def _number(request: web.Request, name: str) -> float:
    """A number of the query; 0 where it is none, or no finite one."""
    try:
        number = float(request.query.get(name, "0"))
    except ValueError:
        return 0.0
    return number if abs(number) < LONGEST_PERIOD else 0.0


async def _told(ask: Callable[[], dict[str, Any] | None]) -> web.Response:
    try:
        found = await asyncio.to_thread(ask)
    except KeyError:  # the store says an unknown handle so; its words are for someone with a command line
        found = None
    except StoreError as error:
        return _refused(503, str(error))
    if found is None:
        return _refused(404, "This text is no longer kept: what was not used for 30 days makes room for new.")
    return _json(200, found)


def _refused(status: int, reason: str) -> web.Response:
    return _json(status, {"error": reason})


def _json(status: int, value: dict[str, Any]) -> web.Response:
    # The standard library's escapes carry lone surrogates, which texts may hold; nothing here is large enough to matter.
    body = json.dumps(value, separators=(",", ":")).encode()
    return web.Response(status=status, body=body, content_type="application/json", headers=HEADERS)
