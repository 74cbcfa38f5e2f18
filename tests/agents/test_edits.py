"""Changes of configuration files: only what is meant changes, and undoing it gives the user's bytes back."""

import re
from pathlib import Path

import pytest
from config_texts import BROKEN, CHANGES, TEXTS
from hypothesis import assume, given
from hypothesis import strategies as st

from headroom.agents import edits
from headroom.agents.edits import MISSING, Change, EditError
from headroom.agents.undo import undone

FILE = Path("/somewhere/config")
COMMENTS = {"json": "// note", "toml": "# note", "yaml": "# note", "env": "# note"}
EVERY = [(kind, text) for kind, texts in TEXTS.items() for text in texts]


def made(kind, text, chosen):
    """The changes that this text takes, and the text with them."""
    changes = []
    for path, value in chosen:
        change = Change(FILE, kind, path, value)
        try:
            text = edits.put(change, text)
        except EditError:
            continue
        changes.append(change)
    return changes, text


@st.composite
def installed(draw):
    """A configuration, changes to it, and the text with them."""
    kind, before = draw(st.sampled_from(EVERY))
    chosen = draw(st.lists(st.sampled_from(CHANGES[kind]), min_size=1, max_size=3, unique_by=lambda pair: pair[0]))
    changes, after = made(kind, before, chosen)
    assume(changes)
    return kind, before, changes, after


@st.composite
def hand(draw, before, after, kind):
    """An edit by the user: a function that does the same to both texts, away from what is ours."""
    end = "\r\n" if "\r\n" in before else "\n"
    shared = [line for line in before.splitlines() if line.strip() and before.count(line) == after.count(line) == 1]
    words = [word for word in re.findall(r"[\w.-]{3,}", before) if before.count(word) == after.count(word) == 1]
    what = draw(st.sampled_from(["append", "line", "remove", "word"]))
    if what == "append":
        assume(before.endswith("\n"))
        tail = draw(st.sampled_from([end, COMMENTS[kind] + end, " "])) if kind != "toml" else COMMENTS[kind] + end
        return lambda text: text + tail
    if what == "word" and words:
        word = draw(st.sampled_from(words))
        return lambda text: text.replace(word, "changed")
    assume(shared)
    line = draw(st.sampled_from(shared))
    if what == "line":
        return lambda text: text.replace(line, COMMENTS[kind] + end + line)
    return lambda text: text.replace(line, "")


@given(installed())
def test_what_was_not_meant_stays(one):
    kind, before, changes, after = one
    for change in changes:
        assert edits.get(change, after) == change.value
    assert (after.startswith("\ufeff"), "\r\n" in after) == (before.startswith("\ufeff"), "\r\n" in before)
    if all(edits.get(change, before) is MISSING for change in changes):
        lines = kind in ("toml", "env")
        before, after = before.removeprefix("\ufeff"), after.removeprefix("\ufeff")
        rest = iter(after.splitlines() if lines else after)
        assert all(piece in rest for piece in (before.splitlines() if lines else before)), "only added to"


@given(installed())
def test_undoing_gives_the_exact_bytes_back(one):
    _, before, changes, after = one
    assert undone(FILE, before.encode(), after.encode(), changes, after.encode()) == (before.encode(), True)
    assert undone(FILE, None, after.encode(), changes, after.encode()) == (None, True)


@given(installed(), st.data())
def test_edits_of_the_user_stay_to_the_byte(one, data):
    kind, before, changes, after = one
    edit = data.draw(hand(before, after, kind))
    mine, now = edit(before), edit(after)
    try:
        edits.whole(changes[0], mine)
        valid = [edits.get(change, now) == change.value for change in changes]
    except EditError:
        assume(False)
    assume(all(valid))
    try:
        got, _ = undone(FILE, before.encode(), after.encode(), changes, now.encode())
    except EditError:
        return  # refused, and left alone
    assert (got or b"").decode() == mine


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in BROKEN.items() for text in texts])
def test_broken_and_foreign_texts_are_refused(kind, text):
    path = ("env", "NAME")
    with pytest.raises(EditError, match="left as it is"):
        edits.put(Change(FILE, kind, path, "x"), text)


@pytest.mark.parametrize(("kind", "text"), EVERY)
def test_the_same_value_changes_nothing(kind, text):
    for path, value in CHANGES[kind]:
        change = Change(FILE, kind, path, value)
        try:
            once = edits.put(change, text)
        except EditError:
            continue
        assert edits.put(change, once) == once
        assert edits.get(Change(FILE, kind, path, None), edits.drop(change, once)) is MISSING
