"""After `wrap --install`, whatever the user does, and `unwrap`: the user's bytes, for every agent and every file of it."""

import re
import tempfile
from pathlib import Path

import pytest
from agent_homes import FILES
from hypothesis import assume, given
from hypothesis import strategies as st

from headroom.agents import TABLE, edits
from headroom.agents.contract import Machine
from headroom.agents.edits import Change, EditError
from headroom.agents.journal import Journal

BASE = "http://127.0.0.1:8787"
SERVER = ["/opt/headroom", "mcp"]
KEYS = {"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k"}


def homes(folder, name, there):
    """A home with those files of an agent that are there; what stands in them."""
    for path, text in FILES[name].items():
        if path in there:
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
    return everything(folder)


def everything(folder):
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    folders = sorted(path for path in folder.rglob("*") if path.is_dir())
    return files, folders


def changes(name, folder):
    machine = Machine(folder, folder, KEYS)
    return {"wrap": list(TABLE[name].install(machine, BASE)), "mcp": list(TABLE[name].mcp(machine, SERVER))}


def lines(text):
    return [line for line in text.splitlines() if line.strip(" \t{}[],")]


@st.composite
def edit(draw, before, after):
    """What a user does to a file, as a function that does the same to both texts; away from what is ours."""
    words = [word for word in re.findall(r"[\w.-]{4,}", before) if before.count(word) == after.count(word) == 1]
    shared = [line for line in lines(before) if before.count(line) == after.count(line) == 1]
    what = draw(st.sampled_from(["word", "double", "remove"]))
    if what == "word":
        assume(words)
        word, other = draw(st.sampled_from(words)), draw(st.sampled_from(["changed", "x1", "ünï"]))
        return lambda text: text.replace(word, other)
    assume(shared)
    line = draw(st.sampled_from(shared))
    end = "\r\n" if "\r\n" in before else "\n"
    again = re.sub(r"[\w-]{3,}", lambda found: found[0] + "2", line, count=1)
    return lambda text: text.replace(line, line + end + again if what == "double" else "")


def reads(change, text):
    try:
        return edits.get(change, text) == change.value
    except EditError:
        return False


@given(st.sampled_from(sorted(FILES)), st.data())
def test_whatever_the_user_does_in_between(name, data):
    with tempfile.TemporaryDirectory() as scratch:
        home, journal = Path(scratch) / "home", Journal(Path(scratch) / "data")
        home.mkdir()
        there = data.draw(st.sets(st.sampled_from(sorted(FILES[name]))), label="files that are there")
        before, folders = homes(home, name, there)
        for purpose in data.draw(st.permutations(["wrap", "mcp"])):
            journal.apply(name, purpose, changes(name, home)[purpose])
        every = [change for record in journal.records() for change in record.changes]
        wanted = dict(before)
        for path in sorted(data.draw(st.sets(st.sampled_from(sorted(there)))) if there else ()):
            file = home / path
            for _ in range(data.draw(st.integers(1, 2))):
                now = file.read_bytes().decode()
                change = data.draw(edit(wanted[file].decode(), now))
                mine, new = change(wanted[file].decode()), change(now)
                of_file = [each for each in every if each.file == file]
                assume(all(reads(each, new) for each in of_file))
                assume(all(edits.get(each, mine) == edits.get(each, before[file].decode()) for each in of_file))
                file.write_bytes(new.encode())
                wanted[file] = mine.encode()
        for purpose in data.draw(st.permutations(["wrap", "mcp"])):
            _, failed = journal.undo(name, purpose)
            assert failed == []
        assert everything(home) == (wanted, folders)
        assert journal.records() == []


@pytest.mark.parametrize("name", FILES)
def test_something_is_changed_for_every_agent_that_has_files(tmp_path, name):
    """Or the property above would hold of nothing."""
    homes(tmp_path, name, set(FILES[name]))
    found = changes(name, tmp_path)
    assert {change.file.relative_to(tmp_path).as_posix() for each in found.values() for change in each} == set(
        FILES[name]
    )


@pytest.mark.parametrize("name", FILES)
def test_every_file_that_is_broken_is_left_alone(tmp_path, name):
    homes(tmp_path, name, set(FILES[name]))
    every = changes(name, tmp_path)
    for file in {change.file for each in every.values() for change in each if change.kind != "env"}:
        whole, broken = file.read_bytes(), b'{"half": [1, \n'
        file.write_bytes(broken)
        for purpose, each in every.items():
            if any(change.file == file for change in each):
                with pytest.raises(EditError, match=re.escape(str(file))):
                    Journal(tmp_path / "data").apply(name, purpose, [one for one in each if one.file == file])
        assert file.read_bytes() == broken
        file.write_bytes(whole)


def test_an_agent_that_writes_its_file_anew_keeps_what_it_wrote(tmp_path):
    """As JSON.stringify does: other blanks, the same values."""
    import json

    file = tmp_path / "settings.json"
    file.write_text('{\n\t"a": 1\n}')
    journal = Journal(tmp_path / "data")
    journal.apply(
        "claude", "wrap", [Change(file, "json", ("env", "URL"), BASE), Change(file, "json", ("env", "X"), "1")]
    )
    file.write_text(json.dumps({**json.loads(file.read_text()), "b": 2}, indent=4))
    journal.undo("claude", "wrap")
    assert file.read_text() == '{\n    "a": 1,\n    "b": 2\n}'
