"""What a proxy is started with: a value, from the `[proxy]` table of the configuration and the command line.

[proxy]
port = 8787
retrieve = "auto"
marks = true
[proxy.upstreams]
anthropic = "https://api.anthropic.com"
openrouter = "https://openrouter.ai/api"      # served under /u/openrouter/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from headroom.errors import SettingsError
from headroom.hosts import is_loopback
from headroom.settings import Settings

Retrieve = Literal["auto", "mcp", "file", "proxy", "none"]
"""How an original can be asked for: decided by each conversation's first request, or always in one way."""

UPSTREAMS: Mapping[str, str] = {
    "anthropic": "https://api.anthropic.com",
    "openai": "https://api.openai.com",
    "gemini": "https://generativelanguage.googleapis.com",
    "chatgpt": "https://chatgpt.com",
    "vertex": "https://aiplatform.googleapis.com",
    "bedrock": "https://bedrock-runtime.us-east-1.amazonaws.com",
}
"""Where each provider's requests go unless the configuration says otherwise."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Options:
    """How the proxy listens, where it sends to, and what it may do.

    Raises:
        SettingsError: a value that cannot be; the message says what can.
    """

    host: str = "127.0.0.1"
    port: int = 8787
    token: str = ""
    """Needed by every request where the proxy listens beyond this machine."""
    upstreams: Mapping[str, str] = field(default_factory=dict)
    """Provider, or a name of your own, to base URL."""
    retrieve: Retrieve = "auto"
    marks: bool = True
    """Set prompt-cache marks for Anthropic clients that set none on their messages."""
    edit_guarded: bool = False
    """Edit also where the system prompt holds `cch=`, a client's hash over the body."""
    max_body: int = 64_000_000
    """Bytes of a request above which it passes through as a stream, unread."""
    workers: int = 1
    verbose: bool = False
    leased: bool = False
    """Stop when no living process needs it any more (see `headroom.presence`)."""
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        """Refuse what cannot work, before anything listens."""
        if not isinstance(self.port, int) or isinstance(self.port, bool) or not 0 <= self.port < 2**16:
            raise SettingsError(f"port={self.port!r} must be a number from 0 to 65535")
        if self.retrieve not in get_args(Retrieve):
            raise SettingsError(
                f"retrieve={self.retrieve!r} does not exist: use one of {', '.join(get_args(Retrieve))}"
            )
        for name in ("marks", "edit_guarded", "verbose", "leased"):
            if not isinstance(getattr(self, name), bool):
                raise SettingsError(f"{name}={getattr(self, name)!r} must be true or false")
        for name in ("workers", "max_body"):
            number = getattr(self, name)
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                raise SettingsError(f"{name}={number!r} must be a whole number, 1 or more")
        if self.leased and self.workers > 1:
            raise SettingsError("a leased proxy is one process: leave workers out")
        if not isinstance(self.host, str) or not isinstance(self.token, str):
            raise SettingsError("host and token must be strings")
        if not is_loopback(self.host) and len(self.token) < 16:
            raise SettingsError(
                f"host={self.host!r} is open to other machines: give a token of 16 characters or more (--token, or"
                " HEADROOM_TOKEN), which clients put into the base URL as /t/TOKEN"
            )
        object.__setattr__(self, "upstreams", {**UPSTREAMS, **_checked(self.upstreams)})


def from_table(table: Mapping[str, Any], settings: Settings, **chosen: Any) -> Options:  # noqa: ANN401 - fields of Options
    """Options from the configuration, and over it what the command line says (`None`: nothing).

    Raises:
        SettingsError: a name that is no option, or a value that cannot be.
    """
    known = {each.name for each in fields(Options)} - {"settings"}
    if unknown := sorted(set(table) - known):
        raise SettingsError(f"[proxy] has no setting {unknown[0]!r}; there are {', '.join(sorted(known))}")
    values = {**table, **{name: value for name, value in chosen.items() if value is not None}}
    if "upstreams" in values:
        values["upstreams"] = {**_checked(table.get("upstreams", {})), **_checked(chosen.get("upstreams") or {})}
    return Options(**values, settings=settings)


def _checked(upstreams: object) -> dict[str, str]:
    if not isinstance(upstreams, Mapping):
        raise SettingsError(f"upstreams={upstreams!r} must map names to URLs: {{'openai': 'https://...'}}")
    found = {}
    for name, url in upstreams.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise SettingsError(f"upstream name {name!r}: use letters, digits, '-', '_' and '.'")
        parts = urlsplit(url) if isinstance(url, str) else None
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise SettingsError(f"upstream {name}={url!r} must be a URL such as https://api.example.com")
        found[name] = url.rstrip("/")
    return found
