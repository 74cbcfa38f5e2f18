"""Proxies that programs share: found, joined, started once, and gone when nobody needs them."""

import json
import os
import subprocess
import sys
import threading
import time

import psutil
import pytest
from place import until

import headroom
from headroom import presence
from headroom.presence import PresenceError, Proxy

VERSION = headroom.__version__


@pytest.fixture
def gone():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def proxy(port=1, pid=1, **more):
    return Proxy(pid, port, "127.0.0.1", VERSION, time.time(), **more)


def test_what_is_announced_is_read_back_and_withdrawn_by_its_own(tmp_path):
    one = proxy(leased=True, arguments=("--retrieve", "file"))
    path = presence.announce(tmp_path, one)
    assert presence.announced(tmp_path) == [one]
    presence.withdraw(path, one.pid + 1)
    assert presence.announced(tmp_path) == [one]
    presence.withdraw(path, one.pid)
    assert presence.announced(tmp_path) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": 1, "surprise": 2}', "\x00"])
def test_files_that_say_nothing_are_passed_over(tmp_path, text):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "proxy-1.json").write_text(text)
    assert presence.announced(tmp_path) == []


def test_a_leftover_is_not_joined(tmp_path, provider):
    """Nothing listens, or something else does: the provider answers, but is no proxy of ours."""
    port = int(provider.url.rpartition(":")[2])
    for each in (proxy(9), proxy(port)):
        presence.announce(tmp_path, each)
    assert presence.running(tmp_path) == []


@pytest.mark.parametrize(
    ("there", "arguments", "fits"),
    [
        (proxy(), [], True),
        (proxy(), ["--retrieve", "file"], False),
        (proxy(leased=True), [], True),
        (proxy(leased=True, arguments=("--retrieve", "file")), ["--retrieve", "file"], True),
        (proxy(leased=True, arguments=("--retrieve", "file")), [], False),
        (Proxy(1, 1, "127.0.0.1", "0.0.0", 0.0), [], False),
    ],
)
def test_who_joins_which(there, arguments, fits):
    assert presence.fits(there, VERSION, arguments) is fits


def test_a_lease_lives_as_long_as_its_process(tmp_path, gone):
    mine = presence.lease(tmp_path)
    dead = presence.lease(tmp_path, gone)
    assert (presence.sweep(tmp_path), mine.exists(), dead.exists()) == (1, True, False)


def test_a_lease_is_not_inherited_by_a_later_process_of_that_number(tmp_path):
    """The file is older than the process that has the number now."""
    path = presence.lease(tmp_path)
    os.utime(path, (1, 1))
    assert presence.sweep(tmp_path) == 0


def test_a_zombie_needs_nothing(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", ""])
    until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    presence.lease(tmp_path, process.pid)
    assert presence.sweep(tmp_path) == 0
    process.wait()


def test_files_of_a_run_go_with_the_last_that_needs_them(tmp_path, gone):
    kept, lost = (tmp_path / "run" / f"scratch-{gone}-{name}" for name in ("kept", "lost"))
    for folder in (kept, lost):
        folder.mkdir(parents=True)
    lease = presence.lease(tmp_path, scratch=kept)
    presence.sweep(tmp_path)
    assert (kept.exists(), lost.exists()) == (True, False)
    lease.unlink()
    presence.sweep(tmp_path)
    assert not kept.exists()


def test_started_once_by_many_and_gone_with_the_last(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path))
    leases = [presence.lease(tmp_path) for _ in range(3)]
    found = []
    threads = [threading.Thread(target=lambda: found.append(presence.join(tmp_path, VERSION))) for _ in leases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (one,) = set(found)
    assert presence.running(tmp_path) == [one]
    assert presence.join(tmp_path, VERSION) == one
    for lease in leases:
        lease.unlink()
    until(lambda: not presence.is_open(one))
    until(lambda: presence.announced(tmp_path) == [])


def test_a_proxy_that_a_user_starts_says_that_it_is_there(place):
    process = place.start("proxy", "--port", "0")
    (one,) = until(place.proxies)
    until(lambda: presence.answers(one))
    assert (one.pid, one.leased, presence.fits(one, VERSION, [])) == (process.pid, False, True)
    process.terminate()
    process.communicate()
    assert place.proxies() == []


def test_a_start_that_fails_says_what_was_printed(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path))
    (tmp_path / "config.toml").write_text("[proxy]\nmarks = 3\n")
    with pytest.raises(PresenceError, match="marks=3 must be true or false"):
        presence.join(tmp_path, VERSION)


def test_importing_it_is_cheap():
    """`wrap` starts an agent with it: no server, no client, no look at processes."""
    code = "import sys, json; import headroom.cli.wrap; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)
    heavy = {"aiohttp", "psutil", "tomlkit", "ruamel.yaml", "http.client", "quicktok", "asyncio", "rich", "sqlite3"}
    assert heavy.intersection(loaded) == set()
