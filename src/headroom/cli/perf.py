"""`headroom perf`: what would be saved on your own files and transcripts, measured; and what the proxy has saved."""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from headroom import config
from headroom.ledger.report import Report
from headroom.perf import corpus, replay
from headroom.perf import live as recorded
from headroom.perf.corpus import Conversation, Sample, Skipped
from headroom.perf.replay import Bill, Row
from headroom.settings import Settings

_SHOWN = 5
"""Failures listed; the rest is counted."""


@dataclass(slots=True)
class _Measured:
    """Everything that was measured."""

    outputs: list[Row] = field(default_factory=list)
    results: list[Row] = field(default_factory=list)
    bill: Bill = field(default_factory=Bill)
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        return [failure for row in self.outputs + self.results for failure in row.failures]


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--level",
    type=click.Choice(["lossless", "balanced", "aggressive"]),
    help="How far it may go; default: your configuration, else balanced.",
)
@click.option("--model", help="Count tokens for this model.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object instead of tables.")
@click.option("--live", is_flag=True, help="What the proxy has saved so far, from its ledger.")
@click.option("--days", type=click.FloatRange(min=0), help="With --live: the last DAYS only.")
def perf(
    paths: tuple[Path, ...], level: str | None, model: str | None, days: float | None, *, as_json: bool, live: bool
) -> None:
    """Measure what would be saved on files, folders or agent transcripts; without PATHS on a small bundled sample.

    Transcripts of Claude Code are in ~/.claude/projects, those of Codex in ~/.codex/sessions. Nothing is sent anywhere,
    nothing is written. Exit code 1 if anything failed.
    """
    if (live and paths) or (days is not None and not live):
        raise click.UsageError("--live reads the proxy's ledger: it takes --days and --json, and no PATHS")
    if live:
        _live(days, as_json=as_json)
        return
    settings = config.settings()
    if level:
        settings = replace(settings, level=level)  # type: ignore[arg-type]  # click has checked it
    measured = _measure(paths or (corpus.BUNDLED,), settings, model)
    if as_json:
        report = {
            "outputs": [asdict(row) for row in measured.outputs],
            "results": [asdict(row) for row in measured.results],
            "bill": asdict(measured.bill),
            "skipped": [asdict(item) for item in measured.skipped],
        }
        click.echo(msgspec.json.encode(report))
    else:
        _print(measured, bundled=not paths)
    if measured.failures:
        sys.exit(1)


def _live(days: float | None, *, as_json: bool) -> None:
    """The ledger's figures; the proxy need not run."""
    report = Report(config.ledger_path())
    since = 0.0 if days is None else time.time() - days * 86400
    if as_json:
        click.echo(msgspec.json.encode(recorded.figures(report, since)))
        return
    console = Console(highlight=False, markup=False)
    for part in recorded.tell(report, since):
        console.print(part)
        console.print()


def _measure(paths: tuple[Path, ...], settings: Settings, model: str | None) -> _Measured:
    measured = _Measured()
    sources = corpus.find(paths)
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        for source in progress.track(sources, description="measuring"):
            item = corpus.read(source)
            if isinstance(item, Sample):
                measured.outputs.append(replay.sample(item, settings, model))
            elif isinstance(item, Conversation):
                rows, bill = replay.conversation(item, settings, model)
                measured.results += rows
                measured.bill += bill
            else:
                measured.skipped.append(item)
    measured.outputs, measured.results = replay.merge(measured.outputs), replay.merge(measured.results)
    return measured


def _print(measured: _Measured, *, bundled: bool) -> None:
    says: list[Table | Text | str] = []
    if bundled:
        says.append("A bundled sample of real tool output. Name files, folders or transcripts to measure your own.")
    if measured.outputs:
        says += [Text("Outputs, each at first sight", "bold"), _table(measured.outputs)]
        if any(row.facts for row in measured.outputs):
            says.append(
                "facts: strings in the originals that matter; seen: those still in sight; found: in sight, or given back by a handle."
            )
    if measured.results:
        says += [Text("Tool results in conversations, by what was done to them", "bold"), _table(measured.results)]
    if measured.bill.conversations:
        says.append(_bill(measured.bill))
    failures, skipped = measured.failures, measured.skipped
    if failures:
        listed = [f"failed, left as it was: {failure}" for failure in failures[:_SHOWN]]
        more = [f"{len(failures) - _SHOWN} more failures; --json lists them all"] if len(failures) > _SHOWN else []
        says.append("\n".join(listed + more))
    if skipped:
        says.append(f"{_number(len(skipped), 'file')} skipped, such as {skipped[0].name} ({skipped[0].reason})")
    if not measured.outputs and not measured.bill.conversations:
        says.append("nothing to measure")
    console = Console(highlight=False, markup=False)
    for place, part in enumerate(says):
        if place and not isinstance(part, Table):
            console.print()
        console.print(part)


def _bill(bill: Bill) -> str:
    said = f"{_number(bill.conversations, 'conversation')}, {_number(bill.turns, 'turn')}, compressed in {bill.seconds:.2f} s."
    if bill.before:
        said += (
            f" Priced with prompt caching (reads {replay.READ}, writes {replay.WRITE}), what they hold costs {bill.before:,.0f} -> "
            f"{bill.after:,.0f} tokens of input: {_percent(bill.before - bill.after, bill.before)} % less. Answers, and the system prompt "
            "and tool definitions that most transcripts leave out, come on top at both prices: the share of a whole bill is smaller."
        )
    if bill.facts:
        said += f" Of {_number(bill.facts, 'literal')} that the model took from a result later, {bill.visible:,} stood in the request that it answered."
    return said


def _table(rows: list[Row]) -> Table:
    facts, timed = any(row.facts for row in rows), any(row.seconds for row in rows)
    table = Table(box=None, pad_edge=False)
    table.add_column("kind", overflow="fold")
    for name in (
        "texts",
        "tokens",
        "after",
        "saved %",
        *(("facts", "seen %", "found %") if facts else ()),
        *(("ms",) if timed else ()),
    ):
        table.add_column(name, justify="right", no_wrap=True)
    total = replay.Row("all")
    for row in rows:
        for name in ("texts", "before", "after", "facts", "visible", "retrievable"):
            setattr(total, name, getattr(total, name) + getattr(row, name))
        total.seconds += row.seconds
    for row in [*rows, total]:
        known = (f"{row.facts}", _percent(row.visible, row.facts), _percent(row.retrievable, row.facts))
        table.add_row(
            row.kind,
            f"{row.texts:,}",
            f"{row.before:,}",
            f"{row.after:,}",
            _percent(row.before - row.after, row.before),
            *(known if facts else ()),
            *((f"{1000 * statistics.median(row.seconds):.1f}" if row.seconds else "-",) if timed else ()),
            style="bold" if row is total else "",
        )
    return table


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f}" if whole else "-"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
