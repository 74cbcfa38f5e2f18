"""What goes wrong with a file on a disk shared by processes, done for real: no put is ever half kept, and it passes."""

from __future__ import annotations

import errno
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from headroom.blocks import Decision
from headroom.compression.markers import handle_of
from headroom.errors import StoreError, UnknownHandleError
from headroom.originals.schema import STORE
from headroom.originals.sqlite import SqliteStore
from headroom.originals.store import digest
from headroom.sqlite_file import SqliteFile

PRELUDE = """
import sys
from headroom.blocks import Decision
from headroom.compression.markers import handle_of
from headroom.originals.sqlite import SqliteStore
from headroom.errors import StoreError

store = SqliteStore(sys.argv[1])
def keep(text, key, output="short"):
    handle = handle_of(text)
    return store.put({handle: text}, [Decision(key, output, handle=handle)])
"""


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "store.sqlite3")


def start(script: str, store: SqliteStore, *arguments: object) -> subprocess.Popen[str]:
    """Run `script` in a Python process of its own."""
    command = [sys.executable, "-c", PRELUDE + script, str(store.path), *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def keep(store: SqliteStore, text: str, output: str | None = "short") -> str:
    """Put a text and a decision on it; gives back its handle."""
    handle = handle_of(text)
    store.put({handle: text}, [Decision(digest(text), output, handle=handle)])
    return handle


def noise(seed: int, size: int) -> str:
    """Text that does not pack well."""
    return random.Random(seed).randbytes(size // 2).hex()


def test_locked_by_another_process(store: SqliteStore) -> None:
    before = keep(store, "before")
    holder = start(
        'import sqlite3\ndb = sqlite3.connect(sys.argv[1])\ndb.execute("BEGIN EXCLUSIVE")\nprint("held", flush=True)\nsys.stdin.read()\n',
        store,
    )
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(StoreError, match=r"locked.*the next call tries again"):
        keep(store, "meanwhile")
    assert store.original(before) == "before"  # readers go on
    assert store.decisions([digest("before"), digest("meanwhile")]).keys() == {digest("before")}
    holder.communicate()
    assert store.original(keep(store, "meanwhile")) == "meanwhile"


def test_disk_full(store: SqliteStore) -> None:
    before = keep(store, noise(0, 20_000))
    with store._file.session() as connection:
        connection.execute("PRAGMA max_page_count = 20")
    with pytest.raises(StoreError, match=r"full.*Free some space"):
        keep(store, noise(1, 400_000))
    assert store.original(before) == noise(0, 20_000)
    assert store.stats()[:2] == (1, 1)
    assert store.original(keep(store, noise(1, 400_000))) == noise(1, 400_000)  # there is space again


def test_no_room_to_write_a_large_original(store: SqliteStore) -> None:
    before = keep(store, "before")
    store.close()
    limited = start(
        """
import random, resource
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
big = random.Random(1).randbytes(1_000_000).hex()
try:
    keep(big, "big")
except StoreError as error:
    print(error)
print(store.decisions(["big", "small"]).keys())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(keep(big, "big")["big"].text, store.original(handle_of(big)) == big)
""",
        store,
    )
    said = limited.communicate()[0].splitlines()
    assert len(said) == 3
    assert str(store.path) in said[0]
    assert said[1:] == ["dict_keys([])", "short True"]
    assert store.original(before) == "before"
    assert store.verify().problems == []


def test_a_full_device() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    with pytest.raises(StoreError):
        keep(SqliteStore(full), "text")


@pytest.mark.parametrize("seed", range(4))
def test_killed_in_the_middle_of_writing(store: SqliteStore, seed: int) -> None:
    writer = start(
        """
import random
for number in range(100_000):
    text = random.Random(number).randbytes(20_000).hex()
    keep(text, f"{number:032x}", text[:1000])
    print(number, flush=True)
""",
        store,
    )
    kept = -1
    for _ in range(3 + 7 * seed):
        kept = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    kept = max([kept, *(int(line) for line in writer.stdout.read().split("\n")[:-1])])
    writer.wait()
    for number in range(kept + 1):
        text = random.Random(number).randbytes(20_000).hex()
        assert store.decisions([f"{number:032x}"])[f"{number:032x}"].text == text[:1000]
        assert store.original(handle_of(text)) == text
    assert store.stats().originals == store.stats().decisions <= kept + 2  # the last one whole, or not at all
    assert store.verify().problems == []


def test_several_processes_write_the_same_keys(store: SqliteStore) -> None:
    script = """
sys.stdin.readline()
mine = {}
for number in range(60):
    text = "original " * number
    mine |= keep(text, f"{number:032x}", f"{sys.argv[2]} {number}")
again = store.decisions(list(mine))
print([mine[key].text for key in sorted(mine)] if again == mine else "changed")
"""
    writers = [start(script, store, name) for name in ("ann", "bob", "cy")]
    for writer in writers:  # on a new file, all at once
        writer.stdin.write("go\n")
        writer.stdin.flush()
    said = {writer.communicate()[0] for writer in writers}
    assert len(said) == 1
    texts = [decision.text for decision in store.decisions([f"{number:032x}" for number in range(60)]).values()]
    assert sorted(texts, key=lambda text: int(text.split()[1])) == eval(said.pop())
    assert store.verify().problems == []


def test_several_threads_write_and_read(store: SqliteStore) -> None:
    got: list[dict[str, Decision]] = []
    errors: list[BaseException] = []

    def work(name: int) -> None:
        try:
            mine: dict[str, Decision] = {}
            for number in range(40):
                text = f"text {number}"
                mine |= store.put({handle_of(text): text}, [Decision(digest(text), f"{name}", handle=handle_of(text))])
                assert store.original(handle_of(text)) == text
                assert store.decisions(list(mine)) == mine
            got.append(mine)
        except BaseException as error:  # noqa: BLE001 - what any thread raises fails the test
            errors.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert got == [got[0]] * 6


def test_a_fork_while_another_thread_writes(store: SqliteStore) -> None:
    script = """
import os, threading
before = keep("before", "before")
stop = threading.Event()
def work():
    number = 0
    while not stop.is_set():
        number += 1
        keep(f"parent {number}", f"p{number}")
thread = threading.Thread(target=work)
thread.start()
for child in range(8):
    if os.fork() == 0:
        keep(f"child {child}", f"c{child}")
        both = store.decisions([f"c{child}", "before"])
        print(f"{store.original(handle_of('before'))} {len(both)}\\n", end="", flush=True)
        os._exit(0)
for child in range(8):
    os.wait()
stop.set()
thread.join()
print(len(store.verify().problems), sorted(store.decisions([f"c{child}" for child in range(8)])) == [f"c{child}" for child in range(8)])
"""
    said = start(script, store).communicate(timeout=60)[0].splitlines()
    assert said == ["before 2"] * 8 + ["0 True"]


def test_a_folder_that_cannot_be_made_or_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    (tmp_path / "folder").mkdir()
    for path in (
        tmp_path / "file" / "store",
        tmp_path / "file" / "deep" / "store",
        tmp_path / "folder",
        Path("/proc/headroom/store"),
    ):
        store = SqliteStore(path)
        for _ in range(2):
            with pytest.raises(StoreError, match=str(path)):
                keep(store, "text")
        assert store.verify().problems
    store = SqliteStore(tmp_path / "file" / "store")
    (tmp_path / "file").unlink()
    assert store.original(keep(store, "text")) == "text"  # nothing that went wrong once stays wrong


def test_a_link_to_nowhere_makes_a_file_for_its_owner_only(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    store = SqliteStore(tmp_path / "link")
    assert store.original(keep(store, "text")) == "text"
    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o600


def test_the_file_was_deleted_or_replaced_while_open(store: SqliteStore, tmp_path: Path) -> None:
    handle = keep(store, "text")
    for file in tmp_path.iterdir():
        file.unlink()
    assert store.decisions([digest("text")]) == {}  # its original is gone, so it is not used
    with pytest.raises(UnknownHandleError):
        store.original(handle)
    keep(store, "text")
    assert SqliteStore(store.path).original(handle) == "text"


def test_a_crowd_of_readers_outlives_a_purge(store: SqliteStore) -> None:
    handle = keep(store, "text")
    reader = sqlite3.connect(store.path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM originals").fetchone() == (1,)
    assert store.purge(everything=True).originals == 1
    assert reader.execute("SELECT count(*) FROM originals").fetchone() == (1,)
    reader.close()
    with pytest.raises(UnknownHandleError):
        store.original(handle)


def test_errors_of_the_system_say_what_to_do() -> None:
    said = str(SqliteFile("/store", STORE).explain(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
    assert said.startswith("/store: No space left on device. Free some space")


def test_a_store_that_is_dropped_closes_its_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite3")
    keep(store, "text")
    assert len(list(tmp_path.iterdir())) == 3
    del store
    assert [file.name for file in tmp_path.iterdir()] == ["store.sqlite3"]
