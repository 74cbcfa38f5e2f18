"""What no line of code may do."""

import ast
import re

from tree import ROOT, functions, parsed, python_files

CATCH_ALL = {
    "src/headroom/compression/pipeline.py": 1,  # where a block fails open
    "src/headroom/proxy/app.py": 1,  # where a request does
    "src/headroom/proxy/lane.py": 1,  # where an error is carried to another thread or process, and raised there
}
"""Where any exception may be caught, and how often."""
REASON = re.compile(r"# noqa: PLC0415 (?:-{1,2} )?\w.{10,}")


def too_wide(node):
    """Whether an `except` or a `suppress` swallows whatever comes. Cleaning up and raising on is fine."""
    if isinstance(node, ast.ExceptHandler):
        last = node.body[-1]
        if isinstance(last, ast.Raise) and last.exc is None:
            return False
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        return any(kind is None or ast.unparse(kind) in ("Exception", "BaseException") for kind in caught)
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        return any(ast.unparse(kind) in ("Exception", "BaseException") for kind in node.args)
    return False


def test_exceptions_are_named():
    wide = {
        path.as_posix(): [node.lineno for node in ast.walk(parsed(path)) if too_wide(node)]
        for path in python_files("src", "scripts", "benchmarks")
    }
    assert {path: lines for path, lines in wide.items() if len(lines) > CATCH_ALL.get(path, 0)} == {}, (
        "the pipeline fails open"
    )


def test_imports_stand_at_the_top():
    bare = []
    for path in python_files("src"):
        lines = (ROOT / path).read_text("utf-8").splitlines()
        inside = {
            node.lineno
            for f in functions(path)
            for node in ast.walk(f)
            if isinstance(node, (ast.Import, ast.ImportFrom))
        }
        bare += [f"{path}:{number}" for number in sorted(inside) if not REASON.search(lines[number - 1])]
    assert bare == [], "move them up, or say why not: # noqa: PLC0415 - the reason"


def test_the_rules_bite():
    wrong = "try:\n    pass\nexcept (OSError, Exception):\n    pass\nwith suppress(BaseException):\n    pass\ntry:\n    pass\nexcept:\n    pass\n"
    assert sum(too_wide(node) for node in ast.walk(ast.parse(wrong))) == 3
    assert not REASON.search("import numpy  # noqa: PLC0415")
