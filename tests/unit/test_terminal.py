"""Terminal noise: what a person saw on the screen in the end, line for line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headroom.compression.terminal import clean

CASES = [
    ("plain", "plain"),
    ("\x1b[31mred\x1b[0m and \x1b[1;38;5;208mbold\x1b[m", "red and bold"),
    ("\x1b[2K\x1b[1Gdone", "done"),
    ("\x1b]8;;https://x.org/a\x1b\\link\x1b]8;;\x1b\\ after", "link after"),
    ("\x1b]0;window title\x07text", "text"),
    ("\x1b(Bcharset\x1b=", "charset"),
    ("\x9b31mold red\x9b0m", "old red"),
    ("\x1bPdevice control\x1b\\text", "text"),
    ("a\x00b\x07c", "abc"),
    ("one\r\ntwo\r\n", "one\ntwo\n"),
    ("one\r\r\ntwo\n", "one\ntwo\n"),
    ("10%\r20%\r100%\ndone\n", "100%\ndone\n"),
    ("10%\r20%\r100%\r\ndone\r\n", "100%\ndone\n"),
    ("a\nwait |\rwait /\rwait -\rready\nb", "a\nready\nb"),
    ("- \x1b[1G\\ \x1b[1G| \x1b[0Gadded 5 packages\n", "added 5 packages\n"),
    ("tail\r", "tail\r"),
    ("N\x08NA\x08AM\x08ME\x08E", "NAME"),
    ("_\x08o_\x08p_\x08t", "opt"),
    ("99%\x08\x08\x08100%\n", "100%\n"),
    ("\x08\x08a\nb\x08", "a\n"),
    ("one\rtwo three four\rfive six\rseven", "one\rtwo three four\rfive six\rseven"),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[repr(text) for text, _ in CASES])
def test_clean(text, expected):
    assert clean(text) == expected


def test_trouble_that_was_overwritten_stays():
    text = "Fetching 1%\rERROR: disk full, 3 jobs lost\rFetching 2%\rFetching 100%\nok\n"
    assert clean(text) == "ERROR: disk full, 3 jobs lost\rFetching 100%\nok\n"


def test_what_the_user_protected_stays():
    kept = "<headroom:keep>\x1b[31mred\x1b[0m 1%\r2%\r\n</headroom:keep>"
    assert clean(f"\x1b[1ma\x1b[0m{kept}\x1b[1mb\x1b[0m{kept}\x1b[1mc") == f"a{kept}b{kept}c"


def test_a_protection_that_never_ends_protects_nothing():
    assert clean("<headroom:keep>\x1b[31mred\x1b[0m") == "<headroom:keep>red"


NOISE = st.text(st.sampled_from("ab \n\r\x1b\x08\x00\x07[]0;m31GK8\\/\x9b"), max_size=60)


@given(NOISE)
def test_line_numbers_never_change_and_no_word_is_made_up(text):
    made = clean(text)
    assert made.count("\n") == text.count("\n")
    assert clean(made).count("\n") == made.count("\n")
    letters = iter(text)
    assert all(sign in letters for sign in made if sign != "\r")


@given(st.text(st.characters(blacklist_characters="\x00\x07\x08\r\x1b\x9b"), max_size=200))
def test_text_without_noise_is_the_same_object(text):
    assert clean(text) is text


def test_huge_noise_does_not_hang():
    for text in (
        "\x1b[" * 500_000,
        "\x1b]" * 500_000,
        "\x08" * 1_000_000,
        "a\x08" * 500_000,
        "a\r" * 500_000 + "\n",
        "<headroom:keep>\x00" * 60_000,
        "a\rb\n\x08" + "c" * 2_000_000,
        "\r" * 500_000,
    ):
        assert len(clean(text)) <= len(text)


def test_a_real_progress_bar():
    bar = "".join(f"\r {n}%|{'█' * (n // 10):10}| {n}/100 [00:0{n // 25}<00:01, 98.{n}it/s]" for n in range(0, 101, 5))
    made = clean(f"start\n{bar}\nend\n")
    assert re.sub(r"\s+", " ", made) == "start 100%|██████████| 100/100 [00:04<00:01, 98.100it/s] end "
