"""What every store promises, asked of both; then the limits and the upkeep of the SQLite one."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headroom.blocks import Decision
from headroom.compression.markers import handle_of
from headroom.errors import SettingsError, StoreError, UnknownHandleError
from headroom.originals.sqlite import Purged, SqliteStore
from headroom.originals.store import MemoryStore, Store, digest

HOURS_A_DAY = 24


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "store.sqlite3")


@pytest.fixture
def sqlite(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "store.sqlite3")


def again(store: Store) -> Store:
    """The same store as another process would open it."""
    return SqliteStore(store.path) if isinstance(store, SqliteStore) else store


def keep(store: Store, text: str, key: str | None = None, output: str | None = "short") -> str:
    """Put a text and a decision on it; gives back its handle."""
    handle = handle_of(text)
    store.put(
        {handle: text},
        [Decision(key or digest(text), output, "logs", lossless=False, handle=handle, tokens_before=9, tokens_after=2)],
    )
    return handle


def edit(store: SqliteStore, statement: str, *values: object) -> None:
    """Change the file behind the store's back."""
    with closing(sqlite3.connect(store.path)) as database, database:
        database.execute(statement, values)


def grow_old(store: SqliteStore, hours: int, *handles: str) -> None:
    """Let these originals, and the decisions on them, have been used `hours` earlier than they were."""
    for handle in handles:
        edit(store, "UPDATE originals SET used = used - ? WHERE handle = ?", hours, handle)
        edit(store, "UPDATE decisions SET used = used - ? WHERE handle = ?", hours, handle)


def test_what_was_put_comes_back_as_it_was(store: Store) -> None:
    text = "a\r\nb\x00\ud800 é \U0001f600\n" * 50
    handle = handle_of(text)
    lossy = Decision("k1", "a … \udcff", "logs", lossless=False, handle=handle, tokens_before=50, tokens_after=3)
    stays = Decision("k2", None)
    empty = Decision("k3", "", "repeats", handle=handle)
    assert store.put({handle: text}, [lossy, stays, empty]) == {"k1": lossy, "k2": stays, "k3": empty}
    for reader in (store, again(store)):
        assert reader.original(handle) == text
        assert reader.decisions(["k3", "nothing", "k2", "k1", "k1"]) == {"k1": lossy, "k2": stays, "k3": empty}
        assert reader.decisions([]) == {}


@given(text=st.text(st.characters(), max_size=300) | st.text(st.sampled_from("\ud800\udfff\x00\r\n😀a"), max_size=50))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_read_back_byte_for_byte(store: Store, text: str) -> None:
    handle = keep(store, text, output=text)
    assert again(store).original(handle) == text
    assert again(store).decisions([digest(text)])[digest(text)].text == text


def test_an_original_of_20_mb_is_read_back(store: Store) -> None:
    text = "".join(f"{number:x} request {number * 7919 % 1000003}\n" for number in range(800_000))
    assert len(text) > 16_000_000
    assert again(store).original(keep(store, text)) == text


def test_the_first_decision_stands(store: Store) -> None:
    first, second = Decision("k", "one", "logs"), Decision("k", "two", "json")
    assert store.put({}, [first]) == {"k": first}
    assert store.put({}, [second]) == {"k": first}
    assert again(store).put({}, [second]) == {"k": first}
    assert again(store).decisions(["k"]) == {"k": first}
    assert store.put({}, [Decision("j", None), Decision("j", "late")]) == {"j": Decision("j", None)}


def test_only_texts_that_a_decision_produced_are_ours(store: Store) -> None:
    keep(store, "original", output="what the model reads")
    store.put({}, [Decision("refused", None)])
    asked = [digest(text) for text in ("what the model reads", "original", "what the model read", "")]
    assert again(store).ours(asked) == {digest("what the model reads")}
    assert store.ours([]) == set()


@pytest.mark.parametrize(
    "handle", ["0123456789ab", "", "h:0123456789ab", "0123456789AB", "\ud800", "'; DROP TABLE originals; --"]
)
def test_a_handle_that_no_original_has_says_what_to_do(store: Store, handle: str) -> None:
    with pytest.raises(UnknownHandleError, match="no original has the handle"):
        store.original(handle)


def test_a_text_under_a_handle_not_its_own_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="not the handle of the text"):
        store.put({handle_of("a"): "b"}, [Decision("k", "x")])
    assert store.decisions(["k"]) == {}


