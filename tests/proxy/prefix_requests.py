"""Requests of all four formats, built from one conversation, for the cache report."""

import json

TOOLS = [
    {"name": name, "description": f"Does {name}.", "input_schema": {"type": "object"}}
    for name in ("bash", "read", "grep")
]


def said(count):
    """A conversation: questions and answers by turns, as (role, text)."""
    return [("user" if at % 2 == 0 else "assistant", f"what was said at {at}, in a few words") for at in range(count)]


def anthropic(messages, system="You are an agent.", tools=TOOLS):
    listed = [{"role": role, "content": [{"type": "text", "text": text}]} for role, text in messages]
    return {"model": "claude", "system": system, "tools": tools, "messages": listed}


def chat(messages, system="You are an agent.", tools=TOOLS):
    listed = [{"role": role, "content": text} for role, text in messages]
    functions = [{"type": "function", "function": tool} for tool in tools]
    return {"model": "gpt", "tools": functions, "messages": [{"role": "system", "content": system}, *listed]}


def responses(messages, system="You are an agent.", tools=TOOLS):
    listed = [{"type": "message", "role": role, "content": text} for role, text in messages]
    functions = [{"type": "function", **tool} for tool in tools]
    return {"model": "gpt", "instructions": system, "tools": functions, "input": listed}


def gemini(messages, system="You are an agent.", tools=TOOLS):
    listed = [{"role": "model" if role == "assistant" else role, "parts": [{"text": text}]} for role, text in messages]
    declared = [{"functionDeclarations": tools}]
    return {"systemInstruction": {"parts": [{"text": system}]}, "tools": declared, "contents": listed}


FORMATS = {"anthropic": anthropic, "chat": chat, "responses": responses, "gemini": gemini}


def observe(prefixes, value, form="anthropic", conversation="c"):
    """What the report says of a request, as a line; empty where nothing broke."""
    found = prefixes.observe(conversation, json.dumps(value).encode(), form)
    return "" if found is None else str(found)
