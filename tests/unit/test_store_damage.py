"""A file that is damaged, another program's or a newer version's: refused, left as it is, and never read wrong."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from headroom.blocks import Decision
from headroom.compression.markers import handle_of
from headroom.errors import StoreError, UnknownHandleError
from headroom.originals.schema import STORE
from headroom.originals.sqlite import SqliteStore
from headroom.originals.store import digest


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "store.sqlite3")


def keep(store: SqliteStore, text: str, output: str | None = "short") -> str:
    """Put a text and a decision on it; gives back its handle."""
    handle = handle_of(text)
    store.put({handle: text}, [Decision(digest(text), output, handle=handle)])
    return handle


def noise(seed: int, size: int) -> str:
    """Text that does not pack well."""
    return random.Random(seed).randbytes(size // 2).hex()


def change(store: SqliteStore, statement: str, *values: object) -> None:
    """Change the file behind the store's back."""
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(statement, values)


@pytest.mark.parametrize(
    "content", [b"not a database at all\n" * 100, b"SQLite format 3\x00" + b"\xff" * 5000, os.urandom(4096)]
)
def test_a_file_of_garbage_is_refused_and_left_alone(store: SqliteStore, content: bytes) -> None:
    store.path.write_bytes(content)
    for call in (
        lambda: keep(store, "text"),
        lambda: store.decisions(["k"]),
        lambda: store.original("0" * 12),
        store.stats,
        store.purge,
    ):
        with pytest.raises(StoreError, match="Move it aside"):
            call()
    assert len(store.verify().problems) == 1
    assert store.path.read_bytes() == content
    store.path.unlink()  # as the message says
    assert store.original(keep(store, "text")) == "text"


def test_a_file_that_is_empty_becomes_a_store(store: SqliteStore) -> None:
    store.path.touch()
    assert store.original(keep(store, "text")) == "text"


def test_the_database_of_another_program_is_refused_and_left_alone(store: SqliteStore) -> None:
    change(store, "CREATE TABLE notes (text)")
    content = store.path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        keep(store, "text")
    assert store.path.read_bytes() == content


def test_a_newer_schema_is_refused_and_left_alone(store: SqliteStore) -> None:
    handle = keep(store, "text")
    change(store, f"PRAGMA user_version = {STORE.version + 1}")
    assert store.original(handle) == "text"  # open before the upgrade: the tables are still there
    with pytest.raises(StoreError, match=r"newer Headroom.*upgrade"):
        SqliteStore(store.path).original(handle)
    change(store, f"PRAGMA user_version = {STORE.version}")
    assert SqliteStore(store.path).original(handle) == "text"


def test_two_texts_with_one_handle(store: SqliteStore) -> None:
    handle = keep(store, "mine")
    change(store, "UPDATE originals SET sha = zeroblob(32) WHERE handle = ?", handle)
    with pytest.raises(StoreError, match="already belongs to another text"):
        store.put({handle: "mine", handle_of("other"): "other"}, [Decision("k", "x", handle=handle)])
    assert store.decisions(["k"]) == {}
    with pytest.raises(UnknownHandleError):
        store.original(handle_of("other"))


def test_an_original_that_is_not_what_was_stored_is_never_given_back(store: SqliteStore) -> None:
    good, bad, swapped = keep(store, "good"), keep(store, noise(1, 4_000)), keep(store, "swapped")
    (packed,) = sqlite3.connect(store.path).execute("SELECT packed FROM originals WHERE handle = ?", (bad,)).fetchone()
    change(
        store,
        "UPDATE originals SET packed = ? WHERE handle = ?",
        packed[:900] + bytes([packed[900] ^ 1]) + packed[901:],
        bad,
    )
    change(
        store,
        "UPDATE originals SET packed = (SELECT packed FROM originals WHERE handle = ?) WHERE handle = ?",
        good,
        swapped,
    )
    for handle in (bad, swapped):
        with pytest.raises(StoreError, match="run `verify`"):
            store.original(handle)
    assert store.original(good) == "good"
    problems = store.verify().problems
    assert len(problems) == 2
    assert [handle for handle in (good, bad, swapped) if any(handle in problem for problem in problems)] == [
        bad,
        swapped,
    ]


def test_a_decision_with_a_flipped_bit_is_never_replayed(store: SqliteStore) -> None:
    keep(store, "text", noise(2, 2_000))
    (packed,) = sqlite3.connect(store.path).execute("SELECT packed FROM decisions").fetchone()
    change(store, "UPDATE decisions SET packed = ?", packed[:-30] + bytes([packed[-30] ^ 4]) + packed[-29:])
    with pytest.raises(StoreError, match="run `verify`"):
        SqliteStore(store.path).decisions([digest("text")])
    assert any(digest("text") in problem for problem in store.verify().problems)


def test_a_decision_whose_original_is_gone_is_not_used_and_made_anew(store: SqliteStore) -> None:
    handle = keep(store, "text", "old words")
    for statement in ("DROP TRIGGER original_gone", "DELETE FROM originals"):
        change(store, statement)
    fresh = SqliteStore(store.path)
    assert fresh.decisions([digest("text")]) == {}
    assert [digest("text") in problem for problem in fresh.verify().problems] == [True]
    anew = Decision(digest("text"), "new words", handle=handle)
    other = {handle: "text"}
    with pytest.raises(StoreError, match="put it together with its text"):
        fresh.put({}, [anew])
    assert fresh.put(other, [anew])[digest("text")].text == "old words"  # its original is back, so it stands
    assert fresh.verify().problems == []


def test_deleting_an_original_takes_its_decisions_along(store: SqliteStore) -> None:
    handle = keep(store, "text")
    store.put({}, [Decision("other", "x", handle=handle), Decision("free", "y")])
    assert len(store.decisions([digest("text"), "other", "free"])) == 3
    change(store, "DELETE FROM originals WHERE handle = ?", handle)
    assert store.decisions([digest("text"), "other", "free"]).keys() == {"free"}


@pytest.mark.parametrize("seed", range(6))
def test_corrupt_pages_never_give_wrong_text(store: SqliteStore, seed: int) -> None:
    texts = {handle_of(text): text for text in (noise(number, 9_000) for number in range(20))}
    store.put(texts, [Decision(digest(text), text[:500], handle=handle) for handle, text in texts.items()])
    store.close()
    chance = random.Random(seed)
    content = bytearray(store.path.read_bytes())
    for _ in range(3):
        page = chance.randrange(1, len(content) // 4096) * 4096
        content[page : page + 4096] = chance.randbytes(4096)
    store.path.write_bytes(content)
    said = []
    for handle, text in texts.items():
        try:
            assert store.original(handle) == text
        except StoreError as error:
            said.append(str(error))
        try:
            assert all(decision.text == text[:500] for decision in store.decisions([digest(text)]).values())
        except StoreError as error:
            said.append(str(error))
    assert store.verify().problems or not said
    assert len(store.path.read_bytes()) == len(content)  # damaged, and still there
