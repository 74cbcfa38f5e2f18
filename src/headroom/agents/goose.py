"""goose: a variable for each provider's host, which counts more than the same key in `config.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from headroom.agents import edits
from headroom.agents.contract import SERVER, Agent, Launch, Machine, Point, Routed, said
from headroom.agents.edits import Change, EditError

_HOSTS: Mapping[str, str] = {"anthropic": "ANTHROPIC_HOST", "openai": "OPENAI_HOST", "google": "GOOGLE_HOST"}


def _file(machine: Machine) -> Path:
    return machine.folder("XDG_CONFIG_HOME", ".config") / "goose" / "config.yaml"


def _host(machine: Machine, name: str) -> tuple[str, str]:
    url, by = said(machine, name)
    if not url:
        with suppress(EditError):
            found = edits.value_in(_file(machine), "yaml", (name,))
            url, by = (str(found), f"{_file(machine)}: {name}") if found else ("", "")
    return url, by


def _launch(machine: Machine, point: Point) -> Launch:
    notes = (
        ["to let it ask for originals, register the server once: headroom mcp install goose"] if point.server else []
    )
    return Launch({name: point.via(_host(machine, name)[0]) for name in _HOSTS.values()}, notes=notes)


def _install(machine: Machine, base: str) -> Sequence[Change]:
    return [Change(_file(machine), "yaml", (name,), base) for name in _HOSTS.values() if not _host(machine, name)[0]]


def _mcp(machine: Machine, server: Sequence[str]) -> Sequence[Change]:
    value = {
        "enabled": True,
        "type": "stdio",
        "name": SERVER,
        "cmd": server[0],
        "args": list(server[1:]),
        "envs": {},
        "timeout": 300,
    }
    return [Change(_file(machine), "yaml", ("extensions", SERVER), value)]


def _routed(machine: Machine) -> Sequence[Routed]:
    return [Routed(provider, *_host(machine, name)) for provider, name in _HOSTS.items()]


AGENT = Agent(
    name="goose",
    title="goose",
    programs=("goose",),
    get_it="see its releases: github.com/block/goose",
    launch=_launch,
    install=_install,
    mcp=_mcp,
    routed=_routed,
    transcripts=(".local/share/goose/sessions/*.jsonl",),
    resume="session --resume",
)
