"""Images through a proxy: smaller in every format, the same bytes on every turn, and shown in words."""

import base64
import io
import json
import re
import urllib.request

import pytest
from PIL import Image
from provider_answers import Turn
from provider_talk import FORMS, Talk, compact
from test_websocket_chains import Socket


def drawn(seed):
    """A large picture with resolution to spare, in base64."""
    image = Image.radial_gradient("L").resize((2000 + 8 * seed, 1500))
    file = io.BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def part(form, data):
    """An image as a format's clients send it."""
    if form == "anthropic":
        return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    if form == "gemini":
        return {"inlineData": {"mimeType": "image/png", "data": data}}
    url = f"data:image/png;base64,{data}"
    if form == "chat":
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "input_image", "image_url": url}


MODELS = {"anthropic": "claude-sonnet-4-5", "chat": "gpt-5.6-sol", "responses": "gpt-5.6-sol"}
LISTS = {"anthropic": "messages", "chat": "messages", "responses": "input", "gemini": "contents"}


def said(form, *images):
    """What a user says with images."""
    parts = [part(form, data) for data in images]
    return {"role": "user", "parts" if form == "gemini" else "content": parts}


def images_of(provider, form):
    """The parts of the first message of each request that the provider saw."""
    return [seen.value[LISTS[form]][0]["parts" if form == "gemini" else "content"] for seen in provider.turns]


@pytest.mark.parametrize("form", FORMS)
def test_a_large_image_arrives_smaller_and_stays_the_same_on_every_turn(form, provider, proxy):
    talk = Talk(form, "", marks=False)
    if form in MODELS:
        talk.fields["model"] = MODELS[form]
    data = drawn(FORMS.index(form))
    talk.messages = [said(form, data, data)]
    talk.turn(proxy.client, provider, 1)
    talk.turn(proxy.client, provider, 2)
    first, second = images_of(provider, form)
    assert first == second
    if form == "gemini":  # an image costs the same there, whatever its size
        assert first[0] == part(form, data)
    else:
        assert len(json.dumps(first[0])) < len(data) / 2
        assert first[0].keys() == part(form, data).keys()
    assert first[1]["text"] == "[the same image as the last image above: nothing changed]"


def test_the_dashboard_says_in_words_what_an_image_became(provider, launch):
    talk = Talk("chat", "", marks=False)
    talk.fields["model"] = MODELS["chat"]
    talk.messages = [said("chat", drawn(8))]
    own = launch()
    talk.turn(own.client, provider, 1)
    own.restart()  # by then all is written down
    key = next(edit["key"] for edit in fetched(own, "data")["edits"] if edit["compressor"] == "image")
    shown = fetched(own, f"edit/{key}")
    assert re.fullmatch(r"image/png, 2,064 by 1,500 pixels, [\d,]+ bytes", shown["before"])
    assert re.fullmatch(r"image/\w+, [\d,]+ by [\d,]+ pixels, [\d,]+ bytes", shown["after"])


def fetched(proxy, path):
    """What the dashboard's page is answered."""
    with urllib.request.urlopen(f"{proxy.url}/dashboard/{path}") as answer:
        return json.loads(answer.read())


def test_frames_with_images_become_what_the_whole_history_becomes(provider, launch):
    talk = Talk("responses", "", marks=False)
    talk.fields["model"] = MODELS["responses"]
    data = drawn(9)
    talk.messages = [said("responses", data)]
    own = launch()
    with Socket(own.url) as socket:
        provider.say(Turn("Let me look.", (("c1", "bash", {"command": "shot"}),)))
        response = socket.ask({"type": "response.create", **talk.value()})
        talk.hear(response)
        talk.messages += [{"type": "function_call_output", "call_id": "c1", "output": [part("responses", data)]}]
        frame = {"type": "response.create", **talk.value(), "previous_response_id": response["id"]}
        socket.ask({**frame, "input": talk.messages[-1:]})
    own.client.send("/v1/responses", compact(talk.value()))
    opened, followed, whole = (seen.value["input"] for seen in provider.turns)
    assert whole[0] == opened[0]
    assert whole[-1] == followed[-1]
    assert len(json.dumps(opened)) < len(data) / 2
    assert whole[-1]["output"][0]["text"] == "[the same image as the last image above: nothing changed]"
