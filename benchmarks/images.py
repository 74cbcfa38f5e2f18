"""Images: tokens saved by each provider's own formula, whether text in them can still be read, and how long it takes.

    python benchmarks/images.py            writes benchmarks/results/images.md
    make images                            the same, with an OCR engine (300 MB) that reads them before and after, and fonts

The images are drawn as agents send them (tests/laws/pictures.py): screenshots of a plain and a fine display, code on dark,
a scanned page, a chart, a photo; and, held out, pages in fonts, sizes and colours by which no threshold was chosen. Recall is
the share of the words on them that RapidOCR finds, on the image as it came and on what is sent instead: a machine's reading,
no model's; without the engine that column stays empty. CPU time is of one core, the best of five.
"""

from __future__ import annotations

import re
import sys
import time
from importlib import import_module
from itertools import cycle, product
from pathlib import Path

from PIL import ImageFont

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/laws"))

import pictures  # noqa: E402 - lies beside the tests

from headroom import Settings, compress  # noqa: E402
from headroom.compression.compressors.image import pixels, rules  # noqa: E402
from headroom.originals.store import MemoryStore  # noqa: E402

MODELS = ("claude-opus-5", "gpt-5.6-sol")
FONTS = ("font_caladea.Caladea", "font_lato.LatoLight", "font_manrope.Manrope")
"""From PyPI: a book face, a thin one, a wide one."""
SIZES = (11, 13, 15, 18, 22, 26, 32, 40)
THEMES = {
    "dark grey on sand": ((88, 110, 117), (253, 246, 227)),
    "grey on petrol": ((131, 148, 150), (0, 43, 54)),
    "white on violet": ((248, 248, 242), (40, 42, 54)),
    "black on yellow": ((0, 0, 0), (255, 255, 200)),
    "mid grey on black": ((110, 118, 129), (13, 17, 23)),
}


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


def held_out():
    """Name to page and words, in every font and size; each theme comes up with each font."""
    try:
        faces = {name: getattr(import_module(name.partition(".")[0]), name.partition(".")[2]) for name in FONTS}
    except ImportError:
        return
    themes = cycle(THEMES.items())
    for seed, (name, size) in enumerate(product(FONTS, SIZES), 1000):
        theme, (ink, paper) = next(themes)
        letters = ImageFont.truetype(faces[name], size)
        page = pictures.text_page((size * 36, size * 14), letters, seed, ink, paper, margin=size)
        yield f"{name.partition('.')[2]}, {size} px, {theme}", *page


def held_out_rows(read):
    """A line of the table for each page that is sent smaller, and a sum over all."""
    changed = pages = there = had = kept = before = after = 0
    for name, page, words in held_out():
        message = {"role": "user", "content": [pictures.anthropic(pictures.encoded(page))]}
        made = compress([message], model=MODELS[0], store=MemoryStore())
        pages += 1
        if not made.edits:
            continue
        edit = made.edits[0]
        image = pixels.opened(edit.text)
        seen, now = (round(recall(read(each), words) * len(words)) for each in (page, image))
        changed, there, had, kept = changed + 1, there + len(words), had + seen, kept + now
        before, after = before + edit.tokens_before, after + edit.tokens_after
        yield f"| {name} | {image.width / page.width:.2f} | {len(words)} | {seen} | {now} |"
    if changed:
        yield f"| all {changed} of {pages} that changed: {before:,} → {after:,} tokens | | {there:,} | {had:,} | {kept:,} ({kept / had:.1%}) |"


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
    lines, read = [f"| {' | '.join(heads)} |", "|---|---|---|---|---|---|---|"], reader()
    for line in rows(read):
        print(line, flush=True)
        lines.append(line)
    if read:
        lines += ["", "Held out: fonts, sizes and colours by which no threshold was chosen, at `safe`.", ""]
        lines += ["| page | scale | words on it | read as it came | read on what is sent |", "|---|---|---|---|---|"]
        for line in held_out_rows(read):
            print(line, flush=True)
            lines.append(line)
    lines += ["", "First sight of a screenshot of 1920 by 1080 pixels:", ""]
    for name, shot in (
        ("text of 14 px, which stays", pictures.screenshot(1920, 1080)),
        ("text of 28 px, which is scaled down", pictures.screenshot(960, 540, 2)),
    ):
        lines.append(f"* {name}: {milliseconds(pictures.encoded(shot[0])):.0f} ms of CPU")
        print(lines[-1])
    page = "# Images\n\nMade by `make images`; see `benchmarks/images.py` for what is measured.\n\n"
    (ROOT / "benchmarks/results/images.md").write_text(page + "\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
