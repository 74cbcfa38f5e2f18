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
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from headroom.blocks import Block, Call
from headroom.settings import Settings, Treatment, strictest

READ_TOOLS = re.compile(
    r"(?i)(?<!browser)(?:^|__|\.|:|/)(?:builtin_)?(?:read|view|cat|open|file_?read|file_?view|notebook_?read|fs_?read"
    r"|(?:read|view|get|fetch|open)_?(?:many_?|multiple_?|text_?)?(?:file|notebook)s?(?:_?(?:contents?|text|lines|range|by_path|text_by_path))?"
    r"|str_replace_based_edit_tool|str_replace_editor|text_editor)$"
)
"""Names of file-reading tools, also behind the prefix of an MCP server or a namespace."""
RETRIEVAL_TOOLS = re.compile(r"(?i)(?:^|[^a-z0-9])headroom_(?:retrieve|compress|stats)$")
"""Tools of ours, bare or behind the name of an MCP server, which each client joins in its own way. What they give is as long
as it is meant to be."""
_RETRIEVES = re.compile(r"(?:^|[;&|]\s*|\s)headroom\s+retrieve\b|headroom_(?:retrieve|compress|stats)\s*\(")
"""By a shell, or in a script that calls tools."""
_BRIDGED = re.compile(r'(?i)"(?:tool_?)?name"\s*:\s*"(?:[\w.:/-]*[^a-z0-9"])?headroom_(?:retrieve|compress|stats)"')
"""In the arguments of a tool that calls tools: qwen's `tool_call` has `name`, others `tool_name`. In a text that a call carries
the quotes would be escaped."""
PASTED = frozenset({"source"})
"""What the user typed is not given to these: who pastes code into a message wants it worked on. Skeletons of reads lift it."""
GUIDANCE = frozenset({"prose"})
"""What tells an agent what to do, or what another agent found out, is not given to these: each sentence may be the one that
counts."""
_GUIDES = re.compile(
    r"(?i:(?:^|[_.:/-])|(?<=[a-z])(?=[A-Z]))(?i:(?:sub)?agents?|tasks?|skills?|issues?|tickets?|pull_?requests?|comments?|instructions?|rules?|prompts?)(?![a-z])"
)
"""A word in the name of such a tool: `Task`, `spawn_agent`, `mcp__github__get_issue`, `ActivateSkill`."""
_PRINTS_GUIDANCE = re.compile(r"\b(?:gh\s+(?:issue|pr)|glab\s+(?:issue|mr)|jira\s+issue)\s+view\b")
ERRORS_FOLDED_BY = frozenset({"test_output", "logs"})
"""Long error results may be folded by these: they keep red verbatim."""
SHELLS = frozenset(
    {"bash", "sh", "zsh", "dash", "ksh", "fish", "cmd", "cmd.exe", "powershell", "powershell.exe", "pwsh"}
)
_EDITOR_COMMANDS = frozenset({"view", "create", "str_replace", "insert", "undo_edit", "delete", "rename"})
"""What file-editing tools have under `command`: no shell knows these."""
COMMAND_CHARS = 4000
"""Of a command, as much as is looked at: a heredoc may carry a whole file."""

