"""Every compressor has what a reader and a reviewer need: a promise, a law test, goldens, a place in docs/format.md."""

import re

import pytest
from tree import ROOT

from headroom.compression.compressors import TABLE

NAMES = [entry.name for entry in TABLE]


def test_names_differ_and_read_well():
    assert len(set(NAMES)) == len(NAMES)
    assert [name for name in NAMES if not re.fullmatch(r"[a-z][a-z_]+", name)] == []


@pytest.mark.parametrize("entry", TABLE, ids=NAMES)
def test_promise_is_a_sentence(entry):
    assert len(entry.promise.split()) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_has_law_tests(name):
    file = ROOT / f"tests/laws/test_{name}.py"
    assert file.exists()
    assert re.search(r"^ *(?:async )?def test_", file.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_has_goldens(name):
    assert list((ROOT / f"tests/golden/{name}").glob("*.golden"))


def test_no_golden_without_its_compressor():
    made_by_others = {"repeats", "mixed", "terminal", "documents"}
    assert {path.parent.name for path in (ROOT / "tests/golden").glob("*/*.golden")} <= {*NAMES, *made_by_others}


@pytest.mark.parametrize("name", NAMES)
def test_is_in_the_format_page(name):
    assert re.search(rf"\b{name}\b", (ROOT / "docs/format.md").read_text("utf-8"))
