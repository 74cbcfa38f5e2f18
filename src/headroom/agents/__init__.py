"""Coding agents: how to start, route and read them. One file each with one frozen value, and the table that lists them.

Nothing outside this folder names an agent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from headroom.agents import (
    aider,
    claude,
    cline,
    codex,
    continue_dev,
    copilot,
    cursor,
    droid,
    gemini,
    goose,
    opencode,
    pi,
    qwen,
)
from headroom.agents.contract import Agent

TABLE: Final[Mapping[str, Agent]] = {
    module.AGENT.name: module.AGENT
    for module in (
        claude,
        codex,
        gemini,
        opencode,
        copilot,
        aider,
        qwen,
        cline,
        continue_dev,
        pi,
        droid,
        goose,
        cursor,
    )
}
"""By the name that the user types."""
