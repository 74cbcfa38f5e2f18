"""What a cache makes of our breakpoints, and when two messages are the same to it.

The cache here is a reading of Anthropic's rules, written apart from the code: an entry is written at each mark, and a mark
finds entries at itself and at the 20 blocks before it.
"""

import json

import pytest
from marks_requests import EPHEMERAL, block, call, marked, request, result, turns

from headroom.wire.marks import canonical


class Cache:
    """Entries by what stands up to a block; marks read and write them."""

    def __init__(self):
        self.entries = set()

    def read(self, value):
        """How many blocks of a request's messages were read; what its marks write is there for the next one."""
        blocks, ends = [], []
        for message in value["messages"]:
            content = message["content"] if isinstance(message["content"], list) else [block(message["content"])]
            for part in content:
                plain = {key: inner for key, inner in part.items() if key != "cache_control"}
                blocks.append(json.dumps([message["role"], plain], sort_keys=True))
                if "cache_control" in part:
                    ends.append(len(blocks))
        reach = (at for end in ends for at in range(end, max(0, end - 21), -1))
        hits = [at for at in reach if "".join(blocks[:at]) in self.entries]
        self.entries |= {"".join(blocks[:end]) for end in ends}
        return max(hits, default=0), len(blocks)


@pytest.mark.parametrize("calls", [1, 7, 30])
def test_each_request_of_a_loop_reads_all_that_the_one_before_sent(calls):
    messages, cache, before = turns(6, calls), Cache(), 0
    for turn in range(2, 7):
        read, whole = cache.read(marked(request(messages[: 1 + 2 * turn])))
        assert read == before
        before = whole


def test_after_a_follow_up_the_loop_reads_what_was_written_before_it():
    messages, cache = turns(3), Cache()
    _, written = cache.read(marked(request(messages)))
    messages += [{"role": "assistant", "content": "Done."}, {"role": "user", "content": "And the other one?"}]
    cache.read(marked(request(messages)))
    messages += [{"role": "assistant", "content": [call(91)]}, {"role": "user", "content": [result(91)]}]
    assert cache.read(marked(request(messages)))[0] == written


def test_canonical_tells_apart_what_a_provider_reads_apart():
    text = {"role": "user", "content": "a"}
    assert canonical(text) == canonical(
        {"content": [{"text": "a", "type": "text", "cache_control": None}], "role": "user"}
    )
    inner = {"role": "user", "content": [result(1, content="a")]}
    assert canonical(inner) == canonical({"role": "user", "content": [result(1, content=[block("a")])]})
    source = {"type": "content", "content": [block("a")]}
    kept = {"role": "user", "content": [{"type": "document", "source": source}]}
    moved = {
        "role": "user",
        "content": [{"type": "document", "source": source | {"content": [block("a", cache_control=EPHEMERAL)]}}],
    }
    assert canonical(kept) == canonical(moved)
    assert canonical(text) != canonical(text | {"content": "b"})
    assert canonical(text) != canonical(text | {"role": "assistant"})
    assert canonical(text) != canonical(text | {"content": [block("a"), block("")]})
    ordered = [
        {"role": "assistant", "content": [call(1) | {"input": keys}]} for keys in ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    ]
    assert canonical(ordered[0]) != canonical(ordered[1])
    assert canonical({"a": float("1e5"), "b": 2**80, "c": "\ud800"}) != canonical({"a": 1e5, "b": 2**81, "c": "\ud800"})
