"""Changes to other programs' configuration files: atomic, and only where they are meant.

Rules:
* Everything that is not changed keeps its bytes: comments, order, unknown keys, indentation, byte order mark, line ends.
* A file appears whole or not at all, with the mode it had; a symbolic link stays one, its target is written.
* A file that cannot be read as what it is, or in which something else stands where a table should be, is left alone and
  reported with `EditError`.
* How each syntax is changed stands in `syntax/`, a file each: `get`, `put` and `drop` from text to text.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from uuid import uuid4

from headroom.agents.syntax import dotenv, jsonc, toml, yaml
from headroom.agents.syntax.steps import MISSING, Step, Syntax, SyntaxFaultError
from headroom.errors import HeadroomError

Kind = Literal["json", "toml", "yaml", "env"]
"""`json` may have comments and commas too many; `env` is lines of NAME=value, with paths of one step."""
MAX_BYTES: Final = 64_000_000
"""A configuration file is not longer."""
_BOM: Final = "\ufeff"
_SYNTAXES: Final[Mapping[Kind, Syntax]] = {
    "json": jsonc.SYNTAX,
    "toml": toml.SYNTAX,
    "yaml": yaml.SYNTAX,
    "env": dotenv.SYNTAX,
}


class EditError(HeadroomError):
    """A file that cannot be changed safely; it was left as it is. The message says which and why."""


@dataclass(frozen=True, slots=True)
class Change:
    """One value to set in one file."""

    file: Path
    kind: Kind
    path: Sequence[Step]
    """Keys from the outside in. A pair picks the item of a list by one of its keys: `("name", "headroom")`."""
    value: Any
    """Plain data."""

    def __str__(self) -> str:
        """As `--dry-run` prints it."""
        return f"{self.file}: {spelled(self.path)} = {self.value!r}"


def spelled(path: Sequence[Step]) -> str:
    """A path as a person writes it: `mcpServers.headroom`."""
    return ".".join(step if isinstance(step, str) else f"[{step[0]}={step[1]}]" for step in path)


def read(file: Path) -> str | None:
    """The text of a file as it is, line ends and byte order mark included; `None`: there is none.

    Raises:
        EditError: it cannot be read, or is no text.
    """
    data = read_bytes(file)
    return None if data is None else text_of(file, data)


def read_bytes(file: Path) -> bytes | None:
    """The bytes of a file; `None`: there is none.

    Raises:
        EditError: it cannot be read, or is no file that could be a configuration.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise EditError(f"{file} is too large for a configuration file: it is left as it is")
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise EditError(f"{file} cannot be read ({error.strerror or error}): it is left as it is") from error


def text_of(file: Path, data: bytes) -> str:
    """The text that a file's bytes are, line ends and byte order mark included.

    Raises:
        EditError: it is no text.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EditError(f"{file} is not UTF-8 text: it is left as it is") from error


def value_in(file: Path, kind: Kind, path: Sequence[Step]) -> Any:  # noqa: ANN401 - plain data
    """What stands at a path of a file; `MISSING` where nothing does.

    Raises:
        EditError: the file cannot be read as what it is.
    """
    text = read(file)
    return MISSING if text is None else _run(file, lambda: _SYNTAXES[kind].get(_bare(text), path))


def document(file: Path, kind: Kind) -> dict[str, Any]:
    """Everything in a file, as plain data; an empty table where there is no file.

    Raises:
        EditError: the file cannot be read as what it is, or is no table.
    """
    found = value_in(file, kind, ())
    if found is MISSING or found is None:
        return {}
    if not isinstance(found, dict):
        raise EditError(f"{file} is no table of settings: it is left as it is")
    return found


def put(change: Change, text: str) -> str:
    """A file's text with a change made in it.

    Raises:
        EditError: the text is broken, or something else stands in the way.
    """
    mark = _BOM if text.startswith(_BOM) else ""
    made: str = _run(change.file, lambda: _SYNTAXES[change.kind].put(_bare(text), change.path, change.value))
    return mark + made


def drop(change: Change, text: str) -> str:
    """A file's text without what stands at a change's path.

    Raises:
        EditError: the text is broken.
    """
    mark = _BOM if text.startswith(_BOM) else ""
    made: str = _run(change.file, lambda: _SYNTAXES[change.kind].drop(_bare(text), change.path))
    return mark + made


def get(change: Change, text: str) -> Any:  # noqa: ANN401 - plain data
    """What stands at a change's path in a text.

    Raises:
        EditError: the text is broken.
    """
    return _run(change.file, lambda: _SYNTAXES[change.kind].get(_bare(text), change.path))


def whole(change: Change, text: str) -> Any:  # noqa: ANN401 - plain data
    """All that a text says, as plain data.

    Raises:
        EditError: the text is broken.
    """
    return _run(change.file, lambda: _SYNTAXES[change.kind].get(_bare(text), ()))


def _run(file: Path, do: Any) -> Any:  # noqa: ANN401 - one of the calls above
    try:
        return do()
    except SyntaxFaultError as error:
        raise EditError(f"{file}: {error}; it is left as it is") from error


def _bare(text: str) -> str:
    return text.removeprefix(_BOM)


def replace(file: Path, data: bytes, expected: bytes | None) -> None:
    """Put new bytes into a file in one step.

    Args:
        file: may be a symbolic link; what it leads to is written.
        data: the new bytes.
        expected: the bytes that the file must still have; `None`: it must not exist.

    Raises:
        EditError: the file has changed since it was read, or cannot be written; it is as it was.
    """
    real = file.resolve()
    part = real.with_name(f".{real.name}.{uuid4().hex[:8]}.headroom")
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        mode = real.stat().st_mode & 0o7777 if expected is not None else 0o600
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as out:  # noqa: PTH123 - a descriptor, made with its mode
            out.write(data)
            out.flush()
            os.fsync(descriptor)
        part.chmod(mode)
        if read_bytes(file) != expected:
            raise EditError(f"{file} was changed by another program in this moment: run the command again")
        part.replace(real)
    except OSError as error:
        raise EditError(f"{file} cannot be written ({error.strerror or error}): it is left as it is") from error
    finally:
        with suppress(OSError):
            part.unlink()
