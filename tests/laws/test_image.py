"""The laws for images: the same prefix, the first decision, back byte for byte, never dearer, nothing else touched."""

import base64
import copy
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import anthropic, chat, encoded, fine_png, gemini, looked_at, responses, screenshot, text_page, url
from PIL import Image, ImageChops, ImageDraw

from headroom import Settings, compress, wire
from headroom.compression import cache
from headroom.compression.compressors import image
from headroom.compression.compressors.image import pixels
from headroom.originals.store import MemoryStore

CLAUDE, FINE = "claude-sonnet-4-5", "claude-opus-5"
TINY = encoded(Image.new("RGB", (40, 30), (200, 10, 10)))
WIDE = encoded(Image.effect_noise((1700, 60), 90))
"""Noise has no resolution to spare, and this is wider than any standard model looks at."""
BROKEN = fine_png()[:2000]


def turns(count):
    """A conversation that looks at fine, small, broken, too wide and repeated images."""
    pictures = [fine_png(0), TINY, BROKEN, fine_png(0), WIDE, fine_png(1), fine_png(0), TINY]
    messages = [{"role": "user", "content": "Look at these."}]
    for number in range(count):
        picture = anthropic(pictures[number % len(pictures)])
        messages += looked_at(number, {"type": "text", "text": f"Image {number}:"}, picture)
    return messages


def pictures_of(messages):
    """Every image block of a conversation of `looked_at`, as it stands there."""
    return [
        block
        for message in messages
        for result in message["content"]
        if isinstance(result, dict)
        for block in result.get("content", [])
        if block["type"] == "image"
    ]


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 8), st.sampled_from([CLAUDE, FINE, "gpt-5.6-sol"]), st.sampled_from(["safe", "aggressive"]))
def test_what_follows_changes_nothing(count, model, images):
    messages, options = turns(8), Settings(images=images)
    whole = compress(messages, model=model, settings=options, store=MemoryStore())
    head = compress(messages[: 1 + 2 * count], model=model, settings=options, store=MemoryStore())
    assert list(whole[: len(head)]) == list(head)


def test_the_first_decision_stands_whatever_model_or_settings_come_later():
    store = MemoryStore()
    first = compress(turns(4), model=FINE, store=store)
    assert [edit.lossless for edit in first.edits] == [False, False]
    for model, images in ((CLAUDE, "safe"), ("gpt-4o", "off"), (FINE, "aggressive")):
        again = compress(turns(8), model=model, settings=Settings(images=images), store=store)
        assert list(again[: len(first)]) == list(first)


def test_the_original_comes_back_byte_for_byte():
    store, messages = MemoryStore(), turns(8)
    made = compress(messages, model=CLAUDE, store=store)
    assert len(made.edits) >= 4
    for edit in made.edits:
        index, result, _, place = edit.path[0], edit.path[2], edit.path[3], edit.path[4]
        source = messages[index]["content"][result]["content"][place]["source"]
        assert store.original(edit.handle) == f"data:{source['media_type']};base64,{source['data']}"


@pytest.mark.parametrize("model", [CLAUDE, FINE, "gpt-5.6-sol", "gpt-5-mini", "gpt-4o", "gemini-3-pro"])
def test_it_is_never_dearer(model):
    made = compress(turns(8), model=model, settings=Settings(images="aggressive"), store=MemoryStore())
    assert made.edits
    assert all(edit.tokens_after < edit.tokens_before or edit.lossless for edit in made.edits)
    assert all(edit.tokens_after <= edit.tokens_before for edit in made.edits)
    assert made.saved == sum(edit.tokens_before - edit.tokens_after for edit in made.edits)


def test_its_own_output_is_left_alone():
    store = MemoryStore()
    once = compress(turns(6), model=FINE, store=store)
    assert once.edits
    twice = compress(list(once), model=FINE, store=store)
    assert list(twice) == list(once)
    assert twice.edits == ()


def test_nothing_is_changed_but_the_image():
    messages = turns(8)
    messages[2]["content"][0]["content"][1]["cache_control"] = {"type": "ephemeral"}
    before = copy.deepcopy(messages)
    made = compress(messages, model=FINE, store=MemoryStore())
    assert messages == before
    assert made[2]["content"][0]["content"][1]["cache_control"] == {"type": "ephemeral"}
    for new, old in zip(made, before, strict=True):
        if isinstance(old["content"], str):
            assert new is messages[made.index(new)]
            continue
        for here, there in zip(new["content"], old["content"], strict=True):
            assert {**here, "content": None} == {**there, "content": None}


def test_a_broken_image_concerns_no_other_and_is_reported():
    made = compress(turns(8), model=FINE, store=MemoryStore())
    assert [failure.path for failure in made.failures] == [(6, "content", 0, "content", 1)]
    assert pictures_of(made)[2] == pictures_of(turns(8))[2]


