"""Using the network leaves nothing in the user's home and nothing in the environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import headroom

pytest.importorskip("onnxruntime")

USE = """
import os
from headroom import kompress
before = dict(os.environ)
assert kompress.scores("what failed", ["The build failed.", "It was a sunny day."], [0, 1])
assert dict(os.environ) == before
"""


@pytest.mark.parametrize("said", [{}, {"ORT_DISABLE_TELEMETRY": "0"}])
def test_it_reports_nothing_and_marks_nothing(tmp_path, said):
    """In an environment of its own: the library is quiet by itself where it sees a build machine or tests."""
    environment = {"HOME": str(tmp_path), "PATH": os.defpath, "PYTHONPATH": str(Path(headroom.__file__).parent.parent)}
    subprocess.run([sys.executable, "-c", USE], env={**environment, **said}, cwd=tmp_path, check=True, timeout=100)
    assert list(tmp_path.rglob("*")) == []
