"""Show that the tests bite: put one-line sabotages into a copy of the package, and see their tests fail.

    python scripts/mutants.py [WORD ...]     # all of tests/mutants/mutants.toml, or those whose `breaks` has a word

The tests must pass on an unchanged copy first, or a failure would prove nothing. Exit code 1 where a sabotage goes
unnoticed, or names a line that is no longer there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tests/mutants/mutants.toml"
WORKERS = 2


@dataclass(frozen=True)
class Mutant:
    """One sabotage; the fields are explained in the list."""

    breaks: str
    file: str
    find: str
    replace: str
    tests: list[str]


def passes(package: Path, tests: list[str]) -> bool:
    """Whether the tests pass on the package below a folder."""
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:xdist", *tests]
    environment = {**os.environ, "PYTHONPATH": str(package), "MUTANT": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode not in (0, 1):  # 2 and above: nothing was tested
        sys.exit(
            f"pytest {' '.join(tests)} ended with {done.returncode}:\n{done.stdout.decode()}{done.stderr.decode()}"
        )
    return done.returncode == 0


def copied(place: Path) -> Path:
    """A fresh copy of the package, to be imported from."""
    shutil.copytree(ROOT / "src", place / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return place / "src"


def try_out(mutant: Mutant) -> str:
    """What became of a sabotage: `caught`, or what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        package = copied(Path(folder))
        target = package / "headroom" / mutant.file
        text = target.read_text("utf-8") if target.exists() else ""
        if text.count(mutant.find) != 1:
            return f"STALE: found {text.count(mutant.find)} times in {mutant.file}: {mutant.find}"
        target.write_text(text.replace(mutant.find, mutant.replace), encoding="utf-8")
        return "NOT CAUGHT by " + " ".join(mutant.tests) if passes(package, mutant.tests) else "caught"


def main() -> None:
    """Run the list and print what became of each."""
    every = [Mutant(**entry) for entry in tomllib.loads(LIST.read_text("utf-8"))["mutant"]]
    mutants = [mutant for mutant in every if not sys.argv[1:] or any(word in mutant.breaks for word in sys.argv[1:])]
    tests = sorted({test for mutant in mutants for test in mutant.tests})
    with tempfile.TemporaryDirectory() as folder:
        if not passes(copied(Path(folder)), tests):
            sys.exit(f"the unchanged package fails: mend that first (pytest {' '.join(tests)})")
    unnoticed = 0
    with ThreadPoolExecutor(WORKERS) as pool:
        for mutant, verdict in zip(mutants, pool.map(try_out, mutants), strict=True):
            print(f"{verdict}: {mutant.breaks}", flush=True)
            unnoticed += verdict != "caught"
    print(f"{len(mutants) - unnoticed} of {len(mutants)} sabotages caught")
    sys.exit(unnoticed > 0)


if __name__ == "__main__":
    main()
