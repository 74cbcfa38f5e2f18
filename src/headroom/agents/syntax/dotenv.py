"""Lines of NAME=value, as dotenv files hold them. Of several with one name the last counts; that one is changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from headroom.agents.syntax.steps import MISSING, Step, Syntax, SyntaxFaultError

_LINE = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*([^\r\n]*)", re.MULTILINE)
_QUOTED = re.compile(r"""(["'`])(.*?)\1[ \t]*(?:#.*)?$""")
_SAFE = re.compile(r"[A-Za-z0-9_./:@%+,=?&~-]*")


def _get(text: str, path: Sequence[Step]) -> Any:  # noqa: ANN401 - plain data
    found = {line[1]: _plain(line[2]) for line in _LINE.finditer(text)}
    if not path:
        return found
    return found.get(_name(path), MISSING)


def _put(text: str, path: Sequence[Step], value: Any) -> str:  # noqa: ANN401 - plain data
    name, written = _name(path), str(value)
    if not _SAFE.fullmatch(written):
        raise SyntaxFaultError(f"{name} would need quotes")
    last = _last(text, name)
    if last is not None:
        return f"{text[: last.start(2)]}{written}{text[last.end(2) :]}"
    end = "\r\n" if "\r\n" in text else "\n"
    glue = "" if not text or text.endswith("\n") else end
    return f"{text}{glue}{name}={written}{end}"


def _drop(text: str, path: Sequence[Step]) -> str:
    while (last := _last(text, _name(path))) is not None:
        end = text.find("\n", last.end())
        text = text[: last.start()] + ("" if end < 0 else text[end + 1 :])
    return text


def _last(text: str, name: str) -> re.Match[str] | None:
    return next((line for line in reversed(list(_LINE.finditer(text))) if line[1] == name), None)


def _name(path: Sequence[Step]) -> str:
    if len(path) != 1 or not isinstance(path[0], str):
        raise SyntaxFaultError("a line of this file has one name")
    return path[0]


def _plain(value: str) -> str:
    quoted = _QUOTED.match(value)
    return quoted[2] if quoted else value.partition(" #")[0].strip()


SYNTAX = Syntax(_get, _put, _drop)
