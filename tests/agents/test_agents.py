"""Each agent: what it is started with, what it keeps of its own, and how it is routed now."""

import base64
import json
import os
import re
from pathlib import Path

import pytest

from headroom.agents import TABLE, edits
from headroom.agents.contract import Machine, Point, upstreams
from headroom.agents.edits import Change

BASE = "http://127.0.0.1:4000/w/t-1"
OURS = ["http://127.0.0.1:8787", "http://localhost:8787"]
SERVER = ["/opt/headroom", "mcp"]
GATEWAY = "https://gateway.example.com/v1"


class Desk:
    """A home with an agent's files, and what it would be started with."""

    def __init__(self, folder):
        self.home, self.cwd, self.env = folder / "home", folder / "home" / "work", {}
        self.cwd.mkdir(parents=True)

    def put(self, path, content):
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    @property
    def machine(self):
        return Machine(self.home, self.cwd, self.env)

    def launch(self, name, *args, server=SERVER):
        return TABLE[name].launch(self.machine, Point(BASE, server, Path("/scratch"), args, OURS))

    def routed(self, name):
        return {route.provider: route.url for route in TABLE[name].routed(self.machine)}

    def upstreams(self, name):
        return upstreams(TABLE[name].routed(self.machine), OURS)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def flag(launch, name):
    """The value of a flag, joined by `=` or after it."""
    words = list(launch.flags)
    joined = [word.partition("=")[2] for word in words if word.startswith(name + "=")]
    return joined[0] if joined else words[words.index(name) + 1]


def settings(launch):
    """Codex's `-c` values."""
    return dict(
        word.partition("=")[::2] for flag, word in zip(launch.flags, launch.flags[1:], strict=False) if flag == "-c"
    )


def test_the_table_is_whole():
    names = [
        "claude",
        "codex",
        "gemini",
        "opencode",
        "copilot",
        "aider",
        "qwen",
        "cline",
        "continue",
        "pi",
        "droid",
        "goose",
        "cursor",
    ]
    assert list(TABLE) == names
    assert all(agent.get_it and agent.title for agent in TABLE.values())


@pytest.mark.parametrize("name", TABLE)
def test_no_agent_is_told_to_change_instructions_or_files_elsewhere(desk, name):
    for change in [*TABLE[name].install(desk.machine, BASE), *TABLE[name].mcp(desk.machine, SERVER)]:
        assert change.file.is_relative_to(desk.home)
        assert change.file.suffix != ".md"
    launch = desk.launch(name)
    assert all(path.is_relative_to("/scratch") for path in launch.files)


def test_nobody_else_names_an_agent():
    source = Path(edits.__file__).parent.parent
    named = re.compile(r"(?<![\w.-])(?:codex|opencode|aider|qwen|cline|droid)(?![\w-])")
    rooms = [path for folder in ("cli", "presence.py") for path in [source / folder, *(source / folder).glob("*.py")]]
    files = [path for path in rooms if path.is_file() and path.name != "perf.py"]
    assert [path.name for path in files if named.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "name", [name for name, agent in TABLE.items() if agent.mcp(Machine(Path("/h"), Path("/h"), {}), SERVER)]
)
def test_the_server_is_registered_by_its_absolute_command(desk, name):
    """Everywhere under our name, with the command and its arguments as they are."""
    for change in TABLE[name].mcp(desk.machine, SERVER):
        assert "headroom" in [step if isinstance(step, str) else step[1] for step in change.path]
        words = [word for value in change.value.values() for word in (value if isinstance(value, list) else [value])]
        assert [word for word in words if word in SERVER] == SERVER


@pytest.mark.parametrize(
    "name", [name for name, agent in TABLE.items() if agent.mcp(Machine(Path("/h"), Path("/h"), {}), SERVER)]
)
def test_a_text_with_the_server_in_it_is_read_back(desk, name):
    for change in TABLE[name].mcp(desk.machine, SERVER):
        assert edits.get(change, edits.put(change, "")) == change.value


