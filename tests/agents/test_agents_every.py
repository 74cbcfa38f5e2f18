"""What holds for every agent in the table."""

import base64
import json
import os
import re
from pathlib import Path

import pytest
from desk import BASE, SERVER

from headroom.agents import TABLE, edits
from headroom.agents.contract import Machine


def test_the_table_is_whole():
    names = [
        "claude",
        "codex",
        "gemini",
        "opencode",
        "copilot",
        "aider",
        "qwen",
        "cline",
        "continue",
        "pi",
        "droid",
        "goose",
        "cursor",
    ]
    assert list(TABLE) == names
    assert all(agent.get_it and agent.title for agent in TABLE.values())


@pytest.mark.parametrize("name", TABLE)
def test_no_agent_is_told_to_change_instructions_or_files_elsewhere(desk, name):
    for change in [*TABLE[name].install(desk.machine, BASE), *TABLE[name].mcp(desk.machine, SERVER)]:
        assert change.file.is_relative_to(desk.home)
        assert change.file.suffix != ".md"
    launch = desk.launch(name)
    assert all(path.is_relative_to("/scratch") for path in launch.files)


def test_nobody_else_names_an_agent():
    source = Path(edits.__file__).parent.parent
    named = re.compile(r"(?<![\w.-])(?:codex|opencode|aider|qwen|cline|droid)(?![\w-])")
    rooms = [path for folder in ("cli", "presence.py") for path in [source / folder, *(source / folder).glob("*.py")]]
    files = [path for path in rooms if path.is_file() and path.name != "perf.py"]
    assert [path.name for path in files if named.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "name", [name for name, agent in TABLE.items() if agent.mcp(Machine(Path("/h"), Path("/h"), {}), SERVER)]
)
def test_the_server_is_registered_by_its_absolute_command(desk, name):
    """Everywhere under our name, with the command and its arguments as they are."""
    for change in TABLE[name].mcp(desk.machine, SERVER):
        assert "headroom" in [step if isinstance(step, str) else step[1] for step in change.path]
        words = [word for value in change.value.values() for word in (value if isinstance(value, list) else [value])]
        assert [word for word in words if word in SERVER] == SERVER


@pytest.mark.parametrize(
    "name", [name for name, agent in TABLE.items() if agent.mcp(Machine(Path("/h"), Path("/h"), {}), SERVER)]
)
def test_a_text_with_the_server_in_it_is_read_back(desk, name):
    for change in TABLE[name].mcp(desk.machine, SERVER):
        assert edits.get(change, edits.put(change, "")) == change.value


BROKEN = ['{"env": ', '{"env": []}', "[]", "null", "\x00", "1"]
FOREIGN = [
    '{"provider": [], "providers": {"a": 1, "openai": {"settings": 3}}, "models": {"a": 1}, "customModels": {"x": 1}}',
    '{"provider": {"a": 1, "anthropic": {"options": []}}, "providers": [1], "models": [1, {"name": 2}], "tokens": 1}',
    '{"env": {"ANTHROPIC_BASE_URL": 5}, "security": [], "customModels": [1, {"provider": 7}], "openai": 1}',
]
FILES = (
    ".claude/settings.json",
    ".codex/auth.json",
    ".gemini/settings.json",
    ".qwen/settings.json",
    ".pi/agent/models.json",
    ".factory/settings.json",
    ".config/opencode/opencode.json",
    ".local/share/opencode/auth.json",
    ".cline/data/settings/providers.json",
    ".continue/config.yaml",
    ".config/goose/config.yaml",
    ".aider.conf.yml",
)


@pytest.mark.parametrize("text", [*BROKEN, *FOREIGN])
def test_broken_and_foreign_files_of_the_users_stop_nothing(desk, text):
    for path in FILES:
        desk.put(path, text)
    desk.put(".codex/config.toml", "profiles = 1\nmodel_providers = []\n" if text in FOREIGN else text)
    desk.env |= {"OPENCODE_CONFIG_CONTENT": text, "ANTHROPIC_API_KEY": "k"}
    for name in TABLE:
        desk.launch(name)
        desk.routed(name)
        desk.upstreams(name)
    assert desk.launch("claude", "--x").env["ANTHROPIC_BASE_URL"].startswith(BASE)


def test_a_signed_token_is_never_shown(desk):
    """Whatever an agent is told, what it signed in with stays in its own files."""
    token = "eyJ" + base64.b64encode(os.urandom(30)).decode()
    desk.put(".codex/auth.json", {"tokens": {"access_token": token}})
    launch = desk.launch("codex")
    assert token not in json.dumps([list(launch.flags), dict(launch.env), list(launch.notes)])
