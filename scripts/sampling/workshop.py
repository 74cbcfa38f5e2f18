"""The folder in which samples are made, and the samples themselves.

Rules: every command runs in one neutral folder with a bare environment (UTC, English, no colours), so that its output
names no machine and no person. What still does is replaced; `Workshop.save` refuses what cannot be replaced.
"""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path("/tmp/demo-project")  # noqa: S108 -- a fixed, neutral name: it stands in the samples
REGISTRY = re.compile(r"https?://[\w.-]*(?:npmjs|pypi|pythonhosted|crates)\.[\w.]+(?::\d+)?")
"""Addresses of package registries: a sample must not send anyone there."""
_REPLACED_REGISTRY = "https://packages.example.org"


class ToolMissingError(Exception):
    """A tool that a recipe needs is not on this machine; its samples stay as they are."""


@dataclass(frozen=True)
class Sample:
    """One captured output and what a reader must still find in it."""

    file: str
    kind: str
    command: str
    text: str
    facts: list[str]
    tool: str
    """The tool and its version, for the table in the README."""


@dataclass
class Workshop:
    """Runs tools, cleans what they print and collects the samples."""

    root: Path = ROOT
    samples: list[Sample] = field(default_factory=list)

    def start(self) -> None:
        """Make an empty folder.

        Raises:
            SystemExit: the folder exists and was not made by this script.
        """
        mark = self.root / ".made-by-make-samples"
        if self.root.exists():
            if not mark.exists():
                sys.exit(f"{self.root} exists and is not ours: move it away and run again")
            shutil.rmtree(self.root)
        self.root.mkdir(parents=True)
        self.root.chmod(0o755)
        mark.touch()
        (self.root / "home").mkdir()

    def finish(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.root)

    def need(self, *tools: str) -> None:
        """Check that tools are installed.

        Raises:
            ToolMissingError: one is not.
        """
        for tool in tools:
            if not shutil.which(tool):
                raise ToolMissingError(tool)

    def environment(self) -> dict[str, str]:
        """A bare environment; toolchains below the real home stay reachable."""
        home = Path.home()
        bins = [str(self.root / "venv/bin"), os.environ.get("PATH", os.defpath)]
        return {
            "PATH": os.pathsep.join(bins),
            "HOME": str(self.root / "home"),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "NO_COLOR": "1",
            "PAGER": "cat",
            "COLUMNS": "120",
            "CARGO_HOME": os.environ.get("CARGO_HOME", str(home / ".cargo")),
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(home / ".rustup")),
            "CARGO_NET_OFFLINE": "true",
            "GIT_CONFIG_NOSYSTEM": "1",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INDEX": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, command: str, folder: str = "", **more: str) -> str:
        """What a shell prints for a command, output and errors in one stream, as an agent sees it.

        Args:
            command: for `bash -c`; its exit status does not matter, failing is what many samples are for.
            folder: below the workshop.
            more: environment variables on top of the bare ones.
        """
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.root / folder,
            env={**self.environment(), **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )
        return self.clean(done.stdout.decode("utf-8", "replace"))

    def fetch(self, *command: str, folder: str = "") -> str:
        """Run a command that downloads, with the user's own configuration; what it prints is no sample.

        Raises:
            ToolMissingError: it failed, so what it should have brought is missing.
        """
        done = subprocess.run(
            command,
            cwd=self.root / folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if done.returncode:
            print(done.stderr[-2000:], file=sys.stderr)
            raise ToolMissingError(" ".join(command[:3]))
        return done.stdout

    def clean(self, text: str) -> str:
        """The text without registries, this machine's name, the user's home or the environment this script runs in."""
        text = REGISTRY.sub(_REPLACED_REGISTRY, text).replace(sys.prefix, str(self.root / "venv"))
        home = str(Path.home())
        if len(home) > 1:
            text = text.replace(home, "/home/demo")
        host = socket.gethostname()
        text = text.replace(f'hostname="{host}"', 'hostname="demo"')
        return re.sub(rf"\b{re.escape(host)}\b", "demo", text) if len(host) > 3 else text

    def version(self, command: str) -> str:
        """The first line a tool prints about its version."""
        return self.run(command).strip().split("\n")[0][:80]

    def write(self, files: dict[str, str], folder: str = "") -> None:
        """Write small files below the workshop."""
        for name, text in files.items():
            path = self.root / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def add(self, sample: Sample) -> None:
        """Keep a sample.

        Raises:
            ValueError: it is empty, names this machine, or lacks one of its own facts.
        """
        if len(sample.text) < 200:
            raise ValueError(f"{sample.file}: too short, did {sample.command!r} fail? {sample.text!r}")
        user = getpass.getuser()
        private = [str(Path.home() / "")] + ([user] if user != "root" else [])
        for word in private:
            if word in sample.text:
                raise ValueError(f"{sample.file} contains {word!r}")
        missing = [fact for fact in sample.facts if fact not in sample.text]
        if missing or not sample.facts:
            raise ValueError(f"{sample.file}: facts that are not in it, or none at all: {missing}")
        self.samples.append(sample)
        print(f"  {sample.file:32} {len(sample.text):7,} characters, {len(sample.facts)} facts")

    def save(self, folder: Path) -> None:
        """Write the samples and the index; samples that were not made this time stay."""
        index_file = folder / "index.json"
        folder.mkdir(parents=True, exist_ok=True)
        entries = (
            {entry["file"]: entry for entry in json.loads(index_file.read_text("utf-8"))} if index_file.exists() else {}
        )
        for sample in self.samples:
            (folder / sample.file).write_bytes(sample.text.encode())
            entries[sample.file] = {
                "file": sample.file,
                "kind": sample.kind,
                "command": sample.command,
                "tool": sample.tool,
                "facts": sample.facts,
            }
        ordered: Sequence[object] = sorted(entries.values(), key=lambda entry: (entry["kind"], entry["file"]))
        index_file.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
