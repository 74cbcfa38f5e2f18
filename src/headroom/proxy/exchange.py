"""One request to the provider and its answer to the client: relayed, or joined out of several rounds.

Rules:
* An answer that may hold a call of our own tool goes through a splice; every other is relayed as it comes.
* Before a byte is shown that comes after a hidden turn, that turn is durable. Where it cannot be kept, and where a later
  round fails after something was shown, the client is cut off: never a whole-looking answer that is none.
* Each round is a row of its own in the ledger.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import aiohttp
from aiohttp import web

from headroom.errors import StoreError
from headroom.originals import facts, retrieval
from headroom.originals.store import Store
from headroom.proxy import forward, headers, splice
from headroom.proxy.account import Request
from headroom.proxy.chains import Answer
from headroom.proxy.forward import Call
from headroom.proxy.leaks import Watched
from headroom.proxy.lighten import Lightened
from headroom.proxy.routes import Route
from headroom.wire.content_encoding import ENCODINGS, decoder
from headroom.wire.usage import Tee

_OK = 200


class Host(Protocol):
    """What an exchange needs of the proxy it belongs to."""

    store: Store

    @property
    def client(self) -> aiohttp.ClientSession:
        """The open client."""

    def account(self, request: Request, tee: Tee | None) -> None:
        """Write down a round whose answer has gone."""


@dataclass(slots=True)
class Exchange:
    """A request on its way."""

    host: Host
    request: web.Request
    route: Route
    made: Lightened
    began: float
    """When its headers had arrived, by `time.perf_counter`."""
    round: int = 0

    async def run(self, call: Call) -> web.StreamResponse:
        """Send it and hand the answer on; writes it down however it ends."""
        spliced = self.made.place is not None and self.route.format is not None
        if spliced:  # what is to be joined must be read
            call.headers.popall("Accept-Encoding", None)
            call.headers["Accept-Encoding"] = "identity"
        try:
            answer = await forward.send(self.host.client, self.request.method, call)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            return self._unanswered(call, error)
        if spliced and _readable(answer):
            return await self._join(call, answer)
        tee = self._tee(answer)
        try:
            if isinstance(tee, Answer):
                return await self._followed(call, answer, tee)
            return await forward.relay(self.request, answer, call, tee)
        finally:
            self._account(call, tee)

    async def _followed(self, call: Call, answer: aiohttp.ClientResponse, tee: Answer) -> web.StreamResponse:
        """Relay a response that the next request may name; what that needs is kept before the client has it whole."""

        async def ahead(chunk: bytes) -> None:
            tee.feed(chunk)
            self.made.failures += await tee.settle(self.host.store)

        response = await forward.relay(self.request, answer, call, None, ahead)
        tee.close()
        self.made.failures += await tee.settle(self.host.store)
        return response

    def _unanswered(self, call: Call, error: Exception) -> web.StreamResponse:
        """A provider that hung up hangs up on the client; one that cannot be reached at all is said."""
        call.ended = time.perf_counter()
        answer = forward.unreachable(self.route.provider, error)
        if isinstance(error, (aiohttp.ServerDisconnectedError, ConnectionResetError)):
            call.cut = True
            forward.cut(self.request)
        else:
            call.status = answer.status
        self._account(call, None)
        return answer

    def _tee(self, answer: aiohttp.ClientResponse) -> Tee | None:
        encoding = answer.headers.get("Content-Encoding", "")
        if self.made.link is not None:
            return Answer(self.made.link, answer.content_type, encoding, answer.content_length)
        format_ = self.route.format
        if self.made.handles and self.made.place is None and format_ not in (None, "responses") and not encoding:
            return Watched(format_, answer.content_type, self.made.handles, streamed=self.made.streamed)
        return Tee(format_, answer.content_type, encoding) if format_ else None

    def _account(self, call: Call, tee: Tee | None, retrievals: int = 0) -> None:
        done = Request.of(self.request, self.route, call, self.made, self.began)
        self.host.account(replace(done, round=self.round, retrievals=retrievals), tee)

    async def _join(self, call: Call, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        response = web.StreamResponse(
            status=answer.status,
            reason=answer.reason,
            headers=headers.back(answer.raw_headers, without=frozenset({"content-length", "content-encoding"})),
        )
        joined = self._splice(call, answer)
        while True:
            tee, retrievals = self._tee(answer), 0
            try:
                await self._feed(response, joined, (answer, call, tee))
                step = await asyncio.to_thread(self._finish, joined)
                retrievals = step.retrievals
                self.made.failures += step.leaks
                await self._show(response, step.data)
                if isinstance(step, splice.Done):
                    await response.prepare(self.request)
                    await response.write_eof()
                    return response
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError, StoreError, splice.CutError):
                call.cut = True
                forward.cut(self.request)
                return response
            finally:
                call.ended = time.perf_counter()
                answer.release()
                self._account(call, tee, retrievals)
            self.round += 1
            call = Call(call.url, call.headers, step.body)
            try:
                answer = await forward.send(self.host.client, self.request.method, call)
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
                forward.cut(self.request)
                return response
            if not _readable(answer):
                return await self._give_up(response, answer, call)

    async def _give_up(
        self, response: web.StreamResponse, answer: aiohttp.ClientResponse, call: Call
    ) -> web.StreamResponse:
        """A later round has no answer: its error is handed on where nothing was shown yet, else the client is cut off."""
        try:
            if not response.prepared:
                return await forward.relay(self.request, answer, call, None)
            forward.cut(self.request)
            return response
        finally:
            answer.release()
            self._account(call, None)

    def _splice(self, call: Call, answer: aiohttp.ClientResponse) -> splice.Splice:
        assert self.route.format is not None
        assert self.made.place is not None
        assert isinstance(call.body, (bytes, Sequence))
        known = self.made.handles
        job = splice.Job(
            self.route.format,
            call.body if isinstance(call.body, bytes) else b"".join(call.body),
            self.made.place,
            lambda arguments: retrieval.answer(self.host.store, arguments, known),
            known=known,
        )
        return splice.start(job, answer.content_type, self.made.streamed)

    async def _feed(
        self,
        response: web.StreamResponse,
        joined: splice.Splice,
        source: tuple[aiohttp.ClientResponse, Call, Tee | None],
    ) -> None:
        answer, call, tee = source
        decode = decoder(_encoding(answer))
        async for chunk in answer.content.iter_any():
            call.first_byte = call.first_byte or time.perf_counter()
            for piece in (chunk,) if decode is None else decode(chunk):
                await self._show(response, joined.feed(piece))
            if tee is not None:
                tee.feed(chunk)

    async def _show(self, response: web.StreamResponse, data: bytes) -> None:
        if data:
            if not response.prepared:
                response.enable_chunked_encoding()
                await response.prepare(self.request)
            await response.write(data)

    def _finish(self, joined: splice.Splice) -> splice.Done | splice.Again:
        """The end of a round, with what it hides made durable; looks originals up, so never on the event loop."""
        step = joined.finish()
        remember: Mapping[str, str] = step.remember
        if remember:
            facts.remember(self.host.store, remember)
        return step


def _readable(answer: aiohttp.ClientResponse) -> bool:
    return answer.status == _OK and _encoding(answer) in ENCODINGS


def _encoding(answer: aiohttp.ClientResponse) -> str:
    """Some providers encode whatever they were asked for."""
    return answer.headers.get("Content-Encoding", "").strip().lower()
