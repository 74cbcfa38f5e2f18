"""Originals as files: whole or not at all, the owner's alone, gone when they are old."""

import os

import pytest

from headroom.compression.markers import handle_of
from headroom.errors import StoreError
from headroom.originals import files
from headroom.originals.store import MemoryStore

TEXT = "first\nsecond \udce9 line\n"


@pytest.fixture
def store():
    made = MemoryStore()
    made.put({handle_of(TEXT): TEXT}, [])
    return made


def test_a_file_holds_the_original_byte_for_byte(store, tmp_path):
    folder = tmp_path / "new" / "originals"
    found = files.handles_in(f"[1-2 omitted: 2 lines. Full text: h:{handle_of(TEXT)}] h:000000000000 h:short")
    assert found == {handle_of(TEXT), "000000000000"}
    files.write(folder, store, found)
    [path] = folder.iterdir()
    assert path.name == f"{handle_of(TEXT)}.txt"
    assert path.read_bytes().decode("utf-8", "surrogatepass") == TEXT
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_is_said(store, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(StoreError, match="originals are not there as files"):
        files.write(tmp_path / "taken", store, [handle_of(TEXT)])


def test_old_files_go(store, tmp_path):
    files.write(tmp_path, store, [handle_of(TEXT)])
    files.sweep(tmp_path, 1)
    [path] = tmp_path.iterdir()
    os.utime(path, (0, 0))
    files.sweep(tmp_path, 1)
    assert list(tmp_path.iterdir()) == []
    files.sweep(tmp_path / "none", 1)
