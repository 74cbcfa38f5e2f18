"""Policy: which call's result may become what. Read as tables."""

import json

import pytest

from headroom import Settings, compress_text
from headroom.blocks import Block, Call
from headroom.compression import policy
from headroom.compression.policy import command_of, plan, reads_editable_text
from headroom.originals.store import MemoryStore

EDITABLE, READ, NOT_READ = True, False, None

COMMANDS = [
    # files that an agent may edit, printed as they are
    ("cat src/app.py", EDITABLE),
    ("cat -n src/app.py", EDITABLE),
    ("/bin/cat src/app.py", EDITABLE),
    ("sudo cat /etc/nginx/nginx.conf", EDITABLE),
    ("cd /testbed && cat src/app.py", EDITABLE),
    ("cd x; cat a.go | head -50", EDITABLE),
    ("sed -n '10,20p' src/app.py", EDITABLE),
    ("sed -n '40,50p;80,90p' src/app.py", EDITABLE),
    ('sed -n "/class A/,/^class/p" a.py', EDITABLE),
    ("sed --quiet '1,5p' a.c", EDITABLE),
    ("nl -ba src/app.py | sed -n '1,80p'", EDITABLE),
    ("head -n 40 README.md", EDITABLE),
    ("head -100 app.ts | tail -20", EDITABLE),
    ("tail -n +30 Makefile", EDITABLE),
    ("bat --plain -r 3:9 main.rs", EDITABLE),
    ("less src/app.py", EDITABLE),
    ("awk 'NR>=10 && NR<=20' src/app.py", EDITABLE),
    ("awk 'FNR==3' a.py", EDITABLE),
    ("git show HEAD~1:src/app.py", EDITABLE),
    ("git --no-pager show main:src/app.py | head -30", EDITABLE),
    ("git cat-file -p HEAD:setup.cfg", EDITABLE),
    ("cat package.json", EDITABLE),
    ("cat tsconfig.build.json", EDITABLE),
    ("cat .eslintrc", EDITABLE),
    ("cat config/settings.json", EDITABLE),
    ("jq . package.json", EDITABLE),
    ("cat pom.xml", EDITABLE),
    ("cat docs/index.html", EDITABLE),
    ("cat 'my file.py'", EDITABLE),
    ("cat src/*.py", EDITABLE),
    ("cat a.log b.py", EDITABLE),
    ("ls && cat a.py", EDITABLE),
    ('for f in src/*.py; do cat "$f"; done', EDITABLE),
    ("find . -name '*.md' -exec cat {} +", EDITABLE),
    ("git ls-files '*.py' | xargs cat", EDITABLE),
    ("cat a.py 2>/dev/null", EDITABLE),
    ("cat a.py 2>&1", EDITABLE),
    ("cat <<'EOF' > b.py\nx = 1\nEOF\ncat b.py", EDITABLE),
    ("type src\\app.py", EDITABLE),
    ("Get-Content -Path .\\src\\App.cs -TotalCount 40", EDITABLE),
    ("gc app.ps1 | Select-Object -First 20", EDITABLE),
    ("cat requirements-dev.txt", EDITABLE),
    ("cat .env.local", EDITABLE),
    # reads of what is data, or may be anything
    ("cat app.log", READ),
    ("tail -n 200 /var/log/syslog", READ),
    ("tail -f app.log | head -50", READ),
    ("cat data.csv", READ),
    ("head -n 5 rows.tsv", READ),
    ("cat data.json", READ),
    ("cat rows.jsonl", READ),
    ("cat package-lock.json", READ),
    ("cat Cargo.lock", READ),
    ("cat pnpm-lock.yaml", READ),
    ("cat notes.txt", READ),
    ("jq . data.json", READ),
    ("python3 -m json.tool data.json", READ),
    ("git show HEAD:data.csv", READ),
    ('cat "$FILE"', READ),
    ("Get-Content app.log", READ),
    # output
    ("", NOT_READ),
    ("ls -la src", NOT_READ),
    ("pytest -q tests/test_app.py", NOT_READ),
    ("python app.py", NOT_READ),
    ("grep -n retry src/app.py", NOT_READ),
    ("rg retry src | head -20", NOT_READ),
    ("cat src/app.py | grep retry", NOT_READ),
    ("cat src/app.py | wc -l", NOT_READ),
    ("cat a.py | python -", NOT_READ),
    ("cat a.py b.py > c.py", NOT_READ),
    ("cat <<'EOF' > a.py\nimport os\ncat b.py\nEOF", NOT_READ),
    ("cat > a.py <<EOF\nx\nEOF", NOT_READ),
    ("cat <<EOF | tee a.py\nx\nEOF", NOT_READ),
    ("sed -i 's/a/b/' a.py", NOT_READ),
    ("sed 's/a/b/' a.py", NOT_READ),
    ("awk '{print $1}' a.py", NOT_READ),
    ("git show HEAD", NOT_READ),
    ("git show HEAD --stat", NOT_READ),
    ("git log -p a.py", NOT_READ),
    ("git diff a.py", NOT_READ),
    ("jq '.dependencies' package.json", NOT_READ),
    ("headless run", NOT_READ),
    ("npm run catalog", NOT_READ),
    ("echo 'cat a.py; cat b.py'", NOT_READ),
]