def test_claude(desk):
    launch = desk.launch("claude", "--model", "opus")
    assert launch.env == {"ANTHROPIC_BASE_URL": BASE, "ENABLE_TOOL_SEARCH": "true"}
    assert json.loads(flag(launch, "--mcp-config"))["mcpServers"]["headroom"] == {"command": SERVER[0], "args": ["mcp"]}
    assert all("=" in word for word in launch.flags), "flags that take many words would swallow a prompt"


def test_claude_without_a_server_gets_no_flag(desk):
    assert desk.launch("claude", server=[]).flags == []


@pytest.mark.parametrize("where", ["environment", "settings"])
def test_claude_tool_search_is_the_users_to_say(desk, where):
    if where == "settings":
        desk.put(".claude/settings.json", {"env": {"ENABLE_TOOL_SEARCH": "false"}})
    else:
        desk.env["ENABLE_TOOL_SEARCH"] = "auto:5"
    assert "ENABLE_TOOL_SEARCH" not in desk.launch("claude").env


def test_claude_is_never_told_that_our_url_is_anthropics(desk):
    """It would guard its bodies with a hash, and nothing could be edited."""
    launch = desk.launch("claude")
    assert not any("FIRST_PARTY" in word for word in [*launch.env, *launch.flags])


@pytest.mark.parametrize("word", ["remote-control", "--remote-control", "--rc"])
def test_claude_with_remote_control_is_started_as_it_is(desk, word):
    launch = desk.launch("claude", word)
    assert (launch.env, launch.flags, len(launch.notes)) == ({}, (), 1)


def test_claude_subcommands_get_no_flags(desk):
    assert desk.launch("claude", "mcp", "list").flags == ()


def test_claude_settings_stand_above_the_environment(desk):
    desk.put("work/.claude/settings.local.json", {"env": {"ANTHROPIC_BASE_URL": GATEWAY}})
    launch = desk.launch("claude")
    through = f"{BASE}/u/gateway.example.com/v1"
    assert json.loads(flag(launch, "--settings")) == {"env": {"ANTHROPIC_BASE_URL": through}}
    assert desk.upstreams("claude") == {"gateway.example.com": "https://gateway.example.com"}


def test_what_we_installed_is_no_gateway(desk):
    desk.put(".claude/settings.json", {"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8787"}})
    assert desk.upstreams("claude") == {}
    assert json.loads(flag(desk.launch("claude"), "--settings"))["env"]["ANTHROPIC_BASE_URL"] == BASE


BROKEN = ['{"env": ', '{"env": []}', "[]", "null", "\x00", "1"]
FOREIGN = [
    '{"provider": [], "providers": {"a": 1, "openai": {"settings": 3}}, "models": {"a": 1}, "customModels": {"x": 1}}',
    '{"provider": {"a": 1, "anthropic": {"options": []}}, "providers": [1], "models": [1, {"name": 2}], "tokens": 1}',
    '{"env": {"ANTHROPIC_BASE_URL": 5}, "security": [], "customModels": [1, {"provider": 7}], "openai": 1}',
]
FILES = (
    ".claude/settings.json",
    ".codex/auth.json",
    ".gemini/settings.json",
    ".qwen/settings.json",
    ".pi/agent/models.json",
    ".factory/settings.json",
    ".config/opencode/opencode.json",
    ".local/share/opencode/auth.json",
    ".cline/data/settings/providers.json",
    ".continue/config.yaml",
    ".config/goose/config.yaml",
    ".aider.conf.yml",
)


@pytest.mark.parametrize("text", [*BROKEN, *FOREIGN])
def test_broken_and_foreign_files_of_the_users_stop_nothing(desk, text):
    for path in FILES:
        desk.put(path, text)
    desk.put(".codex/config.toml", "profiles = 1\nmodel_providers = []\n" if text in FOREIGN else text)
    desk.env |= {"OPENCODE_CONFIG_CONTENT": text, "ANTHROPIC_API_KEY": "k"}
    for name in TABLE:
        desk.launch(name)
        desk.routed(name)
        desk.upstreams(name)
    assert desk.launch("claude", "--x").env["ANTHROPIC_BASE_URL"].startswith(BASE)


