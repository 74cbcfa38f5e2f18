"""Reads a skeleton of code (a `CompressedText`) back against the file it was made from: every line that is shown, under its number."""

import ast
import re

PRINTED = re.compile(r"\blines? (\d+)(?:-(\d+))? omitted: lines? (\d+)(?:-(\d+))? of h:[0-9a-f]{12}\b")


def mark_of(line, handle):
    """The mark in a line, if it is one of this text's own: files speak of marks too."""
    return re.search(rf"\blines? (\d+)(?:-(\d+))? omitted, h:{handle}\b", line)


def gaps(made):
    """First and last line, from 1, of everything that a skeleton leaves out."""
    marks = [mark for line in made.text.split("\n") if (mark := mark_of(line, made.edit.handle))]
    return [(int(mark[1]), int(mark[2] or mark[1])) for mark in marks]


def numbered(made):
    """(number, line) of every line that is shown, by counting alone."""
    number = 1
    for line in made.text.split("\n"):
        mark = mark_of(line, made.edit.handle)
        if mark:
            assert int(mark[1]) == number, f"the gap {mark[0]} stands where line {number} should"
            number = int(mark[2] or mark[1]) + 1
        else:
            yield number, line
            number += 1


def holds(original, made):
    """Whether every shown line is the original's line of that number, and the numbers reach its end."""
    lines = original.split("\n")
    shown = list(numbered(made))
    ends = max([number for number, _ in shown] + [last for _, last in gaps(made)])
    return ends == len(lines) and all(lines[number - 1] == line for number, line in shown)


def python_heads(text):
    """Line numbers, by Python's own parser, that a skeleton must show: heads, decorators, imports, constants."""
    must = set()

    def visit(node, inside):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                start = min([child.lineno, *(each.lineno for each in child.decorator_list)])
                stop = max(start + 1, child.body[0].lineno)
                must.update(range(start, stop))
                doc = child.body[0]
                if (
                    isinstance(doc, ast.Expr)
                    and isinstance(doc.value, ast.Constant)
                    and isinstance(doc.value.value, str)
                ):
                    must.add(doc.lineno)
                visit(child, inside or not isinstance(child, ast.ClassDef))
            elif isinstance(child, (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)) and not inside:
                must.update(range(child.lineno, child.end_lineno + 1))
            else:
                visit(child, inside)

    visit(ast.parse(text), inside=False)
    return must


HEADS = {
    "js": r"(?:export )?(?:default )?(?:async )?function\*? \w+\(|(?:export )?(?:abstract )?class \w+|(?:export )?(?:interface|enum|type) \w+|import |(?:export )?const [A-Z_]{3,} =",
    "go": r"package |import |type \w+ |func (?:\(\w+ \*?\w+\) )?\w+\(|const |var ",
    "rs": r"\s*(?:pub )?(?:struct|enum|trait|mod|fn|const|static) \w+|use |\s*impl\b|\s*#\[",
    "java": r"package |import |\s+(?:public|private|protected) [\w<>\[\] ]+\(|(?:public )?(?:final )?(?:class|interface|enum) \w+|\s+@Override",
    "c": r"#\s*(?:include|define)|static \w+|typedef |\w[\w *]+\([^;]*$",
    "cpp": r"#\s*(?:include|define)|\s*(?:class|struct|namespace) \w+.*\{$|\s*(?:static|virtual|explicit|inline) [^;]*\{$|public:|private:",
}
"""Lines, at their start, that a skeleton must show, in words of their own and not the grammar's."""


def heads(text, ending):
    pattern = re.compile(HEADS[{"ts": "js", "tsx": "js", "mjs": "js", "h": "c", "cc": "cpp"}.get(ending, ending)])
    return {number for number, line in enumerate(text.split("\n"), 1) if pattern.match(line)}