@pytest.mark.parametrize(("command", "expected"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_reads(command, expected):
    assert reads_editable_text(command) is expected


def result(name, arguments, **more):
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return Block((0,), "text", "result", Call("c", name, text), editable=True, **more)


READ_TOOLS = [
    "Read", "read", "read_file", "readFile", "ReadFile", "read_files", "read_many_files", "ReadManyFiles", "view", "View", "view_file", "open_file",
    "NotebookRead", "str_replace_based_edit_tool", "str_replace_editor", "mcp__filesystem__read_file", "mcp__filesystem__read_text_file",
    "mcp__filesystem__read_multiple_files", "mcp__github__get_file_contents", "get_file_text_by_path", "builtin_read_file", "fs_read", "default.read_file",
]  # fmt: skip
OUTPUT_TOOLS = [
    "Bash", "bash", "shell", "run_shell_command", "Grep", "Glob", "LS", "WebFetch", "browser.open", "review", "read_console_messages", "mcp__db__query", "view_logs",
    "spread", "thread", "list_files", "search_files", "overview", "mcp__slack__read_channel",
]  # fmt: skip


@pytest.mark.parametrize("name", READ_TOOLS)
def test_file_readers_are_exact_for_every_kind(name):
    for path in ("src/app.py", "data.csv", "app.log", "data.json"):
        made = plan(result(name, {"file_path": path}), Settings())
        assert made.treatment == "exact"


@pytest.mark.parametrize("name", OUTPUT_TOOLS)
def test_other_tools_give_output(name):
    assert plan(result(name, {"query": "x"}), Settings()).treatment == "balanced"


PLANS = [
    ({"command": "cat src/app.py"}, ("exact", True)),
    ({"command": "cat data.csv"}, ("balanced", True)),
    ({"command": "pytest -q"}, ("balanced", False)),
    ({"command": ["bash", "-lc", "cat src/app.py"]}, ("exact", True)),
    ({"command": ["/bin/zsh", "-c", "cat app.log"]}, ("balanced", True)),
    ({"command": ["cat", "src/app.py"]}, ("exact", True)),
    ({"command": ["powershell.exe", "-Command", "Get-Content a.cs"]}, ("exact", True)),
    ({"cmd": "bash -lc 'cat src/app.py'"}, ("exact", True)),
    ({"cmd": 'powershell -Command "Get-Content src\\a.cs"'}, ("exact", True)),
    ({"action": {"type": "exec", "command": ["bash", "-lc", "sed -n '1,5p' a.py"]}}, ("exact", True)),
    ({"commands": ["ls", "cat a.py"]}, ("exact", True)),
]


@pytest.mark.parametrize(("arguments", "expected"), PLANS, ids=[json.dumps(arguments) for arguments, _ in PLANS])
def test_plans_of_shell_calls(arguments, expected):
    made = plan(result("shell", arguments), Settings())
    assert (made.treatment, made.data_only) == expected


def test_command_of():
    assert command_of(None) == ""
    assert command_of(Call("", "Bash", json.dumps({"command": "ls -l"}))) == "ls -l"
    assert command_of(Call("", "shell", json.dumps({"command": ["bash", "-lc", "ls -l"]}))) == "ls -l"
    assert command_of(Call("", "shell", json.dumps({"command": ["rg", "-n", "x"]}))) == "rg -n x"
    assert command_of(Call("", "Read", '{"file_path": "a.py"}')) == 'Read {"file_path": "a.py"}'
    assert command_of(Call("", "str_replace_editor", '{"command": "view", "path": "a.py"}')).startswith(
        "str_replace_editor "
    )
    for broken in (
        "",
        "{",
        "[1]",
        "null",
        '{"command": 3}',
        '{"command": []}',
        '{"command": [1]}',
        '{"action": 1}',
        "[" * 50_000,
    ):
        assert command_of(Call("", "Bash", broken)).startswith("Bash")


def test_errors_stay_or_are_folded_by_few():
    made = plan(result("Bash", {"command": "make"}, is_error=True), Settings())
    assert made.only == policy.ERRORS_FOLDED_BY
    assert plan(result("Bash", {"command": "make"}), Settings()).only is None


@pytest.mark.parametrize("role", ["system", "assistant", "call", "boundary"])
def test_what_others_said_is_off(role):
    assert plan(Block((0,), "text", role, editable=True), Settings()).treatment == "off"


def test_what_cannot_be_edited_is_off():
    assert plan(Block((0,), "text", "result", Call("", "Bash", "")), Settings()).treatment == "off"


def test_user_text_is_only_its_documents():
    made = plan(Block((0,), "text", "user", editable=True), Settings())
    assert made.documents
    assert plan(Block((0,), "text", "user", editable=True), Settings(documents=False)).treatment == "off"
    assert not plan(result("Bash", {"command": "ls"}), Settings()).documents


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("headroom_retrieve", {}), ("mcp__headroom__headroom_retrieve", {}), ("Bash", {"command": "headroom retrieve h:0123456789ab"}), ("Bash", {"command": "cd x && headroom retrieve h:0"})],
)  # fmt: skip
def test_what_retrieval_gave_back_is_off(name, arguments):
    assert plan(result(name, arguments), Settings()).treatment == "off"


