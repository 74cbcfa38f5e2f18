"""What the ledger tells: the queries behind `/stats`, `/metrics`, the dashboard and `headroom perf --live`.

What each figure means stands in `figures`. `Filter.since` is rounded down to the hour (UTC). Single requests, and so
conversations, are forgotten after a year (`Ledger`); sums are not.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import Any, Literal

from headroom.ledger.accounting import NANO
from headroom.ledger.figures import (
    Bucket,
    Conversation,
    EditRow,
    FailureCount,
    Filter,
    Kind,
    Latency,
    Money,
    Spread,
    Totals,
)
from headroom.ledger.histogram import Histogram, Histograms
from headroom.ledger.tables import HOUR, LEDGER, SUMMED
from headroom.sqlite_file import SqliteFile

__all__ = [
    "EVERYTHING",
    "Bucket",
    "Conversation",
    "EditRow",
    "FailureCount",
    "Filter",
    "Kind",
    "Latency",
    "Money",
    "Report",
    "Spread",
    "Totals",
]

EVERYTHING = Filter()
LATEST = 10_000
"""Requests that `latency` looks at."""


class Report:
    """Reads the ledger; has a connection of its own, so that no request waits for a report.

    Every method raises `StoreError` where the file cannot be read, and gives empty results where nothing was written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Name the ledger's file; nothing is opened yet."""
        self._file = SqliteFile(path, LEDGER)
        self._histograms = Histograms(self._file)

    def totals(self, which: Filter = EVERYTHING) -> Totals:
        """Everything summed up."""
        return _totals(self._rows(f"SELECT subscription, {_SUMS} FROM {{sums}} WHERE {{where}} GROUP BY 1", which))  # noqa: S608 - constants

    def series(
        self, by: Literal["hour", "day"] = "day", which: Filter = EVERYTHING, utc_offset: int = 0
    ) -> list[Bucket]:
        """Sums over time, oldest first; hours and days in which nothing was sent are left out.

        Args:
            by: the length of a bucket.
            which: the requests.
            utc_offset: hours by which local time is ahead of UTC; days begin at local midnight.
        """
        hours = {"hour": 1, "day": 24}[by]
        rows = self._rows(
            f"SELECT (hour + :offset) / :hours AS grouped, subscription, {_SUMS} FROM {{sums}} WHERE {{where}} GROUP BY 1, 2",  # noqa: S608 - constants
            which,
            offset=utc_offset,
            hours=hours,
        )
        return [Bucket((at * hours - utc_offset) * HOUR, _totals(group)) for at, group in _grouped(rows)]

    def kinds(self, which: Filter = EVERYTHING) -> list[Kind]:
        """What each kind of change did, the largest saving first."""
        rows = self._rows(
            "SELECT kind AS grouped, subscription, sum(requests) AS requests, sum(removed) AS removed, sum(saved) AS saved,"
            " sum(unknown) AS unknown FROM kinds WHERE {where} GROUP BY 1, 2",
            which,
        )
        found = [_kind(name, group) for name, group in _grouped(rows)]
        return sorted(found, key=lambda kind: (-(kind.saved or 0), -(kind.equivalent or 0), -kind.removed, kind.kind))

    def conversations(self, which: Filter = EVERYTHING, limit: int = 50) -> list[Conversation]:
        """Conversations, the most recent first."""
        recent = self._rows(
            "SELECT conversation, max(id) AS last_id, min(at) AS first, max(at) AS last FROM requests"
            " WHERE {where} AND conversation != '' GROUP BY 1 ORDER BY last_id DESC LIMIT :limit",
            which,
            limit=limit,
        )
        names = [row["conversation"] for row in recent]
        sums = self._among(
            "conversation", names, f"conversation AS grouped, subscription, {_SUMS}", "GROUP BY 1, 2", which
        )
        totals = {name: _totals(group) for name, group in _grouped(sums)}
        last = {row["id"]: row for row in self._among("id", [row["last_id"] for row in recent], "*", "", which)}
        breaks = self._among(
            "conversation", names, "conversation, max(id), cache_break", "AND cache_break != '' GROUP BY 1", which
        )
        broken = {row["conversation"]: row["cache_break"] for row in breaks}
        return [
            Conversation(
                row["conversation"],
                last[row["last_id"]]["tag"],
                last[row["last_id"]]["agent"],
                last[row["last_id"]]["provider"],
                last[row["last_id"]]["model"],
                row["first"],
                row["last"],
                totals[row["conversation"]],
                broken.get(row["conversation"], ""),
            )
            for row in recent
            if row["last_id"] in last and row["conversation"] in totals  # another process may be folding
        ]

    def edits(self, which: Filter = EVERYTHING, limit: int = 50) -> list[EditRow]:
        """Edits, the latest first."""
        rows = self._rows(
            "SELECT at, conversation, tag, key, handle, compressor, tool, lossless, tokens_before, tokens_after FROM edits"
            " WHERE {where} ORDER BY id DESC LIMIT :limit",
            which,
            limit=limit,
        )
        return [EditRow(**{**row, "lossless": bool(row["lossless"])}) for row in rows]

    def failures(self, which: Filter = EVERYTHING, limit: int = 50) -> list[FailureCount]:
        """Failures by kind, the most frequent first."""
        rows = self._rows(
            "SELECT place, reason, count(*) AS count, max(at) AS last FROM failures WHERE {where} GROUP BY 1, 2"
            " ORDER BY 3 DESC, 4 DESC LIMIT :limit",
            which,
            limit=limit,
        )
        return [FailureCount(row["place"], row["reason"], row["count"], row["last"]) for row in rows]

    def latency(self, which: Filter = EVERYTHING) -> Latency:
        """How long the latest requests took; hidden rounds are within the request that they belong to."""
        rows = self._rows(
            "SELECT added_ms, first_byte_ms FROM requests WHERE {where} AND round = 0 ORDER BY id DESC LIMIT :limit",
            which,
            limit=LATEST,
        )
        return Latency(_spread([row["added_ms"] for row in rows]), _spread([row["first_byte_ms"] for row in rows]))

    def histograms(self) -> dict[str, Histogram]:
        """How long requests took, by the name of the time; see `ledger.histogram`."""
        return self._histograms.read()

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        self._file.close()

    def _rows(self, query: str, which: Filter, **values: object) -> list[sqlite3.Row]:
        where = ["hour >= :since"]
        where += [f"{name} = :{name}" for name in ("tag", "conversation") if getattr(which, name) is not None]
        values |= {"since": int(which.since // HOUR), "tag": which.tag, "conversation": which.conversation}
        with self._file.session() as connection:
            sums = "hours" if which.conversation is None else "requests"
            cursor = connection.execute(query.format(where=" AND ".join(where), sums=sums), values)
            cursor.row_factory = sqlite3.Row
            return cursor.fetchall()

    def _among(self, column: str, names: Sequence[object], columns: str, rest: str, which: Filter) -> list[sqlite3.Row]:
        """Rows of `requests` whose `column` is one of `names`."""
        marks = {f"name{at}": name for at, name in enumerate(names)}
        among = ", ".join(f":{mark}" for mark in marks)
        query = f"SELECT {columns} FROM requests WHERE {{where}} AND {column} IN ({among}) {rest}"  # noqa: S608 - constants
        return self._rows(query, which, **marks)


_SUMS = ", ".join(f"sum({name}) AS {name}" for name in SUMMED)


def _spread(values: list[float]) -> Spread | None:
    if not values:
        return None
    values.sort()
    return Spread(len(values), *(values[ceil(share * len(values)) - 1] for share in (0.5, 0.9, 0.99, 1.0)))


def _grouped(rows: Sequence[sqlite3.Row]) -> Iterator[tuple[Any, list[sqlite3.Row]]]:
    """Rows by their column `grouped`, in the order in which its values first come."""
    groups: dict[Any, list[sqlite3.Row]] = {}
    for row in rows:
        groups.setdefault(row["grouped"], []).append(row)
    yield from groups.items()


def _totals(rows: Sequence[sqlite3.Row]) -> Totals:
    """Sums over one row for each kind of payment, of which there may be none, one or two."""
    sums: list[list[int]] = [[0] * len(SUMMED), [0] * len(SUMMED)]
    for row in rows:
        sums[row["subscription"]] = list(row[-len(SUMMED) :])
    paid, subscribed = (dict(zip(SUMMED, one, strict=True)) for one in sums)
    counts = {name: paid[name] + subscribed[name] for name in _COUNTS}
    return Totals(**counts, money=_money(paid), equivalent=_money(subscribed))


_MONEY = ("spent", "saved", "marks_saved", "hidden", "unpriced", "unknown")
_COUNTS = tuple(name for name in SUMMED if name not in _MONEY)


def _money(sums: Mapping[str, int]) -> Money:
    every = sums["requests"] + sums["rounds"]
    priced, known = every > sums["unpriced"], every > sums["unknown"]
    return Money(
        sums["spent"] / NANO if priced else None,
        sums["saved"] / NANO if known else None,
        sums["marks_saved"] / NANO if priced else None,
        sums["hidden"] / NANO if priced else None,
        sums["unpriced"],
        sums["unknown"],
    )


def _kind(name: str, rows: Sequence[sqlite3.Row]) -> Kind:
    saved: dict[int, float] = {
        row["subscription"]: row["saved"] / NANO for row in rows if row["requests"] > row["unknown"]
    }
    requests, removed, unknown = (sum(row[column] for row in rows) for column in ("requests", "removed", "unknown"))
    return Kind(name, requests, removed, saved.get(0), saved.get(1), unknown)
