"""What is left as it came: a block that another process decided first (that is what the provider has cached), a short error."""

import json

from headroom import Settings, compress
from headroom.originals.store import MemoryStore

LOG = "\n".join(f"2026-03-01 10:00:{second:02} INFO worker {second % 4} took job {second}" for second in range(60))


def asked(text, *, is_error=False):
    """A conversation that ends in a tool's result."""
    use = {"type": "tool_use", "id": "a", "name": "Bash", "input": {"command": "cat worker.log"}}
    result = {"type": "tool_result", "tool_use_id": "a", "content": text, **({"is_error": True} if is_error else {})}
    return [
        {"role": "user", "content": "why is it slow"},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]


class Raced(MemoryStore):
    """Between our look-up and our answer, another process decides with settings of its own."""

    def decisions(self, keys):
        found = super().decisions(keys)
        if not hasattr(self, "theirs"):
            self.theirs = None
            self.theirs = compress(self.messages, settings=Settings(kinds={}, min_tokens=10**6), store=self)
        return found


def test_the_other_process_decided_first():
    messages = asked(LOG)
    alone = compress(messages, store=MemoryStore())
    assert alone.edits, "the sample no longer becomes shorter"
    store = Raced()
    store.messages = messages
    ours = compress(messages, store=store)
    assert json.dumps(store.theirs) == json.dumps(messages)
    assert json.dumps(ours) == json.dumps(store.theirs)
    assert not ours.edits


def test_a_short_error_result_stays_also_when_it_repeats():
    once = asked(LOG, is_error=True)
    assert compress(once, store=MemoryStore()) == once
    twice = once + asked(LOG, is_error=True)
    assert compress(twice, store=MemoryStore()) == twice
