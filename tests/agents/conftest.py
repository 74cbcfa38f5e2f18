"""`headroom wrap` as a user has it."""

import pytest
from desk import Desk
from place import Place
from provider import Provider


@pytest.fixture(scope="session")
def _provider():
    with Provider() as provider:
        yield provider


@pytest.fixture
def provider(_provider):
    _provider.reset()
    return _provider


@pytest.fixture
def place(tmp_path, provider):
    made = Place(tmp_path, provider)
    yield made
    made.clean()


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)
