"""A machine that `headroom wrap` runs on: a fake agent on PATH, a home of its own, and a provider on loopback."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import headroom
from headroom import presence

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "proxy"))

from provider import LONGEST_WAIT  # noqa: E402 - it stands among the proxy's tests

SOURCE = str(Path(headroom.__file__).parent.parent)
PROGRAM = [sys.executable, "-c", "from headroom.cli.main import main; main()"]


def until(condition, seconds=LONGEST_WAIT):
    """Waits for something that another process does; what it came to."""
    tick = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if found := condition():
            return found
        tick.wait(0.05)
    raise AssertionError("it never happened")


class Place:
    """A machine with a fake agent under every agent's name, and a provider that our proxy sends to."""

    def __init__(self, folder, provider):
        self.home, self.data, self.work = folder / "home", folder / "data", folder / "work"
        self.report = folder / "report.json"
        for each in (self.home, self.data, self.work, folder / "bin"):
            each.mkdir()
        upstreams = "".join(f'{name} = "{provider.url}"\n' for name in ("anthropic", "openai", "gemini", "chatgpt"))
        (self.data / "config.toml").write_text(f"[proxy.upstreams]\n{upstreams}")
        self.bin = folder / "bin"
        self.env = {
            "PATH": f"{self.bin}:/usr/bin:/bin",
            "HOME": str(self.home),
            "HEADROOM_HOME": str(self.data),
            "PYTHONPATH": SOURCE,
            "LANG": "C.UTF-8",
        }
        self.add("claude")

    def add(self, name, report=None):
        script = self.bin / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {HERE}/fake_agent.py {report or self.report} "$@"\n')
        script.chmod(0o755)

    def start(self, *args, program=PROGRAM, **more):
        env = {**self.env, **more.pop("env", {})}
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        return subprocess.Popen([*program, *args], env=env, cwd=self.work, **pipes)

    def run(self, *args, **more):
        process = self.start(*args, **more)
        out, errors = process.communicate(timeout=2 * LONGEST_WAIT)
        return process.returncode, out.decode(), errors.decode()

    def said(self):
        return json.loads(self.report.read_text())

    def ready(self):
        """What a waiting agent has said."""
        path = self.report.with_suffix(".ready")
        return json.loads(until(lambda: path.exists() and path.read_text()))

    def proxies(self):
        return presence.announced(self.data)

    def left(self):
        """What lies in our folder for running programs, beside the proxy's own log and lock."""
        return sorted(path.name for path in (self.data / "run").glob("*") if not path.name.startswith("leased."))

    def clean(self):
        for proxy in self.proxies():
            try:
                os.kill(proxy.pid, signal.SIGTERM)
            except ProcessLookupError:
                continue
