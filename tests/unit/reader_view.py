"""What a model reads in the place of one tool result, for tests that look at it from there."""

from headroom import compress, retrieve
from headroom.originals.store import MemoryStore

QUESTION = "Look at this output and tell me what matters."


def conversation(text, command="./run", question=QUESTION, system=None):
    """One call of a shell tool and its result, as Anthropic takes it."""
    return [
        *([{"role": "system", "content": system}] if system else []),
        {"role": "user", "content": question},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": command}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": text}]},
    ]


def shown(text, command="./run", question=QUESTION):
    """What the model reads in place of a text; the original can be had back."""
    store = MemoryStore()
    made = compress(conversation(text, command, question), store=store)
    assert made.failures == ()
    for edit in made.edits:
        assert retrieve(edit.handle, store=store) == text
    return made[-1]["content"][0]["content"]


def tokens_left(text, command="./run"):
    """The share of the tokens that is left."""
    made = compress(conversation(text, command), store=MemoryStore(), model="gpt-4")
    result = made.edits[0] if made.edits else None
    return result.tokens_after / result.tokens_before if result else 1.0


def deploy(lines):
    """A log in which nothing happens."""
    return [
        f"2024-05-01 10:{i // 60 % 60:02}:{i % 60:02} INFO deploy step {i} finished on host-{i % 4}"
        for i in range(lines)
    ]