_QUOTED = re.compile(r"'[^'\n]*'|\"(?:[^\"\\\n]|\\.)*\"")
_NO_SIGNS = str.maketrans(dict.fromkeys("|&;<>()\n", ","))
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1([^\n]*)\n.*?(?:^\s*\2\s*$|\Z)", re.DOTALL | re.MULTILINE)
_WRAPPED = re.compile(
    r"\A\s*(?:\S*/)?(\w+)(?:\.exe)?\s+(?:-\w+\s+)*(?:-\w*c|-Command|/[cC])\s+(['\"])(.*)\2\s*\Z", re.DOTALL
)
_SEGMENT = re.compile(r"\|\||&&|;|\n|(?<![<>&])&(?![>&])")
_BEFORE = r"^\s*(?:(?:sudo|time|command|exec|do|then|else|\(|\{|!|\w+=\S*)\s+)*\(?"
_PRINTS = r"(?:cat|bat|batcat|nl|head|tail|less|more|tac|type|Get-Content|gc)\b"
_READER = re.compile(
    rf"(?i){_BEFORE}(?:\S*/)?(?:{_PRINTS}|sed\s+(?:-[a-z]*n|--quiet|--silent)|g?awk\s+['\"]?\(*(?:NR|FNR)\b"
    r"|git\s+(?:--no-pager\s+|-C\s+\S+\s+)*(?:show|cat-file\s+-p)\s+\S*:\S|python3?\s+-m\s+json\.tool\b|jq\s+(?:-\w+\s+)*['\"]?\.['\"]?\s+\S)"
)
_PASSES_ON = re.compile(
    rf"(?i)^\s*(?:{_PRINTS}|sed\s+(?:-[a-z]*n|--quiet|--silent)|g?awk\s+['\"]?\(*(?:NR|FNR)\b|column\b|expand\b|cut\b|fold\b|tr\b|Select(?:-Object)?\s+-(?:First|Last|Skip|Index)\b|Out-String\b)"
)
_READS_EACH = re.compile(rf"(?i)^\s*xargs\b.*?\s(?:{_PRINTS}|sed\s+-[a-z]*n)")
_EXECUTES = re.compile(rf"\s-exec(?:dir)?\s+(?:{_PRINTS}|sed\s+-[a-z]*n)")
_LOOPS = re.compile(r"^\s*for\s+\w+\s+in\s")
_WRITES = re.compile(r"(?<![0-9&>=-])>{1,2}(?!&|=|\s*/dev/null)|<<-?\s*['\"]?\w+|\btee\b")
_EDITABLE = re.compile(
    r"(?i)(?:\.(?:py|pyi|pyx|ipynb|js|mjs|cjs|jsx|ts|tsx|mts|cts|vue|svelte|astro|go|rs|java|kt|kts|scala|groovy|gradle|c|h|cc|cpp|cxx|hh|hpp|hxx|inl|m|mm|cs|fs|vb|swift"
    r"|rb|erb|php|pl|pm|lua|r|jl|ex|exs|erl|hs|ml|mli|clj|cljs|lisp|el|dart|zig|nim|v|sv|vhd|vhdl|asm|s|f|f90|sql|sh|bash|zsh|fish|ps1|bat|cmd|mk|cmake|bazel|bzl|nix|tf|hcl"
    r"|proto|thrift|graphql|gql|html?|xhtml|xml|xsl|svg|css|scss|sass|less|md|mdx|markdown|rst|adoc|tex|org|textile|ya?ml|toml|ini|cfg|conf|properties|env|editorconfig|plist|desktop|service|j2|jinja|tmpl|tpl|hbs|ejs|mustache|patch|snap)"
    r"|(?:^|/)(?:makefile|dockerfile|containerfile|rakefile|gemfile|justfile|procfile|cmakelists\.txt|requirements[\w.-]*\.txt|readme[\w.]*|license[\w.]*|changes|changelog|authors|codeowners|go\.mod|\.\w+rc|\.git\w+|\.env[\w.]*))$"
)
_CONFIG_JSON = re.compile(
    r"(?i)(?:^|/)(?:package|composer|[tj]sconfig[\w.-]*|deno|bower|manifest|settings|launch|tasks|babel\.config|angular|nx|turbo|lerna|\.[\w.]+rc|[\w.-]*config[\w.-]*|[\w.-]*\.schema)\.json[c5]?$"
)
_LOCK = re.compile(
    r"(?i)(?:^|[/\\\\])(?:package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|[\w.-]+\.lock|go\.sum)$"
)
_PART = re.compile(
    r"(?i)(?:^|[\s;&|(/])(?:head|tail|g?awk|sed\s+(?:-[a-z]*n|--quiet|--silent)|Select(?:-Object)?|Get-Content\s[^|;]*-(?:Total|Tail|Head)\w*"
    r"|bat(?:cat)?\s[^|;]*(?:-r\b|--line-range))\b"
)
_PART_KEYS = re.compile(r"(?i)offset|limit|range|start|end|first|last|from|to|head|tail|lines?")
"""In the arguments of a file reader: where it begins and how far it goes (`offset`, `view_range`, `start_line`, `endLine`)."""
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
    without: frozenset[str] = frozenset()
    """Names of the compressors that may not act."""
    skeleton: bool = False
    """A read of text that an agent may edit, of which a skeleton may be made."""
    documents: bool = False
    """Only clearly delimited documents inside the text."""


OFF = Plan("off")


def plan(block: Block, settings: Settings) -> Plan:
    """What may be done to a block under these settings."""
    found = _plan(block, settings)
    if settings.retrieval:
        return found
    return replace(found, treatment=strictest(found.treatment, "lossless"), skeleton=False)


def _plan(block: Block, settings: Settings) -> Plan:
    if not block.editable or block.role not in ("result", "user"):
        return OFF
    skeleton = settings.level == "aggressive" or (settings.level != "lossless" and settings.reads == "skeleton")
    if block.role == "user":
        without = frozenset() if skeleton else PASTED
        return Plan(settings.level, without=without, documents=True) if settings.documents else OFF
    call = block.call
    command = command_of(call)
    if call and _is_ours(call, command):
        return OFF
    only = ERRORS_FOLDED_BY if block.is_error else None
    chosen = _for_tool(call.name if call else "", settings)
    if chosen is not None:
        return Plan(chosen, command, only=only)
    if call and READ_TOOLS.search(call.name):
        return Plan("exact", command, data_only=True, only=only, skeleton=skeleton and not asks_for_a_part(call))
    editable = reads_editable_text(command)
    if editable:
        whole = _PART.search(command[:COMMAND_CHARS]) is None
        return Plan("exact", command, data_only=True, only=only, skeleton=skeleton and whole)
    without = GUIDANCE if call and _guides(call, command) else frozenset()
    return Plan(settings.level, command, data_only=editable is not None, only=only, without=without)