def test_where_the_reader_cannot_ask_only_the_providers_own_scaling_is_done():
    made = compress(turns(8), model=CLAUDE, settings=Settings(retrieval=False), store=MemoryStore())
    assert [(edit.path[0], edit.lossless, edit.tokens_before == edit.tokens_after) for edit in made.edits] == [
        (10, True, True)
    ]
    wide = pixels.opened(made.edits[0].text)
    assert wide.size == (1568, 55)


SHAPES = {
    "anthropic": (CLAUDE, lambda data: {"role": "user", "content": [anthropic(data)]}),
    "chat": (
        "gpt-5.6-sol",
        lambda data: {"role": "user", "content": [{"type": "text", "text": "See."}, chat(data, detail="high")]},
    ),
    "responses": (
        "gpt-5.6-sol",
        lambda data: {"type": "message", "role": "user", "content": [responses(data, detail="original")]},
    ),
    "gemini": ("gemini-3-pro", lambda data: {"role": "user", "parts": [{"text": "See."}, gemini(data)]}),
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_image_sent_twice_becomes_a_line_in_every_shape(name):
    model, message = SHAPES[name]
    made = compress([message(fine_png()), message(fine_png())], model=model, store=MemoryStore())
    told = [edit for edit in made.edits if not edit.text.startswith("data:")]
    assert [edit.path[0] for edit in told] == [1]
    assert told[0].text == "[the same image as the last image above: nothing changed]"
    part = made[1]["parts" if name == "gemini" else "content"][-1]
    kinds = {"anthropic": "text", "chat": "text", "responses": "input_text"}
    assert part == ({"type": kinds[name], "text": told[0].text} if name in kinds else {"text": told[0].text})


def test_a_screenshot_saved_anew_as_jpeg_is_the_same_and_one_other_digit_is_not():
    shot, _ = screenshot(900, 500)
    other = shot.copy()
    draw = ImageDraw.Draw(other)
    draw.rectangle((700, 6, 860, 34), fill=(36, 41, 47))
    first, second = shot.copy(), other
    ImageDraw.Draw(first).text((720, 12), "3 failed", fill=(255, 255, 255))
    draw.text((720, 12), "4 failed", fill=(255, 255, 255))
    drawn = url(encoded(first))
    assert image.like(url(encoded(first, "JPEG", quality=88, subsampling=0), "image/jpeg"), [drawn]) == 0
    assert image.like(url(encoded(second)), [drawn]) is None


def test_a_repeat_is_no_repeat_after_a_boundary_or_where_repeats_are_off():
    compaction = {"role": "assistant", "content": [{"type": "compaction", "content": "Images were looked at."}]}
    messages = [SHAPES["anthropic"][1](TINY * 1), compaction, SHAPES["anthropic"][1](TINY)]
    big = encoded(Image.effect_noise((300, 300), 80), "PNG")
    messages = [SHAPES["anthropic"][1](big), compaction, SHAPES["anthropic"][1](big)]
    assert compress(messages, model=CLAUDE, store=MemoryStore()).edits == ()
    del messages[1]
    assert compress(messages, model=CLAUDE, settings=Settings(repeats=False), store=MemoryStore()).edits == ()
    assert len(compress(messages, model=CLAUDE, store=MemoryStore()).edits) == 1


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("computer", {"action": "screenshot"}, "Book a table."),
        ("mcp__playwright__browser_take_screenshot", {"type": "png"}, "Book a table."),
        ("look", {"coordinate": [10, 20]}, "Book a table."),
        ("Read", {"file_path": "a.png"}, "Give me the bounding box of the button."),
    ],
)
def test_where_positions_count_an_image_keeps_its_size(tool, arguments, said):
    messages = [{"role": "user", "content": said}, *looked_at(1, anthropic(fine_png()), tool=tool, arguments=arguments)]
    assert compress(messages, model=FINE, settings=Settings(images="aggressive"), store=MemoryStore()).edits == ()


def test_an_image_whose_client_wants_an_error_keeps_its_size():
    block = anthropic(fine_png(), transformations={"oversized_image": "error"})
    assert compress([{"role": "user", "content": [block]}], model=FINE, store=MemoryStore()).edits == ()


@pytest.mark.parametrize(
    "options", [{"images": "off"}, {"kinds": {"image": "off"}}, {"tools": {"Read": "off"}}, {"level": "lossless"}]
)
def test_settings_hold_it_back(options):
    messages = looked_at(1, anthropic(fine_png()))
    assert compress(messages, model=FINE, settings=Settings(**options), store=MemoryStore()).edits == ()
    assert len(compress(messages, model=FINE, store=MemoryStore()).edits) == 1


@pytest.mark.parametrize("model", [None, "llama-4", "claude", "gpt-5.4"])
def test_a_model_whose_formula_is_not_known_gets_its_images_as_they_came(model):
    messages = [SHAPES["chat"][1](fine_png())] * 2
    messages = [{"role": "user", "content": [chat(fine_png())]}] * 2
    made = compress(messages, model=model, store=MemoryStore())
    assert made.edits == made.failures == ()
    assert all(new is old for new, old in zip(made, messages, strict=True))


