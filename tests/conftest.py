"""What holds for every test: a home of its own, and hypothesis without a clock."""

import os

import hypothesis
import pytest

# No timed assertions: a slow machine is not a broken one. The examples are the same in every run, so that a change is
# judged by what it changes; `EXPLORE=1 make test` looks for new ones.
# Under `make mutants` that something fails is enough: nobody reads the smallest example.
PHASES = [phase for phase in hypothesis.Phase if not (os.environ.get("MUTANT") and phase.name in ("shrink", "explain"))]
hypothesis.settings.register_profile(
    "house", deadline=None, database=None, derandomize=not os.environ.get("EXPLORE"), phases=PHASES
)
hypothesis.settings.load_profile("house")


@pytest.fixture(autouse=True)
def own_home(monkeypatch, tmp_path_factory):
    """The user's store and configuration are neither read nor written."""
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("HEADROOM_LEVEL", raising=False)
