"""Who is asked about a text, and in which order: as if everyone had scored it, though most have not."""

import json
import re
from pathlib import Path

import pytest

from headroom.compression import router
from headroom.compression.compressors import TABLE
from headroom.compression.contract import Probe, mostly

GOLDENS = Path(__file__).parent.parent / "golden"
SAMPLES = Path(router.__file__).parent.parent / "perf" / "samples"
COMMANDS = ("", "grep -rn x . | ls -lR", "make && git log -p > app.log")


MOST = 20_000
"""Characters of a text: more says no more about it."""


def texts():
    for path in sorted(GOLDENS.glob("*/*.golden")):
        body = path.read_bytes().decode("utf-8").partition("=== input\n")[2].partition("\n=== output")[0]
        yield pytest.param(body[:MOST], id=f"{path.parent.name}/{path.stem}")
    for entry in json.loads((SAMPLES / "index.json").read_text("utf-8")):
        yield pytest.param((SAMPLES / entry["file"]).read_bytes().decode("utf-8")[:MOST], id=entry["file"])


@pytest.mark.parametrize("text", list(texts()))
def test_the_order_is_that_of_all_scores(text):
    for command in COMMANDS:
        probe = Probe(text, command)
        scores = {entry.name: entry.score(probe) for entry in TABLE}
        for entry in TABLE:
            assert scores[entry.name] <= entry.most(probe) + 1e-9, f"{entry.name} gives more than it says it may"
        certain = [entry.name for entry in TABLE if scores[entry.name] >= router.CERTAIN]
        others = [entry.name for entry in TABLE if router.SURE <= scores[entry.name] < router.CERTAIN]
        expected = [*certain, *sorted(others, key=lambda name: -scores[name])]
        assert [entry.name for entry in router.ranked(text, command)] == expected


@pytest.mark.parametrize("total", [0, 1, 5, 20, 180])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.6, 0.8, 0.95, 1.0])
def test_a_share_is_the_same_wherever_counting_stops(total, share):
    pattern = re.compile("x")
    for matching in range(total + 1):
        lines = ["x"] * matching + ["y"] * (total - matching)
        expected = total > 0 and matching / total >= share
        assert mostly(pattern, lines, share) is expected
        assert mostly(pattern, lines[::-1], share) is expected
