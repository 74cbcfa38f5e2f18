"""A leased proxy: it serves as long as a living process needs it, and is the only one of its kind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import headroom
from headroom import config, presence
from headroom.presence import Proxy
from headroom.proxy.options import Options

GRACE_SECONDS = 30.0
"""After the start, for whoever started it by hand to take a lease; whoever else starts one has it before."""
_EVERY_SECONDS = 1.0
_PATIENCE = 10.0
"""Seconds for another one that listens already to come up; where nothing listens, that shows at once."""


@contextlib.contextmanager
def admitted(
    options: Options, listen: Callable[[Options], socket.socket]
) -> Iterator[tuple[socket.socket | None, Proxy]]:
    """Listen, and say so to others for as long as this lasts.

    Args:
        options: of the proxy.
        listen: makes its socket.

    Yields:
        The socket and what was announced; without a socket, where another leased proxy does the same, that one.
    """
    home = config.home()
    with _alone(home) if options.leased else contextlib.nullcontext():
        arguments = presence.beyond_defaults(sys.argv[1:]) if options.leased else ()
        other = _taken(home, arguments, options.port) if options.leased else None
        if other is None:
            listening = listen(options)
            present = Proxy(
                os.getpid(),
                listening.getsockname()[1],
                options.host,
                headroom.__version__,
                time.time(),
                options.leased,
                arguments,
            )
            path = None
            with contextlib.suppress(OSError):  # a folder that cannot be written costs company, not the proxy
                path = presence.announce(home, present)
    if other is not None:
        yield None, other
        return
    try:
        yield listening, present
    finally:
        if path is not None:
            presence.withdraw(path, present.pid)


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold back others that start at the same time, until this one has said that it is there."""
    folder = home / presence.FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "leased.lock").open("ab") as file:
        _lock(file.fileno())
        yield  # closing the file unlocks it, as the end of the process does


def _lock(descriptor: int) -> None:
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        import msvcrt  # noqa: PLC0415 - only on Windows

        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]  # tries for ten seconds
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _taken(home: Path, arguments: tuple[str, ...], port: int) -> Proxy | None:
    """Another leased proxy with the same arguments, if one is there; it may just be starting.

    Where a certain port is wanted, somebody points to it: one on another port does not do.
    """
    for proxy in presence.announced(home):
        fits = presence.fits(proxy, headroom.__version__, arguments) and port in (0, proxy.port)
        if proxy.leased and fits and presence.answers(proxy, _PATIENCE):
            return proxy
    return None


async def expire(home: Path, proxy: Proxy, stop: Callable[[], None]) -> None:
    """Call `stop` when nobody needs the proxy any more."""
    until = time.monotonic() + GRACE_SECONDS
    while True:  # looks at once: whoever started it may need it for a moment only
        if await asyncio.to_thread(presence.sweep, home):
            until = 0.0
        elif time.monotonic() >= until:
            path = home / presence.FOLDER / f"proxy-{proxy.port}.json"
            presence.withdraw(path, os.getpid())
            if not await asyncio.to_thread(presence.sweep, home):
                stop()
                return
            presence.announce(home, proxy)  # somebody came in between
        await asyncio.sleep(_EVERY_SECONDS)
