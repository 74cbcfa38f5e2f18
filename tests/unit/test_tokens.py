"""Counts are tiktoken's, byte for byte, with nothing downloaded; what has no UTF-8 form is counted, not refused.

tiktoken itself is the oracle. Its rank files are written again from the tokens that the installed tokenizer carries, and
tiktoken takes them only if their SHA-256 is the published one: so the vocabularies are proved equal before any text is.
"""

import base64
import json
from functools import cache
from hashlib import sha1
from pathlib import Path

import pytest
import quicktok
import tiktoken
import tiktoken_ext.openai_public
from hypothesis import given
from hypothesis import strategies as st

import headroom
from headroom import tokens

SAMPLES = Path(headroom.__file__).parent / "perf" / "samples"
ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
VOCABULARIES = {"cl100k_base": 100_256, "o200k_base": 199_998}
"""Ordinary tokens in each: the special ones are no part of a rank file."""
ODD = (
    "",
    " ",
    "\n",
    "\r\n\r\n",
    "\t\t\tx",
    "\x00\x01\x7f",
    "<|endoftext|>",
    "a<|endoftext|><|fim_prefix|>b<|endofprompt|>",
    "don't WE'LL it's I'VE",
    "1234567890 0x1f 3.14159e-10",
    "naïve café ÅNGSTRÖM ﬁn",
    "漢字かな交じり文、한국어, العربية, עברית",
    "👩‍👩‍👧‍👦 🇩🇪 ✓ ├── │",
    "\u2028\u2029\u00a0\u200b\ufeff",
    "e\u0301 \u1100\u1161 \U0001d54f\U0010ffff",
    "     indented     text    ",
    "a" * 3000,
    "-" * 3000,
    " " * 3000,
    "[{" * 1500,
    "\n \n  \n" * 500,
)


@cache
def oracle(name):
    """tiktoken's own encoding, from a rank file that tiktoken has checked."""
    return tiktoken.get_encoding(name)


@pytest.fixture(scope="module", autouse=True)
def _rank_files(tmp_path_factory):
    """Where tiktoken looks before it would download."""
    folder = tmp_path_factory.mktemp("ranks")
    for name, size in VOCABULARIES.items():
        token_of = quicktok.get_encoding(name).decode_single_token_bytes
        lines = [b"%s %d\n" % (base64.b64encode(token_of(rank)), rank) for rank in range(size)]
        (folder / sha1(ADDRESS.format(name).encode()).hexdigest()).write_bytes(b"".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(folder))
        patch.setattr("tiktoken.load.read_file", lambda address: pytest.fail(f"{address}: other ranks than published"))
        list(map(oracle, VOCABULARIES))
        yield


def test_vocabularies_are_the_published_ones():
    assert tiktoken_ext.openai_public.cl100k_base()["mergeable_ranks"] == oracle("cl100k_base")._mergeable_ranks
    assert {name: len(oracle(name)._mergeable_ranks) for name in VOCABULARIES} == VOCABULARIES


def both(text):
    """Our count and tiktoken's, in both vocabularies."""
    ours = (tokens.count(text), tokens.report(text, "gpt-4o"))
    return ours, tuple(len(oracle(name).encode_ordinary(text)) for name in VOCABULARIES)


@pytest.mark.parametrize(
    "entry", json.loads((SAMPLES / "index.json").read_text("utf-8")), ids=lambda entry: entry["file"]
)
def test_samples_count_as_tiktoken_counts_them(entry):
    ours, theirs = both((SAMPLES / entry["file"]).read_bytes().decode("utf-8")[:40_000])
    assert ours == theirs


@pytest.mark.parametrize("text", ODD, ids=lambda text: ascii(text[:20]))
def test_odd_texts_count_as_tiktoken_counts_them(text):
    ours, theirs = both(text)
    assert ours == theirs


@given(st.text(max_size=200))
def test_any_text_counts_as_tiktoken_counts_it(text):
    ours, theirs = both(text)
    assert ours == theirs


@given(st.text(st.sampled_from(" \n\t\r.'-/<|>{}[]()aBé漢1_\u017f\u0301"), max_size=60))
def test_where_pieces_meet_counts_are_tiktokens(text):
    ours, theirs = both(text)
    assert ours == theirs


def test_special_tokens_are_text():
    assert tokens.count("<|endoftext|>") > 1
    assert tokens.report("<|endofprompt|>", "gpt-4o") > 1


def test_a_lone_surrogate_is_counted_as_the_replacement_character():
    assert tokens.count("a \ud800 b") == tokens.count("a \ufffd b")
    assert tokens.report("\udcff" * 5) == tokens.report("\ufffd" * 5)


def test_nothing_is_no_tokens():
    assert tokens.count("") == tokens.report("") == tokens.report("", "gpt-4") == 0


@pytest.mark.parametrize(
    ("model", "vocabulary"),
    [
        (None, "o200k_base"),
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-3.5-turbo-0125", "cl100k_base"),
        ("text-embedding-3-small", "cl100k_base"),
        ("gpt-4o", "o200k_base"),
        ("gpt-4.1-mini", "o200k_base"),
        ("gpt-5", "o200k_base"),
        ("openai/gpt-4o", "o200k_base"),
        ("azure/gpt-4", "cl100k_base"),
        ("claude-sonnet-4-6", "o200k_base"),
        ("gemini-2.5-pro", "o200k_base"),
    ],
)
def test_a_model_is_counted_in_its_own_vocabulary(model, vocabulary):
    assert tokens.encoding_name(model) == vocabulary
    text = "\u0418 \u043f\u0440\u0438\u043c\u0435\u0440 `retry(n=5)` \u6f22\u5b57"
    assert tokens.report(text, model) == len(oracle(vocabulary).encode_ordinary(text))


@pytest.mark.parametrize(
    ("model", "estimate"),
    [(None, True), ("claude-opus-4-6", True), ("gemini-2.5-pro", True), ("gpt-4o", False), ("openai/o3", False)],
)
def test_counts_of_closed_vocabularies_are_called_estimates(model, estimate):
    assert tokens.is_estimate(model) is estimate


def test_a_long_text_is_not_under_what_it_cannot_be_under():
    longest = max(quicktok.get_encoding("cl100k_base").token_byte_values(), key=len)
    assert len(longest.decode()) == tokens.LONGEST
    for text in ("", "a b c", " " * 127, " " * 128, " " * 129, " " * 500, "word " * 60, "x" * 7679, "é" * 200):
        for limit in (0, 1, 2, 3, 60):
            assert tokens.is_under(text, limit) == (tokens.count(text) < limit)