def test_talk_about_retrieval_is_not_retrieval():
    assert plan(result("Bash", {"command": "grep -rn headroom_retrieve src"}), Settings()).treatment == "balanced"
    assert plan(result("Grep", {"pattern": '"name": "headroom_retrieve"'}), Settings()).treatment == "balanced"


def test_settings_by_tool_name_decide():
    table = Settings(tools={"mcp__db__*": "lossless", "bash": "off", "Read": "balanced"})
    assert plan(result("mcp__db__query", {}), table).treatment == "lossless"
    assert plan(result("Bash", {"command": "ls"}), table).treatment == "off"
    assert plan(result("Read", {"file_path": "a.py"}), table).treatment == "balanced"
    assert plan(result("Grep", {}), table).treatment == "balanced"


def test_the_first_pattern_that_matches_decides():
    assert plan(result("Bash", {}), Settings(tools={"B*": "lossless", "*": "off"})).treatment == "lossless"


@pytest.mark.parametrize("level", ["lossless", "balanced", "aggressive"])
def test_levels(level):
    assert plan(result("Bash", {"command": "ls"}), Settings(level=level)).treatment == level
    assert plan(result("Bash", {"command": "cat a.py"}), Settings(level=level)).treatment == "exact"


SKELETON = Settings(reads="skeleton")


