"""`/v1/compress` for our own clients: edits to put in themselves, and what a provider has had already stays."""

import json

import pytest
from provider_talk import compact, log
from test_interop import chat, made, post

import headroom
from headroom import wire
from headroom.errors import InputError
from headroom.originals.store import MemoryStore
from headroom.proxy.interop import compress
from headroom.settings import Settings

SAID = [{"role": "user", "content": "look"}]


def edits_of(rows, store, **fields):
    """Path of an edit to its text, as our own clients ask for them."""
    found = made(rows, store, conversation=True, answer="edits", **fields)
    assert "messages" not in found
    return {tuple(edit["path"]): edit["text"] for edit in found["edits"]}


def test_edits_put_in_by_path_are_what_would_have_come_back():
    rows = [*SAID, *chat(1, log(1)), *chat(2, log(1))]
    found = made(rows, conversation=True)
    assert wire.put(rows, edits_of(rows, MemoryStore())) == found["messages"]
    assert found["version"] == headroom.__version__
    assert len(found["edits"]) == 2


def test_half_a_surrogate_pair_does_not_cost_the_answer():
    text = log(1).replace("session", "session \ud83d", 1)
    sent = json.dumps({"messages": [*SAID, *chat(1, text)], "conversation": True, "answer": "edits"}).encode()
    found = json.loads(compress(sent, Settings(), MemoryStore()))
    assert [edit["path"] for edit in found["edits"]] == [[2, "content"]]


@pytest.mark.parametrize("sent", [3, "answered"])
def test_what_was_sent_before_stays_and_what_was_decided_is_replayed(sent):
    store = MemoryStore()
    rows = [*SAID, *chat(1, log(1)), *chat(2, log(2))]
    assert set(edits_of(rows, store, sent=sent)) == {(4, "content")}
    longer = [*rows, *chat(3, log(3))]
    assert set(edits_of(longer, store, sent=sent)) == {(4, "content"), (6, "content")}
    assert set(edits_of(longer, store)) == {(4, "content"), (6, "content")}, "it was decided for ever"


def test_what_went_out_as_it_came_is_what_later_text_is_told_of():
    """The first answer came too late: what it decided was never sent, and nothing may rest on it."""
    store = MemoryStore()
    rows = [*SAID, *chat(1, log(1))]
    assert set(edits_of(rows, store)) == {(2, "content")}
    longer = [*rows, *chat(2, log(2))]
    assert set(edits_of(longer, store, plain=[2])) == {(4, "content")}
    assert set(edits_of(longer, store)) == {(2, "content"), (4, "content")}, "whoever got it keeps it"


def test_rows_that_went_out_as_they_came_stay_in_a_row_by_row_answer():
    rows = [*chat(1, log(1)), *chat(2, log(2))]
    assert [edit["path"] for edit in made(rows, plain=[1])["edits"]] == [[3, "content"]]


@pytest.mark.parametrize("fields", [{"sent": -1}, {"sent": "all"}, {"sent": True}, {"plain": 1}, {"plain": ["1"]}])
def test_a_history_that_cannot_be_is_told(fields):
    with pytest.raises(InputError, match=next(iter(fields))):
        made(SAID, conversation=True, **fields)


def test_over_http(client):
    found = post(client, {"messages": [*SAID, *chat(1, log(1))], "conversation": True, "answer": "edits"})
    assert found.status == 200
    (edit,) = found.value["edits"]
    assert edit["text"] != log(1)
    assert post(client, {"messages": SAID, "sent": "x"}).status == 400
    assert compact(found.value)
