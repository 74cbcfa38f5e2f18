"""`headroom mcp install`, `uninstall` and `status`: our MCP server in agents' own configuration."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from headroom import config, presence
from headroom.agents import TABLE
from headroom.agents.contract import Machine
from headroom.agents.edits import EditError
from headroom.agents.journal import Journal
from headroom.mcp import registrations


def _machine() -> Machine:
    return Machine(Path.home(), Path.cwd(), os.environ)


def install(names: Sequence[str], *, dry_run: bool) -> None:
    """Register it; exit code 1 if a file could not be changed.

    Raises:
        InputError: a name that no agent has.
    """
    machine, journal = _machine(), Journal(config.home())
    agents = registrations.chosen(names, machine)
    if not agents:
        click.echo(
            f"No agent is installed here that speaks MCP. By name it can be done all the same: {', '.join(TABLE)}."
        )
    whole = True
    for agent in agents:
        try:
            server = presence.server(machine.env)
            _say(agent.name, registrations.register(agent, machine, server, journal, dry_run=dry_run))
        except EditError as error:
            _say(agent.name, str(error))
            whole = False
    sys.exit(0 if whole else 1)


def uninstall(names: Sequence[str], *, dry_run: bool) -> None:
    """Undo what `install` did; exit code 1 if a file could not be changed.

    Raises:
        InputError: a name that no agent has.
    """
    machine, journal = _machine(), Journal(config.home())
    mine = list(dict.fromkeys(record.agent for record in journal.records(purpose="mcp")))
    agents = registrations.chosen(names or mine, machine) if names or mine else []
    if not agents:
        click.echo("Nothing is registered by this command.")
    whole = True
    for agent in agents:
        told, done = registrations.unregister(agent, machine, journal, dry_run=dry_run)
        for line in told:
            _say(agent.name, line)
        whole = whole and done
    sys.exit(0 if whole else 1)


def status(names: Sequence[str]) -> None:
    """Each agent: whether it starts our server.

    Raises:
        InputError: a name that no agent has.
    """
    machine = _machine()
    for agent in registrations.chosen(names, machine) if names else TABLE.values():
        found = registrations.look(agent, machine, presence.server(machine.env))
        if found.state == "not registered" and not registrations.installed(agent, machine):
            _say(agent.name, f"not installed ({agent.get_it})")
        elif found.state == "not registered":
            _say(agent.name, f"not registered: headroom mcp install {agent.name}")
        elif found.state == "gone":
            _say(agent.name, f"{found.says}: headroom mcp install {agent.name}")
        else:
            _say(agent.name, f"registered in {found.says}" if found.state == "registered" else found.says)


def _say(name: str, line: str) -> None:
    click.echo(f"{name:<9} {line}")
