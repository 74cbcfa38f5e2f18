"""The ledger's tables, and how rows get into them; no payload in any column.

* `requests` has one row a request or hidden round. `hours` has their sums, by tag and kind of payment: reports read a few
  thousand rows instead of a million, and old requests can go without changing a sum.
* `kinds` has what was removed and saved by each kind of change, by hour and conversation.
* Money is in whole nano-dollars, so sums are exact; what is not known is counted in `unpriced` and `unknown`.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict

from headroom.ledger.accounting import HIDDEN, Account
from headroom.ledger.entry import Entry
from headroom.ledger.prices import Tokens
from headroom.sqlite_file import Kind

HOUR = 3600
EDITS, FAILURES = 20_000, 20_000
"""Rows kept of each when the file is tidied: the latest."""

_SUMMED = """
    requests INTEGER NOT NULL,      -- the client's own; hidden rounds are not
    rounds INTEGER NOT NULL,        -- hidden ones
    tokens INTEGER NOT NULL,        -- as sent, estimated; 0 where refused
    removed INTEGER NOT NULL,       -- estimated; negative where more was added than removed; 0 where refused
    unbilled INTEGER NOT NULL,      -- requests and rounds, not refused, whose usage the provider did not tell
    fresh INTEGER NOT NULL,         -- as billed, 0 where untold; and so the four below
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    output INTEGER NOT NULL,
    unpriced INTEGER NOT NULL,      -- requests and rounds whose cost is not known
    unknown INTEGER NOT NULL,       -- requests and rounds whose saving is not known
    spent INTEGER NOT NULL,         -- nano-dollars; and so the three below
    saved INTEGER NOT NULL,
    marks_saved INTEGER NOT NULL,
    hidden INTEGER NOT NULL,        -- of spent: by hidden rounds
    errors INTEGER NOT NULL,        -- no answer, or one of status 400 and more
    failures INTEGER NOT NULL,
    retrievals INTEGER NOT NULL,
    edits INTEGER NOT NULL,         -- made for the first time
    breaks INTEGER NOT NULL,        -- 1 where something broke the cached prefix
