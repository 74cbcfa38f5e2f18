"""Requests of an agent's tool loop, to set breakpoints in."""

import json

from headroom.wire.body import Body
from headroom.wire.marks import marks

EPHEMERAL = {"type": "ephemeral"}
TOOL = {"name": "bash", "description": "Run a command. " * 40, "input_schema": {"type": "object"}}
PROMPT = "You are an agent. " * 60


def block(text, **more):
    return {"type": "text", "text": text, **more}


def call(number):
    return {"type": "tool_use", "id": f"t{number}", "name": "bash", "input": {"command": f"echo {number}"}}


def result(number, **more):
    return {"type": "tool_result", "tool_use_id": f"t{number}", "content": f"output {number} " * 30, **more}


def turns(count, calls=1, first="Find the bug. " * 40):
    """A tool loop: what the user asked, and so many answers with calls and their results."""
    messages = [{"role": "user", "content": first}]
    for turn in range(count):
        numbers = range(turn * calls, (turn + 1) * calls)
        messages.append({"role": "assistant", "content": [block("Looking."), *map(call, numbers)]})
        messages.append({"role": "user", "content": [result(number) for number in numbers]})
    return messages


def request(messages, **more):
    return {"model": "claude-sonnet-4-6", "messages": messages, "system": PROMPT, "tools": [TOOL], **more}


def marked(value, minimum=256, edited=()):
    """A request after our marks, decoded."""
    body = Body(json.dumps(value).encode(), "anthropic")
    return json.loads(body.edited(marks(body, minimum, edited)))
