"""Images that are odd, broken or hostile: looked at right, or left as they came with the reason recorded; never a crash."""

import base64
import binascii
import struct
import subprocess
import sys
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import anthropic, chat, encoded, fine_png, screenshot, url
from PIL import Image, ImageCms, ImageDraw

from headroom import compress
from headroom.compression.compressors import image
from headroom.compression.compressors.image import pixels
from headroom.originals.store import MemoryStore

MODEL = "claude-opus-5"
SHOT = screenshot(500, 320, 2)[0]


def made_of(data, media="image/png"):
    """What becomes of one image."""
    messages = [{"role": "user", "content": [anthropic(data, media)]}]
    return compress(messages, model=MODEL, store=MemoryStore()), messages


def seen(data, media="image/png"):
    """The image that is sent instead, decoded."""
    made, _ = made_of(data, media)
    assert made.failures == ()
    assert len(made.edits) == 1
    return pixels.opened(made.edits[0].text)


def bomb(width, height):
    """A PNG that says it is very large, and is not."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", binascii.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def animated():
    frames = [Image.new("RGB", (600, 400), (shade, 0, 0)) for shade in (10, 200)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)


LEFT = {
    "empty base64": b"",
    "no image": b"<html>not an image</html>",
    "truncated": fine_png()[:3000],
    "header alone": fine_png()[:40],
    "bomb": bomb(60_000, 60_000),
    "large": bomb(7000, 6000),
    "animated": animated(),
    "cmyk": encoded(SHOT.convert("CMYK"), "JPEG"),
    "16 bits": encoded(SHOT.convert("I").convert("I;16"), "PNG"),
    "tiff": encoded(SHOT, "TIFF"),
    "gamma": fine_png()[:33]
    + struct.pack(">I4sI", 4, b"gAMA", 100_000)
    + struct.pack(">I", binascii.crc32(b"gAMA" + struct.pack(">I", 100_000)))
    + fine_png()[33:],
}


@pytest.mark.parametrize("name", LEFT)
def test_what_cannot_be_worked_on_goes_out_as_it_came_and_says_so(name):
    made, messages = made_of(LEFT[name])
    assert list(made) == messages
    assert made[0] is messages[0]
    assert [failure.path for failure in made.failures] == ([(0, "content", 0)] if LEFT[name] else [])
    for failure in made.failures:
        assert failure.reason
        assert "html" not in failure.reason


def test_what_a_header_says_is_believed_before_anything_is_decoded():
    made, _ = made_of(LEFT["large"])
    assert "pixels, over" in made.failures[0].reason


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=300), st.integers(0, len(fine_png())), st.integers(1, 40))
def test_damage_anywhere_is_survived(garbage, start, length):
    data = bytearray(fine_png())
    data[start : start + length] = garbage
    made, messages = made_of(bytes(data))
    assert len(made) == 1
    assert made.edits or made[0] == messages[0]


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=60))
def test_any_text_may_stand_where_base64_belongs(text):
    block = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": text}}
    made = compress([{"role": "user", "content": [block]}], model=MODEL, store=MemoryStore())
    assert made[0]["content"] == [block]


def test_base64_with_line_breaks_and_in_the_alphabet_of_addresses_is_read():
    data = fine_png()
    for text in (base64.encodebytes(data).decode(), base64.urlsafe_b64encode(data).decode()):
        block = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": text}}
        store = MemoryStore()
        made = compress([{"role": "user", "content": [block]}], model=MODEL, store=store)
        assert len(made.edits) == 1
        assert store.original(made.edits[0].handle) == f"data:image/png;base64,{text}"


def test_a_data_url_with_parameters_and_capitals_is_read():
    part = chat(fine_png())
    part["image_url"]["url"] = "DATA:image/PNG;name=a.png;BASE64," + part["image_url"]["url"].partition(",")[2]
    made = compress([{"role": "user", "content": [part]}], model="gpt-5.6-sol", store=MemoryStore())
    assert len(made.edits) == 1
    assert made[0]["content"][0]["image_url"]["url"].startswith("data:image/")


def test_a_wrong_media_type_is_put_right():
    made, _ = made_of(fine_png(), "image/jpeg")
    source = made[0]["content"][0]["source"]
    assert (
        pixels.opened(f"data:{source['media_type']};base64,{source['data']}").get_format_mimetype()
        == source["media_type"]
    )


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_image_is_turned_for_good(orientation):
    upright = SHOT.copy()
    ImageDraw.Draw(upright).rectangle((0, 0, 200, 200), fill=(255, 0, 0))
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    found = seen(encoded(upright.transpose(turn), "JPEG", quality=95, exif=exif), "image/jpeg")
    assert found.getexif().get(0x0112, 1) == 1
    assert (found.width > found.height) == (upright.width > upright.height)
    red, green, _ = found.convert("RGB").getpixel((10, 10))
    assert red > 200
    assert green < 80


def test_transparency_stays():
    clear = SHOT.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    found = seen(encoded(clear))
    assert found.mode == "RGBA"
    low, high = found.getchannel("A").getextrema()
    assert (low, high) == (0, 255)


def test_a_palette_with_a_transparent_colour_keeps_it():
    flat = SHOT.quantize(32)
    found = seen(encoded(flat, "PNG", transparency=flat.getpixel((5, 5))))
    assert found.mode == "RGBA"
    assert found.getchannel("A").getextrema()[0] == 0


def test_a_colour_profile_stays():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert seen(encoded(SHOT, "PNG", icc_profile=profile)).info["icc_profile"] == profile


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "JPEG"])
def test_every_format_and_mode_is_looked_at(mode, form):
    if form == "JPEG" and mode not in ("1", "L", "RGB"):
        pytest.skip("JPEG has no transparency and no palette")
    data = encoded(SHOT.convert(mode), form)
    made, messages = made_of(data, f"image/{form.lower()}")
    assert made.failures == ()
    assert made.edits or made[0] == messages[0]


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (3, 9000)])
def test_odd_sizes_are_survived(size):
    made, _ = made_of(encoded(Image.effect_noise(size, 90)))
    assert made.failures == ()
    for edit in made.edits:
        assert edit.tokens_after <= edit.tokens_before


def test_a_gigantic_data_url_is_left_alone():
    text = "A" * (pixels.MOST_CHARS + 1)
    block = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": text}}
    made = compress([{"role": "user", "content": [block]}], model=MODEL, store=MemoryStore())
    assert made[0]["content"][0] is block
    assert "over" in made.failures[0].reason


WITHOUT = """
import sys
sys.modules["PIL"] = None
from headroom import compress
from headroom.compression.compressors import image
from headroom.originals.store import MemoryStore
block = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": sys.stdin.read()}}
made = compress([{"role": "user", "content": [block]}], model="claude-opus-5", store=MemoryStore())
print(image.ABSENT, made[0]["content"][0] is block, made.failures)
"""


def test_without_the_extra_nothing_is_touched():
    data = base64.b64encode(fine_png()).decode()
    said = subprocess.run(
        [sys.executable, "-c", WITHOUT], input=data, capture_output=True, text=True, check=True
    ).stdout
    assert said == "True True ()\n"


def test_an_image_is_described_in_words():
    assert image.described(url(fine_png())) == f"image/png, 1,000 by 640 pixels, {len(fine_png()):,} bytes"
    assert image.described("data:image/png;base64,AAAA") == "image/png, 3 bytes"
    assert image.described("plain text") == "plain text"
