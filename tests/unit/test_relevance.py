"""Trouble is found by the words that programs use for it, whatever was done to find them faster."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.compression.relevance import RED, is_red

WORDS = [
    "error",
    "errors",
    "err",
    "fatal",
    "fail",
    "failed",
    "failure",
    "failures",
    "fails",
    "failing",
    "exception",
    "critical",
    "panic",
    "panicked",
    "abort",
    "aborted",
    "alert",
    "emerg",
    "emergency",
    "warn",
    "warning",
    "warnings",
    "denied",
    "refused",
    "unreachable",
    "timedout",
    "timeout",
    "time-out",
    "corrupt",
    "corrupted",
    "invalid",
    "segfault",
    "killed",
    "oom",
    "traceback",
    "cannot",
    "can't",
    "rejected",
    "unexpected",
    "deadlock",
    "crash",
    "crashed",
    "E1234",
]
PHRASES = (
    *WORDS,
    "timed out",
    "could not",
    "unable to",
    "not found",
    "no such",
    "ValueError",
    "IOException",
    "DeprecationWarning",
)
PLAIN = ("terror", "errand", "INFO", "200", "warmth", "timely", "E12", "GET /items/timeouts-are-none", "-", ".")


@pytest.mark.parametrize("word", PHRASES)
def test_every_word_of_trouble_is_found(word):
    assert RED.search(word), "no word of trouble"
    for said in (word, f"07:13 app[1]: {word}: x", word.title() if word[0] != "E" else word):
        assert is_red(said) == bool(RED.search(said))
    assert is_red(f"disk {word}, giving up")


@given(
    st.lists(st.sampled_from([*PHRASES, *PLAIN, "\n", "Error", "ERROR", "é"]), max_size=6),
    st.sampled_from(["", " ", "_"]),
)
def test_no_text_is_told_apart_from_what_the_pattern_says(words, between):
    text = between.join(words)
    assert is_red(text) == bool(RED.search(text))
