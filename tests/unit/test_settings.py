"""Settings refuse what nobody could act on, and say what would do."""

import dataclasses

import pytest

from headroom import Settings
from headroom.errors import SettingsError
from headroom.settings import STRICTEST_FIRST, strictest


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"level": "fast"}, "level='fast' does not exist: use one of lossless, balanced, aggressive"),
        ({"level": "off"}, "level='off' does not exist"),
        ({"level": ["balanced"]}, "does not exist"),
        ({"level": None}, "does not exist"),
        ({"reads": "short"}, "reads='short' does not exist: use one of exact, skeleton"),
        ({"skeleton_tokens": -1}, "skeleton_tokens=-1 must be a whole number, 0 or more"),
        ({"tools": 5}, "tools=5 must map names to treatments"),
        ({"kinds": ["logs"]}, "kinds=['logs'] must map names to treatments"),
        ({"kinds": "off"}, "must map names to treatments"),
        ({"tools": {"Bash": "no"}}, "tools['Bash']='no' does not exist: use one of off, exact, lossless"),
        ({"tools": {"Bash": False}}, "tools['Bash']=False does not exist"),
        ({"tools": {"Bash": ["off"]}}, "tools['Bash']=['off'] does not exist"),
        ({"tools": {5: "off"}}, "tools[5]='off' does not exist"),
        ({"repeats": "no"}, "repeats='no' must be true or false"),
        ({"documents": 1}, "documents=1 must be true or false"),
        ({"min_tokens": -1}, "min_tokens=-1 must be a whole number, 0 or more"),
        ({"min_tokens": True}, "min_tokens=True must be a whole number"),
        ({"error_tokens": 2000.0}, "error_tokens=2000.0 must be a whole number"),
        ({"max_chars": "1MB"}, "max_chars='1MB' must be a whole number"),
    ],
)
def test_wrong_values(wrong, says):
    with pytest.raises(SettingsError) as raised:
        Settings(**wrong)
    assert says in str(raised.value)
    assert isinstance(raised.value, ValueError)


def test_every_treatment_is_taken_for_tools_and_kinds():
    for treatment in STRICTEST_FIRST:
        assert Settings(tools={"*": treatment}, kinds={"logs": treatment}).tools["*"] == treatment


def test_a_value_does_not_change():
    settings = Settings(min_tokens=0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.min_tokens = 5


def test_the_strictest_treatment_changes_least():
    assert strictest("balanced", "exact", "lossless") == "exact"
    assert strictest("aggressive", "off") == "off"
    assert strictest("balanced") == "balanced"
