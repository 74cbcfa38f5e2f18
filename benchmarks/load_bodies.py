"""Requests for `load.py`: tool output as agents send it, made here from a fixed seed.

Every request is a conversation of its own with one round of tool calls, so that all of its text is new to a proxy: at
20 KB a log, at 400 KB logs, JSON records, numbered source, listings, search hits and prose. `@N@` in a text becomes the
request's number, in every line of it or every few.
"""

import json
import random
from functools import lru_cache

SYSTEM = "You are a coding agent. Work on what the user asks, with the tools you have. " * 24
TOOLS = [
    {"name": "Bash", "description": "Runs a command.", "input_schema": {"type": "object", "properties": {}}},
    {"name": "mcp__headroom__headroom_retrieve", "description": "Full text.", "input_schema": {"type": "object"}},
]
"""Results may be shortened with a handle: the client has a way to ask for the rest."""


def log(rng):
    """A line of a service's log."""
    at = f"2026-03-14 {rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d},{rng.randrange(1000):03d}"
    kind = rng.random()
    if kind < 0.55:
        return f"{at} INFO http GET /api/items/{rng.randrange(10**4)} 200 {rng.randrange(90)}ms job=@N@"
    if kind < 0.85:
        return f"{at} DEBUG cache hit key=user:{rng.randrange(10**5)} age={rng.randrange(600)}s job=@N@"
    if kind < 0.995:
        return f"{at} INFO db query took {rng.random() * 40:.2f} ms rows={rng.randrange(500)} job=@N@"
    return f"{at} INFO config setting_{rng.randrange(1000)} changed {rng.randrange(3600)} -> {rng.randrange(60)} (@N@)"


def record(rng):
    """An element of what an API gave."""
    return json.dumps(
        {
            "id": rng.randrange(10**7),
            "name": f"item-@N@-{rng.randrange(10**4)}",
            "status": rng.choice(["active", "active", "active", "closed", "pending"]),
            "owner": {"login": f"user{rng.randrange(40)}", "type": "User", "site_admin": False},
            "score": round(rng.random(), 4),
            "url": f"https://api.example.org/items/{rng.randrange(10**6)}",
        }
    )


def entry(rng):
    """A line of `ls -l`."""
    name = rng.choice(["report", "module", "test_case", "fixture", "data"])
    return f"-rw-r--r-- 1 dev dev {rng.randrange(10**6):>8} Mar {rng.randrange(1, 29):>2} 11:{rng.randrange(60):02d} {name}_@N@_{rng.randrange(10**5)}.py"


def code(rng):
    """A line of a program."""
    name = f"{rng.choice(['load', 'store', 'merge', 'check'])}_{rng.randrange(10**4)}"
    return rng.choice(
        [
            f"    {name} = self.{name}(index, {rng.randrange(100)})",
            f"    if {name} is None:  # @N@",
            f"        raise ValueError('{name} @N@')",
            f"def {name}(self, index, value={rng.randrange(100)}):",
        ]
    )


WORDS = sorted(
    set(SYSTEM.replace(".", "").replace(",", "").lower().split())
    | {"index", "cache", "session", "before", "fails", "until"}
)


def prose(rng):
    """A line of documentation."""
    said = " ".join(rng.choice(WORDS) for _ in range(rng.randrange(8, 15)))
    return rng.choice([f"{said} (@N@).", said, said, f"## {said[:30]} @N@", ""])


def hit(rng):
    """A line of `grep -rn`."""
    return f"src/module_{rng.randrange(12)}/part_{rng.randrange(6)}.py:{rng.randrange(900)}:    {WORDS[rng.randrange(len(WORDS))]}_@N@ = load(index, {rng.randrange(100)})"


LINES = {"log": log, "json": record, "listing": entry, "code": code, "prose": prose, "search": hit}


@lru_cache
def text(kind, size, seed):
    """A text of about `size` characters with `@N@` in it."""
    rng = random.Random(f"{kind} {size} {seed}")  # noqa: S311 - no secret
    make = LINES[kind]
    lines, length = [], 0
    while length < size:
        line = make(rng)
        if kind == "code":
            line = f"{len(lines) + 1:6d}\t{line}"
        lines.append(line)
        length += len(line) + 1
    return "[" + ",\n ".join(lines) + "]" if kind == "json" else "\n".join(lines)