def test_codex_with_a_key_keeps_its_own_provider(desk):
    chosen = settings(desk.launch("codex"))
    assert chosen["openai_base_url"] == f'"{BASE}/v1"'
    assert "model_provider" not in chosen
    assert (chosen["mcp_servers.headroom.command"], chosen["mcp_servers.headroom.args"]) == (
        '"/opt/headroom"',
        '["mcp"]',
    )
    assert desk.launch("codex").env == {}, "the environment says nothing to it"


def chatgpt(desk):
    desk.put(".codex/auth.json", {"OPENAI_API_KEY": None, "tokens": {"access_token": "x", "account_id": "a"}})


def test_codex_signed_in_with_chatgpt(desk):
    """Its own provider would follow the host that the first answer names, past us."""
    chatgpt(desk)
    launch = desk.launch("codex")
    chosen = settings(launch)
    assert chosen["model_provider"] == '"headroom"'
    assert chosen["model_providers.headroom.base_url"] == f'"{BASE}/backend-api/codex"'
    assert chosen["model_providers.headroom.requires_openai_auth"] == "true"
    assert chosen["model_providers.headroom.name"].lower() != '"openai"'
    assert "openai_base_url" not in chosen
    assert "ChatGPT" in launch.notes[0]
    assert desk.routed("codex") == {"chatgpt": ""}


PROVIDERS = '[model_providers.mine]\nname = "Mine"\nbase_url = "https://gateway.example.com/v1"\n'


@pytest.mark.parametrize(
    ("config", "args"),
    [
        ('model_provider = "mine"\n' + PROVIDERS, ()),
        (PROVIDERS, ("-c", "model_provider=mine")),
        (PROVIDERS + '[profiles.work]\nmodel_provider = "mine"\n', ("--profile", "work")),
        ('profile = "work"\n' + PROVIDERS + '[profiles.work]\nmodel_provider = "mine"\n', ()),
    ],
)
def test_codex_with_a_provider_of_the_users_own(desk, config, args):
    chatgpt(desk)
    desk.put(".codex/config.toml", config)
    chosen = settings(desk.launch("codex", *args))
    assert chosen["model_providers.mine.base_url"] == f'"{BASE}/u/gateway.example.com/v1"'
    assert "model_provider" not in chosen


def test_codex_installed_for_good(desk):
    chatgpt(desk)
    text = "# mine\n"
    for change in TABLE["codex"].install(desk.machine, "http://127.0.0.1:8787"):
        text = edits.put(change, text)
    said = edits.whole(Change(Path("x"), "toml", (), None), text)
    assert said["model_providers"][said["model_provider"]]["base_url"] == "http://127.0.0.1:8787/backend-api/codex"


def test_gemini(desk):
    launch = desk.launch("gemini")
    assert launch.env["GOOGLE_GEMINI_BASE_URL"] == BASE, "without a version: it adds its own"
    (file,) = launch.files
    assert launch.env["GEMINI_CLI_SYSTEM_DEFAULTS_PATH"] == str(file)
    assert json.loads(launch.files[file])["mcpServers"]["headroom"]["command"] == SERVER[0]


def test_gemini_defaults_of_the_users_own_stay(desk):
    desk.env["GEMINI_CLI_SYSTEM_DEFAULTS_PATH"] = "/mine"
    assert desk.launch("gemini").files == {}


def test_gemini_signed_in_with_google_is_told(desk):
    desk.put(".gemini/settings.json", {"security": {"auth": {"selectedType": "oauth-personal"}}})
    assert "Code Assist" in desk.launch("gemini").notes[0]
    assert desk.routed("gemini") == {"code assist": ""}


