"""LiteLLM, LangChain and pydantic-ai run an errand through the proxy, where they are installed.

They are no dependencies of ours: each loop is skipped where its package is missing.
"""

import json
import os

import provider_errand as errand
import pytest
from conftest import KEY
from provider_talk import assert_only_grew

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # nothing is fetched

SCHEMA = {
    "type": "function",
    "function": {"name": "bash", "description": errand.DESCRIPTION, "parameters": errand.SCHEMA},
}
MODELS = {"anthropic": "claude-sonnet-4-6", "chat": "gpt-5.5", "responses": "gpt-5.5", "gemini": "gemini-2.0-flash"}


def bash(command: str) -> str:
    """Runs a command."""
    return errand.COMMANDS[command]


def litellm(form, url, question, streams):
    """Messages in OpenAI's shape, whatever the provider."""
    pytest.importorskip("mcp")  # it imports that without declaring it
    library = pytest.importorskip("litellm")
    provider, base = {"anthropic": ("anthropic", url), "chat": ("openai", f"{url}/v1"), "gemini": ("gemini", url)}[form]
    messages = [{"role": "user", "content": question}]
    heard = []
    while True:
        answer = library.completion(
            model=f"{provider}/{MODELS[form]}",
            messages=messages,
            tools=[SCHEMA],
            api_base=base,
            api_key=KEY,
            stream=streams,
        )
        answer = library.stream_chunk_builder(list(answer), messages=messages) if streams else answer
        message = answer.choices[0].message
        calls = message.tool_calls or []
        heard.append((message.content or "", [json.loads(call.function.arguments) for call in calls]))
        messages.append(message.model_dump(exclude_none=True))
        if not calls:
            return heard, message.content
        for call in calls:
            text = bash(**json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "name": "bash", "content": text})


def langchain_model(form, url):
    """The chat model of each provider."""
    if form == "anthropic":
        found = pytest.importorskip("langchain_anthropic").ChatAnthropic
        return found(model=MODELS[form], base_url=url, api_key=KEY, max_retries=0)
    if form == "gemini":
        found = pytest.importorskip("langchain_google_genai").ChatGoogleGenerativeAI
        return found(model=MODELS[form], base_url=url, google_api_key=KEY, max_retries=0)
    found = pytest.importorskip("langchain_openai").ChatOpenAI
    return found(
        model=MODELS[form],
        base_url=f"{url}/v1",
        api_key=KEY,
        max_retries=0,
        use_responses_api=form == "responses",
        store=False,
    )


def langchain(form, url, question, streams):
    """Messages are objects; a stream's chunks are added up."""
    model = langchain_model(form, url).bind_tools([SCHEMA])
    schema = pytest.importorskip("langchain_core.messages")
    messages = [schema.HumanMessage(question)]
    heard = []
    while True:
        if streams:
            first, *others = model.stream(messages)
            answer = sum(others, first)
        else:
            answer = model.invoke(messages)
        heard.append((answer.text, [call["args"] for call in answer.tool_calls]))
        messages.append(answer)
        if not answer.tool_calls:
            return heard, answer.text
        messages += [
            schema.ToolMessage(bash(**call["args"]), tool_call_id=call["id"], name="bash") for call in answer.tool_calls
        ]


def pydantic_model(form, url):
    """The model of each provider."""
    if form == "anthropic":
        module = pytest.importorskip("pydantic_ai.models.anthropic")
        provider = pytest.importorskip("pydantic_ai.providers.anthropic").AnthropicProvider(api_key=KEY, base_url=url)
        return module.AnthropicModel(MODELS[form], provider=provider)
    if form == "gemini":
        module = pytest.importorskip("pydantic_ai.models.google")
        provider = pytest.importorskip("pydantic_ai.providers.google").GoogleProvider(api_key=KEY, base_url=url)
        return module.GoogleModel(MODELS[form], provider=provider)
    module = pytest.importorskip("pydantic_ai.models.openai")
    provider = pytest.importorskip("pydantic_ai.providers.openai").OpenAIProvider(api_key=KEY, base_url=f"{url}/v1")
    kind = module.OpenAIResponsesModel if form == "responses" else module.OpenAIChatModel
    return kind(MODELS[form], provider=provider)


def pydantic_ai(form, url, question, streams):
    """The framework runs the loop; to stream, somebody must listen to the events."""
    library = pytest.importorskip("pydantic_ai")

    async def listen(_, events):
        async for _ in events:
            pass

    agent = library.Agent(pydantic_model(form, url), tools=[bash], retries=0)
    result = agent.run_sync(question, event_stream_handler=listen if streams else None)
    parts = [part for message in result.all_messages() for part in message.parts]
    calls = [(part.tool_name, part.args_as_dict()) for part in parts if part.part_kind == "tool-call"]
    return calls, result.output


LOOPS = [
    (litellm, "anthropic"),
    (litellm, "chat"),
    (litellm, "gemini"),
    (langchain, "anthropic"),
    (langchain, "chat"),
    (langchain, "responses"),
    (langchain, "gemini"),
    (pydantic_ai, "anthropic"),
    (pydantic_ai, "chat"),
    (pydantic_ai, "responses"),
    (pydantic_ai, "gemini"),
]


@pytest.mark.parametrize("streams", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(("loop", "form"), LOOPS, ids=[f"{loop.__name__} {form}" for loop, form in LOOPS])
def test_an_errand_has_the_same_turns_and_answer(proxy, provider, loop, form, streams):
    found = []
    for url in (provider.url, proxy.url):
        provider.reset(strict=True)
        provider.otherwise = errand.by_results
        heard, answer = loop(form, url, f"{errand.QUESTION} {loop.__name__} {form} {streams}", streams)
        assert answer == errand.ANSWER
        assert provider.problems == []
        found.append((heard, [len(seen.body) for seen in provider.turns]))
    (direct, alone), (through, sizes) = found
    assert through == direct
    assert len(sizes) == len(alone) == errand.TURNS
    assert sizes[-1] < (0.9 if form == "responses" else 0.7) * alone[-1]
    assert_only_grew(provider.turns[0].form, [seen.value for seen in provider.turns])
