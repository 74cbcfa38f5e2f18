"""`headroom`: the group of commands, and what happens to errors.

Exit codes: 0 done; 1 it did not work, and the message says what to do; 2 the command line was not understood.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

import headroom
from headroom.errors import HeadroomError

COMMANDS = {
    "compress": "Make a tool's output shorter.",
    "retrieve": "Give back an original, or a slice of it.",
    "perf": "Measure what would be saved on your own files and transcripts.",
    "wrap": "Start a coding agent with everything set up, or route it for good.",
    "unwrap": "Undo what `wrap --install` changed.",
    "proxy": "Stand between an agent and its model: the same requests, lighter.",
    "mcp": "Serve MCP: a model compresses, retrieves, asks what was saved.",
    "doctor": "Show what is active, what is not and why.",
}
"""One file of this folder each, with a command of the same name; imported when it is called."""


class Commands(click.Group):
    """Commands that are imported when they are called, so that start-up stays short."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order a new user needs them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of this name."""
        del ctx
        if name not in COMMANDS:
            return None
        found = getattr(import_module(f"headroom.cli.{name}"), name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, without importing anything."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(headroom.__version__, prog_name="headroom")
def headroom_command() -> None:
    """Context compression for AI agents: smaller tool output, every fact kept, everything given back."""


def main() -> None:
    """The program: errors of ours, and of the system, become one line and exit code 1."""
    try:
        headroom_command(prog_name="headroom")
    except HeadroomError as error:
        _end(str(error))
    except BrokenPipeError:  # the reader has gone, as with `| head`: nothing more to say
        _end()
    except OSError as error:
        _end(f"{error.filename or 'the output cannot be written'}: {error.strerror or error}")


def _end(message: str = "") -> None:
    if message:
        click.echo(f"headroom: {message}", err=True)
    try:
        sys.stdout.flush()
    except OSError:  # what could not be written is not tried again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)
