"""Who runs a proxy here, and who needs it, so that programs that know nothing of each other share one.

Small files in `<home>/run/` say it:

    proxy-<port>.json      a running proxy: {"pid", "port", "host", "version", "started", "leased", "arguments"}
    lease-<pid>-<random>   a living process that needs a leased proxy; a line in it may name a folder `scratch-...` beside it
    scratch-<pid>-<random> files for one run of an agent; goes with the last process that needs it
    leased.log             what a leased proxy printed

Rules:
* A proxy is there if the process of its file answers `GET /health` with the same process id. Everything else is a leftover.
* A lease is taken before one looks for a proxy, and a leased proxy takes its file away before it looks for leases a last time:
  so nobody joins a proxy that is about to stop.
* A leased proxy is joined by whoever wants the same arguments; one that a user has started, by whoever wants none.
* Light: importing this costs a few milliseconds, and asking for a proxy one small HTTP request.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from headroom.errors import HeadroomError

FOLDER: Final = "run"
START_SECONDS: Final = 30.0
"""How long a start may take; 0.7 s on an idle machine."""
HEALTH_SECONDS: Final = 2.0
"""How long a proxy may take to say that it is there."""
_LOG = "leased.log"
_POLL_SECONDS = 0.02
_MOST_BYTES = 65_536
"""Of an answer to `/health`; ours has 300."""


class PresenceError(HeadroomError):
    """No proxy could be joined or started; the message says why."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that says it runs."""

    pid: int
    port: int
    host: str
    version: str
    started: float
    """Unix seconds."""
    leased: bool = False
    """It stops when nobody needs it any more."""
    arguments: tuple[str, ...] = ()
    """What it was started with beyond the defaults, where it is leased."""

    @property
    def url(self) -> str:
        """Its base URL."""
        host, port = _address(self)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def announce(home: Path, proxy: Proxy) -> Path:
    """Write a proxy's file; returns it, for `withdraw`."""
    path = home / FOLDER / f"proxy-{proxy.port}.json"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    part.write_text(json.dumps(asdict(proxy)), "utf-8")
    part.replace(path)
    return path


def withdraw(path: Path, pid: int) -> None:
    """Take a proxy's file away, if it is still its own."""
    found = _read(path)
    if found is not None and found.pid == pid:
        path.unlink(missing_ok=True)


def announced(home: Path) -> list[Proxy]:
    """What the files say, the oldest first, whether it is true or not."""
    found = [_read(path) for path in (home / FOLDER).glob("proxy-*.json")]
    return sorted((proxy for proxy in found if proxy is not None), key=lambda proxy: (proxy.started, proxy.pid))


def _read(path: Path) -> Proxy | None:
    try:
        said = json.loads(path.read_text("utf-8"))
        return Proxy(**{**said, "arguments": tuple(said.get("arguments", ()))})
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def answers(proxy: Proxy, seconds: float = HEALTH_SECONDS) -> bool:
    """Whether it is there."""
    said = health(proxy, seconds)
    return said.get("service") == "headroom" and said.get("pid") == proxy.pid


def health(proxy: Proxy, seconds: float = HEALTH_SECONDS) -> dict[str, Any]:
    """What stands behind a proxy's address says of itself; empty where nothing does.

    One request by hand: loading a client would take longer than all the rest.
    """
    try:
        with socket.create_connection(_address(proxy), seconds) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            head, _, body = connection.makefile("rb").read(_MOST_BYTES).partition(b"\r\n\r\n")
        said = json.loads(body) if b" 200 " in head.partition(b"\r\n")[0] else {}
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def is_open(proxy: Proxy, seconds: float = HEALTH_SECONDS) -> bool:
    """Whether anything listens at its address: cheaper than asking who."""
    try:
        socket.create_connection(_address(proxy), seconds).close()
    except TimeoutError:
        return True  # busy is not gone
    except OSError:
        return False
    return True


def _address(proxy: Proxy) -> tuple[str, int]:
    """Where it is reached from this machine."""
    return "127.0.0.1" if proxy.host in ("0.0.0.0", "::") else proxy.host, proxy.port  # noqa: S104 - compared, not bound


def running(home: Path) -> list[Proxy]:
    """The proxies that are there, the oldest first."""
    return [proxy for proxy in announced(home) if answers(proxy)]


def fits(proxy: Proxy, version: str, arguments: Sequence[str]) -> bool:
    """Whether somebody of this version who wants these arguments can join a proxy."""
    return proxy.version == version and (proxy.arguments == tuple(arguments) if proxy.leased else not arguments)


def lease(home: Path, pid: int | None = None, scratch: Path | None = None) -> Path:
    """Say that a process needs a leased proxy, until the file is deleted or the process is gone.

    Args:
        home: our data folder.
        pid: whose; this one's unless given.
        scratch: a folder in `run/` that goes with the lease.
    """
    path = home / FOLDER / f"lease-{pid or os.getpid()}-{uuid4().hex[:8]}"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(scratch.name if scratch else "", "utf-8")
    return path


