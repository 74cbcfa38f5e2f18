"""Routing an agent for good, in its own files, and back: what `wrap --install` and `unwrap` share."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import click

from headroom import config, presence
from headroom.agents import edits
from headroom.agents.contract import Agent, Machine, origin, upstreams
from headroom.agents.edits import Change, EditError
from headroom.agents.journal import Journal, Record
from headroom.agents.syntax.steps import MISSING
from headroom.errors import InputError

PORT = 8787
"""Of a proxy that nobody configured otherwise."""


def durable_base() -> str:
    """The base URL of the proxy that a user starts: `headroom proxy`."""
    return f"http://127.0.0.1:{config.table('proxy').get('port', PORT)}"


def install(agent: Agent, machine: Machine, *, dry_run: bool) -> None:
    """Change the agent's files so that it always goes through the proxy.

    Raises:
        InputError: it cannot be; the message says what can.
        EditError: a file is broken or foreign.
    """
    base = durable_base()
    _refuse_gateway(agent, machine, base)
    changes = list(agent.install(machine, base))
    if changes:
        changes += _server(agent, machine)
        journal = Journal(config.home())
        planned = journal.plan(agent.name, "wrap", changes)
        for record in planned:
            click.echo(difference(record))
        if dry_run:
            return
        journal.apply(agent.name, "wrap", changes)
        click.echo(f"{agent.title} goes through {base} from now on: keep `headroom proxy` running there.")
        click.echo(f"Undo it with: headroom unwrap {agent.name}")
    if agent.by_hand is not None:
        click.echo(agent.by_hand(machine, base))
    elif not changes:
        raise InputError(f"no file can route {agent.title} for good: start it with `headroom wrap {agent.name}`")


def _refuse_gateway(agent: Agent, machine: Machine, base: str) -> None:
    """A gateway of the user's stays in front of the provider only if the proxy knows it."""
    known = {origin(str(url)) for url in config.table("proxy").get("upstreams", {}).values()}
    foreign = {name: url for name, url in upstreams(agent.routed(machine), [base]).items() if url not in known}
    routes = [route for route in agent.routed(machine) if origin(route.url) in foreign.values()]
    if agent.install(machine, base) and routes:
        route = routes[0]
        raise InputError(
            f"{agent.title} is sent to {route.url} ({route.by}). To keep that behind the proxy, add"
            f' {route.provider} = "{route.url}" under [proxy.upstreams] in {config.home() / "config.toml"} first; for single'
            f" runs `headroom wrap {agent.name}` keeps it by itself"
        )


def _server(agent: Agent, machine: Machine) -> Sequence[Change]:
    """The MCP server's registration, where there is none yet."""
    changes = agent.mcp(machine, presence.server(machine.env))
    return [change for change in changes if edits.value_in(change.file, change.kind, change.path) is MISSING]


def uninstall(name: str, *, dry_run: bool) -> bool:
    """Take back what was changed for an agent; returns whether everything could be."""
    journal = Journal(config.home())
    if dry_run:
        for record in journal.records(name, "wrap"):
            try:
                now = edits.read_bytes(record.file)
                wanted, exact = record.without(now)
            except EditError as error:
                click.echo(str(error))
                continue
            click.echo(_between(str(record.file), now, wanted) or f"{record.file}: nothing of ours is left in it")
            click.echo(f"{record.file}: {_became(exact=exact)}")
        return True
    done, failed = journal.undo(name, "wrap")
    for each in done:
        click.echo(f"{each.file}: {_became(exact=each.exact)}")
    for reason in failed:
        click.echo(f"headroom: {reason}", err=True)
    return not failed


def _became(*, exact: bool) -> str:
    return "byte for byte as before" if exact else "without our part; what changed since was kept"


def difference(record: Record) -> str:
    """What a change does to a file, as a diff."""
    return _between(str(record.file), record.before, record.after) or f"{record.file}: as it is already"


def _between(name: str, before: bytes | None, after: bytes | None) -> str:
    old, new = (
        "" if data is None else data.decode("utf-8", "replace").removeprefix("\ufeff") for data in (before, after)
    )
    titles = (name if before is not None else "(no file)", name if after is not None else "(no file)")
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), *titles, n=1, lineterm="")
    return "\n".join(lines)
