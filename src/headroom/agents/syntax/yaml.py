"""YAML, block or flow: places come from ruamel.yaml's own parser, and what is not changed is never written anew.

A new key comes last in the document, or first in the mapping that it belongs to, whose indentation it takes; its value is
written in flow style, which is YAML everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from headroom.agents.syntax.steps import MISSING, Step, Syntax, SyntaxFaultError, descend, nested


def _composed(text: str) -> Any:  # noqa: ANN401 - a node of ruamel.yaml
    from ruamel.yaml import YAML  # noqa: PLC0415 - 60 ms, only where a YAML file is read
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - 60 ms, only where a YAML file is read

    try:
        return YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise SyntaxFaultError(f"it is not YAML ({' '.join(str(error).split())[:120]})") from error


def _get(text: str, path: Sequence[Step]) -> Any:  # noqa: ANN401 - plain data
    from ruamel.yaml import YAML  # noqa: PLC0415 - 60 ms, only where a YAML file is read
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - 60 ms, only where a YAML file is read

    try:
        data = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise SyntaxFaultError(f"it is not YAML ({' '.join(str(error).split())[:120]})") from error
    return descend({} if data is None else data, path)


def _put(text: str, path: Sequence[Step], value: Any) -> str:  # noqa: ANN401 - plain data
    end = "\r\n" if "\r\n" in text else "\n"
    node = _composed(text)
    if node is None:
        return _appended(text, path, value, end)
    for depth, step in enumerate(path):
        found = _inner(node, step)
        if found is None:
            whole = nested(path[depth:], value)
            if depth == 0 and not node.flow_style and node.value:
                return _checked(text, _appended(text, path, value, end), path, value)
            return _checked(
                text, _inserted(text, node, step, whole[step] if isinstance(step, str) else whole[0], end), path, value
            )
        node = found[1]
    return _checked(text, _replaced(text, node, value), path, value)


def _replaced(text: str, node: Any, value: Any) -> str:  # noqa: ANN401 - a node, plain data
    start, stop = node.start_mark.index, _stop(text, node)
    lead = "" if start == 0 or text[start - 1] in " \t\n[{," else " "
    return f"{text[:start]}{lead}{_flow(value)}{text[stop:]}"


def _checked(before: str, after: str, path: Sequence[Step], value: Any) -> str:  # noqa: ANN401 - plain data
    """The new text, if it says what was said before and this one thing more."""
    wanted = _merged(_get(before, ()), path, value)
    if _get(after, ()) != wanted:
        raise SyntaxFaultError("it cannot be set without changing something else")
    return after


def _merged(data: Any, path: Sequence[Step], value: Any) -> Any:  # noqa: ANN401 - plain data
    """Plain data with a value at a path."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, str):
        data = {} if data in (MISSING, None) else data
        return {**data, step: _merged(data.get(step, MISSING), rest, value)}
    items = [] if data in (MISSING, None) else list(data)
    for index, item in enumerate(items):
        if isinstance(item, dict) and item.get(step[0]) == step[1]:
            items[index] = _merged(item, rest, value)
            return items
    return [_merged(MISSING, rest, value), *items]


def _inner(node: Any, step: Step) -> tuple[Any, Any] | None:  # noqa: ANN401 - nodes
    """Key node (or the item itself) and value node for a step."""
    if isinstance(step, str):
        if node.id != "mapping":
            if node.id == "scalar" and node.value in ("", "null", "~"):
                return None
            raise SyntaxFaultError(f"something else stands where {step!r} belongs")
        return next(((key, value) for key, value in reversed(node.value) if key.value == step), None)
    if node.id != "sequence":
        if node.id == "scalar" and node.value in ("", "null", "~"):
            return None
        raise SyntaxFaultError(f"something else stands where a list with {step[1]!r} belongs")
    for item in node.value:
        found = _inner(item, step[0]) if item.id == "mapping" else None
        if found is not None and found[1].value == step[1]:
            return item, item
    return None


