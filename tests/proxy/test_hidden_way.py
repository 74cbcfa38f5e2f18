"""Which way a conversation gets its originals back: every condition of our own tool, one line each."""

import json

import pytest

from headroom import wire
from headroom.compression import cache
from headroom.mcp.offered import RETRIEVAL
from headroom.originals.retrieval import TOOL
from headroom.proxy.way import Request, choose, conversation_key, holds, offer, settles
from headroom.wire.body import Body

SCHEMA = {"type": "object"}
TOOLS = {
    "anthropic": [{"name": "Bash", "input_schema": SCHEMA}],
    "chat": [{"type": "function", "function": {"name": "Bash", "parameters": SCHEMA}}],
    "responses": [{"type": "function", "name": "Bash", "parameters": SCHEMA}],
    "gemini": [{"googleSearch": {}}, {"functionDeclarations": [{"name": "Bash"}]}],
}
HELLO = {
    "anthropic": {"messages": [{"role": "user", "content": "hello"}]},
    "chat": {"messages": [{"role": "user", "content": "hello"}]},
    "responses": {"input": "hello"},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]},
}
KEY = {"x-api-key": "sk-ant-api03-x"}


def request(name="anthropic", headers=KEY, model="gemini-2.0-flash", **more):
    value = {"model": "m", "tools": TOOLS[name], **HELLO[name], **more}
    value = {key: each for key, each in value.items() if each is not None}
    return Request(Body(json.dumps(value).encode(), name), name, headers, model)


def way(retrieve="auto", seen=True, **more):
    return choose(request(**more), retrieve, seen)


@pytest.mark.parametrize("name", ["anthropic", "chat", "gemini"])
def test_our_own_tool_by_default(name):
    assert way(name=name) == "proxy"


def test_never_for_responses():
    assert way(name="responses") == "none"
    assert way("proxy", name="responses") == "none"


NEEDS = {
    "no tools": {"tools": None},
    "empty tools": {"tools": []},
    "only a tool of the provider's": {"name": "gemini", "tools": [{"googleSearch": {}}]},
    "seen late": {"seen": False},
    "subscription": {"headers": {"authorization": "Bearer sk-ant-oat01-x"}},
    "subscription, by header": {"headers": {"x-api-key": "k", "anthropic-beta": "a-1,oauth-2025-04-20"}},
    "ChatGPT sign-in": {"name": "chat", "headers": {"authorization": "Bearer eyJ", "chatgpt-account-id": "a"}},
    "Copilot": {"name": "chat", "headers": {"authorization": "Bearer tid=1;exp=2"}},
    "history kept: conversation": {"name": "chat", "conversation": "c"},
    "history kept: previous response": {"name": "chat", "previous_response_id": "r"},
    "stored": {"name": "chat", "store": True},
    "background": {"name": "chat", "background": True},
    "cached content": {"name": "gemini", "cachedContent": "cachedContents/1"},
    "candidates, chat": {"name": "chat", "n": 2},
    "candidates, gemini": {"name": "gemini", "generationConfig": {"candidateCount": 2}},
    "tool_choice any": {"tool_choice": {"type": "any"}},
    "tool_choice none": {"tool_choice": {"type": "none"}},
    "tool_choice required": {"name": "chat", "tool_choice": "required"},
    "tool_choice named": {"name": "chat", "tool_choice": {"type": "function", "function": {"name": "Bash"}}},
    "mode ANY": {"name": "gemini", "toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
}
SIGNED = {
    "thinking": {"thinking": {"type": "enabled", "budget_tokens": 2000}},
    "adaptive thinking": {"thinking": {"type": "adaptive"}},
    "gateway reasoning": {"name": "chat", "reasoning": {"effort": "high"}},
    "gemini thinks by itself": {"name": "gemini", "model": "gemini-3-pro-preview"},
    "gemini thinking": {"name": "gemini", "generationConfig": {"thinkingConfig": {"includeThoughts": True}}},
}


@pytest.mark.parametrize("more", [*NEEDS.values(), *SIGNED.values()], ids=[*NEEDS, *SIGNED])
def test_not_without_what_it_rests_on(more):
    assert way(**more) == "none"


@pytest.mark.parametrize("more", NEEDS.values(), ids=NEEDS)
def test_what_the_user_cannot_ask_for(more):
    assert way("proxy", **more) == "none"


@pytest.mark.parametrize("more", SIGNED.values(), ids=SIGNED)
def test_with_signed_reasoning_only_if_the_user_asks(more):
    assert way("proxy", **more) == "proxy"


FINE = {
    "tool_choice auto": {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
    "tool_choice auto, chat": {"name": "chat", "tool_choice": "auto"},
    "mode AUTO": {"name": "gemini", "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}}},
    "thinking off": {"thinking": {"type": "disabled"}},
    "gemini, thinking off": {
        "name": "gemini",
        "model": "gemini-2.5-flash",
        "generationConfig": {"thinkingConfig": {"thinkingBudget": 0}},
    },
    "one candidate": {"name": "chat", "n": 1, "store": False},
    "a gateway's bearer token": {"headers": {"authorization": "Bearer sk-or-v1-x"}},
    "the word thinking said by the user": {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "thinking"}]}]
    },
}


