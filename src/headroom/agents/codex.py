"""Codex.

* The environment says nothing to it: `-c` does, in front of any subcommand.
* With an API key its own provider stays, only the base URL is another: websockets, compaction and the list of sessions stay
  what they were.
* Signed in with ChatGPT, the answer to its first request names a host that overrides any base URL of its own provider, so
  a provider of another name, which asks for the same sign-in, points to the proxy. Sessions are listed by provider: those
  from before are found with `codex resume --all`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from headroom.agents import edits
from headroom.agents.contract import SERVER, Agent, Launch, Machine, Point, Routed, stdio
from headroom.agents.edits import Change, EditError
from headroom.agents.syntax.steps import descend

_CHATGPT = "/backend-api/codex"


def _folder(machine: Machine) -> Path:
    return machine.folder("CODEX_HOME", ".codex")


def _config(machine: Machine) -> dict[str, Any]:
    with suppress(EditError):
        return edits.document(_folder(machine) / "config.toml", "toml")
    return {}


def _signed_in(machine: Machine) -> bool:
    """Whether it is ChatGPT that pays, not an API key."""
    with suppress(EditError):
        auth = edits.document(_folder(machine) / "auth.json", "json")
        return not auth.get("OPENAI_API_KEY") and bool(auth.get("tokens"))
    return False


def _provider(config: dict[str, Any], args: Sequence[str]) -> str:
    """The provider that it will use."""
    pairs = list(itertools.pairwise(args))
    for flag, value in pairs:
        if flag in ("-c", "--config") and value.startswith("model_provider="):
            return value.partition("=")[2].strip("\"'")
    named = next((value for flag, value in pairs if flag in ("-p", "--profile")), config.get("profile"))
    chosen = descend(config, ("profiles", str(named), "model_provider"))
    return str(chosen or config.get("model_provider") or "openai")


def _own(config: dict[str, Any], name: str) -> str:
    """The base URL of a provider in the configuration."""
    return str(descend(config, ("model_providers", name, "base_url")) or "")


def _launch(machine: Machine, point: Point) -> Launch:
    config = _config(machine)
    name = _provider(config, point.args)
    url = _own(config, name)
    notes = []
    if name not in ("openai", SERVER) and url:
        chosen: dict[str, object] = {
            f"model_providers.{json.dumps(name) if '.' in name else name}.base_url": point.via(url)
        }
    elif name not in ("openai", SERVER):
        return Launch(notes=[f"its provider {name!r} has no base URL in config.toml: started without the proxy"])
    elif _signed_in(machine):
        notes.append("signed in with ChatGPT: routed by a provider of its own, called headroom")
        chosen = {"model_provider": SERVER}
        chosen |= {f"model_providers.{SERVER}.{key}": value for key, value in _account(point.base).items()}
    else:
        chosen = {"openai_base_url": point.via(str(config.get("openai_base_url") or ""), "/v1")}
    if point.server:
        chosen |= {f"mcp_servers.{SERVER}.{key}": value for key, value in stdio(point.server).items()}
    flags = [word for key, value in chosen.items() for word in ("-c", f"{key}={json.dumps(value)}")]
    return Launch({}, flags, notes=notes)


def _account(base: str) -> dict[str, Any]:
    """A provider that asks for the sign-in with ChatGPT."""
    return {
        "name": "Headroom",
        "base_url": base + _CHATGPT,
        "wire_api": "responses",
        "requires_openai_auth": True,
        "supports_websockets": True,
    }


def _install(machine: Machine, base: str) -> Sequence[Change]:
    file, config = _folder(machine) / "config.toml", _config(machine)
    name = _provider(config, ())
    if name not in ("openai", SERVER):
        return []
    if _signed_in(machine):
        return [
            Change(file, "toml", ("model_provider",), SERVER),
            Change(file, "toml", ("model_providers", SERVER), _account(base)),
        ]
    return [Change(file, "toml", ("openai_base_url",), base + "/v1")]


def _mcp(machine: Machine, server: Sequence[str]) -> Sequence[Change]:
    return [Change(_folder(machine) / "config.toml", "toml", ("mcp_servers", SERVER), stdio(server))]


def _routed(machine: Machine) -> Sequence[Routed]:
    config = _config(machine)
    name = _provider(config, ())
    file = _folder(machine) / "config.toml"
    if name != "openai":
        return [Routed(name, _own(config, name), f"{file}: model_providers.{name}.base_url")]
    url = config.get("openai_base_url")
    provider = "chatgpt" if _signed_in(machine) else "openai"
    return [Routed(provider, str(url), f"{file}: openai_base_url")] if url else [Routed(provider)]


AGENT = Agent(
    name="codex",
    title="Codex",
    programs=("codex",),
    get_it="npm install -g @openai/codex",
    launch=_launch,
    install=_install,
    mcp=_mcp,
    routed=_routed,
    transcripts=(".codex/sessions/*/*/*/rollout-*.jsonl",),
    session=r"([0-9a-f-]{36})\.jsonl$",
    resume="resume {session}",
)
