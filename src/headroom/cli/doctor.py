"""`headroom doctor`: what is active, what is not and why, and what to do about it."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.text import Text

import headroom
from headroom import config
from headroom.agents.contract import Machine
from headroom.doctor import Finding, Where, examine, mend, worst
from headroom.doctor.finding import STATES
from headroom.doctor.package import PROMISES

_COLOURS = {"ok": "green", "attention": "yellow", "broken": "bold red"}
_NAME, _STATE = 13, 10
"""Columns of the names and the states."""


@click.command()
@click.option("--fix", is_flag=True, help="Put right what can be put right without asking: leftovers of crashes.")
@click.option("--json", "as_json", is_flag=True, help="The same for a program.")
@click.option("--offline", is_flag=True, help="Do not ask whether the providers can be reached.")
@click.option("--full", is_flag=True, help="Read every original, however large the store is.")
@click.option("--verbose", is_flag=True, help="Show also what each compressor never drops.")
def doctor(fix: bool, as_json: bool, offline: bool, full: bool, verbose: bool) -> None:
    """Show what is active, what is not and why, and what to do.

    Exit code 0: all is well; 1: something needs attention; 2: something is broken. Changes nothing without --fix.
    """
    where = Where(config.home(), Machine(Path.home(), Path.cwd(), os.environ), offline, full)
    found = examine(where)
    done = mend(found) if fix else []
    if done:
        found = examine(where)
    every = [each for findings in found.values() for each in findings]
    if as_json:
        click.echo(_json(found, done))
    else:
        _print(found, done, verbose=verbose)
    sys.exit(STATES.index(worst(every)))


def _json(found: Mapping[str, Sequence[Finding]], done: Sequence[str]) -> str:
    every = [each for findings in found.values() for each in findings]
    report = {
        "version": headroom.__version__,
        "state": worst(every),
        "fixed": done,
        "findings": [
            {
                "area": area,
                "name": each.name,
                "state": each.state,
                "says": each.says,
                "do": each.do,
                "fixable": each.mend is not None,
            }
            for area, findings in found.items()
            for each in findings
        ],
    }
    return msgspec.json.format(msgspec.json.encode(report)).decode()


def _print(found: Mapping[str, Sequence[Finding]], done: Sequence[str], *, verbose: bool) -> None:
    console = Console(highlight=False)
    for line in done:
        console.print(Text(f"fixed: {line}"))
    for findings in found.values():
        for each in findings:
            _finding(console, each)
    if verbose:
        console.print("\nWhat each compressor never drops:\n")
        for name, promise in PROMISES.items():
            _row(console, name, "", promise[:1].upper() + promise[1:].removesuffix("."))
    every = [each for findings in found.values() for each in findings]
    console.print()
    console.print(Text(_summary(every), style=_COLOURS[worst(every)]))


def _finding(console: Console, each: Finding) -> None:
    _row(console, each.name, each.state, each.says)
    if each.do:
        for at, line in enumerate(_folded(console, each.do, _NAME + _STATE + 3)):
            console.print(Text(" " * (_NAME + _STATE) + ("   " if at else "-> ") + line, "bold"))


def _row(console: Console, name: str, state: str, says: str) -> None:
    first, *rest = _folded(console, says, _NAME + _STATE) or [""]
    console.print(Text.assemble(f"{name:<{_NAME}}", (f"{state:<{_STATE}}", _COLOURS.get(state, "")), first))
    for line in rest:
        console.print(Text(" " * (_NAME + _STATE) + line))


def _folded(console: Console, text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, max(20, console.width - indent), break_on_hyphens=False)


def _summary(every: Sequence[Finding]) -> str:
    broken = sum(each.state == "broken" for each in every)
    attention = sum(each.state == "attention" for each in every)
    if not broken and not attention:
        return "All is well."
    said = [f"{broken} broken"] if broken else []
    said += [f"{attention} to look at"] if attention else []
    fixable = sum(each.mend is not None for each in every)
    fix = f" `headroom doctor --fix` puts {fixable} right." if fixable else ""
    return f"{', '.join(said)}.{fix}"
