"""A machine for each test, and what may go wrong on it."""

import socket
import subprocess
import sys

import pytest
from doctor_machine import Machine


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def dead():
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def free_port():
    """A port at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.fixture
def other_program():
    """A port at which a program listens that is none of ours."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def compressed(machine):
    """Something is kept."""
    lines = [f"2026-03-01 12:00:{n % 60:02} INFO worker-{n % 3} served request {7000 + 13 * n}" for n in range(600)]
    log = machine.write("service.log", "\n".join(lines))
    assert machine.run("compress", log).returncode == 0
    return machine.data / "store.sqlite3"