def _guides(call: Call, command: str) -> bool:
    return bool(_GUIDES.search(call.name) or _PRINTS_GUIDANCE.search(command[:COMMAND_CHARS]))


def for_picture(block: Block, settings: Settings) -> Treatment:
    """What may be done to an image: `exact` only a reference to the same one above, `lossless` only the provider's own scaling.

    What the user attached counts like what a tool gave: nobody quotes pixels word for word.
    """
    if not block.editable or block.role not in ("result", "user") or block.is_error or settings.images == "off":
        return "off"
    call = block.call
    if call and _is_ours(call, command_of(call)):
        return "off"
    chosen = (_for_tool(call.name, settings) if call else None) or settings.level
    most: Treatment = "aggressive" if settings.images == "aggressive" else "balanced"
    found = strictest(chosen, most, settings.kinds.get("image", most))
    if found == "balanced" and most == "aggressive" and chosen == settings.level:
        found = strictest(most, settings.kinds.get("image", most))
    return found if settings.retrieval else strictest(found, "lossless")


def _is_ours(call: Call, command: str) -> bool:
    """Whether a tool of ours gave the result, called by itself, by a shell, or by another tool."""
    named = RETRIEVAL_TOOLS.search(call.name) or _RETRIEVES.search(command)
    return bool(named or _BRIDGED.search(call.arguments[:COMMAND_CHARS]))


def _for_tool(name: str, settings: Settings) -> Treatment | None:
    lowered = name.lower()
    patterns = settings.tools.items()
    return next((treatment for pattern, treatment in patterns if fnmatchcase(lowered, pattern.lower())), None)


def asks_for_a_part(call: Call) -> bool:
    """Whether a call of a file reader names the lines that it wants: then it gets them."""
    said = arguments_of(call).items()
    return any(value not in (None, "", 0, False) and _PART_KEYS.fullmatch(_last_word(key)) for key, value in said)


def _last_word(name: str) -> str:
    """`start` of `line_start` and of `lineStart`; all of a name that is one word."""
    return re.split(r"_|(?<=[a-z])(?=[A-Z])", name)[-1]


def command_of(call: Call | None) -> str:
    """The shell command of a call, or the tool's name and arguments where it runs none."""
    if call is None:
        return ""
    return shell_command(arguments_of(call)) or f"{call.name} {call.arguments[:2000]}".strip()


def arguments_of(call: Call) -> dict[str, Any]:
    """The arguments of a call by name; empty where they are not a JSON object."""
    try:
        arguments = json.loads(call.arguments) if call.arguments else {}
    except (ValueError, RecursionError):
        return {}
    return arguments if isinstance(arguments, dict) else {}


def shell_command(arguments: dict[str, Any]) -> str | None:
    """What a shell was asked to run: the command inside `bash -lc "..."`; `None` where the call runs none."""
    action = arguments.get("action")
    if isinstance(action, dict):  # a local shell call nests it
        arguments = action
    for key in ("command", "cmd", "script", "commandLine", "shell_command", "commands"):
        value = arguments.get(key)
        if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
            name = re.split(r"[\\/]", value[0])[-1].lower()
            return (
                value[-1] if len(value) > 1 and name in SHELLS else (" && " if key == "commands" else " ").join(value)
            )
        if isinstance(value, str) and value and value not in _EDITOR_COMMANDS:
            wrapped = _WRAPPED.match(value)
            return wrapped[3] if wrapped and wrapped[1].lower() in SHELLS else value
    return None


def reads_editable_text(command: str) -> bool | None:
    """Whether a shell command prints a file that an agent may edit.

    Returns:
        `True`: by its path it surely is such text. `False`: a read, but the path says nothing: the kind decides.
        `None`: not a read.
    """
    bare = _HEREDOC.sub(r"<<\2\3\n", command[:COMMAND_CHARS])
    bare = _QUOTED.sub(lambda match: match[0].translate(_NO_SIGNS), bare)
    words: list[str] = []
    reads = False
    for segment in _SEGMENT.split(bare):
        if _LOOPS.match(segment):
            words += _WORD.findall(segment)
        elif _reads(segment):
            reads = True
            words += _WORD.findall(segment)[1:]
    if not reads:
        return None
    paths = [word.strip("'\"").replace("\\", "/") for word in words if not word.startswith("-")]
    return any(map(_is_editable, paths))


def _reads(segment: str) -> bool:
    """Whether one command, with what it is piped into, prints files as they are."""
    first, *rest = segment.split("|")
    if _WRITES.search(segment):
        return False
    if _READER.match(first) or _EXECUTES.search(first):
        return all(map(_PASSES_ON.match, rest))
    each = next((at for at, stage in enumerate(rest) if _READS_EACH.match(stage)), None)
    return each is not None and all(map(_PASSES_ON.match, rest[each + 1 :]))


def _is_editable(path: str) -> bool:
    name = path.rsplit(":", 1)[-1]
    return not _LOCK.search(name) and bool(_EDITABLE.search(name) or _CONFIG_JSON.search(name))