def _appended(text: str, path: Sequence[Step], value: Any, end: str) -> str:  # noqa: ANN401 - plain data
    """At the end of the document, a line for each step of the path."""
    glue = "" if not text or text.endswith("\n") else end
    lines, indent = [], ""
    for depth, step in enumerate(path):
        last = depth == len(path) - 1
        if isinstance(step, str):
            lines.append(f"{indent}{_key(step)}:{' ' + _flow(value) if last else ''}")
            indent += "  "
        else:
            lines.append(f"{indent}- {_flow(nested(path[depth:], value)[0])}")
            break
    return f"{text}{glue}{end.join(lines)}{end}"


def _inserted(text: str, node: Any, step: Step, value: Any, end: str) -> str:  # noqa: ANN401 - a node, plain data
    """With a new first key or item."""
    start = node.start_mark.index
    written = f"{_key(step)}: {_flow(value)}" if isinstance(step, str) else _flow(value)
    if node.id == "scalar":
        whole = f"{{{written}}}" if isinstance(step, str) else f"[{written}]"
        stop = _stop(text, node)
        lead = "" if start == 0 or text[start - 1] in " \t\n" else " "
        return f"{text[:start]}{lead}{whole}{text[stop:]}"
    if node.flow_style:
        return f"{text[: start + 1]}{written}{', ' if node.value else ''}{text[start + 1 :]}"
    dash = "" if isinstance(step, str) else "- "
    return f"{text[:start]}{dash}{written}{end}{' ' * node.start_mark.column}{text[start:]}"


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() else json.dumps(name, ensure_ascii=False)


def _flow(value: Any) -> str:  # noqa: ANN401 - plain data
    """JSON is YAML: quotes and all."""
    return json.dumps(value, ensure_ascii=False)


def _stop(text: str, node: Any) -> int:  # noqa: ANN401 - a node
    """Where a value ends; a block's mark stands after the blank lines and comments that follow it."""
    stop: int = node.end_mark.index
    if node.id != "scalar" and node.flow_style:
        return stop
    if node.id == "scalar":
        return stop
    last = node.value[-1]
    return _stop(text, last[1] if isinstance(last, tuple) else last)


def _drop(text: str, path: Sequence[Step]) -> str:
    node = _composed(text)
    found: tuple[Any, Any] | None = None
    outer = node
    for step in path:
        if node is None or node.id == "scalar":
            return text
        outer, found = node, _inner(node, step)
        if found is None:
            return text
        node = found[1]
    assert found is not None
    if outer.flow_style:
        return _out_of_flow(text, found)
    start = found[0].start_mark.index
    if len(outer.value) == 1:
        return _emptied(text, outer, found)
    line = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", _stop(text, found[1]))
    stop = len(text) if stop < 0 else stop + 1
    before = text[line:start]
    if before.strip() not in ("", "-"):
        raise SyntaxFaultError("it stands on a line with something else")
    if outer.id == "mapping" and before.strip() == "-":  # the first key of an item: the dash stays
        return text[:start] + text[stop:].lstrip(" ")
    return text[:line] + text[stop:]


def _emptied(text: str, outer: Any, found: tuple[Any, Any]) -> str:  # noqa: ANN401 - nodes
    """The only key or item of a block: what stays is an empty mapping or list."""
    start, stop = found[0].start_mark.index, _stop(text, found[1])
    if outer.id == "sequence":
        start = text.rfind("-", 0, start)
    if outer.start_mark.column == 0 and outer.start_mark.line == found[0].start_mark.line and outer.id == "mapping":
        line = text.rfind("\n", 0, start) + 1
        end = text.find("\n", stop)
        return text[:line] + ("" if end < 0 else text[end + 1 :])
    return f"{text[:start]}{'{}' if outer.id == 'mapping' else '[]'}{text[stop:]}"


def _out_of_flow(text: str, found: tuple[Any, Any]) -> str:
    start, stop = found[0].start_mark.index, _stop(text, found[1])
    after = text[stop:].lstrip()
    if after.startswith(","):
        stop += len(text[stop:]) - len(after) + 1
        return text[:start] + text[stop:].lstrip(" ")
    return text[:start].rstrip().removesuffix(",") + text[stop:]


SYNTAX = Syntax(_get, _put, _drop)
