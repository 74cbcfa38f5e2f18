"""The command line as a user has it: a process of its own, with its own home, and bytes in and out."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import headroom

SOURCE = str(Path(headroom.__file__).parent.parent)
PROGRAM = [sys.executable, "-c", "from headroom.cli.main import main; main()"]


class Program:
    """`headroom`, with the environment of one test."""

    command = PROGRAM
    quoted = staticmethod(shlex.quote)

    def __init__(self):
        known = {name: value for name, value in os.environ.items() if not name.startswith(("COLUMNS", "NO_COLOR"))}
        self.environment = {**known, "PYTHONPATH": SOURCE, "COLUMNS": "80", "TERM": "xterm-256color"}

    def __call__(self, *arguments, given=b"", **environment):
        """Runs it with `given` as standard input."""
        return subprocess.run(
            [*PROGRAM, *map(str, arguments)],
            input=given,
            capture_output=True,
            env={**self.environment, **environment},
            timeout=100,
            check=False,
        )


@pytest.fixture
def program():
    return Program()


@pytest.fixture
def home():
    """The folder that the program keeps its things in."""
    return Path(os.environ["HEADROOM_HOME"])


@pytest.fixture(scope="session")
def log():
    """A log that every level but the lossless one makes much shorter, as bytes."""
    lines = [
        f"2026-03-01 12:{number // 60:02}:{number % 60:02} INFO worker-{number % 3} served request {7000 + 13 * number} in {20 + number % 7} ms"
        for number in range(600)
    ]
    lines[400] = "2026-03-01 12:06:40 ERROR worker-1 session_timeout changed 3600 -> 36"
    return "\n".join([*lines, ""]).encode()
