"""What goes wrong with the ledger's file, done for real: no row is ever half written, what was written stays, it passes."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from ledger_entries import NOON, PRICES, edited, request

from headroom import sqlite_file
from headroom.errors import StoreError
from headroom.ledger import tables
from headroom.ledger.ledger import Ledger
from headroom.ledger.report import Report

PRELUDE = """
import sys
sys.path.insert(0, sys.argv[2])
from ledger_entries import PRICES, edited, failed, request
from headroom.errors import StoreError
from headroom.ledger.ledger import Ledger
ledger = Ledger(sys.argv[1], PRICES)
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite3", PRICES)


def start(script: str, ledger: Ledger) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PRELUDE + script, str(ledger.path), str(Path(__file__).parent)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def count(ledger: Ledger) -> int:
    return Report(ledger.path).totals().requests


def test_nothing_is_opened_before_it_is_needed(ledger: Ledger) -> None:
    Report(ledger.path)
    assert list(ledger.path.parent.iterdir()) == []


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "new" / "folder" / "ledger.sqlite3", PRICES)
    ledger.add(request())
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(ledger.path.parent.stat().st_mode) == 0o700


def test_locked_by_another_process(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.05)
    ledger.add(request())
    holder = sqlite3.connect(ledger.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"locked.*the next call tries again"):
        ledger.add(request())
    assert count(ledger) == 1  # readers go on
    holder.execute("ROLLBACK")
    ledger.add(request())
    assert count(ledger) == 2


def test_disk_full(ledger: Ledger) -> None:
    ledger.add(request())
    with ledger._file.session() as connection:
        connection.execute("PRAGMA max_page_count = 30")
    many = tuple(edited(number) for number in range(2000))
    with pytest.raises(StoreError, match=r"full.*Free some space"):
        ledger.add(request(edits=many))
    report = Report(ledger.path)
    assert (report.totals().requests, report.edits()) == (1, [])
    ledger.add(request(edits=many))  # there is space again
    assert (report.totals().requests, report.totals().edits) == (2, 2000)


@pytest.mark.parametrize(
    "content", [b"garbage" * 1000, b"SQLite format 3\x00" + b"\xff" * 4000], ids=["text", "header"]
)
def test_a_file_of_garbage_is_refused_and_left_alone(ledger: Ledger, content: bytes) -> None:
    ledger.path.write_bytes(content)
    for call in (lambda: ledger.add(request()), Report(ledger.path).totals):
        with pytest.raises(StoreError, match="damaged"):
            call()
    assert ledger.path.read_bytes() == content
    ledger.path.unlink()
    ledger.add(request())
    assert count(ledger) == 1


def test_the_database_of_another_program_is_refused_and_left_alone(ledger: Ledger) -> None:
    with sqlite3.connect(ledger.path) as other:
        other.execute("CREATE TABLE theirs (x)")
    before = ledger.path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        ledger.add(request())
    assert ledger.path.read_bytes() == before


def test_a_newer_schema_is_refused_and_left_alone(ledger: Ledger) -> None:
    ledger.add(request())
    ledger.close()
    with sqlite3.connect(ledger.path) as newer:
        newer.execute(f"PRAGMA user_version = {tables.LEDGER.version + 1}")
    with pytest.raises(StoreError, match="newer Headroom"):
        ledger.add(request())
    with sqlite3.connect(ledger.path) as newer:
        newer.execute(f"PRAGMA user_version = {tables.LEDGER.version}")
    assert count(ledger) == 1


def test_an_empty_file_becomes_a_ledger(ledger: Ledger) -> None:
    ledger.path.touch()
    assert count(ledger) == 0
    ledger.add(request())
    assert count(ledger) == 1


def test_corrupt_pages_raise_and_nothing_else(ledger: Ledger) -> None:
    for number in range(300):
        ledger.add(request(conversation=f"c{number}", edits=(edited(number),)))
    ledger.close()
    whole = ledger.path.read_bytes()
    for page in range(1, len(whole) // 4096):
        ledger.path.write_bytes(whole[: page * 4096] + b"\xa5" * 4096 + whole[(page + 1) * 4096 :])
        report = Report(ledger.path)
        for call in (report.totals, report.series, report.kinds, report.conversations, report.edits, report.latency):
            with suppress(StoreError):
                call()
        report.close()
    ledger.path.write_bytes(whole)
    assert count(ledger) == 300


def test_the_file_was_deleted_or_replaced_while_open(ledger: Ledger, tmp_path: Path) -> None:
    report = Report(ledger.path)
    ledger.add(request())
    assert report.totals().requests == 1
    for path in tmp_path.iterdir():
        path.unlink()
    assert report.totals().requests == 0
    ledger.add(request())
    ledger.add(request())
    assert report.totals().requests == 2


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user whom modes hold back")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="folder you may write to"):
        Ledger(tmp_path / "ledger.sqlite3").add(request())


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=str(tmp_path)):
        Ledger(tmp_path).add(request())
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file"):
        Ledger(tmp_path / "file" / "ledger.sqlite3").add(request())


def test_killed_in_the_middle_of_writing(ledger: Ledger) -> None:
    writer = start(
        """
for number in range(100_000):
    ledger.add(request(conversation=str(number), edits=[edited(number)], failures=[failed()]))
    print(number, flush=True)
""",
        ledger,
    )
    for _ in range(40):
        kept = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    kept = max([kept, *(int(line) for line in writer.stdout.read().split("\n")[:-1])])
    writer.wait()
    report = Report(ledger.path)
    totals = report.totals()
    assert kept + 1 <= totals.requests <= kept + 2  # the last one whole, or not at all
    assert totals.edits == totals.failures == totals.requests
    assert report.totals() == sum_of_requests(ledger)
    ledger.add(request())


def sum_of_requests(ledger: Ledger):
    """Totals from single rows instead of hours."""
    report = Report(ledger.path)
    with report._file.session() as connection:
        connection.execute("CREATE TEMP VIEW hours AS SELECT * FROM requests")
        return report.totals()


def test_several_processes_and_threads_write(ledger: Ledger) -> None:
    writers = [
        start(
            "sys.stdin.readline()\nfor number in range(60):\n    ledger.add(request(at=3600.0 * (number % 5)))\n",
            ledger,
        )
        for _ in range(2)
    ]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    threads = [threading.Thread(target=lambda: [ledger.add(request(at=NOON)) for _ in range(30)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for worker in threads:
        worker.join()
    assert [writer.wait() for writer in writers] == [0, 0]
    for writer in writers:
        writer.communicate()
    assert count(ledger) == 210
    assert Report(ledger.path).totals() == sum_of_requests(ledger)
    assert sum(kind.requests for kind in Report(ledger.path).kinds()) == 210


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_while_another_thread_writes(ledger: Ledger) -> None:
    script = """
import os, threading
threading.Thread(target=lambda: [ledger.add(request()) for _ in range(300)]).start()
children = []
for _ in range(5):
    child = os.fork()
    if not child:
        ledger.add(request(conversation="child"))
        os._exit(0)
    children.append(child)
print([os.waitpid(child, 0)[1] for child in children])
"""
    said = start(script, ledger).communicate(timeout=60)[0]
    assert said == "[0, 0, 0, 0, 0]\n"
    assert count(ledger) == 305
