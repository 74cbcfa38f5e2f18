"""Continue's command line (`cn`).

A base URL stands beside each model in `config.yaml`. For one run it gets a copy of that file, by `--config`, with the models
of providers that the proxy knows, or that have a base URL, pointed to the proxy. A configuration from its hub cannot be.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from headroom.agents import edits
from headroom.agents.contract import SERVER, Agent, Launch, Machine, Point, Routed, stdio
from headroom.agents.edits import Change, EditError

_TAILS: Mapping[str, str] = {"anthropic": "/v1/", "openai": "/v1/", "gemini": "/v1beta/"}
"""What follows the base URL of each provider that the proxy knows."""
_FLAG = "--config"


def _default(machine: Machine) -> Path:
    return machine.folder("CONTINUE_GLOBAL_DIR", ".continue") / "config.yaml"


def _chosen(machine: Machine, args: Sequence[str]) -> Path | None:
    """The configuration that it will read; `None`: one from its hub."""
    named = next((word.partition("=")[2] for word in args if word.startswith(_FLAG + "=")), "")
    named = named or next((value for flag, value in itertools.pairwise(args) if flag == _FLAG), "")
    if not named:
        return _default(machine)
    path = machine.cwd / Path(named).expanduser()
    return path if path.is_file() else None


def _models(file: Path) -> Iterator[dict[str, Any]]:
    with suppress(EditError):
        found = edits.value_in(file, "yaml", ("models",))
        for model in found if isinstance(found, list) else ():
            if (
                isinstance(model, dict)
                and model.get("name")
                and (model.get("apiBase") or model.get("provider") in _TAILS)
            ):
                yield model


def _elsewhere(args: Sequence[str], copy: Path) -> list[str] | None:
    """The user's arguments with their configuration replaced by the copy; `None` where they name none."""
    words = list(args)
    for at, word in enumerate(words):
        if word.startswith(_FLAG + "="):
            words[at] = f"{_FLAG}={copy}"
            return words
        if word == _FLAG and at + 1 < len(words):
            words[at + 1] = str(copy)
            return words
    return None


def _launch(machine: Machine, point: Point) -> Launch:
    file = _chosen(machine, point.args)
    models = list(_models(file)) if file is not None else []
    if file is None or not models:
        return Launch(notes=["no model in its configuration can be pointed elsewhere: started without the proxy"])
    text, copy = edits.read(file) or "", point.scratch / "continue.yaml"
    for change in _pointed(file, models, point):
        text = edits.put(change, text)
    if point.server:
        text = edits.put(Change(file, "yaml", ("mcpServers", ("name", SERVER)), _server(point.server)), text)
    args = _elsewhere(point.args, copy)
    return Launch({}, () if args else (_FLAG, str(copy)), args, {copy: text})


def _pointed(file: Path, models: Sequence[dict[str, Any]], point: Point) -> Iterator[Change]:
    for model in models:
        url = point.via(str(model.get("apiBase") or ""), _TAILS.get(str(model.get("provider")), ""))
        yield Change(file, "yaml", ("models", ("name", model["name"]), "apiBase"), url.rstrip("/") + "/")


def _server(server: Sequence[str]) -> dict[str, object]:
    return {"name": SERVER, **stdio(server)}


def _install(machine: Machine, base: str) -> Sequence[Change]:
    file = _default(machine)
    return [
        Change(file, "yaml", ("models", ("name", model["name"]), "apiBase"), base + _TAILS[model["provider"]])
        for model in _models(file)
        if not model.get("apiBase")
    ]


def _mcp(machine: Machine, server: Sequence[str]) -> Sequence[Change]:
    return [Change(_default(machine), "yaml", ("mcpServers", ("name", SERVER)), _server(server))]


def _routed(machine: Machine) -> Sequence[Routed]:
    file = _default(machine)
    return [
        Routed(
            str(model.get("provider")),
            str(model.get("apiBase") or ""),
            f"{file}: models.{model['name']}.apiBase" if model.get("apiBase") else "",
        )
        for model in _models(file)
    ]


AGENT = Agent(
    name="continue",
    title="Continue",
    programs=("cn",),
    get_it="npm install -g @continuedev/cli",
    launch=_launch,
    install=_install,
    mcp=_mcp,
    routed=_routed,
    transcripts=(".continue/sessions/*.json",),
    resume="--resume",
)
