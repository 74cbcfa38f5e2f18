"""Cursor.

Its settings are not files that others may write, and its servers send the requests, so what can be set is printed ready to
paste. Its MCP servers stand in a file.
"""

from __future__ import annotations

from collections.abc import Sequence

from headroom.agents.contract import SERVER, Agent, Launch, Machine, Point, Routed, nothing, stdio
from headroom.agents.edits import Change

_PASTE = """\
Cursor > Settings > Models > API Keys, with a key of your own:
  OpenAI API Key            on, your key
  Override OpenAI Base URL  {base}/v1
Cursor's servers send these requests, so the proxy must be reachable from outside: start it with --host and --token, behind
TLS, and use that address. The MCP server needs none of it: headroom mcp install cursor"""


def _launch(_: Machine, point: Point) -> Launch:
    return Launch(notes=[_PASTE.format(base=point.base)])


def _by_hand(_: Machine, base: str) -> str:
    return _PASTE.format(base=base)


def _mcp(machine: Machine, server: Sequence[str]) -> Sequence[Change]:
    return [Change(machine.home / ".cursor" / "mcp.json", "json", ("mcpServers", SERVER), stdio(server))]


def _routed(_: Machine) -> Sequence[Routed]:
    return [Routed("cursor")]


AGENT = Agent(
    name="cursor",
    title="Cursor",
    programs=(),
    get_it="cursor.com",
    launch=_launch,
    install=nothing,
    mcp=_mcp,
    routed=_routed,
    by_hand=_by_hand,
)
