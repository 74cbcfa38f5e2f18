"""Law 1: what a message becomes never depends on what follows it. Law 2: the first decision wins."""

import copy
from itertools import pairwise

from hypothesis import given, settings
from payloads import compressible, conversations, exchange

from headroom import Settings, compress
from headroom.compression import cache, pipeline
from headroom.originals.sqlite import SqliteStore
from headroom.originals.store import MemoryStore
from headroom.wire import read


@settings(max_examples=60, deadline=None)
@given(conversations())
def test_a_prefix_compresses_to_the_prefix(messages):
    whole = compress(messages, store=MemoryStore())
    for k in range(1, len(messages) + 1):
        assert compress(messages[:k], store=MemoryStore()) == whole[:k]


@settings(max_examples=30, deadline=None)
@given(conversations())
def test_growing_conversation_in_one_store_equals_the_whole_at_once(messages):
    store = MemoryStore()
    grown = [compress(messages[:k], store=store) for k in range(1, len(messages) + 1)]
    assert grown[-1] == compress(messages, store=MemoryStore())
    for earlier, later in pairwise(grown):
        assert later[: len(earlier)] == earlier


def as_resent(messages):
    """The same conversation as clients send it a turn later: strings as one text block, a cache mark on the last one."""
    again = copy.deepcopy(messages)
    for message in again:
        if isinstance(message["content"], str):
            message["content"] = [{"type": "text", "text": message["content"]}]
    again[-1]["content"][-1]["cache_control"] = {"type": "ephemeral"}
    return again


def texts(messages):
    return [block.text for block in read(messages)[0]]


@settings(max_examples=30, deadline=None)
@given(conversations())
def test_marks_and_string_or_list_change_nothing(messages):
    store = MemoryStore()
    first = compress(messages, store=store)
    resent = compress(as_resent(messages), store=store)
    assert texts(resent) == texts(first)
    assert resent[-1]["content"][-1]["cache_control"] == {"type": "ephemeral"}


def test_a_changed_setting_touches_only_what_is_undecided(tmp_path):
    command, text = compressible()
    messages = [{"role": "user", "content": "go"}, *exchange(0, command, text), *exchange(1, "other", text[::-1])]
    store = SqliteStore(tmp_path / "store.sqlite3")
    first = compress(messages[:3], store=store, settings=Settings(min_tokens=0))
    assert first.edits
    later = compress(
        messages,
        store=SqliteStore(tmp_path / "store.sqlite3"),
        settings=Settings(level="lossless", repeats=True, min_tokens=10_000),
    )
    assert later[:3] == first


def test_what_was_left_alone_is_left_alone_for_ever(tmp_path):
    command, text = compressible()
    messages = [{"role": "user", "content": "go"}, *exchange(0, command, text)]
    store = SqliteStore(tmp_path / "store.sqlite3")
    assert (
        compress(messages, store=store, settings=Settings(kinds={}, level="lossless", min_tokens=1_000_000)) == messages
    )
    assert compress(messages, store=store) == messages


def test_a_decision_is_not_replayed_in_another_conversation():
    command, text = compressible()
    one = [{"role": "user", "content": "go"}, *exchange(0, command, text), *exchange(1, command, text)]
    two = [{"role": "user", "content": "go"}, *exchange(1, command, text)]
    store = MemoryStore()
    compress(one, store=store)
    assert compress(two, store=store) == compress(two, store=MemoryStore())


@settings(max_examples=30, deadline=None)
@given(conversations())
def test_the_core_is_a_function_of_its_arguments(messages):
    blocks, _ = read(messages)
    first = pipeline.run(blocks, Settings(), {})
    again = pipeline.run(blocks, Settings(), {})
    assert (first.edits, first.originals, first.decisions) == (again.edits, again.originals, again.decisions)
    decided = {decision.key: decision for decision in first.decisions}
    replayed = pipeline.run(blocks, Settings(level="aggressive"), decided)
    assert replayed.edits == first.edits
    assert not replayed.decisions


def test_keys_cover_everything_before_a_block():
    blocks, _ = read([{"role": "user", "content": "a"}, *exchange(0, "ls", "x" * 50), *exchange(1, "ls", "y" * 50)])
    other, _ = read([{"role": "user", "content": "b"}, *exchange(0, "ls", "x" * 50), *exchange(1, "ls", "y" * 50)])
    assert not set(cache.keys(blocks)) & set(cache.keys(other))
