"""What may be done to a text, before anyone looks at what it is.

Never touched: system prompts, tool definitions, what the model said, what the user typed (clearly delimited documents
in it aside), short error results, what retrieval gave back. Exact (only repeats are replaced): what a file-reading tool
returned, and reads of text that an agent may edit by shell. Everything else is output, and goes to its compressor.

A shell read is judged by kind first: logs, data tables and JSON data are data whatever command printed them. Then by
path: a name that says source, markup, prose or configuration is exact.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from headroom.blocks import Block, Call
from headroom.settings import Settings, Treatment, strictest

READ_TOOLS = re.compile(
    r"(?i)(?:^|__|\.)(?:read|view|cat|open|read_?(?:text_?)?files?|file_?read|view_?file|get_?file(?:_?contents?)?|read_?many_?files|fetch_?file"
    r"|str_replace_based_edit_tool|str_replace_editor|notebook_?read|read_?notebook)$"
)
"""Names of file-reading tools, also behind an MCP server's prefix."""

RETRIEVAL_TOOLS = re.compile(r"(?i)(?:^|__|\.)headroom_retrieve$")
_RETRIEVES = re.compile(r"(?:^|[;&|]\s*|\s)headroom\s+retrieve\b")
ERRORS_FOLDED_BY = frozenset({"test_output", "logs"})
"""Long error results may be folded by these: they keep red verbatim."""

_SEGMENT = re.compile(r"\|\||&&|;|\n")
_READER = re.compile(
    r"^\s*(?:sudo\s+)?(?:(?:cat|bat|batcat|nl|head|tail|less|more|tac|type|Get-Content|gc)\b|sed\s+(?:-[a-zA-Z]*n|--quiet|--silent)|awk\s+['\"]?\(?NR|git\s+(?:--no-pager\s+)?show\s+\S+:\S|python3?\s+-m\s+json\.tool\b)"
)
_PASSES_ON = re.compile(r"^\s*(?:cat|nl|head|tail|less|more|tac|sed\s+(?:-[a-zA-Z]*n|--quiet)|awk\s+['\"]?\(?NR|column|expand|cut)\b")
_WRITES = re.compile(r"(?<![0-9&>=-])>{1,2}(?!&|=|\s*/dev/null)|<<-?\s*['\"]?\w+|\btee\b")
_EDITABLE = re.compile(
    r"(?i)(?:\.(?:py|pyi|pyx|ipynb|js|mjs|cjs|jsx|ts|tsx|mts|cts|vue|svelte|astro|go|rs|java|kt|kts|scala|groovy|gradle|c|h|cc|cpp|cxx|hh|hpp|hxx|inl|m|mm|cs|fs|vb|swift"
    r"|rb|erb|php|pl|pm|lua|r|jl|ex|exs|erl|hs|ml|mli|clj|cljs|lisp|el|dart|zig|nim|v|sv|vhd|vhdl|asm|s|f|f90|sql|sh|bash|zsh|fish|ps1|bat|cmd|mk|cmake|bazel|bzl|nix|tf|hcl"
    r"|proto|thrift|graphql|gql|html?|xhtml|xml|xsl|svg|css|scss|sass|less|md|mdx|markdown|rst|adoc|tex|org|textile|ya?ml|toml|ini|cfg|conf|properties|env|editorconfig|plist|desktop|service|j2|jinja|tmpl|tpl|hbs|ejs|mustache|patch|snap)"
    r"|(?:^|/)(?:makefile|dockerfile|containerfile|rakefile|gemfile|justfile|procfile|cmakelists\.txt|requirements[\w.-]*\.txt|readme[\w.]*|license[\w.]*|changes|changelog|authors|codeowners|go\.mod|\.\w+rc|\.git\w+|\.env[\w.]*))$"
)
_CONFIG_JSON = re.compile(r"(?i)(?:^|/)(?:package|composer|[tj]sconfig[\w.-]*|deno|bower|manifest|settings|launch|tasks|babel\.config|angular|nx|turbo|lerna|\.[\w.]+rc|[\w.-]*config[\w.-]*|[\w.-]*\.schema)\.json[c5]?$")
_WORD = re.compile(r"(?:[^\s'\"|&;<>()`$]|\\.)+|'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True, slots=True)
class Plan:
    """What may be done to one block."""

    treatment: Treatment
    command: str = ""
    """The shell command, or the tool's name and arguments, that printed the text."""
    data_only: bool = False
    """A read of something: only compressors of data (logs, tables, JSON) may act."""
    only: frozenset[str] | None = None
    """Names of the compressors that may act; `None`: all."""
    documents: bool = False
    """Only clearly delimited documents inside the text."""


OFF = Plan("off")


def plan(block: Block, settings: Settings) -> Plan:
    """What may be done to a block under these settings."""
    if not block.editable or block.role not in ("result", "user"):
        return OFF
    if block.role == "user":
        return Plan(settings.level, documents=True) if settings.documents else OFF
    call = block.call
    command = command_of(call)
    if call and (RETRIEVAL_TOOLS.search(call.name) or _RETRIEVES.search(command)):
        return OFF
    allowed = _for_tool(call.name if call else "", settings)
    if allowed is None:
        allowed = "exact" if call and READ_TOOLS.search(call.name) else settings.level
        editable = reads_editable_text(command)
        if editable:
            allowed = strictest(allowed, "exact")
        data_only = editable is not None
    else:
        data_only = False
    if block.is_error:
        return Plan(allowed, command, data_only=data_only, only=ERRORS_FOLDED_BY)
    return Plan(allowed, command, data_only=data_only)


def _for_tool(name: str, settings: Settings) -> Treatment | None:
    lowered = name.lower()
    return next((treatment for pattern, treatment in settings.tools.items() if fnmatchcase(lowered, pattern.lower())), None)


def command_of(call: Call | None) -> str:
    """The shell command of a call, or the tool's name and arguments where it runs none."""
    if call is None:
        return ""
    try:
        arguments: Any = json.loads(call.arguments) if call.arguments else {}
    except (ValueError, RecursionError):
        arguments = call.arguments
    if isinstance(arguments, dict) and isinstance(arguments.get("action"), dict):  # a local shell call nests it
        arguments = arguments["action"]
    if isinstance(arguments, dict):
        for key in ("command", "cmd", "script", "commandLine", "shell_command"):
            value = arguments.get(key)
            if isinstance(value, list) and all(isinstance(part, str) for part in value):
                return value[-1] if len(value) > 1 and value[0].rsplit("/", 1)[-1] in ("bash", "sh", "zsh") else " ".join(value)
            if isinstance(value, str) and value:
                return value
    return f"{call.name} {call.arguments[:2000]}".strip()


def reads_editable_text(command: str) -> bool | None:
    """Whether a shell command prints a file that an agent may edit.

    Returns:
        `True`: by its path it surely is such text. `False`: a read, but the path says nothing: the kind decides.
        `None`: not a read.
    """
    paths: list[str] = []
    reads = False
    for segment in _SEGMENT.split(command[:4000]):
        stages = segment.split("|")
        if not _READER.match(stages[0]) or _WRITES.search(segment) or not all(map(_PASSES_ON.match, stages[1:])):
            continue
        reads = True
        paths += [word.strip("'\"") for word in _WORD.findall(stages[0])[1:] if not word.startswith("-")]
    if not reads:
        return None
    return any(_EDITABLE.search(path.rsplit(":", 1)[-1]) or _CONFIG_JSON.search(path) for path in paths)
