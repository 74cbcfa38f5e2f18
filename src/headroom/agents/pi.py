"""pi.

Base URLs stand in `models.json`, by provider. For one run an extension of a few lines says the same, without touching the
file. It speaks no MCP.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from headroom.agents import edits
from headroom.agents.contract import Agent, Launch, Machine, Point, Routed, nothing
from headroom.agents.edits import Change, EditError

_TAILS: Mapping[str, str] = {"anthropic": "", "openai": "/v1", "google": "/v1beta", "openai-codex": "/backend-api"}
"""Providers that the proxy knows, and what follows its base URL for each."""
_OWN = frozenset({"install", "remove", "uninstall", "update", "list", "config"})
_EXTENSION = """\
export default function (pi) {
  const urls = %s;
  for (const [name, baseUrl] of Object.entries(urls)) pi.registerProvider(name, { baseUrl });
}
"""


def _file(machine: Machine) -> Path:
    return machine.folder("PI_CODING_AGENT_DIR", ".pi", "agent") / "models.json"


def _named(machine: Machine) -> dict[str, str]:
    """Base URLs in `models.json`, by provider."""
    with suppress(EditError):
        table = edits.document(_file(machine), "json").get("providers", {})
        if isinstance(table, dict):
            urls = {name: each.get("baseUrl") for name, each in table.items() if isinstance(each, dict)}
            return {name: str(url) for name, url in urls.items() if url}
    return {}


def _launch(machine: Machine, point: Point) -> Launch:
    if point.args and point.args[0] in _OWN:
        return Launch()
    named = _named(machine)
    urls = {name: point.via(named.get(name, ""), tail) for name, tail in _TAILS.items()}
    urls |= {name: point.via(url) for name, url in named.items()}
    file = point.scratch / "headroom.ts"
    return Launch({}, ("--extension", str(file)), files={file: _EXTENSION % json.dumps(urls)})


def _install(machine: Machine, base: str) -> Sequence[Change]:
    named = _named(machine)
    return [
        Change(_file(machine), "json", ("providers", name, "baseUrl"), base + tail)
        for name, tail in _TAILS.items()
        if name not in named
    ]


def _routed(machine: Machine) -> Sequence[Routed]:
    named = _named(machine)
    key = f"{_file(machine)}: providers.{{}}.baseUrl"
    routes = [Routed(name, url, key.format(name)) for name, url in named.items()]
    return routes + [Routed(name) for name in _TAILS if name not in named]


AGENT = Agent(
    name="pi",
    title="pi",
    programs=("pi",),
    get_it="npm install -g @mariozechner/pi-coding-agent",
    launch=_launch,
    install=_install,
    mcp=nothing,
    routed=_routed,
    transcripts=(".pi/agent/sessions/*/*.jsonl",),
    session=r"_([^_/\\\\]+)\.jsonl$",
    resume="--session {session}",
)
