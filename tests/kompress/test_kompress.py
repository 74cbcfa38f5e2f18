"""Kompress at run time: the ids of its tokenizer, the bits of its scores, what it costs, and odd input."""

import hashlib
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom import kompress
from headroom.kompress import session
from headroom.kompress.features import COUNT, Overlap, features
from headroom.kompress.wordpiece import UNKNOWN, wordpiece

HERE = Path(__file__).parent
REFERENCE = json.loads((HERE / "reference_ids.json").read_text("utf-8"))
SCORES = json.loads((HERE / "scores.json").read_text("utf-8"))
UNITS = [
    "The bridge over the river was built in 1874 by the engineer Anna Holm.",
    "It has never been closed.",
    "Every spring the town holds a fair on the northern bank.",
    "Tickets cost 12 euros.",
]
QUESTION = "Who built the bridge?"


@pytest.mark.parametrize("row", REFERENCE, ids=range(len(REFERENCE)))
def test_ids_are_the_reference_tokenizers(row):
    assert wordpiece().encode(row["text"]) == row["ids"]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_ids_of_the_vocabulary(text):
    assert all(0 <= number < 30_522 for number in wordpiece().encode(text))


def test_a_word_too_long_is_unknown():
    assert wordpiece().encode("a" * 101) == [UNKNOWN]


def test_scores_have_the_same_bits_everywhere():
    """Written on one machine; exact, since no sum in the network is rounded."""
    for row in SCORES:
        assert kompress.scores(row["question"], row["units"], row["groups"], lines=row["lines"]) == row["scores"]


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("optimized", [True, False])
def test_scores_do_not_depend_on_how_they_are_computed(threads, optimized):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    level = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimized else level.ORT_DISABLE_ALL
    other = onnxruntime.InferenceSession(files("headroom.kompress").joinpath("weights.onnx").read_bytes(), options)
    made = other.run(None, session.inputs(QUESTION, UNITS, [0] * 4, lines=False, known=frozenset()))[0]
    assert made.tolist() == kompress.scores(QUESTION, UNITS, [0] * 4)


def test_the_answer_scores_best():
    scores = kompress.scores(QUESTION, UNITS, [0] * 4)
    assert max(range(4), key=scores.__getitem__) == 0


def test_over_the_cap_it_says_nothing():
    assert kompress.scores(QUESTION, ["word " * 90] * 100, [0] * 100) is None


def test_no_units_no_scores():
    assert kompress.scores(QUESTION, [], []) is None


@pytest.mark.parametrize("unit", ["", "\x00", "\ud800", "😀", "x" * 100_000, "一" * 5_000, "\u202e", " "])
def test_odd_units(unit):
    assert len(kompress.scores(QUESTION, [*UNITS, unit], [0] * 5)) == 5


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=12), st.text(max_size=80), st.booleans())
def test_features_lie_on_their_grid(units, question, lines):
    rows = features(question, units, list(range(len(units))), lines=lines)
    for row in rows:
        assert len(row) == COUNT
        assert all(0 <= value < 2 and value * 64 == int(value * 64) for value in row)


def test_inflected_words_are_the_same():
    assert Overlap("Where is it located?", ["It locates the file.", "Nothing."]).covered == [1.0, 0.0]


def test_without_the_extra_words_in_common_decide():
    code = """
import sys
sys.modules["onnxruntime"] = None
from headroom import Settings, compress_text
from headroom.originals.store import MemoryStore
text = "\\n\\n".join(f"[{n}] The bird number {n} lives in a tree of the wood. It sings all day and it never sleeps at night." for n in range(30))
text += "\\n\\n[31] The clock of the north mast was set to 31 MHz. It was painted red by the people of the town."
made = compress_text(text, 'search_docs {"query": "what was the clock of the mast set to"}', settings=Settings(min_tokens=0), store=MemoryStore())
assert made.failures == (), made.failures
assert made.edit.compressor == "prose"
assert "31 MHz" in made.text
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_weights_are_small_and_are_those_of_the_card():
    folder = files("headroom.kompress")
    weights = folder.joinpath("weights.onnx").read_bytes()
    assert len(weights) + len(folder.joinpath("vocabulary.txt").read_bytes()) < 8_000_000
    card = (HERE.parent.parent / "training" / "MODEL_CARD.md").read_text("utf-8")
    assert hashlib.sha256(weights).hexdigest() in card
