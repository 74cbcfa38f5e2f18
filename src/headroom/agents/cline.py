"""Cline's command line.

It reads its providers from one file, whose place `CLINE_PROVIDER_SETTINGS_PATH` gives: for one run it gets a copy with other
base URLs. It takes a base URL only for OpenAI's format; its own service and Anthropic's key are past any.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from headroom.agents import edits
from headroom.agents.contract import SERVER, Agent, Launch, Machine, Point, Routed, stdio
from headroom.agents.edits import Change, EditError
from headroom.agents.syntax.steps import descend

_PLACE = "CLINE_PROVIDER_SETTINGS_PATH"
_OWN = frozenset({"auth", "config", "mcp", "plugin", "skill", "doctor", "history", "update", "version", "connect"})
"""Subcommands that ask no model, or that write its providers."""


def _settings(machine: Machine) -> Path:
    return machine.folder("CLINE_DATA_DIR", ".cline", "data") / "settings"


def _file(machine: Machine) -> Path:
    return machine.folder(_PLACE) if machine.env.get(_PLACE) else _settings(machine) / "providers.json"


def _providers(machine: Machine) -> dict[str, Any]:
    with suppress(EditError):
        table = edits.document(_file(machine), "json").get("providers")
        found = {name: descend(table, (name, "settings")) for name in table} if isinstance(table, dict) else {}
        return {name: settings for name, settings in found.items() if isinstance(settings, dict)}
    return {}


def _changes(machine: Machine) -> dict[str, str]:
    """Base URLs that can be set, by provider; empty where the provider's own is used."""
    return {
        name: str(settings.get("baseUrl") or "")
        for name, settings in _providers(machine).items()
        if settings.get("baseUrl") or name.startswith("openai")
    }


def _launch(machine: Machine, point: Point) -> Launch:
    urls = _changes(machine)
    if point.args and point.args[0] in _OWN:
        return Launch()
    if not urls:
        return Launch(
            notes=["no provider of its own takes a base URL: set one up with `cline auth -p openai-compatible`"]
        )
    file, copy = _file(machine), point.scratch / "providers.json"
    text = edits.read(file) or ""
    for name, url in urls.items():
        text = edits.put(Change(file, "json", ("providers", name, "settings", "baseUrl"), point.via(url, "/v1")), text)
    return Launch({_PLACE: str(copy)}, files={copy: text})


def _install(machine: Machine, base: str) -> Sequence[Change]:
    return [
        Change(_file(machine), "json", ("providers", name, "settings", "baseUrl"), base + "/v1")
        for name, url in _changes(machine).items()
        if not url
    ]


def _mcp(machine: Machine, server: Sequence[str]) -> Sequence[Change]:
    file = _settings(machine) / "cline_mcp_settings.json"
    return [Change(file, "json", ("mcpServers", SERVER), stdio(server))]


def _routed(machine: Machine) -> Sequence[Routed]:
    key = f"{_file(machine)}: providers.{{}}.settings.baseUrl"
    return [Routed(name, url, key.format(name) if url else "") for name, url in _changes(machine).items()] or [
        Routed("cline")
    ]


AGENT = Agent(
    name="cline",
    title="Cline",
    programs=("cline",),
    get_it="npm install -g cline",
    launch=_launch,
    install=_install,
    mcp=_mcp,
    routed=_routed,
    transcripts=(".cline/data/sessions/*/*.messages.json",),
    session=r"([^/\\\\]+)\.messages\.json$",
    resume="--id {session}",
)
