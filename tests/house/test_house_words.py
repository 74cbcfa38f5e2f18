"""What no tracked file may name: a machine this was written on, or a package registry."""

import re

import pytest
from tree import ROOT, files

MACHINE = re.compile(r"(?<![\w.$}>~/-])/(?:work|root|opt/v)/\w")
REGISTRY = re.compile(
    r"registry\.npm|npmjs\.(?:org|com)|pypi\.(?:org|io)|pythonhosted\.org|crates\.io|rubygems\.org|proxy\.golang",
    re.IGNORECASE,
)
HERE = "tests/house/test_house_words.py"
BINARY = {".png", ".gif", ".ico", ".onnx", ".gz", ".zst", ".woff2"}


@pytest.mark.parametrize("pattern", [MACHINE, REGISTRY], ids=["machine", "registry"])
def test_no_file_names(pattern):
    found = []
    for path in files():
        if path.as_posix() == HERE or path.suffix in BINARY:
            continue
        text = (ROOT / path).read_bytes().decode("utf-8", "replace")
        found += [
            f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}" for match in pattern.finditer(text)
        ]
    assert not found


def test_the_patterns_find_what_they_look_for():
    assert MACHINE.search("see " + "/root" + "/x")
    assert not MACHINE.search("https://example.org" + "/work" + "/x")
    assert REGISTRY.search("https://files.pythonhosted.org/x")
