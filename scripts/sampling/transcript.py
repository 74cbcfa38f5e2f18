"""A session as an agent leaves it: commands really run, files really read again after real edits. Anthropic shape."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field

from sampling import facts, projects
from sampling.workshop import Sample, Workshop

PYTEST = f"{sys.executable} -m pytest -p no:cacheprovider -p no:randomly -p no:xdist -p no:timeout"


@dataclass
class Session:
    """Collects the messages."""

    shop: Workshop
    folder: str
    messages: list[dict[str, object]] = field(default_factory=list)

    def user(self, text: str) -> None:
        """What the user asks."""
        self.messages.append({"role": "user", "content": text})

    def call(self, says: str, name: str, arguments: dict[str, object], result: str) -> None:
        """A tool call and its result."""
        number = f"toolu_{len(self.messages):02}"
        use = {"type": "tool_use", "id": number, "name": name, "input": arguments}
        self.messages.append({"role": "assistant", "content": [{"type": "text", "text": says}, use]})
        back = {"type": "tool_result", "tool_use_id": number, "content": result}
        self.messages.append({"role": "user", "content": [back]})

    def bash(self, says: str, command: str) -> str:
        """Run a command."""
        result = self.shop.run(command.replace("pytest", PYTEST), self.folder)
        self.call(says, "Bash", {"command": command}, result)
        return result

    def read(self, says: str, file: str) -> None:
        """Read a file, numbered as an agent's tool does."""
        text = (self.shop.root / self.folder / file).read_text("utf-8")
        numbered = "\n".join(f"{number:6}\t{line}" for number, line in enumerate(text.splitlines(), 1))
        self.call(says, "Read", {"file_path": f"{self.shop.root}/{self.folder}/{file}"}, numbered)

    def edit(self, says: str, file: str, old: str, new: str) -> None:
        """Change a file."""
        path = self.shop.root / self.folder / file
        text = path.read_text("utf-8")
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new), encoding="utf-8")
        arguments: dict[str, object] = {"file_path": str(path), "old_string": old, "new_string": new}
        self.call(says, "Edit", arguments, f"The file {path} has been updated.")


def make(shop: Workshop) -> None:
    """Fix a failing project, step by step."""
    shop.need("git")
    shop.write(
        {
            "stock.py": projects.STOCK,
            "tests/test_stock.py": projects.STOCK_TESTS,
            "tests/conftest.py": "import sys\nsys.path.insert(0, '.')\n",
        },
        "session",
    )
    shop.run(
        "git init -q -b main && git add -A && git -c user.name=Demo -c user.email=demo@example.org commit -qm 'Add stock'",
        "session",
    )
    session = Session(shop, "session")
    session.user("The tests of the stock module fail. Please find out why and fix them.")
    session.bash("I'll look around first.", "git log --oneline && ls -l . tests")
    session.read("The module itself:", "stock.py")
    session.read("And its tests:", "tests/test_stock.py")
    session.bash("Now the tests.", "pytest -v -k 'not unknown' tests")
    session.edit("Prices need two digits.", "stock.py", "* (1 + rate), 1)", "* (1 + rate), 2)")
    session.read("Let me check the whole file after the edit.", "stock.py")
    session.bash("Run them again.", "pytest -v -k 'not unknown' tests")
    session.edit(
        "The last parcel is never sent.",
        "stock.py",
        "        current.append(weight)\n    return result",
        "        current.append(weight)\n    return [*result, current]",
    )
    session.bash("What did I change so far?", "git diff && git status --short")
    session.bash(
        "The fixture `ledger` does not exist; where is it used?",
        "grep -rn ledger . --include=*.py; cat tests/test_stock.py | sed -n '50,75p'",
    )
    session.edit(
        "Drop it.",
        "tests/test_stock.py",
        "def test_take_leaves_the_rest(stock, ledger):",
        "def test_take_leaves_the_rest(stock):",
    )
    last = session.bash("Run them again.", "pytest -v -k 'not unknown' tests")
    difference = session.bash("One is left; the changes once more.", "git diff; ls -l . tests")
    kept = facts.matches(last, r"^(?:FAILED|ERROR) (\S+)", r"^E +(\S.{8,})$") + facts.matches(last, r"^=+ (\d.*) =+$")
    kept += facts.matches(difference, r"^([+-](?![+-]|rw).*\w{4}.*)$")
    text = json.dumps(session.messages, indent=1, ensure_ascii=False) + "\n"
    whole = [fact for fact in kept if fact in text]
    shop.add(Sample("transcript.json", "repeats", "a coding agent's session", text, whole, "pytest, git, cat, ls"))
