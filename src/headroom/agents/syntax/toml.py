"""TOML, by tomlkit, which keeps what it does not change. What it cannot write back byte for byte is refused."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from headroom.agents.syntax.steps import MISSING, Step, Syntax, SyntaxFaultError, descend

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def _parsed(text: str) -> TOMLDocument:
    import tomlkit  # noqa: PLC0415 - 30 ms, only where a TOML file is changed
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - 30 ms, only where a TOML file is changed

    try:
        document = tomlkit.parse(text)
        kept = tomlkit.dumps(document)
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise SyntaxFaultError(f"it is not TOML ({error})") from error
    if kept != text:
        raise SyntaxFaultError("it holds something that would not survive a change")
    return document


def _get(text: str, path: Sequence[Step]) -> Any:  # noqa: ANN401 - plain data
    import msgspec.toml  # noqa: PLC0415 - the standard library's parser: 10 ms less than tomlkit where nothing is changed

    try:
        return descend(msgspec.toml.decode(text), path)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise SyntaxFaultError(f"it is not TOML ({error})") from error


def _put(text: str, path: Sequence[Step], value: Any) -> str:  # noqa: ANN401 - plain data
    import tomlkit  # noqa: PLC0415 - 30 ms, only where a TOML file is changed

    document = _parsed(text)
    keys = _keys(path)
    table: Any = document
    for depth, key in enumerate(keys[:-1]):
        if key not in table:
            table[key] = tomlkit.table(is_super_table=depth < len(keys) - 1)
        table = table[key]
        if not isinstance(table, MutableMapping):
            raise SyntaxFaultError(f"{'.'.join(keys[: depth + 1])} is no table")
    if isinstance(value, dict):
        made = tomlkit.table()
        made.update(value)
        table[keys[-1]] = made
    else:
        table[keys[-1]] = value
    return _checked(text, tomlkit.dumps(document), keys, value)


def _checked(before: str, after: str, keys: list[str], value: Any) -> str:  # noqa: ANN401 - plain data
    """The new text, if it says what was said before and this one thing more.

    Line ends are the file's own, also in what tomlkit adds.
    """
    if "\r\n" in before:
        after = after.replace("\r\n", "\n").replace("\n", "\r\n")
    wanted = _get(before, ())
    table = wanted
    for key in keys[:-1]:
        table = table.setdefault(key, {})
    table[keys[-1]] = value
    if _get(after, ()) != wanted:
        raise SyntaxFaultError(f"{'.'.join(keys)} cannot be set without changing something else")
    return after


def _drop(text: str, path: Sequence[Step]) -> str:
    import tomlkit  # noqa: PLC0415 - 30 ms, only where a TOML file is changed

    keys = _keys(path)
    if _get(text, keys) is MISSING:
        return text
    document = _parsed(text)
    table: Any = document
    for key in keys[:-1]:
        table = table[key]
    del table[keys[-1]]
    return tomlkit.dumps(document)


def _keys(path: Sequence[Step]) -> list[str]:
    keys = [step for step in path if isinstance(step, str)]
    if len(keys) != len(path) or not keys:
        raise SyntaxFaultError("a path in this file is made of keys")
    return keys


SYNTAX = Syntax(_get, _put, _drop)
