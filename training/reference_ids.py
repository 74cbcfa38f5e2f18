"""Makes tests/kompress/reference_ids.json: texts with the ids that the `tokenizers` package gives them.

pip install tokenizers==0.23.3 && python training/reference_ids.py
"""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import BertWordPieceTokenizer

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "src/headroom/perf/samples"
ODD = [
    "",
    "   \t\n ",
    "Naïve façade — “déjà vu” … £5, €7, ½ cup, x² + y³ ≠ z",
    "İstanbul'da ÇILGIN Größe Straße ǅ ﬁn ﬀ Ⅷ ℃",
    "don't can't e-mail_address@example.com http://a.b/c?d=e&f=%20#g",
    "snake_case camelCase PascalCase SCREAMING_SNAKE kebab-case a.b.c::d->e",
    "0 1 12 123 1234 12345 3.14 1,000,000 0x1F 1e-5 v2.10.3-rc1",
    "日本語のテキスト 中文字符 한국어 텍스트 ไทย हिन्दी العربية עברית",
    "emoji 😀 👩‍👩‍👧 🇩🇪 ✓ ★ → ≤ ∑ ∞",
    "a\u0301 e\u0308 n\u0303 zero\u200bwidth soft\u00adhyphen no\u00a0break bom\ufeff",
    "nul\x00 bell\x07 escape\x1b[31mred\x1b[0m del\x7f",
    "x" * 101 + " " + "y" * 100 + " supercalifragilisticexpialidocious antidisestablishmentarianism",
    "line one\r\nline two\rline three\u2028line four\u2029\x85",
    "$ % ^ & * ( ) ~ ` | \\ / < > { } [ ] ; : ' \" , . ? ! @ # + = - _",
]


def main() -> None:
    """The file."""
    reference = BertWordPieceTokenizer(str(ROOT / "src/headroom/kompress/vocabulary.txt"), lowercase=True)
    texts = ODD + [path.read_bytes().decode("utf-8")[:600] for path in sorted(SAMPLES.iterdir())]
    rows = [{"text": text, "ids": reference.encode(text, add_special_tokens=False).ids} for text in texts]
    out = ROOT / "tests/kompress/reference_ids.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n", "utf-8")


if __name__ == "__main__":
    main()
