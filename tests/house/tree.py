"""The files of the project, as git sees them: tracked, or new and not ignored."""

import ast
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def files():
    """Paths relative to the root. Outside a checkout (an unpacked archive): whatever lies there."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
        found = [Path(name) for name in names if name]
    except (OSError, subprocess.CalledProcessError):
        hidden = {".git", ".venv", "node_modules", "__pycache__", "build", "dist"}
        found = [path.relative_to(ROOT) for path in ROOT.rglob("*") if not hidden & set(path.parts)]
    present = sorted(path for path in found if (ROOT / path).is_file())
    assert len(present) > 50, "the project is larger than this"
    return present


def python_files(*tops):
    """The Python files below some folders; all of them without any."""
    return [path for path in files() if path.suffix == ".py" and (not tops or path.parts[0] in tops)]


@functools.cache
def parsed(path):
    """The syntax tree of a file."""
    return ast.parse((ROOT / path).read_text("utf-8"), str(path))


def functions(path):
    """Every function of a file, nested ones too."""
    return [node for node in ast.walk(parsed(path)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
