"""What holds for every test: a home of its own, and hypothesis without a clock."""

import os

import hypothesis
import pytest

# No timed assertions: a slow machine is not a broken one. In CI the examples are the same in every run.
hypothesis.settings.register_profile("house", deadline=None, database=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("house")


@pytest.fixture(autouse=True)
def own_home(monkeypatch, tmp_path_factory):
    """The user's store and configuration are neither read nor written."""
    monkeypatch.setenv("HEADROOM_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("HEADROOM_LEVEL", raising=False)
