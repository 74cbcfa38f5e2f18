"""opencode.

* `OPENCODE_CONFIG_CONTENT` is laid over its files for one run; what the user has put there stays in it.
* A provider that a configuration names appears in its list of models, so only those are named for which it has a key, or
  which its own files name.
* Signed in with ChatGPT it sends OpenAI's requests to ChatGPT's own host, past any base URL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from headroom.agents import edits
from headroom.agents.contract import SERVER, Agent, Launch, Machine, Point, Routed
from headroom.agents.edits import Change, EditError
from headroom.agents.syntax.steps import descend

_INLINE = "OPENCODE_CONFIG_CONTENT"
_HERE = Path(_INLINE)
"""That variable's name where a message names a file."""
_KNOWN: Mapping[str, tuple[str, Sequence[str]]] = {
    "anthropic": ("/v1", ("ANTHROPIC_API_KEY",)),
    "openai": ("/v1", ("OPENAI_API_KEY",)),
    "google": ("/v1beta", ("GOOGLE_GENERATIVE_AI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY")),
}
"""What follows a base URL, and the variables that hold a key."""


def _folder(machine: Machine) -> Path:
    return machine.folder("XDG_CONFIG_HOME", ".config") / "opencode"


def _files(machine: Machine) -> Iterator[Path]:
    """Configuration files, the one that counts least first."""
    folder = _folder(machine)
    yield from (folder / name for name in ("config.json", "opencode.json", "opencode.jsonc"))
    if named := machine.env.get("OPENCODE_CONFIG"):
        yield Path(named).expanduser()
    for parent in reversed((machine.cwd, *machine.cwd.parents)):
        yield from (parent / name for name in ("opencode.json", "opencode.jsonc"))


def _documents(machine: Machine) -> Iterator[tuple[str, Any]]:
    """Everything that configures it, the one that counts least first, and what it is called."""
    for path in _files(machine):
        with suppress(EditError):
            yield str(path), edits.document(path, "json")
    with suppress(EditError):
        yield _INLINE, edits.whole(Change(_HERE, "json", (), None), machine.env.get(_INLINE) or "{}")


def _providers(machine: Machine) -> dict[str, tuple[str, str]]:
    """Providers that are named: base URL, which may be empty, and what says it."""
    found: dict[str, tuple[str, str]] = {}
    for source, document in _documents(machine):
        table = document.get("provider") if isinstance(document, dict) else None
        for name, each in table.items() if isinstance(table, dict) else ():
            options = each.get("options", {}) if isinstance(each, dict) else {}
            url = options.get("baseURL") if isinstance(options, dict) else None
            if url or name not in found:
                found[name] = (str(url or ""), f"{source}: provider.{name}.options.baseURL" if url else "")
    return found


def _auth(machine: Machine) -> dict[str, Any]:
    with suppress(EditError):
        return edits.document(machine.folder("XDG_DATA_HOME", ".local", "share") / "opencode" / "auth.json", "json")
    return {}


def _bases(machine: Machine, point: Point) -> dict[str, str]:
    """The base URL through the proxy of each provider that can be reached through it."""
    named, auth = _providers(machine), _auth(machine)
    bases = {name: point.via(url) for name, (url, _) in named.items() if url}
    for name, (tail, keys) in _KNOWN.items():
        if name not in bases and (name in named or name in auth or any(machine.env.get(key) for key in keys)):
            bases[name] = point.base + tail
    return bases


def _launch(machine: Machine, point: Point) -> Launch:
    bases = _bases(machine, point)
    notes = [] if bases else ["no provider that the proxy knows has a key here: started without the proxy"]
    if descend(_auth(machine), ("openai", "type")) == "oauth":
        notes.append("signed in with ChatGPT: those requests do not pass the proxy")
    if not bases:
        return Launch(notes=notes)
    text = machine.env.get(_INLINE) or "{}"
    try:
        for name, url in bases.items():
            text = edits.put(Change(_HERE, "json", ("provider", name, "options", "baseURL"), url), text)
        if point.server:
            text = edits.put(Change(_HERE, "json", ("mcp", SERVER), _local(point.server)), text)
    except EditError as error:
        return Launch(notes=[f"{error}; started without the proxy"])
    return Launch({_INLINE: text}, notes=notes)


def _local(server: Sequence[str]) -> dict[str, object]:
    return {"type": "local", "command": list(server), "enabled": True}


def _target(machine: Machine) -> Path:
    """The user's own file, whichever of its names it has."""
    folder = _folder(machine)
    names = ("opencode.jsonc", "opencode.json", "config.json")
    return next((folder / name for name in names if (folder / name).exists()), folder / "opencode.json")


def _install(machine: Machine, base: str) -> Sequence[Change]:
    named, auth, file = _providers(machine), _auth(machine), _target(machine)
    return [
        Change(file, "json", ("provider", name, "options", "baseURL"), base + tail)
        for name, (tail, keys) in _KNOWN.items()
        if (name in named or name in auth or any(machine.env.get(key) for key in keys))
        and not named.get(name, ("",))[0]
    ]


def _mcp(machine: Machine, server: Sequence[str]) -> Sequence[Change]:
    return [Change(_target(machine), "json", ("mcp", SERVER), _local(server))]


def _routed(machine: Machine) -> Sequence[Routed]:
    named, auth = _providers(machine), _auth(machine)
    routes = [Routed(name, url, by) for name, (url, by) in named.items()]
    for name, (_, keys) in _KNOWN.items():
        if name not in named and (name in auth or any(machine.env.get(key) for key in keys)):
            routes.append(Routed(name))
    return routes


AGENT = Agent(
    name="opencode",
    title="opencode",
    programs=("opencode",),
    get_it="npm install -g opencode-ai",
    launch=_launch,
    install=_install,
    mcp=_mcp,
    routed=_routed,
    transcripts=(".local/share/opencode/opencode.db",),
    resume="--continue",
)
