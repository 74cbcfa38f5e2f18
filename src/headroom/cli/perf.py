"""`headroom perf`: what would be saved on your own files and transcripts, measured."""

from __future__ import annotations

import statistics
import sys
from dataclasses import asdict, replace
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from headroom import config
from headroom.perf import corpus, replay
from headroom.perf.corpus import Conversation, Sample, Skipped
from headroom.perf.replay import Bill, Row


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--level",
    type=click.Choice(["lossless", "balanced", "aggressive"]),
    help="How far it may go; default: your configuration, else balanced.",
)
@click.option("--model", help="Count tokens for this model.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object instead of a table.")
def perf(paths: tuple[Path, ...], level: str | None, model: str | None, *, as_json: bool) -> None:
    """Measure what would be saved on files, folders or agent transcripts; without PATHS on a small bundled sample.

    Transcripts of Claude Code are in ~/.claude/projects, those of Codex in ~/.codex/sessions. Nothing is sent anywhere,
    nothing is written. Exit code 1 if anything failed.
    """
    settings = config.settings()
    if level:
        settings = replace(settings, level=level)  # type: ignore[arg-type]  # click has checked it
    outputs: list[Row] = []
    results: list[Row] = []
    bill = Bill()
    skipped: list[Skipped] = []
    items = list(corpus.load(paths or (corpus.BUNDLED,)))
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        for item in progress.track(items, description="measuring"):
            if isinstance(item, Sample):
                outputs.append(replay.sample(item, settings))
            elif isinstance(item, Conversation):
                rows, one = replay.conversation(item, settings, model)
                results += rows
                bill = Bill(*(getattr(bill, name) + getattr(one, name) for name in Bill.__slots__))
            else:
                skipped.append(item)
    outputs, results = replay.merge(outputs), replay.merge(results)
    if as_json:
        report = {
            "outputs": [asdict(row) for row in outputs],
            "results": [asdict(row) for row in results],
            "bill": asdict(bill),
            "skipped": [asdict(item) for item in skipped],
        }
        click.echo(msgspec.json.encode(report))
    else:
        _print(outputs, results, bill, skipped)
    if any(row.failures for row in outputs + results):
        sys.exit(1)


def _print(outputs: list[Row], results: list[Row], bill: Bill, skipped: list[Skipped]) -> None:
    console = Console()
    if outputs:
        console.print(_table("Outputs, each at first sight", outputs))
    if results:
        console.print(_table("Tool results in conversations, by what was done to them", results, facts=False))
        console.print(
            f"{bill.conversations} conversations, {bill.turns} turns: input bill {_percent(bill.before - bill.after, bill.before)} % lower with prompt caching; "
            f"{bill.visible:,} of {bill.facts:,} literals that the model used later were in sight when it did"
        )
    for row in outputs + results:
        for failure in row.failures:
            console.print(f"failed, left as it was: {failure}", markup=False)
    if skipped:
        console.print(f"{len(skipped)} files skipped, such as {skipped[0].name} ({skipped[0].reason})", markup=False)
    if not outputs and not results:
        console.print("nothing to measure")


def _table(title: str, rows: list[Row], *, facts: bool = True) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("kind")
    for name in (
        "texts",
        "tokens before",
        "after",
        "saved %",
        *(("facts", "in sight %", "in sight or retrievable %") if facts else ()),
        "ms, median",
    ):
        table.add_column(name, justify="right")
    total = replay.Row("all")
    for row in rows:
        for name in ("texts", "before", "after", "facts", "visible", "retrievable"):
            setattr(total, name, getattr(total, name) + getattr(row, name))
        total.seconds += row.seconds
    for row in [*rows, total]:
        known = (
            [f"{row.facts}", _percent(row.visible, row.facts), _percent(row.retrievable, row.facts)] if facts else []
        )
        spent = f"{1000 * statistics.median(row.seconds):.1f}" if row.seconds else "-"
        table.add_row(
            row.kind,
            f"{row.texts:,}",
            f"{row.before:,}",
            f"{row.after:,}",
            _percent(row.before - row.after, row.before),
            *known,
            spent,
            style="bold" if row is total else "",
        )
    return table


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"
