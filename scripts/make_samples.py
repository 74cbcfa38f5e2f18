"""Remake the bundled samples: real output of real tools, captured in a neutral folder.

    python scripts/make_samples.py [NAME ...]     # all families, or some families (see FAMILIES)

Needs network access for the packages it looks at, and whichever of git, gcc, make, cargo, javac, npm and PostgreSQL's
server are to be sampled; what is missing is named and its samples stay as they were. The README beside the samples
says where each comes from.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from sampling import compilers, documents, listings, packages, postgres, runtime, transcript, unittests, versions
from sampling.workshop import ToolMissingError, Workshop

SAMPLES = Path(__file__).resolve().parent.parent / "src/headroom/perf/samples"
FAMILIES: dict[str, Callable[[Workshop], None]] = {
    "postgres": postgres.make,
    "runtime": runtime.make,
    "packages": packages.make,
    "unittests": unittests.make,
    "compilers": compilers.make,
    "versions": versions.make,
    "listings": listings.make,
    "documents": documents.make,
    "transcript": transcript.make,
}
"""Name to recipe."""
LIMIT = 600_000
"""Bytes of all samples together: they travel in every wheel."""


def main() -> None:
    """Make the samples, check their size, write the index and the table of the README."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", choices=[*FAMILIES, []], help="families to remake (default: all)")
    parser.add_argument("--keep", action="store_true", help="leave the working folder for a look")
    options = parser.parse_args()
    workshop = Workshop()
    workshop.start()
    missing = []
    for name in options.names or FAMILIES:
        print(name)
        try:
            FAMILIES[name](workshop)
        except ToolMissingError as error:
            missing.append(f"{name}: {error}")
    workshop.save(SAMPLES)
    write_table(SAMPLES)
    if not options.keep:
        workshop.finish()
    size = sum(path.stat().st_size for path in SAMPLES.iterdir())
    print(f"{size:,} bytes in {SAMPLES}")
    if missing:
        print("not made, for want of a tool:", "; ".join(missing))
    if size > LIMIT:
        raise SystemExit(f"more than {LIMIT:,} bytes: shorten a recipe")


def write_table(folder: Path) -> None:
    """Put the list of samples, with the tools that printed them, below the README's marker line."""
    readme = folder / "README.md"
    marker = "<!-- written by scripts/make_samples.py -->"
    head = readme.read_text("utf-8").split(marker)[0]
    rows = ["| file | kind | command | tool |", "|---|---|---|---|"]
    for entry in json.loads((folder / "index.json").read_text("utf-8")):
        command = entry["command"].replace("|", "\\|")
        rows.append(f"| {entry['file']} | {entry['kind']} | `{command}` | {entry['tool']} |")
    readme.write_text(head + marker + "\n\n" + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