def test_gemini_reads_its_dotenv_files(desk):
    desk.put(".gemini/.env", f"GOOGLE_GEMINI_BASE_URL={GATEWAY}\n")
    assert desk.launch("gemini").env["GOOGLE_GEMINI_BASE_URL"] == f"{BASE}/u/gateway.example.com/v1"


def inline(launch):
    return json.loads(launch.env["OPENCODE_CONFIG_CONTENT"])


def test_opencode_names_only_what_has_a_key(desk):
    desk.env["ANTHROPIC_API_KEY"] = "x"
    desk.put(".local/share/opencode/auth.json", {"google": {"type": "api", "key": "x"}})
    said = inline(desk.launch("opencode"))
    urls = {name: each["options"]["baseURL"] for name, each in said["provider"].items()}
    assert urls == {"anthropic": f"{BASE}/v1", "google": f"{BASE}/v1beta"}
    assert said["mcp"]["headroom"] == {"type": "local", "command": SERVER, "enabled": True}


def test_opencode_keeps_what_the_user_has_put_over_its_files(desk):
    desk.put(
        ".config/opencode/opencode.jsonc",
        '{"provider": {"px": {"options": {"baseURL": "https://gateway.example.com/v1"}}}, }',
    )
    desk.env["OPENCODE_CONFIG_CONTENT"] = json.dumps(
        {
            "theme": "dark",
            "provider": {"anthropic": {"options": {"baseURL": "https://other.example.com:81/x", "apiKey": "k"}}},
        }
    )
    said = inline(desk.launch("opencode"))
    assert (said["theme"], said["provider"]["anthropic"]["options"]["apiKey"]) == ("dark", "k")
    assert said["provider"]["anthropic"]["options"]["baseURL"] == f"{BASE}/u/other.example.com-81/x"
    assert said["provider"]["px"]["options"]["baseURL"] == f"{BASE}/u/gateway.example.com/v1"
    assert desk.upstreams("opencode") == {
        "gateway.example.com": "https://gateway.example.com",
        "other.example.com-81": "https://other.example.com:81",
    }


def test_opencode_without_a_key_is_started_as_it_is(desk):
    launch = desk.launch("opencode")
    assert (launch.env, len(launch.notes)) == ({}, 1)


def test_copilot_with_a_key_of_ones_own(desk):
    desk.env |= {"COPILOT_PROVIDER_TYPE": "anthropic", "COPILOT_PROVIDER_API_KEY": "k"}
    launch = desk.launch("copilot")
    assert launch.env == {"COPILOT_PROVIDER_BASE_URL": BASE, "COPILOT_PROVIDER_TYPE": "anthropic"}
    said = json.loads(flag(launch, "--additional-mcp-config"))["mcpServers"]["headroom"]
    assert (said["command"], said["tools"]) == (SERVER[0], ["*"])


def test_copilot_signed_in_with_github_is_not_made_to_pay_another(desk):
    launch = desk.launch("copilot")
    assert (launch.env, launch.flags) == ({}, ())
    assert "COPILOT_PROVIDER_API_KEY" in launch.notes[0]


def test_aider(desk):
    desk.put(".aider.conf.yml", "openai-api-base: https://gateway.example.com/v1 # work\n")
    env = desk.launch("aider").env
    assert env["AIDER_OPENAI_API_BASE"] == env["OPENAI_API_BASE"] == f"{BASE}/u/gateway.example.com/v1"
    assert env["ANTHROPIC_API_BASE"] == BASE


def test_qwen(desk):
    desk.put(".qwen/settings.json", {"security": {"auth": {"baseUrl": GATEWAY}}})
    launch = desk.launch("qwen")
    assert launch.env["OPENAI_BASE_URL"] == f"{BASE}/u/gateway.example.com/v1"
    assert json.loads(flag(launch, "--mcp-config"))["mcpServers"]["headroom"]["args"] == ["mcp"]


