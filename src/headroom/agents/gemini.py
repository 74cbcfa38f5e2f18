"""Gemini CLI.

* With an API key it goes where `GOOGLE_GEMINI_BASE_URL` says. Signed in with Google it speaks to Code Assist in a format
  of its own, past any base URL.
* Its servers for one run come from the system's defaults, a settings file below the user's; not where the machine has one.
* Its .env files are read only for variables that are not set.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from headroom.agents import edits
from headroom.agents.contract import SERVER, Agent, Launch, Machine, Point, Routed, said, servers, stdio
from headroom.agents.edits import Change, EditError

_URL = "GOOGLE_GEMINI_BASE_URL"
_DEFAULTS = "GEMINI_CLI_SYSTEM_DEFAULTS_PATH"
_SYSTEM = (
    Path("/etc/gemini-cli/system-defaults.json"),
    Path("/Library/Application Support/GeminiCli/system-defaults.json"),
    Path("C:/ProgramData/gemini-cli/system-defaults.json"),
)


def _folder(machine: Machine) -> Path:
    return machine.folder("GEMINI_CLI_HOME") / ".gemini"


def _dotenv(machine: Machine) -> Path | None:
    """The one .env file that it reads: the nearest, its own before a project's."""
    for folder in (machine.cwd, *machine.cwd.parents):
        for path in (folder / ".gemini" / ".env", folder / ".env"):
            if path.is_file():
                return path
    return next((path for path in (_folder(machine) / ".env", machine.home / ".env") if path.is_file()), None)


def _base(machine: Machine) -> tuple[str, str]:
    url, by = said(machine, _URL)
    file = _dotenv(machine)
    if not url and file is not None:
        with suppress(EditError):
            found = edits.value_in(file, "env", (_URL,))
            url, by = (str(found), f"{file}: {_URL}") if found else ("", "")
    return url, by


def _account(machine: Machine) -> bool:
    """Whether it is signed in with Google."""
    with suppress(EditError):
        chosen = edits.value_in(_folder(machine) / "settings.json", "json", ("security", "auth", "selectedType"))
        return chosen in ("oauth-personal", "cloud-shell", "compute-default-credentials")
    return False


def _launch(machine: Machine, point: Point) -> Launch:
    notes = []
    if _account(machine):
        notes.append(
            "signed in with Google: what it sends to Code Assist does not pass the proxy; an API key's requests do"
        )
    env = {_URL: point.via(_base(machine)[0])}
    files = {}
    if point.server and not machine.env.get(_DEFAULTS) and not any(path.exists() for path in _SYSTEM):
        file = point.scratch / "gemini.json"
        env[_DEFAULTS] = str(file)
        files[file] = json.dumps(servers(point))
    return Launch(env, files=files, notes=notes)


def _install(machine: Machine, base: str) -> Sequence[Change]:
    return [Change(_folder(machine) / ".env", "env", (_URL,), base)]


def _mcp(machine: Machine, server: Sequence[str]) -> Sequence[Change]:
    return [Change(_folder(machine) / "settings.json", "json", ("mcpServers", SERVER), stdio(server))]


def _routed(machine: Machine) -> Sequence[Routed]:
    if _account(machine):
        return [Routed("code assist")]
    return [Routed("gemini", *_base(machine))]


AGENT = Agent(
    name="gemini",
    title="Gemini CLI",
    programs=("gemini",),
    get_it="npm install -g @google/gemini-cli",
    launch=_launch,
    install=_install,
    mcp=_mcp,
    routed=_routed,
    transcripts=(".gemini/tmp/*/chats/session-*.jsonl",),
    resume="--resume latest",
)
