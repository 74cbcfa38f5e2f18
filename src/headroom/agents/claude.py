"""Claude Code.

* A base URL of another host than Anthropic's makes it hold back tool search in some versions: `ENABLE_TOOL_SEARCH=true`
  is what it does on its own host. Set only where the user has said nothing.
* Told that the base URL is Anthropic's own (`_CLAUDE_CODE_ASSUME_FIRST_PARTY_BASE_URL`), it puts a hash of the body into the
  system prompt (`cch=`), and nothing could be made lighter. It is not told so.
* Settings files stand above the environment, so where one sets a base URL ours goes into `--settings`, which is above both.
* Remote Control works only with Anthropic's own base URL: with it the agent is started as it is.
* `--mcp-config` takes as many words as follow it, so its value is joined to it by `=`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from headroom.agents import edits
from headroom.agents.contract import SERVER, Agent, Launch, Machine, Point, Routed, said, servers, stdio
from headroom.agents.edits import Change, EditError
from headroom.agents.syntax.steps import MISSING

_URL, _SEARCH = "ANTHROPIC_BASE_URL", "ENABLE_TOOL_SEARCH"
_OWN = frozenset(
    {"mcp", "plugin", "plugins", "doctor", "update", "upgrade", "install", "auth", "setup-token", "config"}
)
"""Subcommands that ask no model."""
_REMOTE = frozenset({"remote-control", "rc", "--remote-control", "--rc", "--remote"})
_TOOLS = f"mcp__{SERVER}__headroom_retrieve"


def _settings(machine: Machine) -> Iterator[Path]:
    """Settings files, the one that counts most first."""
    yield machine.cwd / ".claude" / "settings.local.json"
    yield machine.cwd / ".claude" / "settings.json"
    yield _user(machine)


def _user(machine: Machine) -> Path:
    return machine.folder("CLAUDE_CONFIG_DIR", ".claude") / "settings.json"


def _set_in(machine: Machine, name: str) -> tuple[str, str]:
    """A variable's value by the settings files, and the file that says it."""
    for path in _settings(machine):
        with suppress(EditError):
            found = edits.value_in(path, "json", ("env", name))
            if found is not MISSING and found:
                return str(found), f"{path}: env.{name}"
    return "", ""


def _launch(machine: Machine, point: Point) -> Launch:
    if _REMOTE.intersection(point.args):
        return Launch(notes=["Remote Control works only with Anthropic's own base URL: started without the proxy"])
    if point.args and point.args[0] in _OWN:
        return Launch()
    written, _ = _set_in(machine, _URL)
    base = point.via(written or machine.env.get(_URL, ""))
    env = {_URL: base}
    if not machine.env.get(_SEARCH) and not _set_in(machine, _SEARCH)[0]:
        env[_SEARCH] = "true"
    flags = []
    if written:
        flags.append(f"--settings={json.dumps({'env': {_URL: base}})}")
    if point.server:
        flags += [f"--mcp-config={json.dumps(servers(point))}", f"--allowedTools={_TOOLS}"]
    return Launch(env, flags)


def _install(machine: Machine, base: str) -> Sequence[Change]:
    user = _user(machine)
    changes = [Change(user, "json", ("env", _URL), base)]
    if not _set_in(machine, _SEARCH)[0]:
        changes.append(Change(user, "json", ("env", _SEARCH), "true"))
    return changes


def _mcp(machine: Machine, server: Sequence[str]) -> Sequence[Change]:
    named = machine.env.get("CLAUDE_CONFIG_DIR")
    state = (Path(named).expanduser() if named else machine.home) / ".claude.json"
    return [Change(state, "json", ("mcpServers", SERVER), {"type": "stdio", **stdio(server)})]


def _routed(machine: Machine) -> Sequence[Routed]:
    url, by = _set_in(machine, _URL)
    if not url:
        url, by = said(machine, _URL)
    return [Routed("anthropic", url, by)]


AGENT = Agent(
    name="claude",
    title="Claude Code",
    programs=("claude",),
    get_it="npm install -g @anthropic-ai/claude-code",
    launch=_launch,
    install=_install,
    mcp=_mcp,
    routed=_routed,
    transcripts=(".claude/projects/*/*.jsonl", ".claude/projects/*/*/subagents/*.jsonl"),
    session=r"([0-9a-f-]{36})\.jsonl$",
    resume="--resume {session}",
)
