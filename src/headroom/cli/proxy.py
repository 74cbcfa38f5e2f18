"""`headroom proxy`: a server between an agent and its model."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import click

from headroom import config
from headroom.errors import MissingExtraError, SettingsError


@click.command()
@click.option("--host", help="Where to listen; beyond this machine only with a token. Default: 127.0.0.1.")
@click.option("--port", type=int, help="Default: 8787; 0 takes a free one.")
@click.option("--token", help="What clients elsewhere must send; also HEADROOM_TOKEN.")
@click.option("--upstream", "upstreams", multiple=True, metavar="NAME=URL", help="Where a provider's requests go.")
@click.option(
    "--retrieve", type=click.Choice(["auto", "mcp", "file", "proxy", "none"]), help="How originals are had back."
)
@click.option("--no-retrieve", "retrieve", flag_value="none", help="Leave nothing out: fold without loss only.")
@click.option("--marks/--no-marks", default=None, help="Set cache marks for Anthropic clients that set none.")
@click.option("--workers", type=int, help="Processes; default: 1.")
@click.option("--level", type=click.Choice(["lossless", "balanced", "aggressive"]), help="How far compression may go.")
@click.option("--leased", is_flag=True, default=None, help="Stop when no program that asked for it lives any more.")
@click.option("--verbose", is_flag=True, default=None, help="A line for every request.")
def proxy(upstreams: tuple[str, ...], level: str | None, **chosen: Any) -> None:  # noqa: ANN401 - the options above
    """Stand between an agent and its model: the same requests flow through, just lighter.

    Nothing to change in the client but its base URL; the lines printed at start say which.
    """
    try:
        from headroom.proxy import server  # noqa: PLC0415 - aiohttp is an extra, and slow to import
        from headroom.proxy.options import from_table  # noqa: PLC0415 - aiohttp is an extra, and slow to import
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f'the proxy needs more packages ({error.name}): pip install "headroom-ai[proxy]"'
        ) from error
    chosen["token"] = chosen["token"] or os.environ.get("HEADROOM_TOKEN")
    settings = config.settings()
    if level:
        settings = replace(settings, level=level)  # type: ignore[arg-type]  # click has checked it
    options = from_table(config.table("proxy"), settings, upstreams=dict(map(_pair, upstreams)), **chosen)
    server.logging_to_stderr()
    try:
        server.serve(options, click.echo)
    except server.PortTakenError as error:
        if not error.ours:
            raise
        click.echo(str(error))


def _pair(given: str) -> tuple[str, str]:
    name, equals, url = given.partition("=")
    if not equals:
        raise SettingsError(f"--upstream {given!r} must be NAME=URL, such as openai=https://api.openai.com")
    return name, url
