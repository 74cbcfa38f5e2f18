"""The Python SDKs of the three providers run an errand through the proxy: the same turns and the same answer as without."""

import json

import anthropic
import openai
import provider_errand as errand
import pytest
from conftest import KEY
from google import genai
from google.genai import types
from provider_talk import RETRIEVE, assert_only_grew

TOOLS = {"asked by a tool of the client": ("bash", RETRIEVE), "asked by the proxy": ("bash",)}


def anthropic_messages(url, question, streams, names):
    """Content blocks of an answer go into the next request as they are."""
    client = anthropic.Anthropic(api_key=KEY, base_url=url, max_retries=0)
    tools = [{"name": name, "description": errand.DESCRIPTION, "input_schema": errand.SCHEMA} for name in names]
    messages = [{"role": "user", "content": question}]
    heard = []
    while True:
        given = {"model": "claude-sonnet-4-6", "max_tokens": 1000, "tools": tools, "messages": messages}
        if streams:
            with client.messages.stream(**given) as stream:
                message = stream.get_final_message()
        else:
            message = client.messages.create(**given)
        heard.append(
            [(block.type, getattr(block, "text", None), getattr(block, "input", None)) for block in message.content]
        )
        messages.append({"role": "assistant", "content": message.content})
        calls = [block for block in message.content if block.type == "tool_use"]
        if not calls:
            return heard, message.content[-1].text
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": errand.run(call.input)} for call in calls]
        messages.append({"role": "user", "content": results})


def openai_chat(url, question, streams, names):
    """The answer's message goes into the next request as an object."""
    client = openai.OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0)
    tools = [
        {"type": "function", "function": {"name": name, "parameters": errand.SCHEMA, "strict": True}} for name in names
    ]
    messages = [{"role": "user", "content": question}]
    heard = []
    while True:
        given = {"model": "gpt-5.5", "tools": tools, "messages": messages}
        if streams:
            with client.chat.completions.stream(**given) as stream:
                completion = stream.get_final_completion()
        else:
            completion = client.chat.completions.create(**given)
        message = completion.choices[0].message
        calls = message.tool_calls or []
        heard.append(
            (message.content or "", [call.function.arguments for call in calls], completion.choices[0].finish_reason)
        )
        messages.append({"role": "assistant", "content": message.content, "tool_calls": calls} if calls else message)
        if not calls:
            return heard, message.content
        for call in calls:
            text = errand.run(json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": text})


def openai_responses(url, question, streams, names):
    """Output items go into the next request's input."""
    client = openai.OpenAI(api_key=KEY, base_url=f"{url}/v1", max_retries=0)
    tools = [{"type": "function", "name": name, "parameters": errand.SCHEMA, "strict": True} for name in names]
    said = [{"role": "user", "content": question}]
    heard = []
    while True:
        given = {"model": "gpt-5.5", "tools": tools, "input": said, "store": False}
        if streams:
            with client.responses.stream(**given) as stream:
                response = stream.get_final_response()
        else:
            response = client.responses.create(**given)
        heard.append([(item.type, getattr(item, "arguments", None)) for item in response.output])
        said += [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in response.output]
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            return heard, response.output_text
        for call in calls:
            text = errand.run(json.loads(call.arguments))
            said.append({"type": "function_call_output", "call_id": call.call_id, "output": text})


def google_genai(url, question, streams, names):
    """The candidate's content goes into the next request as an object."""
    client = genai.Client(api_key=KEY, http_options={"base_url": url})
    declared = [types.FunctionDeclaration(name=name, parameters_json_schema=errand.SCHEMA) for name in names]
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=declared)],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    contents = [types.Content(role="user", parts=[types.Part(text=question)])]
    heard = []
    while True:
        given = {"model": "gemini-2.0-flash", "contents": contents, "config": config}
        if streams:
            answers = list(client.models.generate_content_stream(**given))
        else:
            answers = [client.models.generate_content(**given)]
        parts = [part for answer in answers for part in answer.candidates[0].content.parts]
        text = "".join(part.text or "" for part in parts)
        calls = [part.function_call for part in parts if part.function_call]
        heard.append((text, [call.args for call in calls]))
        contents.append(types.Content(role="model", parts=parts))
        if not calls:
            return heard, text
        results = [
            types.Part(
                function_response=types.FunctionResponse(
                    id=call.id, name=call.name, response={"output": errand.run(call.args)}
                )
            )
            for call in calls
        ]
        contents.append(types.Content(role="user", parts=results))


LOOPS = {
    "anthropic": anthropic_messages,
    "chat": openai_chat,
    "responses": openai_responses,
    "gemini": google_genai,
}


def both(form, proxy, provider, streams, names, scripted):
    """The errand without and with the proxy: what the client heard, and the sizes of what the provider saw."""
    found = []
    for url, said in ((provider.url, errand.script(scripted[0])), (proxy.url, scripted[1])):
        provider.reset(strict=True)
        provider.say(*said)
        heard, answer = LOOPS[form](url, f"{errand.QUESTION} {form} {streams} {names} {len(said)}", streams, names)
        assert answer == errand.ANSWER
        assert provider.problems == []
        found.append((heard, [len(seen.body) for seen in provider.turns]))
    return found


@pytest.mark.parametrize("way", TOOLS)
@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("form", LOOPS)
def test_an_errand_has_the_same_turns_and_answer(proxy, provider, form, streams, way):
    thinking = "" if form == "chat" or way == "asked by the proxy" else "Hm."
    direct, through = both(form, proxy, provider, streams, TOOLS[way], (thinking, errand.script(thinking)))
    assert through[0] == direct[0]
    assert len(through[1]) == errand.TURNS
    share = 0.6 if form != "responses" or RETRIEVE in TOOLS[way] else 0.9  # nobody to ask: folded without loss
    assert through[1][-1] < share * direct[1][-1]
    assert_only_grew(form, [seen.value for seen in provider.turns])
    assert errand.NEEDLE in provider.turns[-1].plain.decode()


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("form", ["anthropic", "chat", "gemini"])
def test_what_the_model_asks_of_the_proxy_is_no_turn_of_the_client(proxy, provider, form, streams):
    """The model asks for an original: it gets all of it, and the client hears text, as if nothing had been asked."""
    said, asked = errand.retrieving()
    direct, through = both(form, proxy, provider, streams, ("bash",), ("", said))
    assert len(asked) == 1
    assert through[0][:-1] == direct[0][:-1]
    assert len(through[0]) == len(direct[0])
    assert len(provider.turns) == errand.TURNS + 1
    last = provider.turns[-1].plain.decode()
    assert sum(line in last for line in errand.lines(errand.COMMANDS["kubectl logs pod 4"])) > 100
    assert_only_grew(form, [seen.value for seen in provider.turns])
