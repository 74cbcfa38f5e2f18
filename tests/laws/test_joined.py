"""A conversation that Headroom joins midway: what was sent without us stays as it was sent, for ever."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headroom import Settings, engine, wire
from headroom.originals.facts import recall, remember
from headroom.originals.store import MemoryStore

LOG = "\n".join(f"2026-01-02 10:00:{n % 60:02} INFO worker {n % 7} finished job {n} in {n * 3} ms" for n in range(300))


def turns(count, salt=""):
    messages = [{"role": "user", "content": "look at the logs"}]
    for n in range(count):
        call = {"type": "tool_use", "id": f"t{n}", "name": "Bash", "input": {"command": f"cat run{n}.log"}}
        messages += [
            {"role": "assistant", "content": [call]},
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": f"t{n}", "content": f"{salt}{n}\n{LOG}"}],
            },
        ]
    return messages


def edited(messages, store, sent=0, **options):
    edits, failures = engine.edit(wire.read(messages)[0], Settings(**options), store, sent)
    assert failures == []
    return {edit.path: edit.text for edit in edits}


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 3), st.integers(1, 3))
def test_what_was_sent_before_stays_and_what_comes_is_compressed(before, after):
    store = MemoryStore()
    whole = turns(before + after)
    sent = 1 + 2 * before
    joined = edited(whole[: sent + 2], store, sent)
    assert all(path[0] >= sent for path in joined)
    assert joined
    later = edited(whole, store)
    assert {path: text for path, text in later.items() if path[0] < sent + 2} == joined


def test_what_went_out_uncompressed_is_never_compressed_later():
    store = MemoryStore()
    messages = turns(2)
    assert edited(messages, store, sent=len(messages)) == {}
    assert edited(messages, store) == {}


@pytest.mark.parametrize("level", ["balanced", "aggressive"])
def test_nobody_to_ask_means_nothing_left_out_and_no_handle_named(level):
    store = MemoryStore()
    edits, _ = engine.edit(wire.read(turns(3))[0], Settings(level=level, retrieval=False), store)
    plain, _ = engine.edit(wire.read(turns(3))[0], Settings(level="lossless"), MemoryStore())
    assert edits
    assert not [edit for edit in edits if "h:" in edit.text]
    assert [edit.path for edit in edits] == [edit.path for edit in plain]
    assert all(store.original(edit.handle) for edit in edits)


def test_facts_are_kept_once_and_beside_decisions():
    store = MemoryStore()
    assert remember(store, {"a": "1", "b": ""}) == {"a": "1", "b": ""}
    assert remember(store, {"a": "2"}) == {"a": "1"}
    assert recall(store, ["a", "b", "c"]) == {"a": "1", "b": ""}
    assert store.decisions(["a"]) == {}
