"""The way back: what was changed in a user's files can be undone, whatever happened in between."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import headroom
from headroom.agents import edits
from headroom.agents.edits import Change, EditError
from headroom.agents.journal import Journal, state

SOURCE = str(Path(headroom.__file__).parent.parent)
BEFORE = b'{\n  // mine\n  "model": "opus"\n}\n'
SERVER = {"command": "/opt/headroom", "args": ["mcp"]}


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "data")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "home" / "settings.json"
    path.parent.mkdir()
    path.write_bytes(BEFORE)
    path.chmod(0o640)
    return path


def url(file, port=1):
    return [Change(file, "json", ("env", "URL"), f"http://127.0.0.1:{port}")]


def server(file):
    return [Change(file, "json", ("mcpServers", "headroom"), SERVER)]


def test_there_and_back(journal, file):
    journal.apply("one", "wrap", url(file))
    assert json.loads(file.read_text().replace("// mine", ""))["env"] == {"URL": "http://127.0.0.1:1"}
    assert [state(record) for record in journal.records()] == ["as we left it"]
    (done,), failed = journal.undo("one", "wrap")
    assert (done.exact, failed, file.read_bytes(), journal.records()) == (True, [], BEFORE, [])
    assert file.stat().st_mode & 0o777 == 0o640


def test_doing_it_again_replaces_what_was_done(journal, file):
    journal.apply("one", "wrap", url(file, 1))
    journal.apply("one", "wrap", url(file, 2))
    assert len(journal.records()) == 1
    journal.undo("one", "wrap")
    assert file.read_bytes() == BEFORE


@pytest.mark.parametrize("order", [("wrap", "mcp"), ("mcp", "wrap")])
def test_two_purposes_in_one_file_are_undone_in_any_order(journal, file, order):
    journal.apply("one", "wrap", url(file))
    journal.apply("one", "mcp", server(file))
    for purpose in order:
        journal.undo("one", purpose)
    assert file.read_bytes() == BEFORE


@pytest.mark.parametrize("order", [("wrap", "mcp"), ("mcp", "wrap")])
def test_a_file_that_was_not_there_goes_again_with_its_folders(journal, tmp_path, order):
    file = tmp_path / "home" / "new" / "deep" / "settings.json"
    journal.apply("one", "wrap", url(file))
    journal.apply("one", "mcp", server(file))
    for purpose in order:
        journal.undo("one", purpose)
    assert not (tmp_path / "home").exists()


def test_a_file_that_others_filled_since_stays(journal, tmp_path):
    file = tmp_path / "settings.json"
    journal.apply("one", "wrap", url(file))
    said = json.loads(file.read_text())
    file.write_text(json.dumps({**said, "theme": "dark"}))
    journal.undo("one", "wrap")
    assert json.loads(file.read_text()) == {"theme": "dark"}


def test_what_someone_set_in_its_place_is_theirs(journal, file):
    journal.apply("one", "wrap", url(file))
    file.write_bytes(file.read_bytes().replace(b"http://127.0.0.1:1", b"https://mine.example.com"))
    assert state(journal.records()[0]) == "undone by someone"
    journal.undo("one", "wrap")
    assert b"https://mine.example.com" in file.read_bytes()


def test_a_former_value_comes_back(journal, tmp_path):
    file = tmp_path / "config.toml"
    file.write_text('model_provider = "azure" # work\n')
    journal.apply("one", "wrap", [Change(file, "toml", ("model_provider",), "headroom")])
    assert file.read_text() == 'model_provider = "headroom" # work\n'
    file.write_text(file.read_text() + 'model = "x"\n')
    journal.undo("one", "wrap")
    assert file.read_text() == 'model_provider = "azure" # work\nmodel = "x"\n'


def test_a_file_broken_since_is_left_alone_and_so_is_its_record(journal, file):
    journal.apply("one", "wrap", url(file))
    file.write_bytes(b'{"half')
    done, (failed,) = journal.undo("one", "wrap")
    assert (done, file.read_bytes(), len(journal.records())) == ([], b'{"half', 1)
    assert "settings.json" in failed
    assert state(journal.records()[0]) == "unreadable"


def test_a_broken_file_is_not_changed(journal, file):
    file.write_bytes(b"{'single': 1}")
    with pytest.raises(EditError, match="left as it is"):
        journal.apply("one", "wrap", url(file))
    assert (file.read_bytes(), journal.records()) == (b"{'single': 1}", [])


def test_a_symbolic_link_stays_one(journal, file, tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to(file)
    journal.apply("one", "wrap", url(link))
    assert link.is_symlink()
    assert b"127.0.0.1" in file.read_bytes()
    journal.undo("one", "wrap")
    assert (link.is_symlink(), file.read_bytes()) == (True, BEFORE)


def test_records_are_the_owners_alone(journal, file, tmp_path):
    journal.apply("one", "wrap", url(file))
    (record,) = (tmp_path / "data" / "journal").iterdir()
    assert (record.stat().st_mode & 0o777, record.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_damaged_record_is_reported(journal, file, tmp_path):
    journal.apply("one", "wrap", url(file))
    (record,) = (tmp_path / "data" / "journal").iterdir()
    record.write_bytes(record.read_bytes()[:-40])
    assert (journal.records(), journal.broken()) == ([], [record])


def test_another_program_that_writes_in_between_wins(file):
    with pytest.raises(EditError, match="another program"):
        edits.replace(file, b"ours", b"what we read")
    assert file.read_bytes() == BEFORE


STEPS = """
import os, sys
from pathlib import Path
from headroom.agents.edits import Change
from headroom.agents.journal import Journal
data, file, step, what = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
calls = 0
def counted(name):
    real = getattr(os, name)
    def call(*args, **more):
        global calls
        calls += 1
        if calls == step:
            os.kill(os.getpid(), 9)
        return real(*args, **more)
    setattr(os, name, call)
for name in ("fsync", "replace", "unlink", "rename"):
    counted(name)
journal = Journal(data)
if what == "apply":
    journal.apply("one", "wrap", [Change(file, "json", ("env", "URL"), "http://127.0.0.1:7")])
else:
    journal.undo("one", "wrap")
"""


@pytest.mark.parametrize("what", ["apply", "again", "undo"])
def test_killed_between_any_two_steps_nothing_is_lost(tmp_path, what):
    """Whatever was done until then, undoing ends at the user's bytes."""
    killed = 0
    for step in range(1, 30):
        data, file = tmp_path / str(step), tmp_path / f"{step}.json"
        file.write_bytes(BEFORE)
        journal = Journal(data)
        if what != "apply":
            journal.apply("one", "wrap", url(file))
        program = [sys.executable, "-c", STEPS, data, file, str(step), "undo" if what == "undo" else "apply"]
        done = subprocess.run(program, env={**os.environ, "PYTHONPATH": SOURCE}, check=False)
        now = file.read_bytes()
        assert now == BEFORE or b"127.0.0.1" in now, "never half a file"
        assert now == BEFORE or journal.records(), "never a change without a way back"
        assert journal.undo("one", "wrap")[1] == []
        assert (file.read_bytes(), journal.records()) == (BEFORE, [])
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        killed += 1
    assert killed >= 3
    assert done.returncode == 0
