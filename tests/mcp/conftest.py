"""A server for each test, and a log that becomes much shorter."""

import pytest
from mcp_process import Process


@pytest.fixture
def start(tmp_path):
    """Starts a server in the folder of the test."""
    started = []

    def begin(*options, folder=tmp_path):
        started.append(Process(folder, *options))
        return started[-1]

    yield begin
    for each in started:
        each._process.kill()
        each._process.communicate()


@pytest.fixture
def server(start):
    """A server with everything at its default."""
    return start()


@pytest.fixture(scope="session")
def log():
    """A log that becomes much shorter."""
    lines = [
        f"2026-03-01 12:{number // 60:02}:{number % 60:02} INFO worker-{number % 3} served request {7000 + 13 * number} in {20 + number % 7} ms"
        for number in range(600)
    ]
    lines[400] = "2026-03-01 12:06:40 INFO worker-1 session_timeout changed 3600 -> 36"
    return "\n".join([*lines, ""])
