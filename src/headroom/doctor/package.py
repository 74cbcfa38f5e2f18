"""The package: its version, what is installed of its extras, its tokenizer, its compressors."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Final

import headroom
from headroom import config, kompress, tokens
from headroom.compression.compressors import ABSENT, TABLE, image
from headroom.doctor.finding import Finding, Where
from headroom.errors import HeadroomError
from headroom.kompress.fault import fault
from headroom.settings import Settings

_DISTRIBUTION: Final = "headroom-ai"
_ALL: Final = "all"
"""The extra that is all others."""
PROMISES: Final[Mapping[str, str]] = {
    **{entry.name: entry.promise for entry in TABLE},
    **({} if image.ABSENT else {image.NAME: image.PROMISE}),
}
"""What each compressor that can act here never drops, by its name; images have one of their own beside the table."""
_LACKING: Final[Mapping[str, str]] = {
    **{entry.name: entry.extra for entry in ABSENT},
    **({image.NAME: image.EXTRA} if image.ABSENT else {}),
}
"""The extra that each of the others asks for."""
_REQUIREMENT = re.compile(r"([A-Za-z0-9][\w.-]*)[^;]*(?:;\s*(.*))?")
_EXTRA = re.compile(r"""extra == ['"]([\w-]+)['"]""")


def check(_: Where) -> Iterator[Finding]:
    """Everything that came with `pip install`."""
    yield Finding("package", "ok", f"headroom {headroom.__version__}, Python {sys.version.split()[0]}")
    yield from _installed()
    yield from _files()
    yield _tokens()
    yield from _compressors()
    yield from _network()


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


def _files() -> Iterator[Finding]:
    """Files of the package that are not there, or not as long as they were; those of a source tree are on no list."""
    with suppress(metadata.PackageNotFoundError):
        bad = [
            str(each)
            for each in metadata.files(_DISTRIBUTION) or []
            if each.size is not None and _size(Path(str(each.locate()))) != each.size
        ]
        if bad:
            says = f"missing or cut short: {_some(bad)}"
            yield Finding("package", "broken", says, f"pip install --force-reinstall {_DISTRIBUTION}")


def _size(file: Path) -> int:
    """In bytes; -1 for a file that is not there."""
    try:
        return file.stat().st_size
    except OSError:
        return -1


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
        settings = config.settings()
    except HeadroomError:
        settings = Settings()  # told among the settings
    kinds: dict[str, str] = {**settings.kinds, **({image.NAME: "off"} if settings.images == "off" else {})}
    active = [name for name in PROMISES if kinds.get(name) != "off"]
    yield Finding("compressors", "ok", f"{len(active)} active: {', '.join(active)}")
    for name, treatment in kinds.items():
        if name in PROMISES:
            yield Finding(name, "ok", f"{treatment}, by your settings")
        elif name not in _LACKING:
            says = f"kinds.{name} in your settings has no effect"
            yield Finding("settings", "attention", says, f"the compressors are called {', '.join(PROMISES)}")
    for name, extra in _LACKING.items():
        says = "not active, its extra is not installed: what no other compressor folds stays as it is"
        yield Finding(name, "attention", says, f'pip install "{_DISTRIBUTION}[{extra}]"')


def _network() -> Iterator[Finding]:
    """The network that says which sentences and lines matter."""
    if not kompress.available():
        says = "not active, its extra is not installed: prose is chosen from by words in common with the question"
        yield Finding("kompress", "attention", says, f'pip install "{_DISTRIBUTION}[{kompress.EXTRA}]"')
    elif wrong := fault():
        says = f"what it says of prose and lines cannot be had or trusted: {wrong}"
        yield Finding("kompress", "broken", says, f'pip install --force-reinstall "{_DISTRIBUTION}[{kompress.EXTRA}]"')
    else:
        yield Finding("kompress", "ok", "its weights load and run")
