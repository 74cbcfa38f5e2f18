"""Configuration files as people have them, by syntax: from the agents' own documentation and first runs, then made odd."""

JSON = [
    "",
    "{}",
    "{ }\n",
    "{\n}\n",
    '{"a": 1}',
    '{"a":1,"b":[1,2]}\n',
    '{\n  "model": "opus",\n  "env": {\n    "DISABLE_TELEMETRY": "1"\n  },\n  "permissions": {"allow": ["Bash(ls:*)"]}\n}\n',
    '{\n\t"mcpServers": {\n\t\t"db": {"command": "npx", "args": ["-y", "db-mcp"]}\n\t}\n}',
    '{\n    // who pays\n    "provider": {\n        "anthropic": { "options": {} }, // mine\n    },\n    /* old */ "n": 1e5,\n}\n',
    '{ // settings\n  "env": {}, "deep": {"a": {"b": {}}}\n}\n',
    '\ufeff{\r\n  "env": {\r\n    "A": "ü"\r\n  },\r\n  "x": null\r\n}\r\n',
    '{"env": {"ANTHROPIC_BASE_URL": "https://gateway.example.com"}, "big": 12345678901234567890, "u": "\\u00e9"}',
    '{\n  "customModels": [\n    {"displayName": "m", "provider": "anthropic"},\n    {"displayName": "n"}\n  ]\n}\n',
]
TOML = [
    "",
    "# mine\n",
    'model = "gpt-5.5"\n',
    'model = "gpt-5.5"\napproval_policy = "never" # ask nobody\n\n[analytics]\nenabled = false\n',
    '# top\n\nmodel_provider = "openai"   # the usual\n\n[model_providers.azure]\nname = "Azure"\nbase_url = "https://x.example.com/v1"\n',
    'openai_base_url = "https://gateway.example.com/v1"\n\n[mcp_servers.db]\ncommand = "npx"\nargs = [\n  "-y", # yes\n  "db-mcp",\n]\n\n[projects."/home/me/a.b"]\ntrust_level = "trusted"\n',
    'a.b.c = 1\r\n\r\n[tui]\r\nnotes = """\r\n[not.a.table]\r\n"""\r\n',
    "[features]\nx = true",
    '\ufeff[profiles.fast]\nmodel = "o3"\n[[hooks]]\nname = "a"\n[[hooks]]\nname = "b"\n',
]
YAML = [
    "",
    "# nothing yet\n",
    "model: x\n",
    "model: x",
    "# goose\nGOOSE_PROVIDER: anthropic\nGOOSE_MODEL: claude-sonnet-4-6 # mine\nextensions:\n  developer:\n    enabled: true\n    type: builtin\n",
    "name: t\nversion: 1.0.0\nschema: v1\nmodels:\n  - name: m\n    provider: anthropic\n    model: claude-sonnet-4-6\n    roles: [chat]\n\n  # second\n  - name: n\n    provider: openai\n    apiBase: https://gateway.example.com/v1\n",
    "models:\n- name: m\n  provider: openai\nmcpServers:\n- name: db\n  command: npx\n",
    "{a: 1, extensions: {}}\n",
    "extensions: {}\nmcpServers: []\nlist:\n  - a\n  - b\n",
    "a:\r\n  b: 'c'\r\nopenai-api-base: \"https://gateway.example.com/v1\"\r\n",
    "extensions:\nopenai-api-key: x\n",
    "text: |\n  some: lines\n  [not] a list\n\nlast: 1\n",
]
DOTENV = [
    "",
    "A=1",
    "# keys\nexport OPENAI_API_KEY=sk-1\nOPENAI_BASE_URL='https://gateway.example.com/v1' # mine\n",
    'A=1\r\nB = "two words"\r\n\r\n',
    "GOOGLE_GEMINI_BASE_URL=https://a.example.com\nX=1\nGOOGLE_GEMINI_BASE_URL=https://b.example.com\n",
    "\ufeffA=1\n",
]
BROKEN = {
    "json": ['{"a": 1', "[1,", '{"env": "text"}', "{'a': 1}", "not json", '{"a": 1}}', '{"env": []}'],
    "toml": ["a = ", "[x", 'env = "text"', "a = 1\na = 2\n"],
    "yaml": ["a: [1", "a: b: c\n", "env: text\n", "\tx: 1\n", "- a\n- b\n"],
    "env": [],
}
TEXTS = {"json": JSON, "toml": TOML, "yaml": YAML, "env": DOTENV}
SERVER = {"command": "/opt/h r/headroom", "args": ["mcp"]}
CHANGES = {
    "json": [
        (("env", "ANTHROPIC_BASE_URL"), "http://127.0.0.1:8787"),
        (("env", "ENABLE_TOOL_SEARCH"), "true"),
        (("mcpServers", "headroom"), {"type": "stdio", **SERVER}),
        (("provider", "anthropic", "options", "baseURL"), "http://127.0.0.1:8787/v1"),
        (("customModels", ("displayName", "m"), "baseUrl"), "http://127.0.0.1:8787"),
    ],
    "toml": [
        (("openai_base_url",), "http://127.0.0.1:8787/v1"),
        (("model_provider",), "headroom"),
        (("model_providers", "headroom"), {"name": "Headroom", "base_url": "http://x", "requires_openai_auth": True}),
        (("mcp_servers", "headroom"), SERVER),
    ],
    "yaml": [
        (("openai-api-base",), "http://127.0.0.1:8787/v1"),
        (("extensions", "headroom"), {"enabled": True, "cmd": "/opt/h r/headroom", "args": ["mcp"], "envs": {}}),
        (("mcpServers", ("name", "headroom")), {"name": "headroom", **SERVER}),
        (("models", ("name", "m"), "apiBase"), "http://127.0.0.1:8787/v1/"),
    ],
    "env": [(("OPENAI_BASE_URL",), "http://127.0.0.1:8787/v1"), (("GOOGLE_GEMINI_BASE_URL",), "http://127.0.0.1:8787")],
}
