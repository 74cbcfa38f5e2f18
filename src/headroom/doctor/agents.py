"""Agents on this machine: where their requests go now, and whether they start our MCP server."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from headroom import config, presence
from headroom.agents import TABLE
from headroom.agents.contract import Agent, Routed, origin
from headroom.agents.edits import EditError
from headroom.agents.journal import Journal
from headroom.doctor import proxies
from headroom.doctor.data import go_on
from headroom.doctor.finding import Finding, Where
from headroom.errors import StoreError
from headroom.hosts import is_loopback
from headroom.ledger.figures import Filter
from headroom.ledger.report import Report
from headroom.mcp import registrations

_LATELY: Final = 7 * 86_400
"""Seconds in which a session may still be gone on with."""


def check(where: Where) -> Iterator[Finding]:
    """Every agent that is here, or in whose files we have written."""
    journal = Journal(where.home)
    ours = {
        each for proxy in proxies.running(where) for each in (proxy.url, proxy.url.replace("127.0.0.1", "localhost"))
    }
    lighter = _lighter()
    absent = []
    for agent in TABLE.values():
        if not registrations.installed(agent, where.machine) and not journal.records(agent.name):
            absent.append(agent.name)
            continue
        try:
            yield from _agent(where, agent, ours, agent.name in lighter)
        except EditError as error:
            yield Finding(agent.name, "broken", where.short(str(error)), f"mend that file; {agent.title} reads it too")
    if absent:
        yield Finding("agents", "ok", f"not found here: {', '.join(absent)}")


def _agent(where: Where, agent: Agent, ours: set[str], lighter: bool) -> Iterator[Finding]:
    routes = [
        each for each in agent.routed(where.machine) if not (agent.by_hand and not each.url and not agent.programs)
    ]
    dead = [each for each in routes if _is_dead(each, ours)]
    through = [each for each in routes if origin(each.url) in ours]
    said = [f"{_joined(through)} through the proxy"] if through else []
    said += [
        f"{each.provider} by {each.url}" for each in routes if each.url and each not in dead and each not in through
    ]
    if straight := [each for each in routes if not each.url]:
        said.append(f"{_joined(straight)} directly")
    registered = registrations.look(agent, where.machine, presence.server(where.machine.env))
    if registered.state in ("registered", "not registered"):
        said.append(f"MCP {registered.state}")
    resume = f"sessions that went through the proxy go on by: {go_on(agent.name)}" if lighter and not through else ""
    if said:
        yield Finding(agent.name, "ok", f"{agent.title}: {', '.join(said)}", resume)
    for each in dead:
        says = f"{agent.title}: {each.provider} goes to {each.url}, where nothing listens ({where.short(each.by)})"
        yield Finding(agent.name, "broken", says, _revive(where, agent, each))
    if registered.state == "gone":
        says = f"{agent.title}: {where.short(registered.says)}"
        yield Finding(agent.name, "broken", says, f"headroom mcp install {agent.name}")
    elif registered.state == "unreadable":
        yield Finding(agent.name, "broken", where.short(registered.says), f"mend that file; {agent.title} reads it too")


def _joined(routes: Sequence[Routed]) -> str:
    return " and ".join(dict.fromkeys(each.provider for each in routes))


def _is_dead(route: Routed, ours: set[str]) -> bool:
    """Whether it leads to a port of this machine at which nothing listens."""
    parts = urlsplit(route.url)
    if not parts.hostname or not is_loopback(parts.hostname) or origin(route.url) in ours:
        return False
    return not proxies.listens(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))


def _revive(where: Where, agent: Agent, route: Routed) -> str:
    port = urlsplit(route.url).port
    if Journal(where.home).records(agent.name, "wrap"):
        return f"headroom proxy --port {port}, or back to how it was: headroom unwrap {agent.name}"
    if route.by in where.machine.env:
        return f"unset {route.by}, or start what should listen there (headroom proxy --port {port})"
    return f"take it out of {where.short(route.by)}, or start what should listen there (headroom proxy --port {port})"


def _lighter() -> set[str]:
    """Agents with sessions of late that were made lighter, by the tags of their runs."""
    path = config.ledger_path()
    if not path.exists():
        return set()
    try:
        recent = Report(path).conversations(Filter(time.time() - _LATELY), limit=500)
    except StoreError:
        return set()  # told with the ledger
    return {each.tag.rpartition("-")[0] for each in recent if each.totals.removed > 0}
