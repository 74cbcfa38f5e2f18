"""A home with an agent's files, and what the agent would be started with."""

import json
from pathlib import Path

from headroom.agents import TABLE
from headroom.agents.contract import Machine, Point, upstreams

BASE = "http://127.0.0.1:4000/w/t-1"
OURS = ["http://127.0.0.1:8787", "http://localhost:8787"]
SERVER = ["/opt/headroom", "mcp"]
GATEWAY = "https://gateway.example.com/v1"


class Desk:
    """A home with an agent's files, and what it would be started with."""

    def __init__(self, folder):
        self.home, self.cwd, self.env = folder / "home", folder / "home" / "work", {}
        self.cwd.mkdir(parents=True)

    def put(self, path, content):
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    @property
    def machine(self):
        return Machine(self.home, self.cwd, self.env)

    def launch(self, name, *args, server=SERVER):
        return TABLE[name].launch(self.machine, Point(BASE, server, Path("/scratch"), args, OURS))

    def routed(self, name):
        return {route.provider: route.url for route in TABLE[name].routed(self.machine)}

    def upstreams(self, name):
        return upstreams(TABLE[name].routed(self.machine), OURS)


def flag(launch, name):
    """The value of a flag, joined by `=` or after it."""
    words = list(launch.flags)
    joined = [word.partition("=")[2] for word in words if word.startswith(name + "=")]
    return joined[0] if joined else words[words.index(name) + 1]
