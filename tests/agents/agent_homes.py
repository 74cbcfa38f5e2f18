"""Each agent's own files as people have them, by name: what `install` and `mcp` change."""

CLAUDE = """\
{
  "$schema": "https://json.schemastore.org/claude-code-settings.json",
  "permissions": {
    "allow": ["Bash(npm run lint)", "Bash(git diff:*)"]
  },
  "env": {
    "DISABLE_TELEMETRY": "1"
  },
  "model": "opus"
}
"""
STATE = '{\n  "numStartups": 12,\n  "projects": {\n    "/home/me/a": {\n      "mcpServers": {}\n    }\n  }\n}'
CODEX = """\
# my settings
model = "gpt-5.5"
approval_policy = "on-request"  # ask first

[mcp_servers.docs]
command = "npx"
args = ["-y", "docs-mcp"]

[projects."/home/me/a"]
trust_level = "trusted"
"""
GEMINI = '{\n\t"security": {"auth": {"selectedType": "gemini-api-key"}}, // a key\n\t"mcpServers": {\n\t\t"docs": {"command": "docs"},\n\t},\n}\n'
OPENCODE = '{\n  "$schema": "https://opencode.ai/config.json",\n  /* work */\n  "provider": {"anthropic": {}},\n  "theme": "dark"\n}\n'
CONTINUE = """\
name: mine
version: 1.0.0
schema: v1

models:
  # the good one
  - name: sonnet
    provider: anthropic
    model: claude-sonnet-4-6
    apiKey: ${{ secrets.KEY }}
  - name: local
    provider: ollama
    model: qwen3

rules:
  - be brief
"""
CLINE = '{\n  "version": 1,\n  "providers": {\n    "openai-native": {\n      "settings": {\n        "provider": "openai-native",\n        "model": "gpt-5.2"\n      }\n    }\n  }\n}\n'
DROID = '{\r\n  "customModels": [\r\n    {"displayName": "mine", "model": "m", "provider": "anthropic"}\r\n  ],\r\n  "cloud": false\r\n}\r\n'
GOOSE = """\
GOOSE_PROVIDER: openai
GOOSE_MODEL: gpt-5.2   # mine
extensions:
  developer:
    enabled: true
    type: builtin
"""
FILES = {
    "claude": {".claude/settings.json": CLAUDE, ".claude.json": STATE},
    "codex": {".codex/config.toml": CODEX},
    "gemini": {".gemini/.env": "GEMINI_API_KEY=x\n# more\n", ".gemini/settings.json": GEMINI},
    "opencode": {".config/opencode/opencode.json": OPENCODE},
    "copilot": {".copilot/mcp-config.json": '{"mcpServers": {"docs": {"command": "docs"}}}'},
    "aider": {".aider.conf.yml": "# aider\nmodel: sonnet\nauto-commits: false\n"},
    "qwen": {".qwen/.env": "export OPENAI_API_KEY='x'\r\n", ".qwen/settings.json": "{}"},
    "cline": {
        ".cline/data/settings/providers.json": CLINE,
        ".cline/data/settings/cline_mcp_settings.json": '{"mcpServers":{}}',
    },
    "continue": {".continue/config.yaml": CONTINUE},
    "pi": {".pi/agent/models.json": '{\n  "providers": {\n    "mine": {"baseUrl": "https://x.example.com"}\n  }\n}\n'},
    "droid": {".factory/settings.json": DROID, ".factory/mcp.json": '\ufeff{\n    "mcpServers": {\n    }\n}\n'},
    "goose": {".config/goose/config.yaml": GOOSE},
    "cursor": {
        ".cursor/mcp.json": '{\n  "mcpServers": {\n    "docs": {"url": "https://docs.example.com/mcp"}\n  }\n}\n'
    },
}
