"""`headroom compress`: make a tool's output shorter."""

from __future__ import annotations

from dataclasses import replace

import click
import msgspec

import headroom
from headroom import config
from headroom.cli import files
from headroom.errors import InputError
from headroom.result import CompressedText


@click.command()
@click.argument("file", default="-")
@click.option(
    "--level",
    type=click.Choice(["lossless", "balanced", "aggressive"]),
    help="How far it may go; default: your configuration, else balanced.",
)
@click.option("--hint", help="The command that printed the text, such as 'pytest -q', or the name of a compressor.")
@click.option("--query", help="What you are after: lines and rows that answer it stay.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="The text itself, or a JSON object with the text and what was done.",
)
@click.option("--stats", is_flag=True, help="Say on standard error what was saved.")
def compress(file: str, level: str | None, hint: str | None, query: str | None, form: str, *, stats: bool) -> None:
    """Make the output of a tool shorter: FILE, or standard input.

    What is left out can be had back with `headroom retrieve`. A text that cannot be made shorter comes out as it is.
    """
    settings = config.settings()
    if level:
        settings = replace(settings, level=level)  # type: ignore[arg-type]  # click has checked it
    text = files.read(file)
    if files.is_binary(text):
        if form == "json":
            raise InputError(
                f"{'standard input' if file == '-' else file} is binary, which JSON cannot carry: use --format text"
            )
        files.write(text)
        click.echo("headroom: binary, passed through as it is", err=True)
        return
    made = headroom.compress_text(text, hint, query, settings=settings)
    if form == "json":
        done = made.edit
        report = {
            "text": made.text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
            "compressor": done.compressor if done else None,
            "lossless": done.lossless if done else True,
            "handle": done.handle if done else None,
            "tokens_before": made.tokens_before,
            "tokens_after": made.tokens_after,
            "failures": [f"{failure.where}: {failure.reason}" for failure in made.failures],
        }
        files.write(msgspec.json.encode(report).decode() + "\n")
    else:
        files.write(made.text)
    for failure in made.failures:
        click.echo(f"headroom: {failure.where} failed, the text is as it came: {failure.reason}", err=True)
    if stats:
        click.echo(_stats(made), err=True)


def _stats(made: CompressedText) -> str:
    before, after = made.tokens_before, made.tokens_after
    if made.edit is None:
        return f"{before:,} tokens, {'left as they are' if made.failures else 'nothing to save'}"
    how = "nothing left out" if made.edit.lossless else f"headroom retrieve {made.edit.handle}"
    return f"{before:,} -> {after:,} tokens, {100 * (before - after) / before:.0f} % saved by {made.edit.compressor}; {how}"