@pytest.mark.parametrize("more", FINE.values(), ids=FINE)
def test_what_does_not_stand_in_its_way(more):
    assert way(**more) == "proxy"


TURNS = [
    {"role": "assistant", "content": [{"type": "thinking", "thinking": "", "signature": "s"}]},
    {"role": "assistant", "content": [{"type": "redacted_thinking", "data": "s"}]},
    {"role": "assistant", "content": "x", "reasoning_details": [{"type": "reasoning.encrypted", "data": "s"}]},
    {"role": "assistant", "tool_calls": [{"id": "1", "extra_content": {"google": {"thought_signature": "s"}}}]},
]


@pytest.mark.parametrize("turn", TURNS)
def test_signed_reasoning_in_the_history(turn):
    assert way(messages=[{"role": "user", "content": "hello"}, turn]) == "none"


LISTED = [
    {"type": "input_text", "text": "<collaboration_mode>\n- plan: later\n</collaboration_mode>"},
    {
        "type": "input_text",
        "text": f"<tools>\nDeferred tool namespaces:\n- mcp__headroom: {RETRIEVAL.instructions[:240]} ...\n</tools>",
    },
]
"""As Codex lists servers whose tools it loads on demand."""
MCP = {
    "bare": {"tools": [{"name": TOOL, "input_schema": SCHEMA}]},
    "Claude Code": {"tools": [*TOOLS["anthropic"], {"name": f"mcp__headroom__{TOOL}", "defer_loading": True}]},
    "chat": {"name": "chat", "tools": [{"type": "function", "function": {"name": f"px-{TOOL}"}}]},
    "gemini": {"name": "gemini", "tools": [{"function_declarations": [{"name": TOOL}]}]},
    "namespace": {"name": "responses", "tools": [{"type": "namespace", "name": "mcp__px", "tools": [{"name": TOOL}]}]},
    "additional tools": {
        "name": "responses",
        "tools": None,
        "input": [
            {"type": "additional_tools", "tools": [{"type": "namespace", "name": "mcp__px", "tools": [{"name": TOOL}]}]}
        ],
    },
    "on demand": {"system": [{"type": "text", "text": f"Deferred tools:\nmcp__px__{TOOL}\nmcp__db__query"}]},
    "on demand, by its server": {"name": "responses", "input": [{"role": "developer", "content": LISTED}]},
    "on demand, after a summary": {
        "name": "responses",
        "input": [*[{"role": "user", "content": "x"}] * 20, {"role": "developer", "content": LISTED}],
    },
    "on demand, in a system message": {
        "messages": [{"role": "user", "content": "hello"}, {"role": "system", "content": f"mcp__px__{TOOL}, Other"}]
    },
}


@pytest.mark.parametrize("more", MCP.values(), ids=MCP)
@pytest.mark.parametrize("retrieve", ["auto", "mcp", "proxy"])
def test_the_clients_own_tool_comes_first(more, retrieve):
    assert way(retrieve, seen=False, headers={"authorization": "Bearer sk-ant-oat"}, **more) == "mcp"


SAID = {
    "a user": {"messages": [{"role": "user", "content": f"mcp__px__{TOOL}"}]},
    "an agent's tools": {"system": f"Agent types:\n- scout: looks around (Tools: Read, mcp__headroom__{TOOL})"},
    "instructions": {"system": f"Never call mcp__headroom__{TOOL}."},
}


@pytest.mark.parametrize("more", SAID.values(), ids=SAID)
def test_what_is_said_is_no_tool(more):
    assert way(**more) == "proxy"