def join(home: Path, version: str, arguments: Sequence[str] = (), port: int = 0) -> Proxy:
    """A running proxy; one is started where none fits. Take a `lease` first.

    Args:
        home: our data folder.
        version: of this package; a proxy of another one is not joined.
        arguments: for `headroom proxy`, beyond the defaults.
        port: for a new one; 0 takes a free one.

    Raises:
        PresenceError: none could be started; the message holds what it printed.
    """
    found = next((proxy for proxy in running(home) if fits(proxy, version, arguments)), None)
    return found or _start(home, version, arguments, port)


def command(arguments: Sequence[str] = (), port: int = 0) -> list[str]:
    """What starts a leased proxy."""
    return [*ourselves(), "proxy", "--leased", "--port", str(port), *arguments]


def beyond_defaults(argv: Sequence[str]) -> tuple[str, ...]:
    """What a leased proxy's own command line holds beyond what every one's does, by which others find it."""
    words = list(argv)
    if "--port" in words:
        at = words.index("--port")
        del words[at : at + 2]
    return tuple(word for word in words if word not in ("proxy", "--leased"))


def ourselves() -> list[str]:
    """What starts this program again, whatever the PATH is.

    The installed script where there is one: `-m` would first look for modules in the folder it is started in.
    """
    script = Path(sys.executable).with_name("headroom.exe" if sys.platform == "win32" else "headroom")
    module = [sys.executable, *(["-P"] if sys.version_info >= (3, 11) else []), "-m", "headroom"]
    return [str(script)] if script.is_file() else module


def server(environment: Mapping[str, str]) -> list[str]:
    """What starts our MCP server on standard input and output.

    Some agents hand few variables on, so a data folder of the user's own stands in the command.
    """
    chosen = environment.get("HEADROOM_HOME")
    before = ["env", f"HEADROOM_HOME={chosen}"] if chosen and sys.platform != "win32" else []
    return [*before, *ourselves(), "mcp"]


def again(home: Path, proxy: Proxy) -> None:
    """Start a leased proxy once more on its own port, where it is gone; whoever points there need not know.

    Raises:
        PresenceError: it could not be started.
    """
    if not health(proxy):
        _start(home, proxy.version, proxy.arguments, proxy.port)


def _start(home: Path, version: str, arguments: Sequence[str], port: int) -> Proxy:
    log = home / FOLDER / _LOG
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - ourselves
                command(arguments, port),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=home,
                **_detached(),
            )
    except OSError as error:
        raise PresenceError(f"{home} cannot be written ({error.strerror or error})") from error
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        for proxy in announced(home):
            if fits(proxy, version, arguments) and port in (0, proxy.port) and answers(proxy):
                return proxy
        if process.poll():
            break
        time.sleep(_POLL_SECONDS)
    with suppress(OSError):
        process.terminate()
    printed = log.read_text("utf-8", "replace").strip()[-2000:]
    raise PresenceError(f"the proxy did not start: {printed or 'it said nothing'}")


def _detached() -> dict[str, Any]:
    """Away from this terminal: no Ctrl-C and no closed window reaches it."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def sweep(home: Path) -> int:
    """Take away what dead processes have left; returns the number of living leases.

    Needs psutil, which knows the living on every platform, so it is for the proxy and the doctor.
    """
    kept: set[str] = set()
    living = 0
    for path, pid in _owned(home, "lease-"):
        if lives(pid, path):
            living += 1
            with suppress(OSError):
                kept.add(path.read_text("utf-8"))
        else:
            path.unlink(missing_ok=True)
    for path, pid in _owned(home, "scratch-"):
        if path.name not in kept and not lives(pid, path):
            shutil.rmtree(path, ignore_errors=True)
    return living


def leftovers(home: Path) -> list[Path]:
    """What dead processes have left and `sweep` would take away; files of proxies whose process is gone included.

    A proxy that does not answer in time may be busy: its file stays.
    """
    dead = [path for kind in ("lease-", "scratch-") for path, pid in _owned(home, kind) if not lives(pid, path)]
    said = [(home / FOLDER / f"proxy-{proxy.port}.json", proxy.pid) for proxy in announced(home)]
    return [*dead, *(path for path, pid in said if not lives(pid, path))]


def lives(pid: int, path: Path) -> bool:
    """Whether the process that a file is named after still runs: not a zombie, and no later one with its number."""
    import psutil  # noqa: PLC0415 - 20 ms, and only in a proxy

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return bool(
            process.create_time() <= path.stat().st_mtime + 1.0
        )  # clocks of files and processes differ a little
    except (psutil.Error, OSError):
        return False


def _owned(home: Path, kind: str) -> Iterator[tuple[Path, int]]:
    for path in (home / FOLDER).glob(f"{kind}*"):
        number = path.name.removeprefix(kind).partition("-")[0]
        if number.isdigit():
            yield path, int(number)
