"""What a user reads: one screen at 80 and at 120 columns, with and without colour."""

import json
import os
import re
from pathlib import Path

import pytest

import headroom

GOLDEN = Path(__file__).parent / "screen.golden"
NARROW = 80


def steady(text):
    """A screen without what differs between machines."""
    text = re.sub(r"Python \d+\.\d+\.\d+\S*", "Python 3.X", text.replace(headroom.__version__, "VERSION"))
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)


def sabotage(machine):
    """Some of each state."""
    machine.write(".claude/settings.json", json.dumps({"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}}))
    machine.write(".codex/config.toml", '[mcp_servers.headroom]\ncommand = "/opt/gone/bin/headroom"\nargs = ["mcp"]\n')
    machine.write("data/config.toml", '[kinds]\nlogs = "off"\nlog = "off"\n')
    machine.write(
        "data/run/proxy-9.json", '{"pid": 4194305, "port": 9, "host": "127.0.0.1", "version": "0.0.1", "started": 1}'
    )
    machine.write("data/store.sqlite3", b"this is no database at all. " * 400)


def test_a_screen_that_a_person_can_read(machine):
    """The compressors and extras that are installed differ by machine, so they are left out."""
    sabotage(machine)
    made = machine.run("doctor", "--offline")
    assert (made.returncode, made.stderr) == (2, "")
    lines = steady(made.stdout).splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("settings     ok"))
    screen = "\n".join(lines[start:]) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(screen, "utf-8")
    assert screen == GOLDEN.read_text("utf-8")


@pytest.mark.parametrize("columns", [60, NARROW, 120])
def test_no_line_is_wider_than_the_terminal(machine, columns):
    sabotage(machine)
    made = machine.run("doctor", "--offline", "--verbose", COLUMNS=str(columns))
    lines = made.stdout.splitlines()
    assert max(map(len, lines)) <= columns
    assert "\x1b" not in made.stdout
    assert "What each compressor never drops" in made.stdout


def test_colours(machine):
    assert "\x1b[" in machine.run("doctor", "--offline", FORCE_COLOR="1").stdout
    assert "\x1b[3" not in machine.run("doctor", "--offline", FORCE_COLOR="1", NO_COLOR="1").stdout


def test_a_fresh_machine(machine):
    made = machine.run("doctor", "--offline")
    assert made.returncode == 0, made.stdout
    assert re.search(r"^store +ok +nothing kept yet", made.stdout, re.MULTILINE)
    assert made.stdout.endswith("\nAll is well.\n")
    assert not machine.data.exists()
