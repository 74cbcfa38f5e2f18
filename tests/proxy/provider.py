"""A small provider on loopback: it keeps every request as it came, and answers by script.

Rules:
* What is kept is what was on the wire: the raw request target, the headers in order, the body still encoded.
* An answer is a `Turn` (what a model says; rendered in the format, and streamed or not, as the request asks for) or a
  `Raw` (any status, headers and chunks, ending as it should or not), or a function that makes
  one from the request. Where the script ends it says `otherwise`: "ok".
* `strict` turns on what providers refuse (`provider_rules`): a request against a rule is answered with 400.
* No timers: where order matters an answer holds a `Gate`, and the test opens it.
"""

import asyncio
import gzip
import json
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import provider_answers as answers
import provider_rules as rules
import provider_socket
from aiohttp import web
from provider_answers import Turn

try:
    from compression import zstd
except ImportError:
    from backports import zstd

LONGEST_WAIT = 30
"""Seconds after which a test that waits for the other side has failed."""


@dataclass(frozen=True)
class Raw:
    """An answer byte for byte. A chunk is one write; a `Gate` among them makes the provider wait."""

    status: int = 200
    headers: dict = field(default_factory=dict)
    chunks: tuple = ()
    ends: str = "whole"
    """`whole`; `cut`: closed before the end; `reset`: closed at once by RST; `garbage`: no HTTP at all."""
    after: "Gate | None" = None
    """Nothing is sent, not even a header, before this gate opens."""


@dataclass
class Seen:
    """One request as it came."""

    method: str
    path: str
    """The request target, query included, undecoded."""
    headers: list
    body: bytes
    problems: list = field(default_factory=list)
    """Rules of the provider that the request breaks; looked for in strict mode only."""
    left: threading.Event = field(default_factory=threading.Event)
    """Set when the caller goes away before its answer is whole."""

    def header(self, name):
        """The value of a header, `None` without it."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def form(self):
        """The format, if a model answers it."""
        return answers.format_of(self.path) if self.method in ("POST", "WS") else None

    @property
    def plain(self):
        """The body, decoded."""
        encoding = self.header("content-encoding")
        if encoding == "br":
            import brotli

            return brotli.decompress(self.body)
        return {"gzip": gzip.decompress, "zstd": zstd.decompress}.get(encoding, bytes)(self.body)

    @property
    def value(self):
        """The body as JSON."""
        return json.loads(self.plain)


class Gate:
    """A place in an answer where the provider waits until the test lets it go on."""

    def __init__(self, loop):
        self._loop = loop
        self._open = asyncio.Event()
        self._reached = threading.Event()

    def open(self):
        """Let the provider go on."""
        self._loop.call_soon_threadsafe(self._open.set)

    def reached(self):
        """Wait until the provider stands here."""
        assert self._reached.wait(LONGEST_WAIT), "the provider never came to the gate"

    async def wait(self):
        """The provider's side."""
        self._reached.set()
        await self._open.wait()


class Provider:
    """The server, in a thread of its own: `with Provider() as provider: ...`."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._lock = threading.Lock()
        self._news = threading.Condition()
        self.reset()

    def reset(self, strict=False):
        """Forget everything seen and scripted."""
        with self._lock:
            self.seen = []
            self.script = deque()
            self.strict = strict
            self.chains = {}
            self.otherwise = Turn("ok")

    def say(self, *script):
        """The next answers: `Turn`, `Raw`, or a function that makes one of them from the request."""
        with self._lock:
            self.script.extend(script)

    def gate(self):
        """A new gate, closed."""
        return Gate(self.loop)

    @property
    def turns(self):
        """The requests that a model answers, in the order they came."""
        return [seen for seen in self.seen if seen.form]

    @property
    def problems(self):
        """Every rule broken so far."""
        return [problem for seen in self.seen for problem in seen.problems]

    def waits_for(self, count):
        """Wait until so many requests have come."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.seen) >= count, LONGEST_WAIT), f"{len(self.seen)} came"

    def keep(self, seen):
        """Record a request."""
        with self._news:
            self.seen.append(seen)
            self._news.notify_all()

    def next(self, seen):
        """What the script says to this request."""
        with self._lock:
            found = self.script.popleft() if self.script else self.otherwise
        return found(seen) if callable(found) else found

    def __enter__(self):
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self.loop).result()
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _start(self):
        server = web.Server(
            self._handle,
            auto_decompress=False,
            handler_cancellation=True,
            access_log=None,
            max_line_size=2**16,
            max_field_size=2**16,
        )
        self._runner = web.ServerRunner(server, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    async def _handle(self, request):
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers]
        seen = Seen(request.method, request.raw_path, headers, b"")
        if (seen.header("upgrade") or "").lower() == "websocket":
            return await provider_socket.serve(self, request, Seen)
        try:
            seen.body = await request.content.read()
            self.keep(seen)
            return await self._send(request, self._answer(seen))
        except (asyncio.CancelledError, ConnectionError):
            seen.left.set()
            raise

    def _answer(self, seen):
        """What to answer, as a `Raw`."""
        form = seen.form
        if form is None:
            return _aside(seen)
        if self.strict:
            seen.problems += rules.problems(form, seen.value)
            if seen.problems:
                return Raw(400, *answers.refusal(form, seen.problems[0]))
        answer = self.next(seen)
        if isinstance(answer, Raw):
            return answer
        content_type, chunks = answers.rendered(answer, form, seen)
        return Raw(200, {"content-type": content_type, "request-id": "req_scripted"}, tuple(chunks))

    async def _send(self, request, answer):
        if answer.after:
            await answer.after.wait()
        if answer.ends == "garbage":
            request.transport.write(b"\x16\x03\x01 no HTTP\r\n\r\n\x00\xff")
            request.transport.close()
            await asyncio.Event().wait()
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        streams = len(answer.chunks) > 1 or answer.ends != "whole"
        if not streams:
            response.content_length = sum(map(len, answer.chunks))
        await response.prepare(request)
        for chunk in answer.chunks:
            if isinstance(chunk, Gate):
                await chunk.wait()
            elif request.method != "HEAD":
                await response.write(chunk)
        if answer.ends != "whole":
            _break_off(request, answer.ends)
        else:
            await response.write_eof()
        return response


def _aside(seen):
    """The answers to what no model answers."""
    path = urlsplit(seen.path).path
    if "count" in path.lower() or path.endswith("input_tokens"):
        value = {"input_tokens": len(seen.body) // 4, "totalTokens": len(seen.body) // 4}
    elif path.endswith("/models"):
        value = {"object": "list", "data": [{"id": "model-1", "type": "model", "object": "model"}], "has_more": False}
    else:
        value = {"seen": f"{seen.method} {path}", "bytes": len(seen.body)}
    return Raw(200, {"content-type": "application/json"}, (json.dumps(value).encode(),))


def _break_off(request, how):
    """End a connection in the middle of an answer."""
    if how == "reset":
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    else:
        request.transport.close()
