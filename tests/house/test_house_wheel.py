"""What is in the wheel: the package and its samples, its types and its licence; nothing else."""

import subprocess
import sys
import zipfile

from tree import ROOT


def test_contents(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    package = {name for name in names if name.startswith("headroom/")}
    assert {
        "headroom/py.typed",
        "headroom/perf/samples/index.json",
        "headroom/__init__.py",
        "headroom/ledger/prices.json",
        "headroom/proxy/page/index.html",
        "headroom/compression/compressors/source/languages/python.toml",
        "headroom/kompress/weights.onnx",
        "headroom/kompress/vocabulary.txt",
    } <= package
    assert all(".dist-info" in name for name in names if name not in package)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert wheel.stat().st_size < 5_000_000
