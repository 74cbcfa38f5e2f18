"""Images as agents send them, drawn here, and the shapes in which each provider takes them."""

import base64
import io
import random
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter, ImageFont

WORDS = [
    "the",
    "request",
    "failed",
    "because",
    "upstream",
    "closed",
    "its",
    "connection",
    "before",
    "any",
    "byte",
    "of",
    "the",
    "answer",
    "came",
    "back",
    "and",
    "nobody",
    "retried",
    "deploy",
    "worker",
    "queue",
    "depth",
    "latency",
    "budget",
    "exceeded",
    "region",
    "primary",
    "replica",
    "lag",
    "seconds",
    "checkpoint",
    "written",
    "total",
    "4096",
    "session_timeout",
    "3600",
    "error",
    "warning",
    "invoice",
    "paid",
    "balance",
    "account",
    "settings",
    "profile",
    "dashboard",
    "export",
    "filter",
    "apply",
]


def font(size):
    """Pillow's own: Aileron, inside the wheel."""
    return ImageFont.load_default(size)


def encoded(image, form="PNG", **options):
    """The bytes of an image in a file format."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def url(data, media="image/png"):
    """A data URL."""
    return f"data:{media};base64,{base64.b64encode(data).decode()}"


def text_page(size, letter, seed=0, ink=(31, 35, 40), paper=(255, 255, 255), margin=40):
    """Lines of words on a plain page, letters so many pixels an em or of a font of one's own, and the words."""
    width, height = size
    chance = random.Random(seed)
    image = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(image)
    letters = font(letter) if isinstance(letter, int) else letter
    words, top = [], margin
    while top < height - margin - letters.size:
        line = []
        while draw.textlength(" ".join([*line, "xxxxxxxxxxxx"]), font=letters) < width - 2 * margin:
            line.append(chance.choice(WORDS))
        draw.text((margin, top), " ".join(line), fill=ink, font=letters)
        words += line
        top += int(letters.size * 1.6)
    return image, words


def screenshot(width=1920, height=1080, scale=1, seed=0):
    """A window with a bar, a list and text of 14 pixels, as a display of that scale shows it."""
    image, words = text_page(
        (width * scale, height * scale), 14 * scale, seed, paper=(250, 250, 252), margin=60 * scale
    )
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width * scale, 40 * scale), fill=(36, 41, 47))
    draw.rectangle((0, 40 * scale, 48 * scale, height * scale), fill=(200, 215, 230))
    draw.text((16 * scale, 10 * scale), "Dashboard", fill=(255, 255, 255), font=font(16 * scale))
    return image, ["Dashboard", *words]


def scan(seed=0, dpi=150):
    """A page of A4 as a scanner gives it: wide margins, grey paper, a little noise and blur."""
    width, height = round(8.27 * dpi), round(11.69 * dpi)
    image, words = text_page(
        (width, height), round(dpi / 6.5), seed, ink=(40, 40, 44), paper=(244, 243, 240), margin=dpi
    )
    noise = Image.effect_noise((width, height), 6).convert("RGB")
    return Image.blend(image.filter(ImageFilter.GaussianBlur(0.6)), noise, 0.02), words


def chart(width=1600, height=900):
    """Bars and a line with labels."""
    image = Image.new("RGB", (width, height), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    labels = []
    for at in range(12):
        left, high = 120 + at * 115, 80 + (at * 97) % 560
        draw.rectangle((left, height - 90 - high, left + 70, height - 90), fill=(66, 133, 244 - at * 10))
        for text, place in (
            (f"{high * 7}", (left, height - 120 - high)),
            (f"2026-{at + 1:02}", (left - 10, height - 70)),
        ):
            draw.text(place, text, fill=(40, 40, 40), font=font(22))
            labels.append(text)
    draw.line((90, 40, 90, height - 90, width - 40, height - 90), fill=(0, 0, 0), width=3)
    return image, labels


def photo(width=1600, height=1200):
    """Soft shapes with grain, as a camera gives them."""
    image = Image.radial_gradient("L").resize((width, height)).convert("RGB")
    draw = ImageDraw.Draw(image)
    chance = random.Random(5)
    for _ in range(60):
        x, y, r = chance.randrange(width), chance.randrange(height), chance.randrange(20, 160)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(chance.randrange(256) for _ in range(3)))
    return Image.blend(
        image.filter(ImageFilter.GaussianBlur(4)), Image.effect_noise((width, height), 20).convert("RGB"), 0.05
    )


@lru_cache
def fine_png(seed=0):
    """A small screenshot of a fine display: it has resolution to spare for every model."""
    return encoded(screenshot(500, 320, 2, seed)[0])


def anthropic(data, media="image/png", **more):
    """An image block."""
    source = {"type": "base64", "media_type": media, "data": base64.b64encode(data).decode()}
    return {"type": "image", "source": source, **more}


def chat(data, media="image/png", **more):
    """A part of a chat message."""
    return {"type": "image_url", "image_url": {"url": url(data, media), **more}}


def responses(data, media="image/png", **more):
    """A part of a Responses item."""
    return {"type": "input_image", "image_url": url(data, media), **more}


def gemini(data, media="image/png"):
    """A part of a Gemini content."""
    return {"inlineData": {"mimeType": media, "data": base64.b64encode(data).decode()}}


def looked_at(number, *blocks, tool="Read", arguments=None):
    """A tool call and its result of several blocks, in Anthropic's shape."""
    use = {"type": "tool_use", "id": f"t{number}", "name": tool, "input": arguments or {"file_path": f"{number}.png"}}
    result = {"type": "tool_result", "tool_use_id": f"t{number}", "content": list(blocks)}
    return [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
