"""What users import: the names, and how little comes with them."""

import json
import subprocess
import sys

import headroom

NAMES = [
    "Compressed",
    "CompressedText",
    "HeadroomError",
    "Settings",
    "acompress",
    "compress",
    "compress_text",
    "retrieve",
]
HEAVY = [
    "numpy",
    "onnxruntime",
    "tokenizers",
    "quicktok",
    "selectolax",
    "rich",
    "click",
    "sqlite3",
    "asyncio",
    "tiktoken",
    "headroom.compression.pipeline",
]


def test_public_names():
    assert sorted(headroom.__all__) == NAMES
    assert all(hasattr(headroom, name) for name in NAMES)


def test_every_public_name_is_documented():
    assert [name for name in NAMES if not getattr(headroom, name).__doc__] == []


def test_import_is_cheap():
    code = "import sys, json; before = set(sys.modules); import headroom; print(json.dumps(sorted(set(sys.modules) - before)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    assert "headroom" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_the_package_is_typed():
    from pathlib import Path

    assert (Path(headroom.__file__).parent / "py.typed").exists()
