"""What a request came to, written down after its answer has gone: nobody waits for it.

Requests that end close together are written down together, a moment later: whoever sends the next one at once shall not
share the interpreter with the books. What ends a proxy without a warning costs that moment's figures.
A ledger that cannot be written costs figures, never a request; it is said once, and counted.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from headroom.blocks import Failure
from headroom.errors import StoreError
from headroom.ledger.entry import Entry
from headroom.proxy.compute import Compute
from headroom.proxy.forward import Call
from headroom.proxy.leaks import Watched
from headroom.proxy.lighten import Lightened
from headroom.proxy.prefix import Break, Prefixes
from headroom.proxy.routes import Route
from headroom.wire.usage import Tee

log = logging.getLogger("headroom.proxy")

_TOGETHER_SECONDS = 0.1
"""For how long requests are gathered: a transaction costs as much as what it holds of one of them."""
_MOST_TOGETHER = 64
_AGENT = re.compile(r"[\w.-]{1,40}(?:/[\w.-]{1,20})?")
"""The first product of a user agent: `claude-cli/2.1.330`."""
_SUBSCRIBED = re.compile(r"Bearer (?:sk-ant-oat|eyJ)")
"""Anthropic's sign-in tokens, and signed web tokens (ChatGPT's): a plan that is paid by the month."""


class Ledger(Protocol):
    """Who writes entries down: `ledger.ledger.Ledger`."""

    def add(self, *entries: Entry) -> None:
        """Keep entries, all or none, or raise a `StoreError`."""


@dataclass(frozen=True, slots=True)
class Request:
    """All that is known of one request when its answer has gone."""

    at: float
    agent: str
    subscription: bool
    route: Route
    call: Call
    made: Lightened
    began: float
    """When its headers had arrived, by `time.perf_counter`."""
    round: int = 0
    retrievals: int = 0

    @classmethod
    def of(cls, request: web.Request, route: Route, call: Call, made: Lightened, began: float) -> Request:
        """Only what may be kept of a request."""
        agent = _AGENT.match(request.headers.get("User-Agent", ""))
        return cls(
            time.time(),
            agent[0] if agent else "",
            is_subscription(request.headers.get("Authorization", "")),
            route,
            call,
            made,
            began,
        )


def is_subscription(authorization: str) -> bool:
    """Whether a request is paid by a plan, not by its tokens."""
    return bool(_SUBSCRIBED.match(authorization))


class Accounts:
    """Writes entries; one for each proxy."""

    def __init__(self, ledger: Ledger, compute: Compute, *, verbose: bool = False) -> None:
        """Args: verbose: a line for every request, not only for those made lighter."""
        self._ledger, self._compute, self._verbose = ledger, compute, verbose
        self._broken = False
        self._came, self._went = Prefixes(), Prefixes()
        self._gathered: list[tuple[Request, Tee | None]] = []
        self._later: asyncio.TimerHandle | None = None
        self._writing: set[asyncio.Future[None]] = set()

    def add(self, request: Request, tee: Tee | None) -> None:
        """Count, price and write down one request, when there is time."""
        self._gathered.append((request, tee))
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(_TOGETHER_SECONDS, self._flush)
        elif len(self._gathered) >= _MOST_TOGETHER:
            self._flush()

    async def close(self) -> None:
        """Write down what was gathered; returns when it is."""
        self._flush()
        if self._writing:
            await asyncio.wait(self._writing)

    def _flush(self) -> None:
        if self._later is not None:
            self._later.cancel()
        gathered, self._gathered, self._later = self._gathered, [], None
        if gathered:
            task = self._compute.aside(lambda: self._add(gathered))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    def _add(self, gathered: Sequence[tuple[Request, Tee | None]]) -> None:
        entries = []
        for request, tee in gathered:
            if tee is not None:
                tee.close()
            if isinstance(tee, Watched):
                request.made.failures += tee.leaks()
            self._say(request)
            if request.route.format is not None:
                entries.append(entry(request, tee, self._broken_prefix(request)))
        try:
            if entries:
                self._ledger.add(*entries)
                self._broken = False
        except StoreError as error:
            if not self._broken:
                log.warning("the ledger cannot be written, figures are missing: %s", error)
            self._broken = True

    def _broken_prefix(self, request: Request) -> tuple[Break | None, Break | None]:
        """What broke the prefix since the request before: in what the client sent, and in what we sent for it."""
        made, format_ = request.made, request.route.format
        if format_ is None or not made.came or request.round:
            return None, None
        theirs = self._came.observe(made.conversation, made.came, format_)
        if made.in_part:  # what we add to it is behind all that is cached
            return theirs, None
        return theirs, self._went.observe(made.conversation, made.body, format_)

    def _say(self, request: Request) -> None:
        made, call = request.made, request.call
        if not (self._verbose or made.tokens_before or made.failures):
            return
        saved = made.tokens_before - made.tokens_after
        share = f"{made.tokens_before:,} -> {made.tokens_after:,} tokens of new tool output, " if saved else ""
        log.info(
            "%s %s %s: %s%.1f ms added%s",
            request.route.name,
            made.model or "-",
            call.status or "cut",
            share,
            1000 * (call.started - request.began) if call.started else 0.0,
            "".join(f"; {failure.where}: {failure.reason}" for failure in made.failures),
        )


def entry(request: Request, tee: Tee | None, broken: tuple[Break | None, Break | None]) -> Entry:
    """The ledger's row of a request.

    Args:
        request: all that is known of it.
        tee: what its answer said of its bill.
        broken: what broke the prefix in what the client sent, and in what we sent for it.
    """
    made, call, route = request.made, request.call, request.route
    failures = list(made.failures)
    usage = tee.usage if tee else None
    theirs, ours = broken
    if ours is not None and theirs is None:
        failures.append(Failure("prefix", f"broken by us: {ours}"))
    cache_break = str(theirs or ours or "")
    if tee is not None and tee.failure_kind:
        failures.append(Failure("prefix", f"the provider says {tee.failure_kind}"))
    return Entry(
        at=request.at,
        conversation=made.conversation,
        tag=route.tag,
        agent=request.agent,
        provider=route.provider,
        route=route.name,
        model=made.model or (tee.model if tee else ""),
        status=call.status,
        streamed=made.streamed,
        round=request.round,
        segments=made.prompt.segments() if made.prompt else made.segments,
        usage=usage,
        subscription=request.subscription,
        marked=made.marked,
        added_ms=1000 * (call.started - request.began) if call.started else 0.0,
        first_byte_ms=1000 * (call.first_byte - call.started) if call.first_byte else 0.0,
        total_ms=1000 * (call.ended - request.began) if call.ended else 0.0,
        client_marked=made.prompt.client_marked() if made.marked and made.prompt else 0,
        edits=made.edits,
        failures=tuple(failures),
        retrievals=request.retrievals,
        cache_break=cache_break,
    )
