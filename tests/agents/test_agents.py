"""Each agent: what it is started with, what it keeps of its own, and how it is routed now."""

import json
import re
from pathlib import Path

import pytest
from desk import BASE, GATEWAY, SERVER, flag

from headroom.agents import TABLE, edits
from headroom.agents.edits import Change


def settings(launch):
    """Codex's `-c` values."""
    return dict(
        word.partition("=")[::2] for flag, word in zip(launch.flags, launch.flags[1:], strict=False) if flag == "-c"
    )


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


@pytest.mark.parametrize("args", [("--config", "mine.yaml", "-p"), ("--config=mine.yaml", "-p")])
def test_continue_with_a_file_that_the_user_names(desk, args):
    desk.put("work/mine.yaml", CONTINUE)
    launch = desk.launch("continue", *args)
    (copy,) = launch.files
    assert "=".join(launch.args) == f"--config={copy}=-p"
    assert launch.flags == ()


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
