"""Qwen Code: OpenAI's format at whatever host the user's key is for, or Anthropic's.

Its flags count most, then the environment with `.qwen/.env`, then `settings.json`. Its own sign-in is past any base URL.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from headroom.agents import edits
from headroom.agents.contract import SERVER, Agent, Launch, Machine, Point, Routed, said, servers, stdio
from headroom.agents.edits import Change, EditError

_OPENAI, _ANTHROPIC = "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"
_OWN = frozenset({"mcp", "extensions", "hooks", "update", "sessions", "auth", "channel"})
"""Subcommands that ask no model."""


def _folder(machine: Machine) -> Path:
    return machine.folder("QWEN_HOME", ".qwen")


def _base(machine: Machine, name: str) -> tuple[str, str]:
    url, by = said(machine, name)
    for path in (
        machine.cwd / ".qwen" / ".env",
        machine.cwd / ".env",
        _folder(machine) / ".env",
        machine.home / ".env",
    ):
        if not url:
            with suppress(EditError):
                url = edits.value_in(path, "env", (name,)) or ""
                by = f"{path}: {name}"
    if not url and name == _OPENAI:
        settings = _folder(machine) / "settings.json"
        with suppress(EditError):
            url = edits.value_in(settings, "json", ("security", "auth", "baseUrl")) or ""
            by = f"{settings}: security.auth.baseUrl"
    return (str(url), by) if url else ("", "")


def _launch(machine: Machine, point: Point) -> Launch:
    if point.args and point.args[0] in _OWN:
        return Launch()
    openai, anthropic = _base(machine, _OPENAI)[0], _base(machine, _ANTHROPIC)[0]
    env = {_OPENAI: point.via(openai, "/v1"), _ANTHROPIC: point.via(anthropic)}
    flags = [f"--mcp-config={json.dumps(servers(point))}"] if point.server else []
    return Launch(env, flags)


def _install(machine: Machine, base: str) -> Sequence[Change]:
    if _base(machine, _OPENAI)[0]:
        return []
    return [Change(_folder(machine) / ".env", "env", (_OPENAI,), base + "/v1")]


def _mcp(machine: Machine, server: Sequence[str]) -> Sequence[Change]:
    return [Change(_folder(machine) / "settings.json", "json", ("mcpServers", SERVER), stdio(server))]


def _routed(machine: Machine) -> Sequence[Routed]:
    routes = [Routed("openai", *_base(machine, _OPENAI))]
    anthropic = _base(machine, _ANTHROPIC)
    return [*routes, Routed("anthropic", *anthropic)] if anthropic[0] else routes


AGENT = Agent(
    name="qwen",
    title="Qwen Code",
    programs=("qwen",),
    get_it="npm install -g @qwen-code/qwen-code",
    launch=_launch,
    install=_install,
    mcp=_mcp,
    routed=_routed,
    transcripts=(".qwen/projects/*/chats/*.jsonl",),
    session=r"([0-9a-f-]{36})\.jsonl$",
    resume="--resume {session}",
)
