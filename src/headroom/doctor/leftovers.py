"""What a crash has left: files of ended processes in `run/`, records of changes that stand in no file any more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from headroom import presence
from headroom.agents import journal as journals
from headroom.agents.edits import EditError
from headroom.agents.journal import Journal, Record
from headroom.doctor.finding import Finding, Where


def check(where: Where) -> Iterator[Finding]:
    """Only what is left; nothing of a program that runs."""
    yield from _run(where)
    journal = Journal(where.home)
    for record in journal.records():
        yield from _record(where, journal, record)
    for path in journal.broken():
        yield Finding(
            "leftovers",
            "attention",
            f"{where.short(path)} is damaged: what it undoes is not known",
            f"look at the agent's files for 'headroom', then: rm {where.short(path)}",
        )


def _run(where: Where) -> Iterator[Finding]:
    try:
        found = presence.leftovers(where.home)
    except ImportError:
        if any((where.home / presence.FOLDER).glob("*-*")):
            says = "which processes live cannot be told, so whether one has left files"
            yield Finding("leftovers", "attention", says, 'pip install "headroom-ai[proxy]"')
        return
    if found:
        names = ", ".join(path.name for path in found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        says = f"left by processes that have ended, in {where.short(where.home / presence.FOLDER)}: {names}"
        yield Finding("leftovers", "attention", says, "headroom doctor --fix", lambda: _sweep(where.home))


def _sweep(home: Path) -> str:
    found = presence.leftovers(home)
    presence.sweep(home)
    for path in found:
        if not path.is_dir():
            path.unlink(missing_ok=True)
    return f"took away {len(found)} file{'s' * (len(found) != 1)} of processes that have ended"


def _record(where: Where, journal: Journal, record: Record) -> Iterator[Finding]:
    state = journals.state(record)
    undo = f"headroom {'mcp uninstall' if record.purpose == 'mcp' else 'unwrap'} {record.agent}"
    if state in ("undone by someone", "gone"):
        became = "is gone" if state == "gone" else "holds none of it any more"
        says = f"a record of changes for {record.agent}, whose file {where.short(record.file)} {became}"
        yield Finding("leftovers", "attention", says, "headroom doctor --fix", lambda: _drop(where, journal, record))
    elif state == "unreadable":
        says = f"{where.short(record.file)}, which was changed for {record.agent}, cannot be read any more"
        yield Finding("leftovers", "attention", says, f"mend that file, then: {undo}")


def _drop(where: Where, journal: Journal, record: Record) -> str:
    try:
        journal.undo(record.agent, record.purpose)
    except EditError as error:
        return str(error)
    return f"took away the record of {where.short(record.file)}"
