"""The proxy as a user has it: a process of its own in front of a provider on loopback.

`proxy` is one process for all tests that only talk to it; a test that stops it, kills it or needs other options starts
its own with `launch`. Conversations of different tests must differ in their first message: the store is shared.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from provider import LONGEST_WAIT, Provider
from provider_client import Client

import headroom

SOURCE = str(Path(headroom.__file__).parent.parent)
PROGRAM = [sys.executable, "-c", "from headroom.cli.main import main; main()", "proxy", "--port", "0"]
READY = re.compile(r"http://127\.0\.0\.1:(\d+)")
PROVIDERS = ("anthropic", "openai", "gemini", "chatgpt", "vertex", "bedrock", "other")
KEY = "sk-test-SECRET-0123456789"
"""An API key in every request: it must never stand in what the proxy prints."""


class Proxy:
    """One proxy process with a home of its own."""

    def __init__(self, home, upstream, options=(), environment=()):
        self.home = home
        self._more = dict(environment)
        self.log = home / "printed.txt"
        chosen = [f"--upstream={name}={upstream}" for name in PROVIDERS]
        self._command = [*PROGRAM, *chosen, *options]
        self.start()

    def start(self):
        """Start the process, again after it was stopped; `url` may be another then."""
        unproxied = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment = {**unproxied, "PYTHONPATH": SOURCE, "HEADROOM_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}
        environment |= self._more
        with self.log.open("ab") as errors:
            self.process = subprocess.Popen(
                self._command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
            )
        said = b""
        while not (found := READY.search(said.decode())):
            line = self.process.stdout.readline()
            assert line, f"it ended at start: {said.decode()}{self.log.read_text()[-2000:]}"
            said += line
        self.url = found.group()
        self.client = Client(self.url, {"x-api-key": KEY, "content-type": "application/json"})
        return self

    def stop(self):
        """End it as a user does; waits for it."""
        self._end(signal.SIGTERM)
        return self.process.returncode

    def kill(self):
        """End it without a warning."""
        self._end(signal.SIGKILL)

    def restart(self):
        """Stop and start."""
        self.stop()
        return self.start()

    def _end(self, how):
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(how)
        printed, _ = self.process.communicate(timeout=LONGEST_WAIT)
        with self.log.open("ab") as log:
            log.write(printed or b"")

    def printed(self):
        """Everything it has printed since it was started, standard output up to the last stop."""
        return self.log.read_text("utf-8", "replace")


@pytest.fixture(scope="session")
def _provider():
    with Provider() as provider:
        yield provider


@pytest.fixture
def provider(_provider):
    """The provider, with nothing seen and nothing scripted."""
    _provider.reset()
    return _provider


@pytest.fixture(scope="session")
def _proxy(_provider, tmp_path_factory):
    running = Proxy(tmp_path_factory.mktemp("proxy"), _provider.url)
    yield running
    running.stop()


@pytest.fixture
def proxy(_proxy, provider):
    """A proxy with everything at its default, in front of `provider`."""
    del provider
    return _proxy


@pytest.fixture
def client(proxy):
    """A client of `proxy`."""
    return proxy.client


@pytest.fixture
def launch(provider, tmp_path_factory):
    """Starts a proxy for this test alone: `launch("--no-retrieve")`; `home=` to share a store, `environment=` to add to it."""
    started = []

    def start(*options, home=None, upstream=provider.url, environment=()):
        running = Proxy(home or tmp_path_factory.mktemp("proxy"), upstream, options, environment)
        started.append(running)
        return running

    yield start
    for running in started:
        running.stop()
