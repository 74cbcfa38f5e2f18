"""The doctor as a user calls it: a process of its own, on a machine of its own with two agents on it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

import headroom
from headroom.cli.doctor import doctor

SOURCE = str(Path(headroom.__file__).parent.parent)
PROGRAM = [sys.executable, "-c", "from headroom.cli.main import main; main()"]


class Machine:
    """A user's home, with our data folder in it, and the programs that are on PATH."""

    def __init__(self, folder):
        self.home = folder / "user"
        self.data = self.home / "data"
        self.programs = folder / "bin"
        for each in (self.home, self.programs):
            each.mkdir()
        for name in ("claude", "codex"):
            self.program(name)
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{self.programs}:{os.path.defpath}",
            "HEADROOM_HOME": str(self.data),
            "PYTHONPATH": SOURCE,
            "TERM": "xterm-256color",
            "COLUMNS": "80",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def program(self, name):
        path = self.programs / name
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
        return path

    def write(self, name, text):
        """A file below the user's home."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run(self, *arguments, **environment):
        """`headroom` with these arguments."""
        return subprocess.run(
            [*PROGRAM, *map(str, arguments)],
            env={**self.environment, **environment},
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def files(self):
        """Everything below the home, with its bytes: to see that nothing changed."""
        return {
            str(path.relative_to(self.home)): path.read_bytes()
            for path in sorted(self.home.rglob("*"))
            if path.is_file() and not path.name.endswith(("-wal", "-shm"))
        }

    def doctor(self, *options, **environment):
        """What the doctor finds, as its report; in this process, with nothing of its environment."""
        alone = {**dict.fromkeys(os.environ), **self.environment, **environment}
        made = CliRunner().invoke(doctor, ["--offline", "--json", *options], env=alone)
        return self.read(made.stdout, made.exit_code)

    def read(self, printed, status):
        """A report, which must be consistent."""
        report = json.loads(printed)
        states = ["ok", "attention", "broken"]
        assert status == states.index(report["state"])
        assert states.index(report["state"]) == max(states.index(each["state"]) for each in report["findings"])
        for each in report["findings"]:
            assert each["do"] or each["state"] == "ok", each
        return report

    def found(self, state, name, *options, **environment):
        """The one finding of this name that is not well, which must have this state."""
        report = self.doctor(*options, **environment)
        bad = [each for each in report["findings"] if each["state"] != "ok"]
        assert [(each["name"], each["state"]) for each in bad] == [(name, state)], bad
        return f"{bad[0]['says']} -> {bad[0]['do']}"