def test_cline_gets_a_copy_of_its_providers(desk):
    providers = {
        "openai-compatible": {"settings": {"apiKey": "k", "baseUrl": GATEWAY}},
        "cline": {"settings": {"provider": "cline"}},
    }
    file = desk.put(".cline/data/settings/providers.json", {"version": 1, "providers": providers})
    before = file.read_bytes()
    launch = desk.launch("cline")
    (copy,) = launch.files
    said = json.loads(launch.files[copy])["providers"]
    assert launch.env == {"CLINE_PROVIDER_SETTINGS_PATH": str(copy)}
    assert said["openai-compatible"]["settings"] == {"apiKey": "k", "baseUrl": f"{BASE}/u/gateway.example.com/v1"}
    assert (said["cline"], file.read_bytes()) == (providers["cline"], before)


CONTINUE = """\
name: mine
models:
  - name: a
    provider: anthropic # who pays
    model: claude-sonnet-4-6
  - name: b
    provider: openai
    apiBase: https://gateway.example.com/v1
  - name: c
    provider: ollama
"""


def test_continue_gets_a_copy_of_its_configuration(desk):
    desk.put(".continue/config.yaml", CONTINUE)
    launch = desk.launch("continue")
    copy = Path(flag(launch, "--config"))
    said = edits.whole(Change(copy, "yaml", (), None), launch.files[copy])
    assert [model.get("apiBase") for model in said["models"]] == [
        f"{BASE}/v1/",
        f"{BASE}/u/gateway.example.com/v1/",
        None,
    ]
    assert said["mcpServers"] == [{"name": "headroom", "command": SERVER[0], "args": ["mcp"]}]
    assert "# who pays" in launch.files[copy]


def test_continue_from_its_hub_is_started_as_it_is(desk):
    launch = desk.launch("continue", "--config", "someone/assistant")
    assert (launch.flags, launch.files, len(launch.notes)) == ((), {}, 1)


def test_pi_gets_an_extension(desk):
    desk.put(".pi/agent/models.json", {"providers": {"mine": {"baseUrl": GATEWAY}}})
    launch = desk.launch("pi")
    text = launch.files[Path(flag(launch, "--extension"))]
    urls = json.loads(re.search(r"const urls = (.*);", text)[1])
    assert urls["anthropic"] == BASE
    assert (urls["openai"], urls["google"], urls["mine"]) == (
        f"{BASE}/v1",
        f"{BASE}/v1beta",
        f"{BASE}/u/gateway.example.com/v1",
    )


def test_droid_gets_its_own_models_with_other_urls(desk):
    models = [
        {"displayName": "m", "provider": "anthropic", "baseUrl": "https://api.anthropic.com", "apiKey": "k"},
        {"displayName": "n", "provider": "generic-chat-completion-api", "baseUrl": GATEWAY},
    ]
    desk.put(".factory/settings.json", {"customModels": models})
    launch = desk.launch("droid")
    said = json.loads(launch.files[Path(flag(launch, "--settings"))])["customModels"]
    assert [model["baseUrl"] for model in said] == [f"{BASE}/u/api.anthropic.com", f"{BASE}/u/gateway.example.com/v1"]
    assert said[0]["apiKey"] == "k"


def test_goose(desk):
    desk.put(".config/goose/config.yaml", "GOOSE_PROVIDER: openai\nOPENAI_HOST: https://gateway.example.com\n")
    env = desk.launch("goose").env
    assert env["ANTHROPIC_HOST"] == BASE
    assert env["OPENAI_HOST"] == f"{BASE}/u/gateway.example.com"


def test_cursor_is_told_what_to_paste(desk):
    assert "Override OpenAI Base URL  http://127.0.0.1:8787/v1" in TABLE["cursor"].by_hand(
        desk.machine, "http://127.0.0.1:8787"
    )


def test_a_signed_token_is_never_shown(desk):
    """Whatever an agent is told, what it signed in with stays in its own files."""
    token = "eyJ" + base64.b64encode(os.urandom(30)).decode()
    desk.put(".codex/auth.json", {"tokens": {"access_token": token}})
    launch = desk.launch("codex")
    assert token not in json.dumps([list(launch.flags), dict(launch.env), list(launch.notes)])
