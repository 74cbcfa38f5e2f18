"""LiteLLM's own guardrail, as it comes from PyPI, in front of our endpoints."""

import asyncio
import json
import re

import pytest
from provider_talk import log

pytest.importorskip("litellm", reason="litellm is too large for every test run: pip install litellm fastapi")
pytest.importorskip("fastapi", reason="LiteLLM's guardrails need it: pip install fastapi")

NEEDLE = "session_timeout_7 changed 3600 -> 7"


@pytest.fixture
def guardrail(proxy, monkeypatch):
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else it asks GitHub
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    from litellm.proxy.guardrails.guardrail_hooks.headroom.headroom import HeadroomGuardrail

    return HeadroomGuardrail(api_base=proxy.url, api_key="any", guardrail_name="headroom", default_on=True)


def call(number, name="bash", arguments='{"command":"tail app.log"}'):
    return {"id": f"c{number}", "type": "function", "function": {"name": name, "arguments": arguments}}


def history(*numbers):
    """A tool loop that goes on after its last result, so that the results may be worked on."""
    rows = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "what happened?"}]
    for number in numbers:
        rows += [
            {"role": "assistant", "content": None, "tool_calls": [call(number)]},
            {"role": "tool", "tool_call_id": f"c{number}", "content": [{"type": "text", "text": log(number)}]},
        ]
    return [*rows, {"role": "assistant", "content": "I see."}, {"role": "user", "content": "and then?"}]


async def applied(guardrail, rows, tools=None):
    """What LiteLLM sends on, and the request as it keeps it."""
    request = {"model": "gpt-5.5", "messages": rows, "litellm_call_id": f"call-{len(rows)}"}
    inputs = {"structured_messages": rows, **({} if tools is None else {"tools": tools})}
    return await guardrail.apply_guardrail(inputs, request, "request"), request


def test_litellm_sends_on_what_we_made(guardrail):
    rows = history(7, 8)
    made, _ = asyncio.run(applied(guardrail, rows))
    sent = made["structured_messages"]
    assert [row["role"] for row in sent] == [row["role"] for row in rows]
    assert [row for row in sent if row["role"] != "tool"] == [row for row in rows if row["role"] != "tool"]
    (part,) = sent[3]["content"]
    assert NEEDLE in part["text"]
    assert len(part["text"]) < len(log(7)) / 2
    assert [tool["function"]["name"] for tool in made["tools"]] == ["headroom_retrieve"]


def test_a_row_stays_as_it_was_when_the_history_grows(guardrail):
    async def both():
        return [(await applied(guardrail, history(*numbers)))[0] for numbers in ((7,), (7, 8, 9))]

    short, long = asyncio.run(both())
    assert short["structured_messages"][:4] == long["structured_messages"][:4]


def test_litellm_resolves_what_the_model_asks_for(guardrail):
    async def loop():
        made, request = await applied(guardrail, history(7))
        (handle,) = set(re.findall(r"\bh:([0-9a-f]{12})\b", json.dumps(made["structured_messages"])))
        asks = [{"hash": handle}, {"hash": handle, "query": "session_timeout_7"}, {"hash": "0" * 12}]
        answer = {
            "choices": [
                {
                    "message": {
                        "role": "assistant",
                        "content": None,
                        "tool_calls": [
                            call(f"r{n}", "headroom_retrieve", json.dumps(ask)) for n, ask in enumerate(asks)
                        ],
                    }
                }
            ]
        }
        tools = [{"type": "function", "function": {"name": "headroom_retrieve"}}]
        wanted, found = await guardrail.async_should_run_agentic_loop(
            answer, "gpt-5.5", request["messages"], tools, stream=False, custom_llm_provider="openai", kwargs=request
        )
        assert wanted
        plan = await guardrail.async_build_agentic_loop_plan(
            found, "gpt-5.5", request["messages"], answer, None, {}, None, stream=False, kwargs=request
        )
        return plan.request_patch.messages[-3:]

    whole, part, unknown = [row["content"] for row in asyncio.run(loop())]
    assert whole == log(7)
    assert NEEDLE in part
    assert "not produced by the current request" in unknown


def test_what_was_retrieved_is_not_compressed_again(guardrail):
    rows = history(7)
    rows[4:4] = [
        {"role": "assistant", "content": None, "tool_calls": [call("r", "headroom_retrieve", '{"hash":"x"}')]},
        {"role": "tool", "tool_call_id": "cr", "content": log(9)},
    ]
    made, _ = asyncio.run(applied(guardrail, rows))
    assert made["structured_messages"][5] == rows[5]
    assert made["structured_messages"][3] != rows[3]


def test_a_service_that_refuses_costs_litellm_nothing(guardrail):
    guardrail.headroom_api_base += "/u/nobody"
    guardrail.unreachable_fallback = "fail_open"
    rows = history(7)
    made, _ = asyncio.run(applied(guardrail, rows))
    assert made["structured_messages"] == rows
