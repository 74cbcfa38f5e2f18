"""An agent's side of a conversation, in each format: it asks, hears an answer, and brings the results of its calls.

Rules:
* Histories only grow, as those of real agents do; a body is compact JSON, non-ASCII letters as they are.
* With `marks` the Anthropic breakpoint stands on the last block of the last message, and moves on every turn.
* What tools print is made from a number: logs, records and search hits in turn, each with lines that no other has.
"""

import json
import re
from itertools import pairwise

import provider_rules as rules
from provider_answers import Turn

RETRIEVE = "mcp__headroom__headroom_retrieve"
PATHS = {
    "anthropic": "/v1/messages",
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "gemini": "/v1beta/models/gemini-3-pro:generateContent",
}
FORMS = tuple(PATHS)
HANDLE = re.compile(r"h:[0-9a-f]{12}")
"""How our text names an original."""


def log(number, lines=160):
    """What a service logged, with one line that matters."""
    found = [
        f"2026-11-22 10:{at // 60:02}:{at % 60:02} INFO worker-{at % 3}: served request {number * 1000 + at} in {20 + at % 7} ms"
        for at in range(lines)
    ]
    found[lines // 2] = f"2026-11-22 10:01:20 INFO config: session_timeout_{number} changed 3600 -> {number}"
    return "\n".join([*found, ""])


def records(number, count=60):
    """What an API returned."""
    return json.dumps(
        [
            {
                "id": number * 100 + at,
                "type": "User",
                "site_admin": at == number,
                "url": f"https://api.example.org/u/{at}",
            }
            for at in range(count)
        ]
    )


def hits(number, count=80):
    """What a search printed."""
    return "".join(
        f"src/module_{at // 20}/part.py:{at * 7}:    value = lookup({number}, {at})\n" for at in range(count)
    )


OUTPUTS = (("kubectl logs pod", log), ("curl -s api/users", records), ("rg -n lookup", hits))


def output(number):
    """The command and the output of one call."""
    command, make = OUTPUTS[number % len(OUTPUTS)]
    return f"{command} {number}", make(number)


def compact(value):
    """JSON as clients write it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


class Talk:
    """One conversation. `tools` are names; `fields` are further keys of the body."""

    def __init__(self, form, first, tools=("bash", RETRIEVE), marks=True, **fields):
        self.form = form
        self.path = PATHS[form]
        self.marks = marks
        self.open_calls = []
        self.messages = [MADE[form][0](first)]
        self.fields = {**_declared(form, tools), **fields}

    def value(self):
        """The body of the next request."""
        messages = self.messages
        if self.form == "anthropic" and self.marks:
            messages = [*messages[:-1], _marked(messages[-1])]
        return {**self.fields, rules.LISTS[self.form]: messages}

    def body(self):
        """The bytes of the next request."""
        return compact(self.value())

    def hear(self, answer):
        """Take the provider's answer into the history, as its own SDK does."""
        if self.form == "anthropic":
            said = [{"role": "assistant", "content": answer["content"]}]
            calls = [(part["id"], part["name"]) for part in answer["content"] if part["type"] == "tool_use"]
        elif self.form == "chat":
            said = [answer["choices"][0]["message"]]
            calls = [(call["id"], call["function"]["name"]) for call in said[0].get("tool_calls", ())]
        elif self.form == "responses":
            said = answer["output"]
            calls = [(item["call_id"], item["name"]) for item in said if item["type"] == "function_call"]
        else:
            said = [answer["candidates"][0]["content"]]
            made = [part["functionCall"] for part in said[0]["parts"] if "functionCall" in part]
            calls = [(call["id"], call["name"]) for call in made]
        self.messages += said
        self.open_calls = calls

    def bring(self, *texts):
        """Answer the open calls."""
        calls = zip(self.open_calls, texts, strict=True)
        self.messages += MADE[self.form][1]([(id_, name, text) for (id_, name), text in calls])
        self.open_calls = []

    def turn(self, client, provider, number, **more):
        """One whole turn: ask, be told to call `bash`, bring what it printed. Returns the answer."""
        command, printed = output(number)
        call = (f"call_{self.form}_{number}", "bash", {"command": command})
        provider.say(Turn("Let me look.", (call,), **more))
        answer = client.send(self.path, self.body())
        assert answer.status == 200, answer.body[:300]
        self.hear(answer.value)
        self.bring(printed)
        return answer


def _marked(message):
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return {**message, "content": [*blocks[:-1], {**blocks[-1], "cache_control": {"type": "ephemeral"}}]}


def _declared(form, names):
    """What every request of a conversation carries."""
    schema = {"type": "object", "properties": {"command": {"type": "string"}}}
    if form == "anthropic":
        tools = [{"name": name, "description": "A tool.", "input_schema": schema} for name in names]
        fields = {"model": "claude-sonnet-4-6", "max_tokens": 1000, "system": "You are an agent."}
    elif form == "chat":
        tools = [{"type": "function", "function": {"name": name, "parameters": schema}} for name in names]
        fields = {"model": "gpt-5.5"}
    elif form == "responses":
        tools = [{"type": "function", "name": name, "parameters": schema} for name in names]
        fields = {"model": "gpt-5.5", "store": False, "instructions": "You are an agent."}
    else:
        tools = [{"functionDeclarations": [{"name": name, "parameters": schema} for name in names]}]
        fields = {"systemInstruction": {"parts": [{"text": "You are an agent."}]}}
    return {**fields, "tools": tools} if names else fields


def _anthropic_results(calls):
    return [
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": id_, "content": text} for id_, _, text in calls],
        }
    ]


def _chat_results(calls):
    return [{"role": "tool", "tool_call_id": id_, "content": text} for id_, _, text in calls]


def _responses_results(calls):
    return [{"type": "function_call_output", "call_id": id_, "output": text} for id_, _, text in calls]


def _gemini_results(calls):
    parts = [{"functionResponse": {"id": id_, "name": name, "response": {"output": text}}} for id_, name, text in calls]
    return [{"role": "user", "parts": parts}]


def _said(text):
    return {"role": "user", "content": text}


MADE = {
    "anthropic": (_said, _anthropic_results),
    "chat": (_said, _chat_results),
    "responses": (_said, _responses_results),
    "gemini": (lambda text: {"role": "user", "parts": [{"text": text}]}, _gemini_results),
}
"""For each format: what the user says, and the results of calls, as messages."""


def assert_only_grew(form, bodies):
    """The prefix law: what the provider saw on each turn begins with what it saw on the turn before."""
    seen = [(rules.prompt(form, body), rules.history(form, body)) for body in bodies]
    for at, ((earlier_prompt, earlier), (prompt, messages)) in enumerate(pairwise(seen)):
        assert prompt == earlier_prompt, f"turn {at + 2}: system prompt or tools changed"
        assert messages[: len(earlier)] == earlier, f"turn {at + 2}: history changed"
