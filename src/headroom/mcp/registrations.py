"""Our MCP server in agents' own configuration: put there, taken out with the exact bytes back, looked at.

What is changed goes through the journal (`agents.journal`), under the purpose `mcp`. A registration that the user, or
`headroom wrap --install`, has made counts as one too.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from headroom.agents import TABLE, edits
from headroom.agents.contract import Agent, Machine
from headroom.agents.edits import Change, EditError, spelled
from headroom.agents.journal import Journal
from headroom.agents.syntax.steps import MISSING
from headroom.errors import InputError

State = Literal["registered", "not registered", "gone", "no MCP", "unreadable"]
"""`gone`: registered as a program that is not there."""


@dataclass(frozen=True, slots=True)
class Registration:
    """How an agent has our server."""

    state: State
    says: str = ""
    """Where it stands, or what is wrong."""


def installed(agent: Agent, machine: Machine) -> bool:
    """Whether an agent seems to be here: its program, or its folder where it is not started from a terminal."""
    if agent.programs:
        path = machine.env.get("PATH")
        return any(shutil.which(program, path=path) for program in agent.programs)
    return any(change.file.parent.exists() for change in agent.mcp(machine, ["headroom"]))


def chosen(names: Sequence[str], machine: Machine) -> list[Agent]:
    """The agents of these names; without names those that are here and speak MCP.

    Raises:
        InputError: a name that no agent has.
    """
    for name in names:
        if name not in TABLE:
            raise InputError(f"no agent is called {name!r}; there are {', '.join(TABLE)}")
    if names:
        return [TABLE[name] for name in dict.fromkeys(names)]
    return [agent for agent in TABLE.values() if agent.mcp(machine, ["headroom"]) and installed(agent, machine)]


def look(agent: Agent, machine: Machine, server: Sequence[str]) -> Registration:
    """How an agent has our server now.

    Args:
        agent: whose files.
        machine: where they are.
        server: the command that we would register.
    """
    changes = agent.mcp(machine, server)
    if not changes:
        return Registration("no MCP", f"{agent.title} speaks no MCP")
    places = []
    for change in changes:
        try:
            found = edits.value_in(change.file, change.kind, change.path)
        except EditError as error:
            return Registration("unreadable", str(error))
        if found is MISSING:
            return Registration("not registered")
        program = _program(found)
        if program and not shutil.which(program, path=machine.env.get("PATH")):
            return Registration("gone", f"{_place(change)} starts {program}, which is not there")
        places.append(_place(change))
    return Registration("registered", "; ".join(places))


def _place(change: Change) -> str:
    return f"{change.file}: {spelled(change.path)}"


def _program(value: Any) -> str:  # noqa: ANN401 - plain data
    """The program that a registration starts; what `env` sets in front of it is passed over. Empty: it names none."""
    if not isinstance(value, dict):
        return ""
    command = next((value[key] for key in ("command", "cmd") if value.get(key)), "")
    words = [command] if isinstance(command, str) else list(command) if isinstance(command, list) else []
    arguments = value.get("args")
    words += arguments if isinstance(arguments, list) else []
    every = [word for word in words if isinstance(word, str)]
    if every and Path(every[0]).name == "env":
        every = [word for word in every[1:] if "=" not in word]
    return every[0] if every else ""


def register(agent: Agent, machine: Machine, server: Sequence[str], journal: Journal, *, dry_run: bool) -> str:
    """Put our server into an agent's configuration; says what was done.

    Raises:
        EditError: a file is broken or foreign; it is as it was.
    """
    changes = agent.mcp(machine, server)
    if not changes:
        return f"{agent.title} speaks no MCP: nothing to register"
    if dry_run:
        journal.plan(agent.name, "mcp", changes)
        return "would set " + "; ".join(map(str, changes))
    if all(edits.value_in(change.file, change.kind, change.path) == change.value for change in changes):
        return "registered already in " + "; ".join(map(_place, changes))
    journal.apply(agent.name, "mcp", changes)
    return "registered in " + "; ".join(map(_place, changes))


def unregister(agent: Agent, machine: Machine, journal: Journal, *, dry_run: bool) -> tuple[list[str], bool]:
    """Take our server out of an agent's configuration.

    Returns:
        What was done, and whether all of it could be.
    """
    records = journal.records(agent.name, "mcp")
    if dry_run and records:
        return [f"would give back {record.file}" for record in records], True
    done, failed = journal.undo(agent.name, "mcp")
    told = [f"{each.file} is {_became(exact=each.exact)}" for each in done] + failed
    if not records:
        found = look(agent, machine, ["headroom"])
        wrapped = bool(journal.records(agent.name, "wrap"))
        undo = f"headroom unwrap {agent.name} takes it out" if wrapped else "not by this command: take it out by hand"
        told = [f"{found.says}, {undo}" if found.state in ("registered", "gone") else "not registered"]
    return told, not failed


def _became(*, exact: bool) -> str:
    return "byte for byte as before" if exact else "without our part; what changed since was kept"
