"""The TypeScript SDKs and the Vercel AI SDK run an errand through the proxy: the same turns and answers as without.

Set up by `npm ci` in `tests/proxy/ts`; skipped without Node or without that.
"""

import json
import shutil
import subprocess
from pathlib import Path

import provider_errand as errand
import pytest
from provider_talk import RETRIEVE, assert_only_grew

FOLDER = Path(__file__).parent / "ts"
NODE = shutil.which("node")
LOOPS = ("anthropic", "chat", "responses", "gemini", "ai-anthropic", "ai-openai", "ai-openai-chat", "ai-google")

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="needs Node.js"),
    pytest.mark.skipif(not (FOLDER / "node_modules").is_dir(), reason="needs `npm ci` in tests/proxy/ts"),
]


def loops(url, names, question):
    """What every SDK heard in its two loops."""
    given = {"outputs": errand.COMMANDS, "names": names, "question": question}
    done = subprocess.run(
        [NODE, "loops.mjs", url],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        cwd=FOLDER,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def seen_of_each(provider):
    """For every loop what the provider saw, turn by turn: each loop's question ends with its name."""
    names = [called for name in LOOPS for called in (name, f"{name} stream")]
    return {called: [seen for seen in provider.turns if f' {called}"' in seen.plain.decode()] for called in names}


@pytest.mark.parametrize("names", [("bash", RETRIEVE), ("bash",)], ids=["asked by a tool", "asked by the proxy"])
def test_errands_have_the_same_turns_and_answers(proxy, provider, names):
    question = f"{errand.QUESTION} {len(names)}"
    found = []
    for url in (provider.url, proxy.url):
        provider.reset(strict=True)
        provider.otherwise = errand.by_results
        heard = loops(url, names, question)
        assert provider.problems == []
        found.append((heard, seen_of_each(provider)))
    (direct, alone), (through, seen) = found
    assert set(direct) == {*LOOPS, *(f"{name} stream" for name in LOOPS)}
    assert through == direct
    for called, turns in seen.items():
        assert errand.ANSWER in json.dumps(direct[called]), direct[called]
        assert len(turns) == len(alone[called]) == errand.TURNS, called
        share = 0.6 if turns[0].form != "responses" or RETRIEVE in names else 0.9  # nobody to ask: folded without loss
        assert len(turns[-1].body) < share * len(alone[called][-1].body), called
        assert_only_grew(turns[0].form, [turn.value for turn in turns])
