"""Images: tokens saved by each provider's own formula, whether text in them can still be read, and how long it takes.

    python benchmarks/images.py            writes benchmarks/results/images.md
    make images                            the same, with an OCR engine (300 MB) that reads them before and after

The images are drawn as agents send them (tests/laws/pictures.py): screenshots of a plain and a fine display, code on dark,
a scanned page, a chart, a photo. Recall is the share of the words on them that RapidOCR finds, on the image as it came and on
what is sent instead: a machine's reading, no model's; without the engine that column stays empty. CPU time is of one core, the best of five.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/laws"))

import pictures  # noqa: E402 - lies beside the tests

from headroom import Settings, compress  # noqa: E402
from headroom.compression.compressors.image import pixels, rules  # noqa: E402
from headroom.originals.store import MemoryStore  # noqa: E402

MODELS = ("claude-opus-5", "gpt-5.6-sol")


def drawn():
    """Name to image and words; small ones, as reading them is slow."""
    return {
        "screenshot, 14 px, 720 by 400": pictures.screenshot(720, 400),
        "screenshot of a fine display, 28 px, 1440 by 800": pictures.screenshot(720, 400, 2),
        "code on dark, 24 px, 900 by 400": pictures.text_page((900, 400), 24, 3, (212, 212, 212), (30, 30, 30)),
        "small print, 11 px, 600 by 300": pictures.text_page((600, 300), 11, 4),
        "scan of A4, 100 dpi, wide margins": pictures.scan(dpi=100),
        "chart, 1600 by 900": pictures.chart(),
        "photo, 1600 by 1200": (pictures.photo(), []),
    }


def reader():
    """What reads an image: its letters and digits, without blanks; `None` where the engine is not installed."""
    try:
        import numpy as np
        from rapidocr_onnxruntime import RapidOCR
    except ImportError:
        return None

    engine = RapidOCR(use_cls=False)

    def read(image):
        found, _ = engine(np.asarray(image.convert("RGB"))[:, :, ::-1])
        return re.sub(r"[^a-z0-9]", "", " ".join(line[1] for line in found or []).lower())

    return read


def recall(text, words):
    """The share of the words that stand in what was read."""
    plain = [re.sub(r"[^a-z0-9]", "", word.lower()) for word in words]
    return sum(word in text for word in plain) / len(plain)


def milliseconds(data):
    """CPU time of the first sight of an image, sizes decided for a model that takes it as it is."""
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        compress([{"role": "user", "content": [pictures.anthropic(data)]}], model="claude-opus-5", store=MemoryStore())
        best = min(best, time.process_time() - start)
    return best * 1000


def rows(read):
    """A line of the table for each image, model and setting that changes something."""
    for name, (picture, words) in drawn().items():
        data = pictures.encoded(picture)
        before = recall(read(picture), words) if words and read else None
        known = {}
        for model in MODELS:
            for images in ("safe", "aggressive"):
                message = {"role": "user", "content": [pictures.anthropic(data)]}
                made = compress([message], model=model, settings=Settings(images=images), store=MemoryStore())
                cost = rules.of(model).tokens(picture.size)
                if not made.edits:
                    yield f"| {name} | {model} | {images} | {cost:,} | {cost:,} | 0.0 | as it came |"
                    continue
                edit = made.edits[0]
                image = pixels.opened(edit.text)
                if words and read and image.size not in known:
                    known[image.size] = recall(read(image), words)
                kept = (
                    f"{before:.1%} → {known[image.size]:.1%}"
                    if words and read
                    else ("not read" if words else "no text")
                )
                saved = 100 * (1 - edit.tokens_after / edit.tokens_before)
                line = f"{edit.tokens_before:,} | {edit.tokens_after:,} | {saved:.1f} | {kept}"
                yield f"| {name} | {model} | {images} | {line} |"


def main():
    heads = ("image", "model", "images", "tokens", "after", "saved, %", "words recognised")
    lines = [f"| {' | '.join(heads)} |", "|---|---|---|---|---|---|---|"]
    for line in rows(reader()):
        print(line, flush=True)
        lines.append(line)
    shot = pictures.encoded(pictures.screenshot(1920, 1080)[0])
    speed = f"First sight of a screenshot of 1920 by 1080 pixels: {milliseconds(shot):.0f} ms of CPU."
    print(speed)
    page = "# Images\n\nMade by `make images`; see `benchmarks/images.py` for what is measured.\n\n"
    (ROOT / "benchmarks/results/images.md").write_text(page + "\n".join(lines) + f"\n\n{speed}\n", "utf-8")


if __name__ == "__main__":
    main()
