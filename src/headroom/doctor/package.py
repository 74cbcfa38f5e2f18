"""The package: its version, what is installed of its extras, its tokenizer, its compressors."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import Final

import headroom
from headroom import config, tokens
from headroom.compression.compressors import ABSENT, TABLE
from headroom.doctor.finding import Finding, Where
from headroom.errors import HeadroomError

_DISTRIBUTION: Final = "headroom-ai"
_ALL: Final = "all"
"""The extra that is all others."""
_REQUIREMENT = re.compile(r"([A-Za-z0-9][\w.-]*)[^;]*(?:;\s*(.*))?")
_EXTRA = re.compile(r"""extra == ['"]([\w-]+)['"]""")


def check(_: Where) -> Iterator[Finding]:
    """Everything that came with `pip install`."""
    yield Finding("package", "ok", f"headroom {headroom.__version__}, Python {sys.version.split()[0]}")
    yield from _installed()
    yield _tokens()
    yield from _compressors()


def _installed() -> Iterator[Finding]:
    """What the package asks for, by its own metadata, and what of it is there."""
    try:
        asked = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        yield Finding("extras", "attention", "run from its source: what is installed of it cannot be told")
        return
    missing: dict[str, list[str]] = {}
    for each in asked:
        found = _REQUIREMENT.match(each)
        assert found is not None
        name, marker = found[1], found[2] or ""
        extra = _EXTRA.search(marker)
        if " and " in marker or (marker and not extra) or (extra and extra[1] == _ALL):
            continue  # what some platforms need, and what stands under its own extra too
        there = missing.setdefault(extra[1] if extra else "", [])
        if not _is_there(name):
            there.append(name)
    if needed := missing.pop("", []):
        says = f"the package needs {', '.join(needed)}"
        yield Finding("package", "broken", says, f"pip install --force-reinstall {_DISTRIBUTION}")
    lacking = {extra: names for extra, names in missing.items() if names}
    whole = [extra for extra, names in missing.items() if not names]
    if whole:
        yield Finding("extras", "ok", f"installed: {', '.join(sorted(whole))}")
    if lacking:
        named = "; ".join(f"{extra} (needs {_some(names)})" for extra, names in sorted(lacking.items()))
        install = f'pip install "{_DISTRIBUTION}[{",".join(sorted(lacking))}]"'
        yield Finding("extras", "attention", f"not installed: {named}", install)


def _is_there(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _tokens() -> Finding:
    try:
        tokens.count("ready")
    except (ImportError, OSError) as error:
        mend = f"pip install --force-reinstall {_DISTRIBUTION}"
        return Finding("token counts", "broken", f"quicktok does not load: {error}", mend)
    return Finding("token counts", "ok", "cl100k decides, o200k reports; those of Claude and Gemini are estimates")


def _compressors() -> Iterator[Finding]:
    try:
        kinds = config.settings().kinds
    except HeadroomError:
        kinds = {}  # told among the settings
    names = [entry.name for entry in TABLE]
    active = [name for name in names if kinds.get(name) != "off"]
    yield Finding("compressors", "ok", f"{len(active)} active: {', '.join(active)}")
    for name, treatment in kinds.items():
        if name in names:
            yield Finding(name, "ok", f"{treatment}, by your settings")
        elif name not in [entry.name for entry in ABSENT]:
            says = f"kinds.{name} in your settings has no effect"
            yield Finding("settings", "attention", says, f"the compressors are called {', '.join(names)}")
    for entry in ABSENT:
        yield Finding(
            entry.name,
            "attention",
            "not active, its extra is not installed: such text passes through unchanged",
            f'pip install "{_DISTRIBUTION}[{entry.extra}]"',
        )
