"""Write `src/headroom/ledger/prices.json` anew from the price map that comes with a release of litellm.

    python scripts/make_prices.py path/to/model_prices_and_context_window_backup.json 1.106.2 2026-11-22

Only facts are taken: list prices of the providers' own models for text, per million tokens. A dated snapshot that costs
what its undated name costs is left out: the reader of the file knows dates. What the map does not say is left out too,
so that it is unknown rather than guessed.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "src" / "headroom" / "ledger" / "prices.json"
PAGES = {
    "anthropic": "https://platform.claude.com/docs/en/about-claude/pricing",
    "openai": "https://developers.openai.com/api/docs/pricing",
    "gemini": "https://ai.google.dev/gemini-api/docs/pricing",
    "bedrock_converse": "https://aws.amazon.com/bedrock/pricing",
    "vertex_ai-anthropic_models": "https://cloud.google.com/vertex-ai/generative-ai/pricing",
}
"""Who sells models, as the map calls them. Of the clouds only Anthropic's models are taken: the proxy reads no others there."""
OURS = {"bedrock_converse": "bedrock", "vertex_ai-anthropic_models": "vertex"}
AT_BEDROCK = re.compile(r"(?:[a-z-]+\.)?anthropic\.claude-")
NOT_TEXT = re.compile(
    r"^ft:|audio|tts|image|lyria|omni|robotics|search|research|computer-use|gemma|learnlm|container|-exp-"
)
DATE = re.compile(r"-(?:20\d{6}|20\d\d-\d\d-\d\d)$")
CLASSES = {
    "input": "input_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "output": "output_cost_per_token",
}
TIERS = {"batch": "_batches", "flex": "_flex", "priority": "_priority", "ultrafast": "_ultrafast"}
FACTORS = ("us", "fast")


def rates(entry: dict[str, Any], suffix: str) -> dict[str, float]:
    """Dollars per million tokens of each class that the map gives under `suffix`."""
    found = {name: entry.get(key + suffix) for name, key in CLASSES.items()}
    return {name: float(f"{price * 1e6:.6g}") for name, price in found.items() if price is not None}


def level(entry: dict[str, Any], suffix: str) -> dict[str, Any]:
    """The rates at one length of the prompt, with those of the service tiers that have rates of their own."""
    row: dict[str, Any] = rates(entry, suffix)
    tiers = {name: rates(entry, suffix + end) for name, end in TIERS.items()}
    if found := {name: tier for name, tier in tiers.items() if {"input", "output"} <= set(tier)}:
        row["tiers"] = found
    return row


def model(entry: dict[str, Any]) -> dict[str, Any]:
    """One model."""
    row = level(entry, "")
    factors = entry.get("provider_specific_entry") or {}
    if found := {name: float(factors[name]) for name in FACTORS if name in factors}:
        row["factors"] = found
    lengths = {match[1] for key in entry if (match := re.fullmatch(r"input_cost_per_token_above_(\d+)k_tokens", key))}
    if lengths:
        (length,) = lengths
        row["above"] = {"tokens": int(length) * 1000, **level(entry, f"_above_{length}k_tokens")}
    if "prompt_cache_min_tokens" in entry:
        row["min_cacheable"] = int(entry["prompt_cache_min_tokens"])
    return row


def named(provider: str, name: str, entry: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rows of one entry, by the names that the proxy knows models under.

    At Vertex a location of one's own may cost more than the global one, so each model has a name of either kind.
    """
    if provider == "bedrock_converse" and not AT_BEDROCK.match(name):
        return {}
    row = model(entry)
    if provider != "vertex_ai-anthropic_models":
        return {name.removeprefix("gemini/"): row}
    name = name.removeprefix("vertex_ai/")
    dearer = float(entry.get("regional_endpoint_uplift_multiplier", 1))
    return {f"vertex/{name}": row, f"vertex-regional/{name}": times(row, dearer)}


def times(row: dict[str, Any], factor: float) -> dict[str, Any]:
    """Rates multiplied; what is no rate stays."""
    kept = ("tokens", "min_cacheable", "factors")
    return {
        name: value
        if name in kept
        else times(value, factor)
        if isinstance(value, dict)
        else float(f"{value * factor:.6g}")
        for name, value in row.items()
    }


def main() -> None:
    """Read the map, write the file."""
    source, version, date = sys.argv[1:]
    table = json.loads(Path(source).read_text("utf-8"))
    providers: dict[str, dict[str, Any]] = {}
    for provider, page in PAGES.items():
        models = {
            named_: row
            for name, entry in sorted(table.items())
            if entry.get("litellm_provider") == provider
            and entry.get("mode") in ("chat", "responses")
            and not NOT_TEXT.search(name)
            and entry.get("input_cost_per_token")
            for named_, row in named(provider, name, entry).items()
        }
        models = {
            name: row for name, row in models.items() if models.get(DATE.sub("", name)) != row or not DATE.search(name)
        }
        providers[OURS.get(provider, provider)] = {
            "date": date,
            "source": f"{page}, as the price map of litellm {version} (MIT) gives it",
            "models": models,
        }
    lines = ["{"]
    for provider, found in providers.items():
        lines += [f'"{provider}": {{"date": "{found["date"]}", "source": "{found["source"]}", "models": {{']
        rows = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in found["models"].items()]
        lines += [",\n".join(rows), "}}" + ("" if provider == list(providers)[-1] else ",")]
    TARGET.write_text("\n".join([*lines, "}", ""]), "utf-8")


if __name__ == "__main__":
    main()
