"""The proxy: which ones run, who else sits on its port, whether its upstreams can be reached."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import headroom
from headroom import config, presence
from headroom.doctor.finding import Finding, Where
from headroom.errors import HeadroomError
from headroom.proxy.options import Options, from_table

SECONDS: Final = 2.0
"""For each host, all at once."""
PATIENCE: Final = 10.0
"""Seconds for a proxy that has announced itself: on a busy machine two are not enough. One that is gone refuses at once."""


def check(where: Where) -> Iterator[Finding]:
    """Proxies that say they run, then the configured port, then the upstreams."""
    try:
        options = from_table(config.table("proxy"), config.settings())
    except HeadroomError:
        return  # told among the settings
    alive = running(where)
    for proxy in alive:
        about = f"{proxy.url}, version {proxy.version}, process {proxy.pid}"
        if proxy.version == headroom.__version__:
            yield Finding("proxy", "ok", about + (", stops with the last agent that needs it" if proxy.leased else ""))
        else:
            do = "end the agents that use it" if proxy.leased else f"kill {proxy.pid}; headroom proxy"
            yield Finding("proxy", "attention", f"{about}: this is version {headroom.__version__}", do)
    if options.port not in [proxy.port for proxy in alive]:
        yield _port(options, any_runs=bool(alive))
    if not where.offline:
        yield from _upstreams(options.upstreams)


def running(where: Where) -> list[presence.Proxy]:
    """The proxies that answer: those that have announced themselves, and what stands on the configured port."""
    found = [proxy for proxy in presence.announced(where.home) if presence.answers(proxy, PATIENCE)]
    try:
        options = from_table(config.table("proxy"), config.settings())
    except HeadroomError:
        return found
    if options.port not in [proxy.port for proxy in found]:
        said = presence.health(presence.Proxy(0, options.port, options.host, "", 0.0))
        if said.get("service") == "headroom":
            pid, version = int(said.get("pid", 0)), str(said.get("version"))
            found.append(presence.Proxy(pid, options.port, options.host, version, 0.0))
    return found


def _port(options: Options, *, any_runs: bool) -> Finding:
    if listens(options.host, options.port):
        says = f"port {options.port} is taken by another program"
        return Finding("proxy", "attention", says, f"headroom proxy --port {options.port + 1}, or port under [proxy]")
    if any_runs:
        return Finding("proxy", "ok", f"none on the configured port {options.port}")
    return Finding(
        "proxy", "ok", "not running: headroom wrap AGENT starts one when it needs it, headroom proxy for good"
    )


def listens(host: str, port: int) -> bool:
    """Whether anything does at this address, on this machine."""
    address = "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host.strip("[]")  # noqa: S104 - compared, not bound
    try:
        socket.create_connection((address, port), SECONDS).close()
    except TimeoutError:
        return True  # busy is not gone
    except OSError:
        return False
    return True


def _upstreams(upstreams: Mapping[str, str]) -> Iterator[Finding]:
    """Whether a connection can be made to each; nothing is sent over it."""
    refused: dict[str, str] = {}
    done: list[str] = []

    def ask(name: str, url: str) -> None:
        why = _unreachable(url)
        if why:
            refused[name] = why
        done.append(name)

    threads = [threading.Thread(target=ask, args=each, daemon=True) for each in upstreams.items()]
    for thread in threads:
        thread.start()
    until = time.monotonic() + SECONDS + 0.5
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    failed = {name: refused.get(name, "no answer in time") for name in upstreams if name in refused or name not in done}
    reached = [name for name in upstreams if name not in failed]
    if reached:
        yield Finding("upstreams", "ok", f"can be reached: {', '.join(reached)}")
    if failed and not reached:
        why = next(iter(failed.values()))
        says = f"none of {len(failed)} can be reached ({why}): is there a network?"
        yield Finding("upstreams", "attention", says, "headroom doctor --offline leaves this out")
        return
    for name, why in failed.items():
        says = f"{name} cannot be reached: {why}"
        yield Finding("upstreams", "attention", says, f"look at {upstreams[name]}; [proxy.upstreams] names another")


def _unreachable(url: str) -> str:
    """Why no connection can be made; empty: one can."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    way = urlsplit(getproxies().get(parts.scheme, "") if not proxy_bypass(host) else "")
    try:
        if way.hostname:  # by way of the network's own proxy: more than reaching that cannot be told unasked
            socket.create_connection((way.hostname, way.port or 80), SECONDS).close()
            return ""
        with socket.create_connection((host, port), SECONDS) as made:
            if parts.scheme == "https":
                ssl.create_default_context().wrap_socket(made, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not trusted ({error.verify_message})"
    except socket.gaierror:
        return "its name is not known"
    except TimeoutError:
        return "no answer in time"
    except OSError as error:
        return os.strerror(error.errno) if error.errno else type(error).__name__
    return ""
