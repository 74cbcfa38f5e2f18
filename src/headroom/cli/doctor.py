"""`headroom doctor`: what is active, what is not and why, and how the store is."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.table import Table

import headroom
from headroom import config, tokens
from headroom.compression.compressors import ABSENT, TABLE
from headroom.errors import HeadroomError, StoreError
from headroom.ledger.report import Report
from headroom.originals.sqlite import SqliteStore
from headroom.settings import Settings

_COLOURS = {"ok": "green", "attention": "yellow", "broken": "red"}
_PROBLEMS = 5
"""Problems of a store that are listed."""


class _Line(NamedTuple):
    """What is looked at, how it is, and what there is to say about it."""

    name: str
    state: str
    says: str


@click.command()
def doctor() -> None:
    """Show what is active, what is not and why. Exit code 1 if something is broken."""
    parts = [
        _Line("package", "ok", f"headroom {headroom.__version__}, Python {sys.version.split()[0]}"),
        *_settings(),
        _tokens(),
        *_store(config.store_path()),
        *_ledger(config.ledger_path()),
        _proxy(),
    ]
    console = Console(highlight=False)
    console.print(_table(parts))
    console.print("\nCompressors, and what each never drops:\n")
    console.print(_table(_compressors()))
    console.print("\nImages have no compressor in this version: they pass through unchanged.")
    if any(line.state == "broken" for line in parts):
        sys.exit(1)


def _table(lines: list[_Line]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, state, says in lines:
        table.add_row(name, f"[{_COLOURS[state]}]{state}[/]", says.replace("[", r"\["))
    return table


def _settings() -> list[_Line]:
    try:
        settings = config.settings()
    except HeadroomError as error:
        return [_Line("settings", "broken", str(error))]
    changed = "defaults" if settings == Settings() else "your own"
    names = [entry.name for entry in TABLE]
    unknown = [
        _Line("settings", "attention", f"kinds.{name} has no effect: the compressors are {', '.join(names)}")
        for name in settings.kinds
        if name not in names
    ]
    return [_Line("settings", "ok", f"{changed}, level {settings.level}; {config.home() / 'config.toml'}"), *unknown]


def _tokens() -> _Line:
    try:
        tokens.count("ready")
    except (ImportError, OSError) as error:
        mend = "pip install --force-reinstall headroom-ai"
        return _Line("token counts", "broken", f"quicktok does not load ({error}): reinstall with {mend}")
    return _Line(
        "token counts", "ok", "cl100k for decisions, o200k for reports; counts for Claude and Gemini are estimates"
    )


def _compressors() -> list[_Line]:
    try:
        kinds = config.settings().kinds
    except HeadroomError:
        kinds = {}
    absent = [
        _Line(entry.name, "attention", f'not installed: pip install "headroom-ai[{entry.extra}]"') for entry in ABSENT
    ]
    return absent + [
        _Line(entry.name, "attention", f"{kinds[entry.name]} by your settings")
        if entry.name in kinds
        else _Line(entry.name, "ok", entry.promise[:1].upper() + entry.promise[1:].removesuffix("."))
        for entry in TABLE
    ]


def _store(path: Path) -> list[_Line]:
    if closed := _closed(path):
        return [_Line("store", "broken", f"{closed}: until that is mended, nothing is compressed")]
    if not path.exists():
        return [_Line("store", "ok", f"nothing kept yet; {path}")]
    try:
        report = SqliteStore(path).verify()
    except StoreError as error:
        return [_Line("store", "broken", str(error))]
    if report.problems:
        return [_Line("store", "broken", problem) for problem in report.problems[:_PROBLEMS]]
    kept = report.stats
    size = f"{kept.originals:,} originals, {kept.decisions:,} decisions, {kept.bytes / 1e6:.1f} MB"
    return [_Line("store", "ok", f"{size}; {path}")]


def _ledger(path: Path) -> list[_Line]:
    if not path.exists():
        return []
    try:
        totals = Report(path).totals()
    except StoreError as error:
        return [_Line("ledger", "broken", str(error))]
    return [_Line("ledger", "ok", f"{totals.requests:,} requests, {totals.failures:,} failures; {path}")]


def _proxy() -> _Line:
    missing = [name for name in ("aiohttp", "brotli") if find_spec(name) is None]
    if missing:
        return _Line("proxy", "attention", f'not installed ({", ".join(missing)}): pip install "headroom-ai[proxy]"')
    signed = "requests that are signed (AWS4-HMAC-SHA256, Content-Digest, Signature) pass through unedited"
    return _Line("proxy", "ok", f"headroom proxy; {signed}")


def _closed(path: Path) -> str | None:
    """Why the store's file cannot be written, as far as that shows without writing; `None`: it can."""
    nearest = next(parent for parent in path.parents if os.path.lexists(parent))
    if not nearest.is_dir():
        return f"{nearest} is not a folder, and {path.name} belongs into it"
    closed = next((each for each in (nearest, path) if each.exists() and not os.access(each, os.W_OK)), None)
    return f"{closed} may not be written to" if closed else None