@pytest.mark.parametrize(
    ("name", "arguments", "whole"),
    [
        ("Read", {"file_path": "a.py"}, True),
        ("Read", {"file_path": "a.py", "offset": None, "limit": 0}, True),
        ("Read", {"file_path": "a.py", "offset": 40, "limit": 20}, False),
        ("view", {"path": "a.py", "view_range": [1, 40]}, False),
        ("read_file", {"path": "a.py", "startLine": 5}, False),
        ("read_file", {"path": "a.py", "line_end": 5}, False),
        ("read_text_file", {"path": "a.py", "head": 40}, False),
        ("Bash", {"command": "cat a.py"}, True),
        ("Bash", {"command": "cd x && nl -ba a.py"}, True),
        ("Bash", {"command": "cat headers.py"}, True),
        ("Bash", {"command": "git show main:src/a.py"}, True),
        ("Bash", {"command": "sed -n 1,40p a.py"}, False),
        ("Bash", {"command": "nl -ba a.py | sed -n '1,40p'"}, False),
        ("Bash", {"command": "cat a.py | head -50"}, False),
        ("Bash", {"command": "awk 'NR>5' a.py"}, False),
        ("Bash", {"command": "Get-Content a.cs -TotalCount 40"}, False),
        ("Bash", {"command": "bat -r 3:9 main.rs"}, False),
        ("Bash", {"command": "ls"}, False),
    ],
)
def test_whole_reads_may_become_skeletons_where_the_settings_say_so(name, arguments, whole):
    asked = result(name, arguments)
    assert plan(asked, SKELETON).skeleton == whole
    assert plan(asked, Settings(level="aggressive")).skeleton == whole
    for settings in (
        Settings(),
        Settings(level="lossless", reads="skeleton"),
        Settings(reads="skeleton", retrieval=False),
    ):
        assert not plan(asked, settings).skeleton


def test_code_that_the_user_pasted_stays_unless_reads_do_not():
    pasted = Block((0,), "text", "user", editable=True)
    assert plan(pasted, Settings()).without == policy.PASTED
    assert plan(pasted, SKELETON).without == frozenset()


ROWS = "name,city,score\n" + "\n".join(f"user{number},Paris,{number}" for number in range(60))
DATA = json.dumps([{"id": number, "kind": "user", "city": "Paris", "active": True} for number in range(60)], indent=1)


def test_data_is_folded_whatever_printed_it_and_a_reader_stays_exact():
    from headroom import compress

    def made(name, arguments, text):
        call = {"type": "tool_use", "id": "t", "name": name, "input": arguments}
        answer = {"type": "tool_result", "tool_use_id": "t", "content": text}
        messages = [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [answer]},
        ]
        return compress(messages, store=MemoryStore())[2]["content"][0]["content"]

    assert made("Bash", {"command": "cat rows.json"}, DATA) != DATA
    assert made("Bash", {"command": "cat package.json"}, DATA) == DATA
    assert made("Read", {"file_path": "rows.json"}, DATA) == DATA
    assert made("Read", {"file_path": "rows.csv"}, ROWS) == ROWS


def test_protected_text_stays():
    text = f"{DATA}\n<headroom:keep>\n{DATA}\n</headroom:keep>\n{DATA}"
    made = compress_text(text, "curl x", store=MemoryStore())
    assert f"<headroom:keep>\n{DATA}\n</headroom:keep>" in made.text


@pytest.mark.parametrize(
    ("name", "command", "guides"),
    [
        ("Task", "", True),
        ("spawn_agent", "", True),
        ("subagent", "", True),
        ("ActivateSkill", "", True),
        ("mcp__github__get_issue", "", True),
        ("mcp__github__get_pull_request_comments", "", True),
        ("bash", "gh issue view 12 --comments", True),
        ("bash", "cd app && gh pr view 3", True),
        ("WebFetch", "", False),
        ("mcp__search__query_documents", "", False),
        ("multitasking", "", False),
        ("bash", "gh run view 12 --log", False),
    ],
)
def test_sentences_that_tell_an_agent_what_to_do_stay(name, command, guides):
    block = Block((0,), "text", "result", Call("1", name, json.dumps({"command": command})), editable=True)
    assert ("prose" in plan(block, Settings()).without) == guides
