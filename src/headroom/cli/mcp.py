"""`headroom mcp`: the MCP server, over standard input and output or HTTP."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from headroom.errors import MissingExtraError
from headroom.mcp.offered import EVERYTHING, RETRIEVAL, Offer


@click.group(invoke_without_command=True)
@click.option(
    "--root",
    "roots",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder whose files may be read; again for more. Default: the current one.",
)
@click.option("--max-tokens", type=click.IntRange(500), default=8_000, help="Of one result. Default: 8000.")
@click.option("--retrieve-only", is_flag=True, help="Offer headroom_retrieve alone: fewer tokens in each request.")
@click.option("--http", is_flag=True, help="Serve over HTTP, for clients that connect rather than start a program.")
@click.option("--host", default="127.0.0.1", help="With --http; beyond this machine only with a token.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8788, help="With --http. Default: 8788; 0 takes a free one."
)
@click.option("--token", help="With --http, what clients must send; also HEADROOM_TOKEN.")
@click.pass_context
def mcp(context: click.Context, /, roots: tuple[Path, ...], *, http: bool, **chosen: Any) -> None:  # noqa: ANN401 - the options above
    """Serve MCP: a model compresses texts and files, has originals back, asks what was saved.

    A client starts this and speaks to it over standard input and output; `headroom mcp install` tells the agents on this
    machine to.
    """
    if context.invoked_subcommand is not None:
        return
    folders = [root.resolve() for root in roots or (Path.cwd(),)]
    if http:
        _http(folders, **chosen)
        return
    from headroom.mcp import stdio  # noqa: PLC0415 - only serving needs it, not `mcp install`

    if sys.stdin.isatty():
        click.echo("This speaks MCP, which a client types faster than you. Ctrl-D ends it.", err=True)
    stdio.serve(folders, chosen["max_tokens"], _offer(chosen["retrieve_only"]))


def _offer(retrieve_only: bool) -> Offer:
    return RETRIEVAL if retrieve_only else EVERYTHING


def _http(
    folders: list[Path], max_tokens: int, *, retrieve_only: bool, host: str, port: int, token: str | None
) -> None:
    try:
        from headroom.mcp import streamable  # noqa: PLC0415 - the SDK is an extra, and takes a second to import
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f'over HTTP this needs more packages ({error.name}): pip install "headroom-ai[mcp]"'
        ) from error
    from headroom.mcp.tools import Tools  # noqa: PLC0415 - loads the engine, which only serving needs

    tools = Tools(folders, max_tokens, _offer(retrieve_only))
    streamable.serve(tools, host, port, token or os.environ.get("HEADROOM_TOKEN", ""), click.echo)


@mcp.command()
@click.argument("names", metavar="[AGENT]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Show every change, and do nothing.")
def install(names: tuple[str, ...], dry_run: bool) -> None:
    """Have agents start this server: those named, or all that are installed here."""
    from headroom.cli import registering  # noqa: PLC0415 - what reads agents' files is not needed to serve

    registering.install(names, dry_run=dry_run)


@mcp.command()
@click.argument("names", metavar="[AGENT]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Show what would be undone, and do nothing.")
def uninstall(names: tuple[str, ...], dry_run: bool) -> None:
    """Undo `install`, byte for byte: for the agents named, or for all."""
    from headroom.cli import registering  # noqa: PLC0415 - what reads agents' files is not needed to serve

    registering.uninstall(names, dry_run=dry_run)


@mcp.command()
@click.argument("names", metavar="[AGENT]...", nargs=-1)
def status(names: tuple[str, ...]) -> None:
    """Show which agents start this server."""
    from headroom.cli import registering  # noqa: PLC0415 - what reads agents' files is not needed to serve

    registering.status(names)
