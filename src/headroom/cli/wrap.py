"""`headroom wrap`: start a coding agent through the proxy, with everything set up and nothing left behind.

headroom wrap NAME -- ARGUMENTS      for one run: environment and flags, and files of that run alone
headroom wrap NAME --install         for good, in the agent's own files; `headroom unwrap NAME` undoes it
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import click

import headroom
from headroom import config, presence
from headroom.agents import TABLE
from headroom.agents.contract import Agent, Launch, Machine, Point, origin, upstreams
from headroom.agents.edits import EditError
from headroom.agents.journal import Journal
from headroom.cli import child, installing
from headroom.errors import HeadroomError, InputError
from headroom.presence import PresenceError, Proxy

_WATCH_SECONDS = 1.0
_PROXIED = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_DIRECT = "127.0.0.1,localhost"


class _Wrap(click.Command):
    """Says where the agent's own arguments go, as soon as one of them is in the wrong place."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            hint = "the agent's own arguments go after --: headroom wrap NAME -- ARGUMENTS"
            raise click.UsageError(f"{error.format_message()} ({hint})", ctx) from error


@click.command(cls=_Wrap)
@click.argument("name", required=False)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option("--list", "listed", is_flag=True, help="Show which agents are installed and how each would be started.")
@click.option("--dry-run", is_flag=True, help="Show every change, and do nothing.")
@click.option("--install", is_flag=True, help="Route it for good, in its own files.")
@click.option("--retrieve", type=click.Choice(["mcp", "file", "proxy", "none"]), help="As `headroom proxy --retrieve`.")
@click.option("--level", type=click.Choice(["lossless", "balanced", "aggressive"]), help="As `headroom proxy --level`.")
def wrap(
    name: str | None, args: tuple[str, ...], listed: bool, dry_run: bool, install: bool, **options: str | None
) -> None:
    """Start a coding agent through the proxy: headroom wrap NAME -- its own arguments."""
    machine = Machine(Path.home(), Path.cwd(), os.environ)
    if listed or name is None:
        _list(machine)
        return
    agent = find(name)
    if install:
        installing.install(agent, machine, dry_run=dry_run)
        return
    if not agent.programs:
        assert agent.by_hand is not None
        click.echo(agent.by_hand(machine, installing.durable_base()))
        return
    chosen = [word for option, value in options.items() if value for word in (f"--{option}", value)]
    run = Run(agent, machine, program(agent), list(args), chosen)
    if dry_run:
        run.show()
        return
    sys.exit(run.start())


def find(name: str) -> Agent:
    """The agent of this name.

    Raises:
        InputError: there is none; the message lists those there are.
    """
    if name not in TABLE:
        raise InputError(f"no agent is called {name!r}; there are {', '.join(TABLE)}")
    return TABLE[name]


def program(agent: Agent) -> str:
    """Where the agent is.

    Raises:
        InputError: it is not installed; the message says how to get it.
    """
    found = next((path for each in agent.programs if (path := shutil.which(each))), None)
    if found is None:
        raise InputError(f"{agent.title} is not on your PATH (looked for {', '.join(agent.programs)}): {agent.get_it}")
    return found


