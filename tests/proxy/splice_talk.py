"""What providers answer, written by hand: the same few things said in each format, streamed and whole.

A round is a list of items: `("text", words)`, `("think", words)`, `("own", id, arguments)`, `("call", id, arguments)`.
"""

import json

from headroom import wire
from headroom.compression import cache
from headroom.proxy import hidden
from headroom.proxy.splice import Again, Job, start
from headroom.proxy.splice.whole import _SHAPES
from headroom.wire.body import Body

TOOL = "headroom_retrieve"
RESULT = "line 41\nline 42"


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def sse(name, value):
    return (f"event: {name}\n" if name else "") + f"data: {value if isinstance(value, str) else dump(value)}\n\n"


def halves(text):
    return [part for part in (text[: len(text) // 2], text[len(text) // 2 :]) if part]


def stop_of(items, length):
    calls = any(item[0] in ("own", "call") for item in items)
    return "length" if length else "calls" if calls else "end"


STOPS = {"calls": "tool_use", "end": "end_turn", "length": "max_tokens"}
REASONS = {"calls": "tool_calls", "end": "stop", "length": "length"}


class Anthropic:
    format = "anthropic"

    def block(self, item):
        if item[0] == "text":
            return {"type": "text", "text": item[1]}
        if item[0] == "think":
            return {"type": "thinking", "thinking": item[1], "signature": "sig-" + item[1]}
        name = TOOL if item[0] == "own" else "Bash"
        return {"type": "tool_use", "id": item[1], "name": name, "input": item[2]}

    def request(self, messages):
        return {
            "model": "claude",
            "max_tokens": 1000,
            "stream": True,
            "tools": [{"name": "Bash"}],
            "messages": messages,
        }

    def stream(self, items, number=0, length=False):
        usage = {"input_tokens": 100 + number, "cache_read_input_tokens": 7, "output_tokens": 1}
        message = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": "claude", "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": usage}
        out = [sse("message_start", {"type": "message_start", "message": message}), sse("ping", {"type": "ping"})]
        for index, item in enumerate(items):
            block = self.block(item)
            empty = block | {"text": {"text": ""}, "think": {"thinking": "", "signature": ""}}.get(
                item[0], {"input": {}}
            )
            out.append(self._event("content_block_start", index, content_block=empty))
            if item[0] == "text":
                deltas = [{"type": "text_delta", "text": half} for half in halves(item[1])]
            elif item[0] == "think":
                deltas = [{"type": "thinking_delta", "thinking": half} for half in halves(item[1])]
                deltas.append({"type": "signature_delta", "signature": block["signature"]})
            else:
                deltas = [{"type": "input_json_delta", "partial_json": half} for half in ["", *halves(dump(item[2]))]]
            out += [self._event("content_block_delta", index, delta=delta) for delta in deltas]
            out.append(self._event("content_block_stop", index))
        delta = {"stop_reason": STOPS[stop_of(items, length)], "stop_sequence": None}
        out.append(sse("message_delta", {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 10}}))
        return [*out, sse("message_stop", {"type": "message_stop"})]

    def _event(self, kind, index, **more):
        return sse(kind, {"type": kind, "index": index} | more)

    def whole(self, items, number=0, length=False):
        return dump(
            {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": "claude"}
            | {"content": [self.block(item) for item in items], "stop_reason": STOPS[stop_of(items, length)]}
            | {"stop_sequence": None, "usage": {"input_tokens": 100 + number, "output_tokens": 10}}
        )

    def turns(self, items):
        return [{"role": "assistant", "content": [self.block(item) for item in items]}] if items else []

    def results(self, ids):
        parts = [{"type": "tool_result", "tool_use_id": each, "content": text} for each, text in ids]
        return [{"role": "user", "content": parts}]

    def user(self, text):
        return {"role": "user", "content": text}


class Chat:
    format = "chat"

    def call(self, item):
        function = {"name": TOOL if item[0] == "own" else "Bash", "arguments": dump(item[2])}
        return {"id": item[1], "type": "function", "function": function}

    def request(self, messages):
        return {
            "model": "gpt",
            "stream": True,
            "tools": [{"type": "function", "function": {"name": "Bash"}}],
            "messages": messages,
        }

    def message(self, items):
        calls = [self.call(item) for item in items if item[0] in ("own", "call")]
        text = "".join(item[1] for item in items if item[0] == "text")
        return {"role": "assistant", "content": text or None} | ({"tool_calls": calls} if calls else {})

    def stream(self, items, number=0, length=False):
        out = [self._chunk(number, {"role": "assistant", "content": "", "refusal": None})]
        index = 0
        for item in items:
            if item[0] == "text":
                out += [self._chunk(number, {"content": half}) for half in halves(item[1])]
            elif item[0] in ("own", "call"):
                call = self.call(item)
                written = call["function"]["arguments"]
                first = call | {"index": index, "function": call["function"] | {"arguments": ""}}
                out.append(self._chunk(number, {"tool_calls": [first]}))
                for half in halves(written):
                    out.append(self._chunk(number, {"tool_calls": [{"index": index, "function": {"arguments": half}}]}))
                index += 1
        out.append(self._chunk(number, {}, REASONS[stop_of(items, length)]))
        usage = {"prompt_tokens": 100 + number, "completion_tokens": 10, "total_tokens": 110 + number}
        out.append(sse("", dump({**self._head(number), "choices": [], "usage": usage})))
        return [*out, sse("", "[DONE]")]

    def _head(self, number):
        return {
            "id": f"chatcmpl-{number}",
            "object": "chat.completion.chunk",
            "created": 1700000000 + number,
            "model": "gpt",
        }

    def _chunk(self, number, delta, reason=None):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return sse("", dump({**self._head(number), "choices": [choice], "usage": None}))

    def whole(self, items, number=0, length=False):
        choice = {"index": 0, "message": self.message(items), "finish_reason": REASONS[stop_of(items, length)]}
        usage = {"prompt_tokens": 100 + number, "completion_tokens": 10, "total_tokens": 110 + number}
        head = self._head(number) | {"object": "chat.completion"}
        return dump(head | {"choices": [choice], "usage": usage})

    def turns(self, items):
        message = self.message(items)
        return [message] if message["content"] or "tool_calls" in message else []

    def results(self, ids):
        return [{"role": "tool", "tool_call_id": each, "content": text} for each, text in ids]

    def user(self, text):
        return {"role": "user", "content": text}


class Gemini:
    format = "gemini"

    def part(self, item):
        if item[0] == "text":
            return {"text": item[1]}
        if item[0] == "think":
            return {"text": item[1], "thought": True}
        name = TOOL if item[0] == "own" else "Bash"
        return {"functionCall": {"id": item[1], "name": name, "args": item[2]}}

    def request(self, messages):
        return {"contents": messages, "tools": [{"functionDeclarations": [{"name": "Bash"}]}]}

    def _chunk(self, number, parts, reason=None):
        candidate = {"content": {"parts": parts, "role": "model"}, "index": 0} | (
            {"finishReason": reason} if reason else {}
        )
        usage = {"promptTokenCount": 100 + number, "candidatesTokenCount": 10, "totalTokenCount": 110 + number}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "g", "responseId": f"r{number}"}

    def chunks(self, items, number=0, length=False):
        out = []
        for item in items:
            cut = halves(item[1]) if item[0] == "text" else [None]
            out += [self._chunk(number, [{"text": half} if half else self.part(item)]) for half in cut]
        reason = "MAX_TOKENS" if length else "STOP"
        if out and number % 2:  # the last word alone, or with the last part
            out[-1]["candidates"][0]["finishReason"] = reason
            return out
        return [*out, self._chunk(number, [{"text": ""}], reason)]

    def stream(self, items, number=0, length=False):
        return [sse("", dump(chunk)) for chunk in self.chunks(items, number, length)]

    def array(self, items, number=0, length=False):
        chunks = [dump(chunk) for chunk in self.chunks(items, number, length)]
        return ["[" + chunks[0], *(",\r\n" + chunk for chunk in chunks[1:]), "]"]

    def whole(self, items, number=0, length=False):
        return dump(self._chunk(number, [self.part(item) for item in items], "MAX_TOKENS" if length else "STOP"))

    def turns(self, items):
        return [{"role": "model", "parts": [self.part(item) for item in items]}] if items else []

    def results(self, ids):
        answers = [
            {"id": each, "name": TOOL if each.startswith("own") else "Bash", "response": {"output": text}}
            for each, text in ids
        ]
        return [{"role": "user", "parts": [{"functionResponse": answer} for answer in answers]}]

    def user(self, text):
        return {"role": "user", "parts": [{"text": text}]}


TALKS = {"anthropic": Anthropic(), "chat": Chat(), "gemini": Gemini()}


class Facts(dict):
    """What is remembered: the first writer wins."""

    def keep(self, facts):
        for key, fact in facts.items():
            self.setdefault(key, fact)

    def recall(self, keys):
        return {key: self[key] for key in keys if key in self}


def restore(talk, request, facts):
    """A request as the provider gets it, what went wrong, and the place of its answer."""
    body = Body(request if isinstance(request, bytes) else dump(request).encode(), talk.format)
    blocks, _ = wire.read(body.messages)
    found = hidden.restore(body, _SHAPES[talk.format], blocks, facts.recall, cache.keys(blocks))
    return body.edited(found.changes), found.failures, found.place


class Played:
    """One request answered: what the client got, what was sent upstream, which calls were answered."""

    def __init__(self, talk, request, facts, content_type="text/event-stream", *, streamed=True, **job):
        sent, self.failures, place = restore(talk, request, facts)
        self.sent = [sent]
        self.asked = []
        self.client = b""
        self.facts = facts
        self.splice = start(Job(talk.format, sent, place, self.answer, **job), content_type, streamed)

    def answer(self, arguments):
        self.asked.append(arguments)
        return RESULT

    def hear(self, chunks):
        """Feed one answer of the provider; `True` when another round is to be heard."""
        for chunk in chunks:
            self.client += self.splice.feed(chunk if isinstance(chunk, bytes) else chunk.encode())
        step = self.splice.finish()
        self.facts.keep(step.remember)
        self.client += step.data
        if isinstance(step, Again):
            self.sent.append(step.body)
            return True
        return False
