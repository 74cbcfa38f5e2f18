"""GitHub Copilot CLI.

With a key of one's own (`COPILOT_PROVIDER_*`) it goes where `COPILOT_PROVIDER_BASE_URL` says. Signed in with GitHub, its
requests go to GitHub's own hosts, which no setting names; setting a base URL would change who is paid, so it is not set.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from headroom.agents.contract import SERVER, Agent, Launch, Machine, Point, Routed, nothing, said, servers, stdio
from headroom.agents.edits import Change

_URL, _TYPE = "COPILOT_PROVIDER_BASE_URL", "COPILOT_PROVIDER_TYPE"
_KEYS = ("COPILOT_PROVIDER_API_KEY", "COPILOT_PROVIDER_BEARER_TOKEN", "COPILOT_PROVIDER_API_KEY_COMMAND")
_ALONE = (
    "signed in with GitHub its requests go to GitHub, past any proxy: with a key of your own set COPILOT_PROVIDER_TYPE"
    " (openai or anthropic), COPILOT_PROVIDER_API_KEY and COPILOT_MODEL"
)


def _with_key(machine: Machine) -> bool:
    return bool(said(machine, _URL, *_KEYS)[0])


def _provider(machine: Machine) -> str:
    return machine.env.get(_TYPE) or "openai"


def _launch(machine: Machine, point: Point) -> Launch:
    flags = []
    if point.server and point.args[:1] != ["mcp"]:
        flags.append(f"--additional-mcp-config={json.dumps(servers(point, type='local', tools=['*']))}")
    if not _with_key(machine):
        return Launch(notes=[_ALONE])
    tail = "" if _provider(machine) == "anthropic" else "/v1"
    return Launch({_URL: point.via(machine.env.get(_URL, ""), tail), _TYPE: _provider(machine)}, flags)


def _by_hand(machine: Machine, base: str) -> str:
    tail = "" if _provider(machine) == "anthropic" else "/v1"
    return (
        f"export {_URL}={base}{tail} {_TYPE}={_provider(machine)}   # in your shell's profile, with your key and model"
    )


def _folder(machine: Machine) -> Path:
    return machine.folder("COPILOT_HOME", ".copilot")


def _mcp(machine: Machine, server: Sequence[str]) -> Sequence[Change]:
    value = {"type": "local", **stdio(server), "tools": ["*"]}
    return [Change(_folder(machine) / "mcp-config.json", "json", ("mcpServers", SERVER), value)]


def _routed(machine: Machine) -> Sequence[Routed]:
    return [Routed(_provider(machine), *said(machine, _URL))] if _with_key(machine) else [Routed("github")]


AGENT = Agent(
    name="copilot",
    title="GitHub Copilot CLI",
    programs=("copilot",),
    get_it="npm install -g @github/copilot",
    launch=_launch,
    install=nothing,
    mcp=_mcp,
    routed=_routed,
    transcripts=(".copilot/session-state/*/events.jsonl",),
    session=r"([^/\\\\]+)[/\\\\]events\.jsonl$",
    resume="--resume={session}",
    by_hand=_by_hand,
)