class Run:
    """One run of an agent."""

    def __init__(self, agent: Agent, machine: Machine, path: str, args: list[str], chosen: Sequence[str]) -> None:
        """Look at how the agent is routed now; nothing is changed or started yet.

        Args:
            agent: what to start.
            machine: whose files and environment.
            path: the agent's program.
            args: the user's own arguments.
            chosen: for the proxy, beyond its defaults.
        """
        self.agent, self.machine, self.path, self.args = agent, machine, path, args
        self.home = config.home()
        self.tag = f"{agent.name}-{uuid4().hex[:8]}"
        self.ours = _ours(self.home)
        gateways = upstreams(agent.routed(machine), self.ours)
        self.arguments = [*chosen, *(f"--upstream={name}={url}" for name, url in sorted(gateways.items()))]
        self.gateways = gateways

    def point(self, base: str, scratch: Path) -> Point:
        """Where the agent is pointed to, through a proxy at a base URL."""
        server = [*presence.server(self.machine.env), "--retrieve-only"]
        return Point(f"{base}/w/{self.tag}", server, scratch, self.args, self.ours)

    def environment(self, launch: Launch) -> dict[str, str]:
        """The agent's environment; what goes to this machine goes past a proxy of the network's."""
        env = {**self.machine.env, **launch.env}
        if launch.env and any(env.get(name) for name in _PROXIED):
            for name in ("NO_PROXY", "no_proxy"):
                env[name] = ",".join(filter(None, (env.get(name), _DIRECT)))
        return env

    def command(self, launch: Launch) -> list[str]:
        """The agent's command line."""
        return [self.path, *launch.flags, *(self.args if launch.args is None else launch.args)]

    def show(self) -> None:
        """Every change, as it would be."""
        fitting = [proxy for proxy in presence.running(self.home) if self._fits(proxy)]
        base = fitting[0].url if fitting else "http://127.0.0.1:PORT"
        scratch = self.home / presence.FOLDER / "scratch"
        launch = self.agent.launch(self.machine, self.point(base, scratch))
        joined = f"join the one on {base}" if fitting else " ".join(["start", *presence.command(self.arguments)])
        click.echo(f"proxy        {joined}")
        for title, url in self.gateways.items():
            click.echo(f"gateway      {title}: your own base URL stays what it is, behind the proxy: {url}")
        env = self.environment(launch)
        for name, value in env.items():
            if self.machine.env.get(name) != value:
                click.echo(f"environment  {name}={value}")
        for path, text in launch.files.items():
            click.echo(f"file         {path} (for this run)\n{_indented(text)}")
        click.echo(f"start        {shlex.join(self.command(launch))}")
        for note in launch.notes:
            click.echo(f"note         {note}")

    def start(self) -> int:
        """Do it; returns the agent's exit code."""
        scratch = self.home / presence.FOLDER / f"scratch-{os.getpid()}-{uuid4().hex[:8]}"
        leases = [presence.lease(self.home)]
        stopping = threading.Event()
        notices: list[str] = []
        try:
            proxy = presence.join(self.home, headroom.__version__, self.arguments)
            launch = self.agent.launch(self.machine, self.point(proxy.url, scratch))
            _write(scratch, launch.files)
            for note in launch.notes:
                _say(note)
            began = time.time()
            if proxy.leased:
                threading.Thread(target=_watch, args=(self.home, proxy, stopping, notices), daemon=True).start()

            def started(pid: int) -> None:
                leases.append(presence.lease(self.home, pid, scratch))

            code = child.run(self.command(launch), self.environment(launch), started)
        except OSError as error:
            raise PresenceError(f"{error.filename or self.path}: {error.strerror or error}") from error
        finally:
            stopping.set()
            shutil.rmtree(scratch, ignore_errors=True)
            for path in leases:
                path.unlink(missing_ok=True)
        for notice in dict.fromkeys(notices):
            _say(notice)
        if launch.env or launch.flags or launch.args:
            from headroom.cli import saving  # noqa: PLC0415 - the ledger: half of what a start would load

            _say(saving.closing(self.agent, self.machine, self.tag, began))
        return code

    def _fits(self, proxy: Proxy) -> bool:
        return presence.fits(proxy, headroom.__version__, self.arguments)


def _watch(home: Path, proxy: Proxy, stopping: threading.Event, notices: list[str]) -> None:
    """Start the proxy again on its port if it crashes. What is said waits: the terminal is the agent's."""
    while not stopping.wait(_WATCH_SECONDS):
        if presence.is_open(proxy):
            continue
        try:
            presence.again(home, proxy)
            notices.append("the proxy had ended and was started again")
        except HeadroomError as error:
            notices.append(str(error))
            return


def _write(scratch: Path, files: Mapping[Path, str]) -> None:
    if files:
        scratch.mkdir(mode=0o700, parents=True)
    for path, text in files.items():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, made with its mode
            file.write(text)


def _ours(home: Path) -> list[str]:
    """Origins that are proxies of ours: those that say they run, the usual one, and those that files were pointed to."""
    found = [proxy.url for proxy in presence.announced(home)] + [origin(installing.durable_base())]
    for record in Journal(home).records(purpose="wrap"):
        found += [origin(change.value) for change in record.changes if isinstance(change.value, str)]
    return [each for url in dict.fromkeys(found) for each in (url, url.replace("127.0.0.1", "localhost"))]


def _list(machine: Machine) -> None:
    """Each agent: where it is, and what would be set."""
    rows = [(agent, _row(agent, machine)) for agent in TABLE.values()]
    for agent, (state, how) in rows:
        click.echo(f"{agent.name:<9} {state}\n{'':<9} {how}")


def _row(agent: Agent, machine: Machine) -> tuple[str, str]:
    found = next((path for each in agent.programs if (path := shutil.which(each))), None)
    state = f"{agent.title}: {found}" if found else f"{agent.title}: not installed ({agent.get_it})"
    if not agent.programs:
        return agent.title, "set by hand: headroom wrap " + agent.name
    point = Point("http://127.0.0.1:PORT/w/TAG", presence.server(machine.env), Path("SCRATCH"), (), ())
    try:
        launch = agent.launch(machine, point)
    except EditError as error:
        return state, str(error)
    parts = [", ".join(launch.env)] if launch.env else []
    parts += [" ".join(_names(launch.flags))] if launch.flags else []
    return state, "; ".join([*parts, *launch.notes])


def _names(flags: Sequence[str]) -> list[str]:
    """Flags without what they are set to."""
    named = [flag.partition("=")[0] for flag in flags if flag.startswith("--") or "=" in flag]
    return list(dict.fromkeys(named))


def _indented(text: str) -> str:
    return "\n".join(f"             {line}" for line in text.splitlines())


def _say(line: str) -> None:
    click.echo(f"headroom: {line}", err=True)