def test_borders_go_and_what_is_inside_stays_pixel_for_pixel():
    inside = Image.effect_noise((600, 400), 90).convert("RGB")
    page = Image.new("RGB", (1000, 900), (255, 255, 255))
    page.paste(inside, (200, 300))
    made = compress([{"role": "user", "content": [anthropic(encoded(page))]}], model=CLAUDE, store=MemoryStore())
    cut = Image.open(io.BytesIO(base64.b64decode(made[0]["content"][0]["source"]["data"]))).convert("RGB")
    assert cut.size == (600 + 2 * pixels.BORDER_KEPT, 400 + 2 * pixels.BORDER_KEPT)
    back = cut.crop((pixels.BORDER_KEPT, pixels.BORDER_KEPT, 600 + pixels.BORDER_KEPT, 400 + pixels.BORDER_KEPT))
    apart = ImageChops.difference(back, inside).convert("L")
    assert sum(apart.tobytes()) / len(apart.tobytes()) < 4
    assert (made.edits[0].tokens_before, made.edits[0].tokens_after) == (36 * 33, 23 * 16)


def test_small_text_keeps_every_pixel():
    page, _ = text_page((700, 500), 11, margin=20)
    assert (
        compress([{"role": "user", "content": [anthropic(encoded(page))]}], model=FINE, store=MemoryStore()).edits == ()
    )


def test_an_image_elsewhere_counts_where_images_are_counted():
    away = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    looked = [looked_at(number, block)[1] for number, block in enumerate([anthropic(fine_png()), away, away])]
    made = compress([*looked, {"role": "user", "content": [anthropic(fine_png())]}], model=CLAUDE, store=MemoryStore())
    assert made[3]["content"][0]["text"] == "[the same image as the image 3 images above: nothing changed]"
    assert all(new is old for new, old in zip(made[1:3], looked[1:], strict=True))


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "image_url", "image_url": "https://example.com/a.png"},
        {"type": "input_image", "image_url": "https://example.com/a.png"},
        {"type": "input_image", "file_id": "file_1"},
    ],
)
def test_an_image_elsewhere_is_known_by_its_address(part):
    blocks, _ = wire.read([{"role": "user", "content": [part]}], CLAUDE)
    assert [(block.text.rsplit("/")[-1], block.editable) for block in blocks] in (
        [("a.png", False)],
        [("file_1", False)],
    )


def test_gemini_counts_a_file_that_is_an_image_and_no_other():
    parts = [{"fileData": {"mimeType": media, "fileUri": "files/1"}} for media in ("image/png", "application/pdf")]
    blocks, _ = wire.read([{"role": "user", "parts": parts}], "gemini-3-pro")
    assert [block.path for block in blocks] == [(0, "parts", 0)]


def test_what_stands_for_an_image_has_its_key():
    part, short = responses(fine_png()), {"type": "input_image", "image_url": cache.stand_in(url(fine_png()))}
    kept, named = (wire.read([{"role": "user", "content": [each]}], CLAUDE)[0] for each in (part, short))
    assert cache.keys(kept) == cache.keys(named)
    assert len(named[0].text) < 100


def test_a_blob_of_google_genai_comes_back_as_one():
    from google.genai import types

    content = types.Content(role="user", parts=[types.Part.from_bytes(data=fine_png(), mime_type="image/png")])
    made = compress([content], model=FINE, store=MemoryStore())
    assert isinstance(made[0].parts[0].inline_data.data, bytes)
    assert made[0].parts[0].inline_data.data != fine_png()
    again = compress([content, content], model="gemini-3-pro", store=MemoryStore())
    assert isinstance(again[1], types.Content)
    assert again[1].parts[0].text == "[the same image as the last image above: nothing changed]"
    assert again[1].parts[0].inline_data is None


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": [{"type": "image", "image": "PIXELS", "mediaType": "image/png"}]},
        {"role": "user", "content": [{"type": "file", "data": "PIXELS", "mediaType": "image/png"}]},
        {"role": "user", "parts": [{"type": "file", "url": "URL", "mediaType": "image/png"}]},
        {
            "role": "tool",
            "content": [
                {
                    "type": "tool-result",
                    "toolCallId": "t",
                    "toolName": "look",
                    "output": {
                        "type": "content",
                        "value": [{"type": "media", "data": "PIXELS", "mediaType": "image/png"}],
                    },
                }
            ],
        },
    ],
)
def test_images_of_the_vercel_ai_sdk_are_left_alone(message):
    whole = url(fine_png())
    text = json.dumps(message).replace("PIXELS", whole.partition(",")[2]).replace("URL", whole)
    messages = [json.loads(text)] * 2
    made = compress(messages, model=FINE, store=MemoryStore())
    assert made.edits == made.failures == ()
    assert all(new is old for new, old in zip(made, messages, strict=True))
