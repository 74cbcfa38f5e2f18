"""`headroom retrieve`: give back an original, or a slice of it."""

from __future__ import annotations

import re
import sys

import click

import headroom
from headroom.cli import files
from headroom.errors import InputError, SliceError

_ARGUMENT = re.compile(r"\b(lines|rows|grep)=")
"""How messages of the library name what is an option here."""


@click.command()
@click.argument("handle")
@click.option("--lines", help="Lines of the original, from 1: 41-388, 41-, -20 (the last 20), 1-5,9.")
@click.option("--rows", help="Records of JSON, NDJSON or CSV: 3-10, or a condition such as 'status!=completed'.")
@click.option("--grep", help="Only lines that match this regular expression, with their numbers.")
@click.option("--output", type=click.Path(dir_okay=False, writable=True), help="Write it to this file.")
def retrieve(handle: str, lines: str | None, rows: str | None, grep: str | None, output: str | None) -> None:
    """Give back what stands behind HANDLE, byte for byte, or just the part asked for. An image comes as its file.

    HANDLE is what a marker names: h:3fa9c1d2e4b7, with or without the h:.
    """
    try:
        found = headroom.retrieve(handle, lines, rows, grep)
    except SliceError as error:
        raise SliceError(_ARGUMENT.sub(r"--\1 ", str(error))) from error
    if not found and (lines or rows or grep):
        click.echo("headroom: nothing in the original is like that", err=True)
    image = files.image(found)
    if image is not None and output is None and sys.stdout.isatty():
        raise InputError(f"this is an image of {len(image):,} bytes: name a file for it with --output")
    files.write(found if image is None else image, output)