COMMANDS = {
    "log": "tail -n 500 app.log",
    "json": "curl -s https://api.example.org/items",
    "listing": "ls -l src",
    "code": "nl -ba src/app.py",
    "prose": "cat docs/guide.md",
    "search": "grep -rn index src",
}


SESSION = (
    ("code", 40),
    ("log", 40),
    ("json", 60),
    ("log", 50),
    ("code", 40),
    ("listing", 25),
    ("prose", 25),
    ("log", 40),
    ("search", 20),
    ("json", 60),
)
"""Kinds and KB of what an agent read in one session."""


def results(kb):
    """(kind, characters) of the tool results in a request of `kb` KB: a log; from 400 KB on a session's results at once."""
    if kb < 400:
        return [("log", 950 * kb)]
    if kb < 5000:
        return [(kind, 950 * share * kb // 400) for kind, share in SESSION]
    return [("log", 1000 * kb)]


def made(kb, number, *, stream=False, events=20, gap=0.0, form="anthropic"):
    """The body of a request of about `kb` KB.

    Args:
        kb: its size.
        number: requests with different numbers share no telling line.
        stream: whether the answer is a stream.
        events: how many deltas the upstream sends.
        gap: seconds between them.
        form: `anthropic` or `chat`.
    """
    tag = f"{number:06d}"
    parts = [
        (kind, text(kind, size, at + number % 4).replace("@N@", tag)) for at, (kind, size) in enumerate(results(kb))
    ]
    calls = [(f"toolu_{tag}_{at}", COMMANDS[kind], said) for at, (kind, said) in enumerate(parts)]
    asked = f"Please look into ticket {tag}."
    control = {"user_id": f"events={events},gap={gap}"}
    head = {"model": "claude-sonnet-4-6", "max_tokens": 1000, "stream": stream, "metadata": control}
    if form == "chat":
        uses = [
            {
                "id": name,
                "type": "function",
                "function": {"name": "Bash", "arguments": json.dumps({"command": command})},
            }
            for name, command, _ in calls
        ]
        said = [{"role": "tool", "tool_call_id": name, "content": content} for name, _, content in calls]
        messages = [{"role": "user", "content": asked}, {"role": "assistant", "tool_calls": uses}, *said]
        return json.dumps({**head, "model": "gpt-5.5", "messages": messages}).encode()
    uses = [
        {"type": "tool_use", "id": name, "name": "Bash", "input": {"command": command}} for name, command, _ in calls
    ]
    said = [{"type": "tool_result", "tool_use_id": name, "content": content} for name, _, content in calls]
    messages = [
        {"role": "user", "content": asked},
        {"role": "assistant", "content": uses},
        {"role": "user", "content": said},
    ]
    return json.dumps({**head, "system": SYSTEM, "tools": TOOLS, "messages": messages}).encode()


def next_turn(number):
    """A session of about 400 KB, and the same one a turn later: a log of 40 KB is new, everything else was seen.

    Returns:
        (the body before, the body after)
    """
    tag = f"{number:06d}"
    messages = [{"role": "user", "content": f"Please look into ticket {tag}."}]
    bodies = []
    for at, (kind, share) in enumerate([*SESSION, ("log", 40)]):
        said = text(kind, 950 * share, at + number % 4).replace("@N@", tag)
        name = f"toolu_{tag}_{at}"
        use = {"type": "tool_use", "id": name, "name": "Bash", "input": {"command": COMMANDS[kind]}}
        result = {"type": "tool_result", "tool_use_id": name, "content": said}
        messages += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
        if at >= len(SESSION) - 1:
            head = {"model": "claude-sonnet-4-6", "max_tokens": 1000, "stream": False, "system": SYSTEM, "tools": TOOLS}
            bodies.append(json.dumps({**head, "messages": messages}).encode())
    return bodies[0], bodies[1]
