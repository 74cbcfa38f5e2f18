"""What we keep on this machine: the settings, the folder, the store of originals, the ledger, and what failed lately."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from headroom import config
from headroom.agents import TABLE as AGENTS
from headroom.doctor.finding import Finding, Where
from headroom.errors import HeadroomError, StoreError
from headroom.ledger.figures import FailureCount, Filter
from headroom.ledger.prices import Prices
from headroom.ledger.report import Report
from headroom.originals.sqlite import SqliteStore
from headroom.perf.live import advice
from headroom.proxy import options
from headroom.settings import Settings

_LATELY: Final = 7 * 86_400
"""Seconds in which a failure is told."""
_MOST: Final = 5
"""Problems of one kind that are listed."""
_WHOLE: Final = 200_000_000
"""Bytes of a store up to which every original is read and hashed: two seconds."""
_ROOM: Final = 200_000_000
"""Free bytes on the disk below which a store will soon fail."""


def check(where: Where) -> Iterator[Finding]:
    """Settings first: the rest goes by them."""
    yield from _settings(where)
    closed = _closed(where.home)
    if closed:
        says = f"{where.short(closed)}: nothing can be kept, so nothing is compressed"
        yield Finding("folder", "broken", says, "mend that, or name another folder by HEADROOM_HOME")
    elif where.home.exists() and (free := shutil.disk_usage(where.home).free) < _ROOM:
        says = f"{free / 1e6:,.0f} MB free on the disk of {where.short(where.home)}"
        yield Finding("folder", "attention", says, "make room: what cannot be kept is not compressed")
    yield from _store(where)
    yield from _ledger(where)


def _settings(where: Where) -> Iterator[Finding]:
    path = where.home / "config.toml"
    try:
        settings = config.settings()
        options.from_table(config.table("proxy"), settings)
        Prices(config.table("prices"))
    except HeadroomError as error:
        yield Finding("settings", "broken", where.short(str(error)), f"edit {where.short(path)}")
        return
    whose = "defaults" if settings == Settings() else "your own"
    yield Finding("settings", "ok", f"{whose}, level {settings.level} ({where.short(path)})")


def _closed(home: Path) -> str:
    """Why the folder cannot be written, as far as that shows without writing; empty: it can."""
    nearest = next(parent for parent in (home, *home.parents) if os.path.lexists(parent))
    if not nearest.is_dir():
        return f"{nearest} is not a folder"
    files = [home / name for name in ("store.sqlite3", "ledger.sqlite3")]
    closed = next((each for each in (nearest, *files) if each.exists() and not os.access(each, os.W_OK)), None)
    return f"{closed} may not be written to" if closed else ""


def _store(where: Where) -> Iterator[Finding]:
    path = config.store_path()
    if not path.exists():
        yield Finding("store", "ok", f"nothing kept yet ({where.short(path)})")
        return
    store = SqliteStore(path)
    aside = "Move it aside, with its -wal and -shm files; a new one is begun. What it held cannot be had back then"
    try:
        kept = store.stats()
    except StoreError as error:
        yield _unusable(where, "store", error)
        return
    whole = where.full or kept.bytes <= _WHOLE
    problems = store.verify(whole=whole).problems
    for problem in problems[:_MOST]:
        yield Finding("store", "broken", where.short(problem), aside)
    if problems[_MOST:]:
        yield Finding("store", "broken", f"and {len(problems) - _MOST:,} more problems", aside)
    if not problems:
        age = f", not used for up to {_ago(kept.oldest.timestamp())}" if kept.oldest else ""
        sound = "every one is as it was stored" if whole else "its structure is sound; --full reads every one"
        size = f"{kept.originals:,} originals, {kept.decisions:,} decisions, {kept.bytes / 1e6:,.1f} MB{age}"
        yield Finding("store", "ok", f"{size}; {sound} ({where.short(path)})")


def _ledger(where: Where) -> Iterator[Finding]:
    path = config.ledger_path()
    if not path.exists():
        return
    report = Report(path)
    since = time.time() - _LATELY
    try:
        totals, failures = report.totals(), report.failures(Filter(since), limit=_MOST)
        tags = {each.tag for each in report.conversations(Filter(since), limit=500) if each.totals.failures}
    except StoreError as error:
        yield _unusable(where, "ledger", error)
        return
    yield Finding("ledger", "ok", f"{totals.requests:,} requests ({where.short(path)})")
    yield from (_failure(each, tags) for each in failures)


def _unusable(where: Where, name: str, error: StoreError) -> Finding:
    """A file's own error says what is wrong in its first sentence, and what to do in the others."""
    says, _, advice = str(error).partition(". ")
    return Finding(name, "broken", where.short(says), advice or "look at that file")


def _failure(failure: FailureCount, tags: set[str]) -> Finding:
    times = "once" if failure.count == 1 else f"{failure.count:,} times"
    when = f"{times}, last {_ago(failure.last)} ago"
    if failure.where == "prefix" and failure.reason.endswith("prefix_binding"):
        names = sorted({tag.rpartition("-")[0] for tag in tags}.intersection(AGENTS))
        commands = [go_on(name) for name in names] or ["headroom wrap AGENT -- its own way to resume"]
        says = (
            f'the provider refused a conversation, 400 "bound to a different conversation" ({when}): its signed reasoning'
            " belongs to the very text it was sent. A session that went through the proxy goes on through it, one that did"
            " not goes on without"
        )
        return Finding("failures", "attention", says, f"{' or '.join(commands)}; or begin a new session")
    says = f"{failure.where}: {failure.reason} ({when})"
    return Finding("failures", "attention", says, advice(failure.where, failure.reason))


def go_on(name: str) -> str:
    """What goes on with an agent's session through the proxy."""
    return f"headroom wrap {name} -- {AGENTS[name].resume.format(session='SESSION')}"


def _ago(at: float) -> str:
    seconds = max(0.0, datetime.now(tz=timezone.utc).timestamp() - at)
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'s' * (number != 1)}"
    return "a minute"
