"""The providers' formulas against their own published examples."""

import pytest

from headroom.compression.compressors.image import rules

STANDARD, HIGH = "claude-sonnet-4-6", "claude-opus-4-7"


@pytest.mark.parametrize(
    ("model", "size", "seen", "tokens"),
    [  # the table of the vision page; at 2000x1500 it says 1269, the reference implementation 1270, both cost the same
        (STANDARD, (200, 200), (200, 200), 64),
        (STANDARD, (1000, 1000), (1000, 1000), 1296),
        (STANDARD, (1092, 1092), (1092, 1092), 1521),
        (STANDARD, (1920, 1080), (1456, 819), 1560),
        (STANDARD, (2000, 1500), (1270, 952), 1564),
        (STANDARD, (3840, 2160), (1456, 819), 1560),
        (STANDARD, (1075, 1520), (924, 1307), 1551),
        (HIGH, (1920, 1080), (1920, 1080), 2691),
        (HIGH, (2000, 1500), (2000, 1500), 3888),
        (HIGH, (3840, 2160), (2576, 1449), 4784),
    ],
)
def test_claude(model, size, seen, tokens):
    rule = rules.of(model)
    assert (rule.seen(size), rule.tokens(size)) == (seen, tokens)


@pytest.mark.parametrize(
    ("model", "detail", "size", "seen", "tokens"),
    [  # 1024x1024 and 1800x2400 are the guide's own examples
        ("gpt-5-mini", "", (1024, 1024), (1024, 1024), 1659),
        ("gpt-5-mini", "high", (1800, 2400), (1056, 1408), 2353),
        ("gpt-5.6-sol", "", (1280, 720), (1280, 720), 1104),
        ("gpt-5.6-sol", "low", (1280, 720), (512, 288), 173),
        ("gpt-6-astra", "high", (3200, 960), (2880, 864), 2916),
        ("gpt-4o", "high", (1024, 1024), (768, 768), 765),
        ("gpt-4o", "", (2048, 4096), (768, 1536), 1105),
        ("gpt-5", "high", (1024, 1024), (768, 768), 630),
        ("gemini-3-pro-preview", "", (5000, 3000), (5000, 3000), 1120),
    ],
)
def test_openai_and_gemini(model, detail, size, seen, tokens):
    rule = rules.of(model, detail)
    assert (rule.seen(size), rule.tokens(size)) == (seen, tokens)


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("claude-3-5-sonnet-20241022", "Claude 4.6 and before"),
        ("anthropic.claude-3-haiku-20240307-v1:0", "Claude 4.6 and before"),
        ("claude-opus-4-20250514", "Claude 4.6 and before"),
        ("claude-opus-4-6[1m]", "Claude 4.6 and before"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude 4.6 and before"),
        ("claude-haiku-4-5@20251001", "Claude 4.6 and before"),
        ("anthropic/claude-opus-4.7", "Claude 4.7 and later"),
        ("claude-opus-4-8-20260601", "Claude 4.7 and later"),
        ("claude-sonnet-5-5", "Claude 4.7 and later"),
        ("claude-fable-5", "Claude 4.7 and later"),
        ("openai/gpt-5-mini-2025-08-07", "GPT mini of 1,536 patches"),
        ("gpt-5.2-codex", "GPT-5.2, 5.3 and their Codex"),
        ("gpt-5.6-terra", "GPT-5.6 and later"),
        ("gpt-4o-mini", "GPT-4o mini"),
        ("models/gemini-3.8-flash", "Gemini 3 and 4"),
    ],
)
def test_a_models_name_finds_its_family(model, family):
    assert rules.of(model).family.name == family


@pytest.mark.parametrize(
    ("model", "detail"),
    [
        ("", ""),
        ("claude", ""),
        ("gpt-5.4", ""),
        ("gpt-5.1", "high"),
        ("gpt-4o", "low"),
        ("gpt-5-mini", "original"),
        ("gemini-2.5-pro", ""),
        ("llama-4-maverick", ""),
        ("my-claude-opus-finetune", ""),
    ],
)
def test_what_is_not_published_has_no_rule(model, detail):
    assert rules.of(model, detail) is None


def test_every_family_says_when_and_where_it_was_read():
    assert all(family.source.startswith("https://") and family.date.year >= 2026 for _, family in rules._families())