"""
SUMMED = tuple(line.split()[0] for line in _SUMMED.strip().splitlines())
"""Columns that are summed: in `requests` one row's, in `hours` an hour's."""
_TABLES = (
    f"""CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    hour INTEGER NOT NULL,          -- since 1970
    subscription INTEGER NOT NULL,  -- 1: its money is what an API key would have cost
    tag TEXT NOT NULL, {_SUMMED}
    at REAL NOT NULL,               -- Unix seconds
    added_ms REAL NOT NULL, first_byte_ms REAL NOT NULL, total_ms REAL NOT NULL,
    round INTEGER NOT NULL, status INTEGER NOT NULL, streamed INTEGER NOT NULL,
    conversation TEXT NOT NULL, agent TEXT NOT NULL, provider TEXT NOT NULL, route TEXT NOT NULL,
    model TEXT NOT NULL, tier TEXT NOT NULL, cache_break TEXT NOT NULL
)""",
    "CREATE INDEX requests_hour ON requests (hour)",
    "CREATE INDEX requests_conversation ON requests (conversation, hour, at)",
    f"""CREATE TABLE hours (
    hour INTEGER NOT NULL, subscription INTEGER NOT NULL, tag TEXT NOT NULL, {_SUMMED}
    PRIMARY KEY (hour, subscription, tag)
) WITHOUT ROWID""",
    """CREATE TABLE kinds (
    hour INTEGER NOT NULL, conversation TEXT NOT NULL, tag TEXT NOT NULL, subscription INTEGER NOT NULL, kind TEXT NOT NULL,
    requests INTEGER NOT NULL, removed INTEGER NOT NULL, saved INTEGER NOT NULL, unknown INTEGER NOT NULL,
    PRIMARY KEY (hour, conversation, tag, subscription, kind)
) WITHOUT ROWID""",
    """CREATE TABLE edits (
    id INTEGER PRIMARY KEY, hour INTEGER NOT NULL, at REAL NOT NULL, conversation TEXT NOT NULL, tag TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE, handle TEXT NOT NULL, compressor TEXT NOT NULL, tool TEXT NOT NULL, lossless INTEGER NOT NULL,
    tokens_before INTEGER NOT NULL, tokens_after INTEGER NOT NULL
)""",
    """CREATE TABLE failures (
    id INTEGER PRIMARY KEY, hour INTEGER NOT NULL, at REAL NOT NULL, conversation TEXT NOT NULL, tag TEXT NOT NULL,
    place TEXT NOT NULL, reason TEXT NOT NULL
)""",
)

LEDGER = Kind(
    name="ledger",
    application=0x4844524C,  # `HDRL`
    version=1,
    schema=_TABLES,
    wal_limit=16 * 2**20,
    room="",
)

_REQUEST = (
    *(
        "hour",
        "subscription",
        "tag",
        *SUMMED,
        "at",
        "added_ms",
        "first_byte_ms",
        "total_ms",
        "round",
        "status",
        "streamed",
    ),
    *("conversation", "agent", "provider", "route", "model", "tier", "cache_break"),
)
_HOUR = _REQUEST[: 3 + len(SUMMED)]
_INSERT_REQUEST = f"INSERT INTO requests ({', '.join(_REQUEST)}) VALUES ({', '.join('?' * len(_REQUEST))})"  # noqa: S608 - constants
_ADD_HOUR = (
    f"INSERT INTO hours ({', '.join(_HOUR)}) VALUES ({', '.join('?' * len(_HOUR))}) ON CONFLICT DO UPDATE SET "  # noqa: S608 - constants
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in SUMMED)
)
_ADD_KIND = """INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    requests = requests + excluded.requests, removed = removed + excluded.removed, saved = saved + excluded.saved,
    unknown = unknown + excluded.unknown"""
_INSERT_EDIT = """INSERT INTO edits (hour, at, conversation, tag, key, handle, compressor, tool, lossless, tokens_before,
    tokens_after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING"""
_INSERT_FAILURE = "INSERT INTO failures (hour, at, conversation, tag, place, reason) VALUES (?, ?, ?, ?, ?, ?)"


def add(connection: sqlite3.Connection, entry: Entry, account: Account) -> None:
    """Write one request with what belongs to it."""
    hour = int(entry.at // HOUR)
    row = _request(entry, account, hour)
    connection.execute(_INSERT_REQUEST, row)
    connection.execute(_ADD_HOUR, row[: len(_HOUR)])
    connection.executemany(_ADD_KIND, _kinds(entry, account, hour))
    where = (hour, entry.at, entry.conversation, entry.tag)
    connection.executemany(
        _INSERT_EDIT,
        (
            (
                *where,
                edit.key,
                edit.handle,
                edit.compressor,
                edit.tool,
                edit.lossless,
                edit.tokens_before,
                edit.tokens_after,
            )
            for edit in entry.edits
        ),
    )
    connection.executemany(_INSERT_FAILURE, ((*where, one.where, one.reason) for one in entry.failures))


def _request(entry: Entry, account: Account, hour: int) -> list[object]:
    own = entry.round == 0
    tokens = Tokens() if entry.usage is None else Tokens.of(entry.usage)
    values: dict[str, object] = {
        **tokens._asdict(),
        "hour": hour,
        "at": entry.at,
        "subscription": entry.subscription,
        "requests": own,
        "rounds": not own,
        "tokens": 0 if entry.refused else sum(segment.tokens for segment in entry.segments),
        "removed": 0 if entry.refused else sum(segment.removed for segment in entry.segments),
        "unbilled": entry.usage is None and not entry.refused,
        "unpriced": account.spent is None,
        "unknown": account.saved is None,
        "spent": account.spent or 0,
        "saved": account.saved or 0,
        "marks_saved": account.marks_saved or 0,
        "hidden": 0 if own else account.spent or 0,
        "errors": not 0 < entry.status < 400,
        "failures": len(entry.failures),
        "edits": len(entry.edits),
        "breaks": bool(entry.cache_break),
        "tier": "" if entry.usage is None else entry.usage.service_tier,
    }
    return [values[name] if name in values else getattr(entry, name) for name in _REQUEST]


def _kinds(entry: Entry, account: Account, hour: int) -> list[tuple[object, ...]]:
    if entry.refused:
        return []
    removed: dict[str, int] = defaultdict(int)
    for segment in entry.segments:
        if segment.removed:
            removed[segment.kind] += segment.removed
    kinds = [HIDDEN] if entry.round else list(dict.fromkeys([*removed, *account.by_kind]))
    where = (hour, entry.conversation, entry.tag, entry.subscription)
    unknown = account.saved is None
    return [(*where, kind, 1, removed[kind], account.by_kind.get(kind, 0), unknown) for kind in kinds]


def fold(connection: sqlite3.Connection, until: int) -> None:
    """Forget single requests before hour `until`; sums over all requests stay as they are, those of kinds by the day."""
    if connection.execute("SELECT 1 FROM requests WHERE hour < ? LIMIT 1", (until,)).fetchone() is None:
        return
    for table in ("requests", "edits", "failures"):
        connection.execute(f"DELETE FROM {table} WHERE hour < ?", (until,))  # noqa: S608 - constants
    connection.execute(
        "CREATE TEMP TABLE folded AS SELECT hour / 24 * 24, '', tag, subscription, kind, sum(requests), sum(removed),"
        " sum(saved), sum(unknown) FROM kinds WHERE hour < ? GROUP BY hour / 24, tag, subscription, kind",
        (until,),
    )
    connection.execute("DELETE FROM kinds WHERE hour < ?", (until,))
    connection.execute("INSERT INTO kinds SELECT * FROM folded")
    connection.execute("DROP TABLE folded")


def trim(connection: sqlite3.Connection) -> None:
    """Keep the latest edits and failures only; their numbers stay in the sums."""
    for table, most in (("edits", EDITS), ("failures", FAILURES)):
        connection.execute(f"DELETE FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - ?", (most,))  # noqa: S608 - constants
