"""How large things may be and what they may be called. Raising a limit is a change to this file."""

import ast
import sys

from tree import ROOT, files, functions, parsed, python_files

MAX_LINES = 400
MAX_STATEMENTS = 40
MAX_PARAMETERS = 6
VAGUE = {"helper", "helpers", "util", "utils", "common", "manager", "managers", "misc", "base", "core", "stuff"}


def test_files_are_short():
    lines = {str(path): (ROOT / path).read_text("utf-8").count("\n") for path in python_files()}
    assert {path: count for path, count in lines.items() if count >= MAX_LINES} == {}, "split them"


def test_files_say_what_they_are():
    silent = [str(path) for path in python_files() if not ast.get_docstring(parsed(path))]
    assert silent == [], "open with a docstring: what it is, and its rules"


def own_statements(function):
    """Statements of a function without those of functions inside it, and without its docstring."""
    waiting, seen = list(function.body), 0
    while waiting:
        node = waiting.pop()
        seen += isinstance(node, ast.stmt)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))
    return seen - (ast.get_docstring(function) is not None)


def test_functions_are_small():
    long = {
        f"{path}:{function.lineno} {function.name}": own_statements(function)
        for path in python_files()
        for function in functions(path)
        if own_statements(function) > MAX_STATEMENTS
    }
    assert long == {}


def parameters(function):
    """Names of what a caller gives."""
    every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [argument.arg for argument in every if argument.arg not in ("self", "cls")]


def test_functions_take_few_parameters():
    wide = {
        f"{path}:{function.lineno} {function.name}": parameters(function)
        for path in python_files()
        for function in functions(path)
        if len(parameters(function)) > MAX_PARAMETERS
    }
    assert wide == {}


def test_file_names_say_something():
    vague = [str(path) for path in files() if path.suffix in (".py", ".ts") and path.stem.lower() in VAGUE]
    assert vague == [], "name what they hold"


def test_file_names_shadow_no_standard_module():
    names = {str(path): path.parent.name if path.stem == "__init__" else path.stem for path in python_files("src")}
    assert [path for path, name in names.items() if name in sys.stdlib_module_names] == []
