"""The real TypeScript SDKs run an errand through the package's adapters: the same turns and answers as without.

The package asks an engine for its edits; the requests go to the provider straight. Set up and built by `make sdk`.
"""

import json
import os
import subprocess

import provider_errand as errand
import pytest
from provider_talk import RETRIEVE, assert_only_grew
from test_npm_package import FOLDER, NODE, needs_the_package

pytestmark = [*needs_the_package, pytest.mark.timeout(300)]  # 56 loops of real SDKs


def loops(provider, engine, how, names, question):
    """What every SDK heard, and what was saved."""
    given = {"outputs": errand.COMMANDS, "names": names, "question": question}
    done = subprocess.run(
        [NODE, "test/errand.mjs", provider.url, how],
        input=json.dumps(given),
        env={**os.environ, "HEADROOM_URL": engine.url},
        capture_output=True,
        text=True,
        cwd=FOLDER,
        timeout=140,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def turns_of(provider, name):
    """What the provider saw of one loop: its question ends with its name."""
    return [seen for seen in provider.turns if f"<{name}>" in seen.plain.decode()]


@pytest.mark.parametrize("names", [("bash", RETRIEVE), ("bash",)], ids=["can ask", "cannot ask"])
def test_errands_have_the_same_turns_and_answers(proxy, provider, names):
    question = f"{errand.QUESTION} package {len(names)}"
    found = {}
    for how in ("bare", "wrapped"):
        provider.reset(strict=True)
        provider.otherwise = errand.by_results
        said = loops(provider, proxy, how, names, question)
        assert provider.problems == [], {k: v for k, v in said["heard"].items() if "failed" in v}
        found[how] = (said, {name: turns_of(provider, name) for name in said["heard"]})
    (direct, alone), (through, seen) = found["bare"], found["wrapped"]
    assert len(direct["heard"]) == 28
    assert through["heard"] == direct["heard"]
    assert through["failures"] == []
    assert direct["saved"] == 0 < through["saved"]
    for name, turns in seen.items():
        assert errand.ANSWER in json.dumps(direct["heard"][name]), direct["heard"][name]
        assert len(turns) == len(alone[name]) == errand.TURNS, name
        share = 0.6 if RETRIEVE in names else 0.9  # nobody to ask: folded without loss
        assert len(turns[-1].body) < share * len(alone[name][-1].body), name
        assert_only_grew(turns[0].form, [turn.value for turn in turns])
