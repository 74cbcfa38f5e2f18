"""The bundled samples: every file listed, every fact in its file, small enough to travel in every wheel."""

import json

import pytest
from tree import ROOT

FOLDER = ROOT / "src/headroom/perf/samples"
INDEX = json.loads((FOLDER / "index.json").read_text("utf-8"))
MAX_BYTES = 600_000


def test_index_and_folder_agree():
    listed = [entry["file"] for entry in INDEX]
    assert sorted(listed) == sorted(
        path.name for path in FOLDER.iterdir() if path.name not in ("index.json", "README.md")
    )


def test_they_are_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= MAX_BYTES


@pytest.mark.parametrize("entry", INDEX, ids=[entry["file"] for entry in INDEX])
def test_facts_are_in_the_sample(entry):
    text = (FOLDER / entry["file"]).read_bytes().decode("utf-8")
    if entry["file"].endswith(".json"):
        text += "\n".join(strings(json.loads(text)))
    assert entry["facts"]
    assert [fact for fact in entry["facts"] if fact not in text] == []


def strings(value):
    """Every string in a JSON value."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


def test_the_kinds_are_many():
    assert len({entry["kind"] for entry in INDEX}) >= 10
