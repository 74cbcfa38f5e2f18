"""`headroom unwrap`: undo what `headroom wrap --install` changed."""

from __future__ import annotations

import sys

import click

from headroom import config
from headroom.agents import TABLE
from headroom.agents.journal import Journal
from headroom.cli import installing
from headroom.errors import InputError


@click.command()
@click.argument("names", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Show what would be undone, and do nothing.")
def unwrap(names: tuple[str, ...], dry_run: bool) -> None:
    """Give an agent's files back as they were before `wrap --install`; without NAMES, those of all agents."""
    for name in names:
        if name not in TABLE:
            raise InputError(f"no agent is called {name!r}; there are {', '.join(TABLE)}")
    journal = Journal(config.home())
    for path in journal.broken():
        click.echo(f"headroom: {path} is damaged, so what it undoes is not known; look at it and remove it", err=True)
    wrapped = list(dict.fromkeys(record.agent for record in journal.records(purpose="wrap")))
    chosen = [name for name in wrapped if not names or name in names]
    for name in names:
        if name not in wrapped:
            click.echo(f"{TABLE[name].title}: nothing is installed")
    if not names and not wrapped:
        click.echo("nothing is installed")
    whole = [installing.uninstall(name, dry_run=dry_run) for name in chosen]
    if chosen and not dry_run:
        click.echo(
            "Conversations that went through the proxy go on through it, because their provider holds what it made of them: "
            + ", ".join(f"headroom wrap {name} -- {TABLE[name].resume}".format(session="SESSION") for name in chosen)
        )
    sys.exit(0 if all(whole) else 1)
