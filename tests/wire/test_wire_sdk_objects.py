"""Objects of the providers' SDKs outside their usual loop: read by attribute, edited as copies of the same class."""

import pytest
from anthropic.types import Message, ToolUseBlock
from anthropic.types.beta import BetaCompactionBlock, BetaMessage, BetaTextBlock
from google.genai import types
from openai.types.chat import ChatCompletionMessage
from openai.types.responses import (
    ResponseCompactionItem,
    ResponseCustomToolCall,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseReasoningItem,
)

from headroom import wire
from headroom.blocks import Call

SCRIPT = "const files = await tools.list('src'); text(files)"


def roles(messages):
    blocks, failures = wire.read(messages)
    assert failures == []
    return [(block.path, block.role, block.text) for block in blocks]


def test_a_whole_anthropic_message():
    content = [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "text", "text": "Let me look.", "citations": None},
        {"type": "tool_use", "id": "t", "name": "bash", "input": {"command": SCRIPT}},
    ]
    message = Message(
        id="m",
        type="message",
        role="assistant",
        model="m",
        content=content,
        usage={"input_tokens": 1, "output_tokens": 1},
    )
    assert roles([message]) == [
        ((0, "content", 1, "text"), "assistant", "Let me look."),
        ((0, "content", 2, "input", "command"), "call", SCRIPT),
    ]


def test_a_call_by_a_program_gives_its_result_to_the_program():
    caller = {"type": "code_execution_20260120", "tool_id": "srv"}
    use = ToolUseBlock.model_validate(
        {"type": "tool_use", "id": "t", "name": "rows", "input": {"sql": SCRIPT}, "caller": caller}
    )
    result = {"type": "tool_result", "tool_use_id": "t", "content": "for the program"}
    assert roles([{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]) == []


def test_a_compaction_block_is_a_boundary():
    content = [
        BetaCompactionBlock(type="compaction", content="So far: nothing."),
        BetaTextBlock(type="text", text="Go on."),
    ]
    message = BetaMessage.model_construct(type="message", role="assistant", content=content)
    assert [role for _, role, _ in roles([message])] == ["boundary", "assistant", "assistant"]


def test_openai_message_without_calls():
    assert roles([ChatCompletionMessage(role="assistant", content="Hi.")]) == [((0, "content"), "assistant", "Hi.")]
    assert roles([ChatCompletionMessage(role="assistant", content=None, refusal="No.")]) == []


def test_responses_items():
    items = [
        ResponseReasoningItem(type="reasoning", id="rs", summary=[{"type": "summary_text", "text": "hm"}]),
        ResponseFunctionToolCall(type="function_call", call_id="a", name="ls", arguments="{}"),
        ResponseCustomToolCall(type="custom_tool_call", call_id="b", name="exec", input=SCRIPT, namespace="js"),
        ResponseCompactionItem(type="compaction", id="cmp", encrypted_content="gAAAA"),
        ResponseOutputMessage(
            type="message",
            id="msg",
            role="assistant",
            status="completed",
            content=[{"type": "output_text", "text": "Done.", "annotations": []}],
        ),
        {"type": "function_call_output", "call_id": "a", "output": "src"},
        {"type": "custom_tool_call_output", "call_id": "b", "output": "tests"},
    ]
    assert roles(items) == [
        ((2, "input"), "call", SCRIPT),
        ((3,), "boundary", ""),
        ((4, "content", 0, "text"), "assistant", "Done."),
        ((5, "output"), "result", "src"),
        ((6, "output"), "result", "tests"),
    ]
    calls = [block.call for block in wire.read(items)[0] if block.role == "result"]
    assert calls == [Call("a", "ls", "{}"), Call("b", "js__exec", SCRIPT)]


@pytest.mark.parametrize("bare", [False, True])
def test_a_gemini_result_is_edited_in_copies_of_its_classes(bare):
    part = types.Part.from_function_response(name="ls", response={"output": "long", "rows": ["one", {"name": "two"}]})
    part.part_metadata = {"kept": True}
    content = part if bare else types.Content(role="user", parts=[types.Part(text="Here:"), part])
    before = content.model_dump_json()
    blocks, _ = wire.read([content])
    edited = wire.put([content], {block.path: "new" for block in blocks if block.role == "result"})[0]
    assert content.model_dump_json() == before
    assert type(edited) is type(content)
    new = edited if bare else edited.parts[1]
    assert new.function_response.response == {"output": "new", "rows": ["new", {"name": "new"}]}
    assert new.part_metadata is part.part_metadata
    assert (
        new.function_response.model_dump_json(exclude_none=True)
        == '{"name":"ls","response":{"output":"new","rows":["new",{"name":"new"}]}}'
    )
    assert bare or edited.parts[0] is content.parts[0]
