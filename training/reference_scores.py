"""Makes tests/kompress/scores.json: what the network in the package says of a few texts, bit for bit."""

from __future__ import annotations

import json
from pathlib import Path

from headroom.kompress import session

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "src/headroom/perf/samples"
QUESTIONS = ("", "Which of these failed, and why?")


def main() -> None:
    """The file."""
    rows = []
    for name in ("pytest.txt", "postgresql.log", "README.md", "readme_and_tree.txt", "git_log_stat.txt"):
        units = [line for line in (SAMPLES / name).read_text("utf-8").split("\n") if line.strip()][:40]
        groups = [at // 5 for at in range(len(units))]
        for question in QUESTIONS:
            for lines in (False, True):
                scores = session.scores(question, units, groups, lines=lines)
                rows.append({"question": question, "lines": lines, "groups": groups, "units": units, "scores": scores})
    (ROOT / "tests/kompress/scores.json").write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n", "utf-8")


if __name__ == "__main__":
    main()
