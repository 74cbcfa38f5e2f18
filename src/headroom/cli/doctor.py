"""`headroom doctor`: what is active, what is not and why, and how the store is."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.table import Table

import headroom
from headroom import config, tokens
from headroom.compression.compressors import TABLE
from headroom.errors import HeadroomError, StoreError
from headroom.originals.sqlite import SqliteStore
from headroom.settings import Settings

PASSED_THROUGH = {
    "source code": "no compressor in this version: it passes through unchanged",
    "prose": "no compressor in this version: it passes through unchanged",
    "images": "no compressor in this version: they pass through unchanged",
}
_COLOURS = {"ok": "green", "attention": "yellow", "broken": "red"}


@click.command()
def doctor() -> None:
    """Show what is active, what is not and why. Exit code 1 if something is broken."""
    lines = [
        ("package", "ok", f"headroom {headroom.__version__}, Python {sys.version.split()[0]}"),
        *_settings(),
        _tokens(),
        *_compressors(),
        *_store(),
    ]
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, state, says in lines:
        table.add_row(name, f"[{_COLOURS[state]}]{state}[/]", says)
    Console(soft_wrap=True).print(table)
    if any(state == "broken" for _, state, _ in lines):
        sys.exit(1)


def _settings() -> list[tuple[str, str, str]]:
    try:
        settings = config.settings()
    except HeadroomError as error:
        return [("settings", "broken", str(error))]
    changed = "defaults" if settings == Settings() else "your own"
    return [("settings", "ok", f"{changed}, level {settings.level}; {config.home() / 'config.toml'}")]


def _tokens() -> tuple[str, str, str]:
    try:
        tokens.count("ready")
    except (ImportError, OSError) as error:
        return (
            "token counts",
            "broken",
            f"quicktok does not load ({error}): reinstall with pip install --force-reinstall headroom-ai",
        )
    return ("token counts", "ok", "cl100k for decisions, o200k for reports; counts for Claude and Gemini are estimates")


def _compressors() -> list[tuple[str, str, str]]:
    try:
        kinds = config.settings().kinds
    except HeadroomError:
        kinds = {}
    active = [
        (
            f"compressor {entry.name}",
            "ok" if entry.name not in kinds else "attention",
            f"{kinds[entry.name]} by your settings" if entry.name in kinds else f"keeps: {entry.promise}",
        )
        for entry in TABLE
    ]
    return active + [(name, "attention", says) for name, says in PASSED_THROUGH.items()]


def _store() -> list[tuple[str, str, str]]:
    path = config.store_path()
    if not path.exists():
        return [("store", "ok", f"nothing kept yet; {path}")]
    try:
        report = SqliteStore(path).verify()
    except StoreError as error:
        return [("store", "broken", str(error))]
    if report.problems:
        return [("store", "broken", problem) for problem in report.problems[:5]]
    return [
        (
            "store",
            "ok",
            f"{report.stats.originals:,} originals, {report.stats.decisions:,} decisions, {report.stats.bytes / 1e6:.1f} MB; {path}",
        )
    ]
