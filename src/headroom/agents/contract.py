"""What a coding agent is to us: one frozen value, which says everything that anyone here knows about it.

Rules:
* Pure but for reading the agent's own files: nothing here writes, starts a program, or reads our process's environment.
  Where things are comes in as a `Machine`, so a test gives another one.
* Environment and flags come before files; a file of the user's is changed only by `headroom wrap --install` and
  `headroom mcp install`, as `Change`s that the journal makes and undoes.
* Instructions files (CLAUDE.md, AGENTS.md and the like) are never touched.
* What the agent does without us it does with us: a variable that the user has set is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from headroom.agents.edits import Change

_TAGGED = re.compile(r"^/w/[^/]*")
SERVER = "headroom"
"""The name of our MCP server and of our provider in agents' files."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Whose files and whose environment."""

    home: Path
    """The user's home folder."""
    cwd: Path
    env: Mapping[str, str]

    def folder(self, variable: str, *below_home: str) -> Path:
        """The folder that a variable names, or one below the home folder."""
        named = self.env.get(variable)
        return Path(named).expanduser() if named else self.home.joinpath(*below_home)


@dataclass(frozen=True, slots=True)
class Routed:
    """Where an agent's requests to one provider go now."""

    provider: str
    """`anthropic`, `openai`, `gemini`, `chatgpt`, or the agent's own name for it."""
    url: str = ""
    """The base URL that is set; empty: the provider's own."""
    by: str = ""
    """What sets it: a variable, or a file and the key in it."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where an agent is pointed to for one run."""

    base: str
    """The proxy with the run's tag, without a slash at the end: `http://127.0.0.1:8787/w/claude-3f9a2c`."""
    server: Sequence[str]
    """The command that starts our MCP server; empty: do not declare it."""
    scratch: Path
    """A folder for this run alone, which goes when the agent has ended. It exists only where files are written."""
    args: Sequence[str] = ()
    """The user's own arguments, to see what they ask for."""
    ours: Sequence[str] = ()
    """Origins that are a proxy of ours: a base URL there was set by us, and is no gateway of the user's."""

    def via(self, url: str, default: str = "") -> str:
        """The base URL that reaches the same place as `url`, through the proxy.

        Args:
            url: that the user has set; empty where there is none.
            default: what follows the proxy's own base URL where the provider's own is used, such as `/v1`.
        """
        if not url:
            return self.base + default
        path = urlsplit(url).path.rstrip("/")
        if origin(url) in self.ours:
            return self.base + _TAGGED.sub("", path)
        return f"{self.base}/u/{upstream_name(url)}{path}"


@dataclass(frozen=True, slots=True)
class Launch:
    """How an agent is started for one run."""

    env: Mapping[str, str] = field(default_factory=dict)
    """Set over the user's environment."""
    flags: Sequence[str] = ()
    """Before the user's own arguments."""
    args: Sequence[str] | None = None
    """The user's own arguments, where one of them had to point elsewhere; `None`: as they are."""
    files: Mapping[Path, str] = field(default_factory=dict)
    """To write before the start, all below `Point.scratch`."""
    notes: Sequence[str] = ()
    """What the user should know; a line each."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A coding agent."""

    name: str
    """What the user types."""
    title: str
    programs: Sequence[str]
    """To look for on PATH, the first that is there; empty: it cannot be started from a terminal."""
    get_it: str
    """One line: how to install it."""
    launch: Callable[[Machine, Point], Launch]
    install: Callable[[Machine, str], Sequence[Change]]
    """What routes it durably through the proxy at a base URL. Empty: it cannot be done in a file; `by_hand` says what can."""
    mcp: Callable[[Machine, Sequence[str]], Sequence[Change]]
    """What registers the command of a stdio server as `headroom`. Empty: the agent speaks no MCP."""
    routed: Callable[[Machine], Sequence[Routed]]
    """Where its requests go now, by its own files and the environment; a provider each."""
    transcripts: Sequence[str] = ()
    """Globs below the home folder."""
    session: str = ""
    """A regular expression whose group is the session's id in the path of its transcript; empty: it is not told there."""
    resume: str = ""
    """Arguments that go on with a session: `--resume {session}`, or with the latest one here: `--continue`."""
    by_hand: Callable[[Machine, str], str] | None = None
    """What to paste where for a base URL, where no file can say it."""


def upstream_name(url: str) -> str:
    """What the proxy calls the host of a base URL that the user had set: `/u/<name>/...`."""
    parts = urlsplit(url)
    return f"{parts.hostname}-{parts.port}" if parts.port else str(parts.hostname)


def origin(url: str) -> str:
    """Scheme, host and port of a base URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def upstreams(routes: Sequence[Routed], ours: Sequence[str] = ()) -> dict[str, str]:
    """The hosts that the proxy must be able to send to: name to origin, for `--upstream`."""
    urls = [route.url for route in routes if urlsplit(route.url).hostname]
    return {upstream_name(url): origin(url) for url in urls if origin(url) not in ours}


def stdio(server: Sequence[str]) -> dict[str, object]:
    """A stdio server as most agents write it."""
    return {"command": server[0], "args": list(server[1:])}


def servers(point: Point, **more: object) -> dict[str, object]:
    """Our server in the table that most agents read; empty where it is not to be declared."""
    return {"mcpServers": {SERVER: {**more, **stdio(point.server)}}} if point.server else {}


def said(machine: Machine, *names: str) -> tuple[str, str]:
    """The first of these variables that is set, and its name; both empty where none is."""
    return next(((machine.env[name], name) for name in names if machine.env.get(name)), ("", ""))


def nothing(*_: object) -> tuple[Change, ...]:
    """No change: there is no file that says it, or no MCP."""
    return ()
