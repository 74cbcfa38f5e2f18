"""Factory's droid.

Models with a key of one's own are `customModels` in `settings.json`, each with a base URL. For one run `--settings` lays a
file over it that holds the same models with other base URLs. Factory's own models go to Factory, past any base URL.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from headroom.agents import edits
from headroom.agents.contract import SERVER, Agent, Launch, Machine, Point, Routed, stdio
from headroom.agents.edits import Change, EditError

_TAILS: Mapping[str, str] = {"anthropic": "", "openai": "/v1"}
_KEY = "customModels"
_OWN = frozenset({"mcp", "plugin", "update", "doctor", "search", "find", "computer", "daemon"})


def _folder(machine: Machine) -> Path:
    return machine.home / ".factory"


def _models(machine: Machine) -> list[dict[str, Any]]:
    with suppress(EditError):
        found = edits.value_in(_folder(machine) / "settings.json", "json", (_KEY,))
        if isinstance(found, list):
            return [model for model in found if isinstance(model, dict)]
    return []


def _launch(machine: Machine, point: Point) -> Launch:
    if point.args and point.args[0] in _OWN:
        return Launch()
    models = [
        {**model, "baseUrl": point.via(str(model.get("baseUrl") or ""), _TAILS.get(str(model.get("provider")), ""))}
        if model.get("baseUrl") or model.get("provider") in _TAILS
        else model
        for model in _models(machine)
    ]
    if not models:
        return Launch(notes=["only models with a key of your own (customModels) can pass the proxy; there are none"])
    if any(word == "--settings" or word.startswith("--settings=") for word in point.args):
        return Launch(notes=["--settings is yours: started without the proxy"])
    file = point.scratch / "droid.json"
    return Launch({}, ("--settings", str(file)), files={file: json.dumps({_KEY: models})})


def _install(machine: Machine, base: str) -> Sequence[Change]:
    file = _folder(machine) / "settings.json"
    names = [str(model.get("displayName") or "") for model in _models(machine)]
    return [
        Change(file, "json", (_KEY, ("displayName", model["displayName"]), "baseUrl"), base + _TAILS[model["provider"]])
        for model in _models(machine)
        if names.count(str(model.get("displayName") or "")) == 1
        and model.get("displayName")
        and model.get("provider") in _TAILS
        and (not model.get("baseUrl") or _is_default(model))
    ]


def _is_default(model: Mapping[str, Any]) -> bool:
    return str(model["baseUrl"]).startswith(("https://api.anthropic.com", "https://api.openai.com"))


def _mcp(machine: Machine, server: Sequence[str]) -> Sequence[Change]:
    value = {"type": "stdio", **stdio(server), "disabled": False}
    return [Change(_folder(machine) / "mcp.json", "json", ("mcpServers", SERVER), value)]


def _routed(machine: Machine) -> Sequence[Routed]:
    file = _folder(machine) / "settings.json"
    routes = [
        Routed(
            str(model.get("provider")), str(model.get("baseUrl") or ""), f"{file}: {_KEY}.{model.get('model')}.baseUrl"
        )
        for model in _models(machine)
    ]
    return [*routes, Routed("factory")]


AGENT = Agent(
    name="droid",
    title="droid",
    programs=("droid",),
    get_it="npm install -g droid",
    launch=_launch,
    install=_install,
    mcp=_mcp,
    routed=_routed,
    transcripts=(".factory/sessions/*/*.jsonl",),
    session=r"([0-9a-f-]{36})\.jsonl$",
    resume="--resume {session}",
)
