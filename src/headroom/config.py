"""The only reader of the environment and of the configuration file.

    HEADROOM_HOME     folder of the store and the configuration; default: `headroom` in the platform's data folder
    HEADROOM_LEVEL    lossless, balanced or aggressive

`config.toml` in that folder holds the fields of `Settings` under their own names:

    level = "balanced"
    [tools]
    "mcp__db__*" = "lossless"
    [kinds]
    logs = "off"

Tables of its own belong to a part that reads them itself: `[proxy]` (see `proxy.options`), `[prices]` (see `ledger.prices`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from headroom.errors import SettingsError
from headroom.settings import Settings

_PARTS = ("proxy", "prices")


def home(environment: Mapping[str, str] | None = None) -> Path:
    """The folder that everything of ours lies in. It need not exist yet."""
    env = os.environ if environment is None else environment
    if chosen := env.get("HEADROOM_HOME"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(env.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "headroom"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "headroom"
    return Path(env.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "headroom"


def store_path(environment: Mapping[str, str] | None = None) -> Path:
    """The file of the default store."""
    return home(environment) / "store.sqlite3"


def ledger_path(environment: Mapping[str, str] | None = None) -> Path:
    """The file of the ledger."""
    return home(environment) / "ledger.sqlite3"


def table(name: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A table of the file that a part of its own reads; empty where there is none.

    Raises:
        SettingsError: the file cannot be read, or holds no table under this name.
    """
    path = home(environment) / "config.toml"
    found = _file(path).get(name, {})
    if not isinstance(found, dict):
        raise SettingsError(f"{path}: {name}={found!r} must be a table: [{name}]")
    return found


def settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The user's own defaults.

    Raises:
        SettingsError: the file cannot be read, or holds something that is not a setting; the message names the file or the
            variable.
    """
    env = os.environ if environment is None else environment
    path = home(env) / "config.toml"
    values = {name: value for name, value in _file(path).items() if name not in _PARTS}
    known = {field.name for field in fields(Settings)}
    if unknown := sorted(set(values) - known):
        raise SettingsError(f"{path}: no setting is called {unknown[0]!r}; there are {', '.join(sorted(known))}")
    try:
        chosen = Settings(**values)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from error
    if level := env.get("HEADROOM_LEVEL"):
        try:
            return replace(chosen, level=level)  # type: ignore[arg-type]  # the value refuses what is no level
        except SettingsError as error:
            raise SettingsError(f"HEADROOM_LEVEL: {error}") from error
    return chosen


def _file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read ({error}): mend it or remove it") from error
    import msgspec.toml  # noqa: PLC0415 - only where there is a file

    try:
        return msgspec.toml.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise SettingsError(f"{path} is not TOML ({error}): mend it or remove it") from error
