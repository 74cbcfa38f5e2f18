"""`headroom retrieve`: give back an original, or a slice of it."""

from __future__ import annotations

import click

import headroom
from headroom.cli import files


@click.command()
@click.argument("handle")
@click.option("--lines", help="Lines of the original, from 1: 41-388, 41-, -20 (the last 20), 1-5,9.")
@click.option("--rows", help="Records of JSON, NDJSON or CSV: 3-10, or a condition such as 'status!=completed'.")
@click.option("--grep", help="Only lines that match this regular expression, with their numbers.")
def retrieve(handle: str, lines: str | None, rows: str | None, grep: str | None) -> None:
    """Give back what stands behind HANDLE, byte for byte, or just the part asked for.

    HANDLE is what a marker names: h:3fa9c1d2e4b7, with or without the h:.
    """
    files.write(headroom.retrieve(handle, lines, rows, grep))