DEVELOPER = {
    "another server's words": f"<tools>\n- mcp__notes: Works well with {TOOL}, of another server.\n</tools>",
    "words of ours without a server": f"- headroom: {RETRIEVAL.instructions}",
    "in a sentence": f"There is no - mcp__headroom: {RETRIEVAL.instructions}",
    "a name alone": "- mcp__headroom: Does something.",
}


@pytest.mark.parametrize("text", DEVELOPER.values(), ids=DEVELOPER)
def test_what_a_developer_says_is_no_server(text):
    assert way(name="responses", input=[{"role": "developer", "content": text}]) == "none"


@pytest.mark.parametrize("role", ["user", "assistant", "tool", None])
def test_only_the_clients_own_text_lists_servers(role):
    assert way(name="responses", input=[{"role": role, "content": LISTED}]) == "none"
    assert way(name="responses", input=[{"type": "function_call_output", "call_id": "1", "output": LISTED}]) == "none"


@pytest.mark.parametrize(
    ("tool", "found"),
    [
        ("Read", "file"),
        ("run_shell_command", "file"),
        ("readFile", "file"),
        ("Bash", "file"),
        ("Weather", "none"),
        ("Thread", "none"),
    ],
)
def test_files_only_if_asked_for(tool, found):
    assert way("file", tools=[{"name": tool}]) == found
    assert way("auto", tools=[{"name": tool}]) == "proxy"


def test_none_means_none():
    assert way("none") == way("none", **MCP["bare"]) == "none"
    assert way("mcp") == "none"


def test_titles_and_summaries_decide_nothing():
    assert settles(request())
    assert settles(request(**MCP["additional tools"]))
    assert not settles(request(tools=None))


def test_a_later_request_that_cannot_go_the_stored_way():
    assert holds("proxy", request())
    assert holds("proxy", request(tool_choice={"type": "none"}, thinking={"type": "adaptive"}))
    hard = ("no tools", "subscription", "stored", "candidates, chat", "cached content")
    assert [name for name in hard if holds("proxy", request(**NEEDS[name]))] == []
    assert not holds("proxy", request(**MCP["bare"]))
    assert all(holds(each, request(**NEEDS["no tools"])) for each in ("mcp", "file", "none"))


@pytest.mark.parametrize("name", ["anthropic", "chat", "gemini"])
def test_the_tool_is_offered_after_the_clients_own(name):
    asked = request(name)
    sent = asked.body.edited([offer(asked.body, name)])
    tools = json.loads(sent)["tools"]
    inside = tools[1]["functionDeclarations"] if name == "gemini" else tools
    assert (inside[-1].get("function") or inside[-1])["name"] == TOOL
    assert len(inside) == 2
    assert offer(request(name, tools=None).body, name) is None


def key(messages, agent="", name="anthropic"):
    body = Body(json.dumps({"messages": messages}).encode(), name)
    blocks, _ = wire.read(body.messages)
    return conversation_key(body, blocks, cache.keys(blocks), agent)


def test_the_key_of_a_conversation():
    hello = {"role": "user", "content": "hello"}
    marked = {"role": "user", "content": [{"type": "text", "text": "hello", "cache_control": {"type": "ephemeral"}}]}
    call = {"role": "assistant", "content": [{"type": "tool_use", "id": "x", "name": "Bash", "input": {}}]}
    more = [
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "x", "content": ""}, {"type": "text", "text": "!"}],
        }
    ]
    assert key([hello]) == key([marked]) == key([hello, call, *more]) == key([marked, call])
    assert key([hello]) != key([hello], "agent-1")
    assert key([hello]) != key([{"role": "user", "content": "hello!"}])
    assert key([]) == key([call])


ODD = [
    {"tools": [None, 1, "x", {"name": 3}, {"name": "a", "tools": 7}, {"function": "x"}]},
    {"tools": "x"},
    {"tool_choice": [], "thinking": "on", "n": "2"},
    {"messages": [None, 5, {"role": ["user"]}, {"role": "assistant", "content": {"type": [1]}}]},
    {"system": 5, "generationConfig": [], "toolConfig": "x"},
]


@pytest.mark.parametrize("more", ODD)
@pytest.mark.parametrize("name", ["anthropic", "chat", "responses", "gemini"])
def test_odd_requests_are_chosen_for_too(name, more):
    assert way("auto", name=name, **more) in ("proxy", "none")
    assert way("file", name=name, **more) in ("file", "none")
