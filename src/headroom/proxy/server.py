"""The process around the application: its socket, its signals, its workers, and what it says at start.

Rules:
* A port that is taken is no riddle: the message says by whom, and what to type.
* SIGTERM and SIGINT stop listening and let running streams end; a second one ends at once. SIGHUP reads the settings again.
* With several workers the parent owns the socket and starts as many processes, which take turns in accepting.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Sequence

from headroom import config, presence
from headroom.compression.pipeline import describe
from headroom.errors import HeadroomError
from headroom.hosts import is_loopback
from headroom.ledger.ledger import Ledger
from headroom.ledger.prices import Prices
from headroom.originals import files
from headroom.originals.sqlite import SqliteStore
from headroom.proxy import lease, lenient
from headroom.proxy.app import Proxy, create, runner
from headroom.proxy.options import Options

_FILES = """  Originals   {folder}/HANDLE.txt
              (tell your agent: "Where a tool result says h:HANDLE, the full text is in that file.")"""
SOCKET = "HEADROOM_SOCKET"
"""In a worker's environment: the number of the listening socket that it inherits."""
_SWITCH_SECONDS = 0.001
"""How long one thread may hold the interpreter while the event loop waits; Python's own 5 ms would show in streams."""


class PortTakenError(HeadroomError):
    """Another program listens on the port."""

    def __init__(self, message: str, *, ours: bool) -> None:
        """Args: ours: whether it is a proxy of ours that one can join."""
        super().__init__(message)
        self.ours = ours


def listen(options: Options) -> socket.socket:
    """A listening socket.

    Raises:
        PortTakenError: the port is taken; the message says by whom.
        OSError: the system refuses it for another reason.
    """
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((options.host.strip("[]"), options.port))
        made.listen(1024)
        made.setblocking(False)
    except OSError as error:
        made.close()
        if error.errno in (98, 48, 10048):  # EADDRINUSE on Linux, macOS and Windows
            raise _taken(options) from error
        raise
    return made


def _taken(options: Options) -> PortTakenError:
    host = "127.0.0.1" if options.host in ("0.0.0.0", "::") else options.host  # noqa: S104 - compared, not bound
    url = f"http://{host}:{options.port}"
    with contextlib.suppress(OSError, ValueError):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{url}/health", timeout=2) as answer:
            said = json.load(answer)
        if isinstance(said, dict) and said.get("service") == "headroom":
            return PortTakenError(
                f"headroom {said.get('version')} already listens on {url} (process {said.get('pid')}): use that one",
                ours=True,
            )
    return PortTakenError(
        f"port {options.port} is taken by another program: headroom proxy --port {options.port + 1}", ours=False
    )


def serve(options: Options, say: Callable[[str], None]) -> None:
    """Run until asked to stop.

    Raises:
        PortTakenError, OSError: nothing can listen there.
    """
    inherited = os.environ.pop(SOCKET, "")
    if inherited:
        _work(options, socket.socket(fileno=int(inherited)), None)
        return
    with lease.admitted(options, listen) as (listening, present):
        if listening is None:
            say(f"a leased proxy already listens on {present.url}: use that one")
            return
        for line in banner(options, present.port):
            say(line)
        if options.workers > 1:
            _supervise(options.workers, listening)
        else:
            _work(options, listening, present if options.leased else None)


def _work(options: Options, listening: socket.socket, leased: presence.Proxy | None) -> None:
    """Serve in this process; a leased proxy until nobody needs it."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    loop = _loop()
    try:
        loop.run_until_complete(_run(options, listening, leased))
    finally:
        loop.close()


def _loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 - not to be had on every platform
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _run(options: Options, listening: socket.socket, leased: presence.Proxy | None) -> None:
    proxy = Proxy(
        options, SqliteStore(config.store_path()), Ledger(config.ledger_path(), Prices(config.table("prices")))
    )
    served = runner(create(proxy))
    await served.setup()
    await lenient.Site(served, listening).start()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    if os.name == "posix":
        loop.add_signal_handler(signal.SIGHUP, proxy.reload)
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, _stop, stopping)
    watch = loop.create_task(lease.expire(config.home(), leased, stopping.set)) if leased else None
    await stopping.wait()
    if watch is not None:
        watch.cancel()
    await served.cleanup()


def _stop(stopping: asyncio.Event) -> None:
    if stopping.is_set():
        os._exit(1)
    stopping.set()


def _supervise(workers: int, listening: socket.socket) -> None:
    """Start workers on one socket, and see them through: one that dies is replaced, a stop is handed on."""
    os.set_inheritable(listening.fileno(), True)
    command = [sys.executable, "-m", "headroom", *sys.argv[1:]]
    environment = {**os.environ, SOCKET: str(listening.fileno())}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=environment, pass_fds=(listening.fileno(),))  # noqa: S603 - ourselves

    children = [start() for _ in range(workers)]
    stopping = False

    def hand_on(number: int, _: object) -> None:
        nonlocal stopping
        stopping = stopping or number != signal.SIGHUP
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, hand_on)
    while not stopping:
        gone, _ = os.waitpid(-1, 0)
        children[:] = [start() if child.pid == gone and not stopping else child for child in children]
    for child in children:
        child.wait()


def banner(options: Options, port: int) -> Sequence[str]:
    """What the proxy says at start: where it is, and what to set for each provider."""
    host = f"[{options.host}]" if ":" in options.host else options.host
    base = f"http://{host}:{port}" + ("" if is_loopback(options.host) else "/t/$HEADROOM_TOKEN")
    own = [
        name
        for name in options.upstreams
        if name not in ("anthropic", "openai", "gemini", "chatgpt", "vertex", "bedrock")
    ]
    return [
        f"headroom proxy on {base} (level {options.settings.level})",
        "",
        f"  Anthropic   export ANTHROPIC_BASE_URL={base}",
        f"  OpenAI      export OPENAI_BASE_URL={base}/v1",
        f"  Gemini      export GOOGLE_GEMINI_BASE_URL={base}",
        *(f"  {name:<11} base URL {base}/u/{name}/v1" for name in own),
        "",
        *([_FILES.format(folder=config.home() / files.FOLDER)] if options.retrieve == "file" else []),
        f"  Dashboard   {base}/dashboard",
    ]


def logging_to_stderr() -> None:
    """Lines of our own, without a payload in them; what libraries say only from warnings on."""
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.WARNING)
    logging.getLogger("headroom").setLevel(logging.INFO)
    for name in ("aiohttp.server", "aiohttp.client", "aiohttp.websocket", "asyncio"):
        logging.getLogger(name).addFilter(_without_payload)


def _without_payload(record: logging.LogRecord) -> bool:
    """Libraries quote what they could not read, keys and all: only the kind of error and its place are printed."""
    error = record.exc_info[1] if record.exc_info else None
    record.msg, record.args = f"{record.name}: {describe(error) if error else record.levelname.lower()}", ()
    record.exc_info = record.exc_text = record.stack_info = None
    return record.levelno >= logging.ERROR
