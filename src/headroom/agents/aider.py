"""aider.

It reads base URLs from its own flags, from variables and from `.aider.conf.yml` in the home folder, the repository and here,
in that order of weight; below it is litellm, which has variables of its own. It speaks no MCP.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from headroom.agents import edits
from headroom.agents.contract import Agent, Launch, Machine, Point, Routed, nothing, said
from headroom.agents.edits import Change, EditError

_OPENAI = ("AIDER_OPENAI_API_BASE", "OPENAI_API_BASE")
_ANTHROPIC = ("ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL")
_KEY = "openai-api-base"


def _files(machine: Machine) -> Iterator[Path]:
    """Configuration files, the one that counts most first."""
    yield machine.cwd / ".aider.conf.yml"
    root = next((folder for folder in (machine.cwd, *machine.cwd.parents) if (folder / ".git").exists()), None)
    if root is not None:
        yield root / ".aider.conf.yml"
    yield machine.home / ".aider.conf.yml"


def _openai(machine: Machine) -> tuple[str, str]:
    url, by = said(machine, _OPENAI[0])
    if url:
        return url, by
    for path in _files(machine):
        with suppress(EditError):
            if found := edits.value_in(path, "yaml", (_KEY,)):
                return str(found), f"{path}: {_KEY}"
    return said(machine, _OPENAI[1])


def _launch(machine: Machine, point: Point) -> Launch:
    openai = point.via(_openai(machine)[0], "/v1")
    env = dict.fromkeys(_OPENAI, openai) | {"ANTHROPIC_API_BASE": point.via(said(machine, *_ANTHROPIC)[0])}
    return Launch(env)


def _install(machine: Machine, base: str) -> Sequence[Change]:
    return [Change(machine.home / ".aider.conf.yml", "yaml", (_KEY,), base + "/v1")]


def _by_hand(_: Machine, base: str) -> str:
    return f"export ANTHROPIC_API_BASE={base}   # in your shell's profile, for Claude models"


def _routed(machine: Machine) -> Sequence[Routed]:
    return [Routed("openai", *_openai(machine)), Routed("anthropic", *said(machine, *_ANTHROPIC))]


AGENT = Agent(
    name="aider",
    title="aider",
    programs=("aider",),
    get_it="python -m pip install aider-install && aider-install",
    launch=_launch,
    install=_install,
    mcp=nothing,
    routed=_routed,
    transcripts=(),
    resume="--restore-chat-history",
    by_hand=_by_hand,
)