def test_a_decision_without_its_original_is_refused_with_all_that_came_with_it(store: Store) -> None:
    with pytest.raises(StoreError, match="put it together with its text"):
        store.put({handle_of("a"): "a"}, [Decision("k", "x"), Decision("j", "y", handle=handle_of("b"))])
    assert store.decisions(["k", "j"]) == {}
    with pytest.raises(UnknownHandleError):
        store.original(handle_of("a"))
    handle = keep(store, "b")
    assert store.put({}, [Decision("j", "y", handle=handle)]) == {"j": Decision("j", "y", handle=handle)}


def test_more_keys_than_one_statement_takes(store: Store) -> None:
    decisions = [Decision(f"{number:032x}", f"text {number}") for number in range(1_300)]
    keys = [decision.key for decision in decisions]
    assert store.put({}, decisions) == dict(zip(keys, decisions, strict=True))
    assert again(store).decisions(keys) == dict(zip(keys, decisions, strict=True))
    assert len(store.ours([digest(f"text {number}") for number in range(1_300)])) == len(keys)


# What follows is about the SQLite store alone.


def test_naming_a_store_touches_nothing(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "new" / "store.sqlite3")
    assert list(tmp_path.iterdir()) == []


def test_the_file_and_its_folder_are_the_owners_alone(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "deep" / "er" / "store.sqlite3")
    keep(store, "secret")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in store.path.parent.iterdir()}
    assert modes == dict.fromkeys(("store.sqlite3", "store.sqlite3-wal", "store.sqlite3-shm"), 0o600)
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700


