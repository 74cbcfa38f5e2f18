"""`headroom mcp install`, `uninstall` and `status`: every agent's own file gets our server, and its exact bytes back."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from mcp_process import INITIALIZE, environment

from headroom.agents import TABLE
from headroom.agents.contract import Machine
from headroom.agents.journal import Journal
from headroom.cli.mcp import mcp
from headroom.mcp import registrations

SERVER = [sys.executable, "-m", "headroom", "mcp"]
SPEAKS = [name for name, agent in TABLE.items() if agent.mcp(Machine(Path("/h"), Path("/h"), {}), SERVER)]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """`headroom mcp` on a machine of its own, in this process."""
    home, programs = tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    programs.mkdir()
    for agent in TABLE.values():
        for program in agent.programs:
            (programs / program).write_text("#!/bin/sh\n")
            (programs / program).chmod(0o755)
    monkeypatch.chdir(home)
    alone = {
        **dict.fromkeys(os.environ),
        "HOME": str(home),
        "PATH": f"{programs}:{os.defpath}",
        "HEADROOM_HOME": str(tmp_path / "data"),
    }

    def call(*arguments):
        return CliRunner().invoke(mcp, arguments, env=alone)

    call.home, call.data, call.programs = home, tmp_path / "data", programs
    return call


def files(home):
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in home.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", SPEAKS)
def test_every_agent(run, name):
    agent = TABLE[name]
    (change,) = agent.mcp(Machine(run.home, run.home, {}), SERVER)
    text = {
        "json": '{\n    // mine\n    "other": [1,  2], "mcpServers": {}\n}\n',
        "toml": "# mine\nother = [1,  2]\r\n",
    }
    change.file.parent.mkdir(parents=True, exist_ok=True)
    change.file.write_bytes(text.get(change.kind, "# mine\nother:   [1,  2]\n").encode())
    before = files(run.home)
    assert run("install", name, "--dry-run").output.startswith(f"{name:<9} would set {change.file}: ")
    assert files(run.home) == before
    made = run("install", name)
    assert (made.exit_code, made.output[:21]) == (0, f"{name:<9} registered "[:21])
    assert run("install", name).output.startswith(f"{name:<9} registered already in")
    assert f"registered in {change.file}" in run("status", name).output
    assert b"mine" in change.file.read_bytes()
    assert "would give back" in run("uninstall", "--dry-run").output
    undone = run("uninstall")
    assert undone.output == f"{name:<9} {change.file} is byte for byte as before\n"
    assert files(run.home) == before
    assert run("uninstall").output == "Nothing is registered by this command.\n"


def test_all_that_are_here(run):
    (run.programs / "gemini").unlink()
    made = run("install")
    assert made.exit_code == 0
    named = [line.split()[0] for line in made.output.splitlines()]
    assert "gemini" not in named
    assert {"claude", "codex"} <= set(named) <= set(SPEAKS)
    shown = {line.split()[0]: line[10:] for line in run("status").output.splitlines()}
    assert list(shown) == list(TABLE)
    assert shown["gemini"].startswith("not installed (")
    assert shown["aider"] == "aider speaks no MCP"
    assert shown["claude"] == f"registered in {run.home / '.claude.json'}: mcpServers.headroom"
    assert run("uninstall").exit_code == 0
    assert files(run.home) == {}


def test_what_the_user_changed_since_stays(run):
    file = run.home / ".claude.json"
    file.write_text('{"numStartups": 1}\n')
    run("install", "claude")
    said = json.loads(file.read_text())
    file.write_text(json.dumps({**said, "numStartups": 2}))
    assert run("uninstall", "claude").output.endswith("is without our part; what changed since was kept\n")
    assert json.loads(file.read_text()) == {"numStartups": 2}


def test_a_broken_file_is_left_alone_and_the_others_are_done(run):
    (run.home / ".claude.json").write_text("{")
    made = run("install", "claude", "codex")
    assert made.exit_code == 1
    broken, done = made.output.splitlines()
    assert broken.startswith("claude")
    assert broken.endswith("it is left as it is")
    assert done.startswith("codex     registered in")
    assert (run.home / ".claude.json").read_text() == "{"


def test_a_registration_of_the_users_own_is_left_alone(run):
    own = json.dumps(
        {"mcpServers": {"headroom": {"command": sys.executable, "args": ["-m", "headroom", "mcp", "--root", "/"]}}}
    )
    (run.home / ".claude.json").write_text(own)
    assert "registered in" in run("status", "claude").output
    assert "not by this command: take it out by hand" in run("uninstall", "claude").output
    assert (run.home / ".claude.json").read_text() == own


def test_a_name_that_no_agent_has(run):
    for command in ("install", "uninstall", "status"):
        made = run(command, "cloude")
        assert str(made.exception).startswith("no agent is called 'cloude'; there are claude,")
    assert files(run.home) == {}


def test_where_no_agent_is(run):
    for program in run.programs.iterdir():
        program.unlink()
    assert run("install").output.startswith("No agent is installed here that speaks MCP.")


def test_without_a_way_back_nothing_is_changed(run):
    run.data.write_text("")
    made = run("install", "claude")
    assert made.exit_code == 1
    assert "without a way back nothing was changed" in made.output
    assert files(run.home) == {}


def test_what_is_registered_starts_wherever_the_agent_stands(run, tmp_path):
    """In a folder of someone else's, whose modules must not be taken for ours."""
    run("install", "claude")
    entry = json.loads((run.home / ".claude.json").read_text())["mcpServers"]["headroom"]
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("click", "headroom", "json", "runpy"):
        (folder / f"{name}.py").write_text("raise SystemExit('the project was run')\n")
    asked = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE})
    done = subprocess.run(
        [entry["command"], *entry["args"]],
        check=False,
        input=asked,
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert json.loads(done.stdout)["result"]["serverInfo"]["name"] == "headroom", done.stderr


def test_a_program_is_found_behind_what_env_sets():
    assert registrations._program({"command": "env", "args": ["A=1", "/x/python", "-m", "headroom"]}) == "/x/python"
    assert registrations._program({"command": ["/usr/bin/env", "A=1", "y", "mcp"]}) == "y"
    assert registrations._program({"cmd": "z", "args": None}) == "z"
    assert [registrations._program(value) for value in (None, 7, [], {}, {"url": "http://x"}, {"command": 7})] == [
        ""
    ] * 6
    assert Journal(Path("/no/such")).records() == []
