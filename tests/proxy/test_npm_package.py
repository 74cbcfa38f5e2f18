"""The npm package in `sdk/typescript`, built: its own tests, run by Node against a real engine and a provider on loopback.

Set up and built by `make sdk`; skipped without Node or without that.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "sdk" / "typescript"
NODE = shutil.which("node")
NPM = shutil.which("npm")

needs_the_package = [
    pytest.mark.skipif(NODE is None or NPM is None, reason="needs Node.js and npm"),
    pytest.mark.skipif(not (FOLDER / "dist").is_dir(), reason="needs `make sdk`"),
]
pytestmark = [*needs_the_package, pytest.mark.timeout(300)]  # starts engines and compilers, and a text of 20 MB


def passes(name, **variables):
    """Run one file of the package's tests with no other engine in sight than what `variables` say."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("HEADROOM_", "NODE_"))}
    done = subprocess.run(
        [NODE, "--test", "--test-reporter=spec", f"test/{name}.test.mjs"],
        cwd=FOLDER,
        env={**environment, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}{done.stderr[-2000:]}"
    assert "pass 0" not in done.stdout, done.stdout


def test_compress_with_an_engine(proxy):
    passes("compress", HEADROOM_URL=proxy.url)


def test_what_goes_wrong(proxy):
    passes("failures", HEADROOM_URL=proxy.url)


def test_engines(tmp_path):
    passes("engine", PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", TMPDIR=str(tmp_path))


def test_what_is_in_it(proxy, tmp_path):
    passes("package", HEADROOM_URL=proxy.url, TMPDIR=str(tmp_path))


def test_the_rules_of_the_adapters(proxy):
    passes("adapters", HEADROOM_URL=proxy.url)
