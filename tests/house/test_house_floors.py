"""What import-linter cannot say: every module has a floor, and the entries of a table do not know each other."""

import configparser
import re
import sys

import grimp
import pytest
from tree import ROOT

from headroom import wire
from headroom.compression.compressors import TABLE

ABOVE = {"headroom", "headroom.compression"}
"""The public names, held up by a contract of their own; a folder without code."""


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("headroom", cache_dir=None)


def test_every_module_has_a_floor(graph):
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    named = set(re.findall(r"headroom[\w.]*", parser["importlinter:contract:floors"]["layers"]))
    homeless = [
        module
        for module in sorted(graph.modules - ABOVE)
        if not any(module == name or module.startswith(name + ".") for name in named)
    ]
    assert homeless == [], "give it a line in .importlinter"


def entries():
    """The modules that hold each compressor and each wire format, by the tables that list them."""
    compressors = {entry.compress.__module__ for entry in TABLE}
    formats = {claims.__module__ for claims, _ in wire._FORMATS}
    return [sorted(compressors), sorted(formats)]


@pytest.mark.parametrize("modules", entries(), ids=["compressors", "formats"])
def test_entries_of_a_table_do_not_know_each_other(graph, modules):
    assert len(modules) > 1
    assert all(module in sys.modules for module in modules)
    pairs = [(one, other) for one in modules for other in modules if one != other]
    chains = [" -> ".join(chain) for one, other in pairs if (chain := graph.find_shortest_chain(one, other))]
    assert chains == [], "hand text of another kind to context.route"