def test_a_file_that_others_could_read_is_closed_to_them(sqlite: SqliteStore) -> None:
    sqlite.path.touch(0o666)
    sqlite.path.chmod(0o666)
    keep(sqlite, "secret")
    assert {stat.S_IMODE(file.stat().st_mode) for file in sqlite.path.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("limits", [{"max_bytes": 0}, {"max_age_days": 0}, {"max_age_days": float("nan")}])
def test_limits_are_above_zero(tmp_path: Path, limits: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        SqliteStore(tmp_path / "store.sqlite3", **limits)


def test_what_was_not_used_for_longer_than_the_age_limit_goes(sqlite: SqliteStore) -> None:
    old, live = keep(sqlite, "old"), keep(sqlite, "live")
    grow_old(sqlite, 31 * HOURS_A_DAY, old)
    grow_old(sqlite, 29 * HOURS_A_DAY, live)
    fresh = SqliteStore(sqlite.path)
    keep(fresh, "new")  # the first put of a process looks at the limits
    assert fresh.original(live) == "live"
    with pytest.raises(UnknownHandleError):
        fresh.original(old)
    for reader in (fresh, sqlite, SqliteStore(sqlite.path)):
        assert set(reader.decisions([digest("old"), digest("live"), digest("new")])) == {digest("live"), digest("new")}
        assert reader.ours([digest("short")]) == {digest("short")}


@pytest.mark.parametrize("use", ["decisions", "original", "put"])
def test_age_counts_from_the_last_use(sqlite: SqliteStore, use: str) -> None:
    handle = keep(sqlite, "in use")
    grow_old(sqlite, 29 * HOURS_A_DAY, handle)
    user = SqliteStore(sqlite.path)
    if use == "decisions":
        assert user.decisions([digest("in use")])
    elif use == "original":
        assert user.original(handle) == "in use"
    else:
        keep(user, "in use")
    grow_old(sqlite, 29 * HOURS_A_DAY, handle)
    keep(SqliteStore(sqlite.path), "new")
    assert sqlite.original(handle) == "in use"


def test_the_size_cap_takes_what_was_used_longest_ago(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite3", max_bytes=40_000)
    texts = ["".join(digest(f"{number} {line}") for line in range(300)) for number in range(30)]
    handles = [keep(store, text) for text in texts[:6]]
    grow_old(store, 5, *handles[1:])  # the first is used last
    grow_old(store, 2, handles[0])
    handles += [keep(SqliteStore(store.path, max_bytes=40_000), text) for text in texts[6:10]]
    left = {handle for handle in handles if handle in _stored(store)}
    assert {handles[0], *handles[6:]} <= left
    assert handles[1] not in left
    alone = SqliteStore(store.path, max_bytes=40_000)
    for text in texts[10:]:  # one process keeps the cap at every put, and what it has just put
        assert alone.original(keep(alone, text)) == text
        assert alone.stats().bytes <= 40_000
    assert store.verify().problems == []


def test_what_a_put_refers_to_is_not_swept_by_it(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite3", max_bytes=40_000)
    texts = ["".join(digest(f"{number} {line}") for line in range(300)) for number in range(20)]
    first = keep(store, texts[0])
    for number, text in enumerate(texts[1:]):
        store.put({handle_of(text): text}, [Decision(f"{number:032x}", "again", handle=first)])
        assert store.original(first) == texts[0]


def test_decisions_that_need_no_original_count_against_the_cap(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite3", max_bytes=30_000)
    for start in range(0, 400, 20):
        store.put({}, [Decision(f"{number:032x}", None) for number in range(start, start + 20)])
        assert store.stats().bytes <= 30_000
    assert list(store.decisions([f"{number:032x}" for number in range(400)]))[-1] == f"{399:032x}"


def test_a_put_larger_than_the_whole_store_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite3", max_bytes=20_000)
    small = keep(store, "small")
    with pytest.raises(StoreError, match="raise max_bytes"):
        keep(store, "".join(digest(str(line)) for line in range(2_000)))
    assert store.original(small) == "small"
    assert store.stats().originals == 1


def test_purge_takes_what_is_old(sqlite: SqliteStore) -> None:
    old, new = keep(sqlite, "old"), keep(sqlite, "new")
    grow_old(sqlite, 50, old)
    assert sqlite.decisions([digest("old")])  # a use
    assert sqlite.purge(older_than_days=1) == Purged(0, 0, 0)
    grow_old(sqlite, 50, old)
    before = sqlite.stats().bytes
    purged = sqlite.purge(older_than_days=1)
    assert purged == Purged(1, 1, before - sqlite.stats().bytes)
    assert sqlite.decisions([digest("old")]) == {}
    assert sqlite.original(new) == "new"
    assert sqlite.purge() == Purged(0, 0, 0)
    with pytest.raises(SettingsError):
        sqlite.purge(older_than_days=-1)


def test_purge_of_everything_leaves_no_trace_and_gives_the_space_back(sqlite: SqliteStore) -> None:
    secrets = "".join(digest(str(line)) for line in range(20_000))
    keep(sqlite, secrets, output=secrets[:5_000])
    sqlite.close()
    packed = sqlite.path.read_bytes()[200_000:200_064]
    sqlite.put({}, [])
    assert sqlite.purge(everything=True)[:2] == (1, 1)
    held = b"".join(file.read_bytes() for file in sqlite.path.parent.iterdir())
    assert packed not in held
    assert len(held) < 200_000
    assert sqlite.stats()[:3] == (0, 0, 0)
    assert sqlite.decisions([digest(secrets)]) == {}
    assert sqlite.original(keep(sqlite, "life goes on")) == "life goes on"


def test_a_purge_by_another_process_empties_the_cache(sqlite: SqliteStore) -> None:
    keep(sqlite, "text")
    assert sqlite.decisions([digest("text")])
    assert SqliteStore(sqlite.path).purge(everything=True).decisions == 1
    assert sqlite.decisions([digest("text")]) == {}


def test_a_small_cache_changes_no_answer(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite3", cache_bytes=2_000)
    decisions = {f"{number:032x}": Decision(f"{number:032x}", "x" * number) for number in range(50)}
    store.put({}, list(decisions.values()))
    for _ in range(2):
        assert store.decisions(list(decisions)) == decisions
        assert store.decisions(list(decisions)[::7]) == {key: decisions[key] for key in list(decisions)[::7]}


def test_a_repeated_conversation_is_answered_without_searching_the_file(sqlite: SqliteStore) -> None:
    keys = [f"{number:032x}" for number in range(50)]
    sqlite.put({}, [Decision(key, "text") for key in keys])
    sqlite.decisions(keys)
    seen: list[str] = []
    with sqlite._file.session() as database:
        database.set_trace_callback(seen.append)
    assert len(sqlite.decisions(keys)) == 50
    assert [statement for statement in seen if "decisions" in statement] == []


def test_stats_and_verify_count_what_is_there(sqlite: SqliteStore) -> None:
    assert sqlite.stats() == (0, 0, 0, None)
    keep(sqlite, "one")
    sqlite.put({}, [Decision("k", None)])
    report = sqlite.verify()
    assert report.problems == []
    assert report.stats == sqlite.stats()
    assert report.stats[:2] == (1, 2)
    assert report.stats.bytes > 0
    assert report.stats.oldest is not None


def _stored(store: SqliteStore) -> set[str]:
    with closing(sqlite3.connect(store.path)) as database:
        return {handle for (handle,) in database.execute("SELECT handle FROM originals")}
