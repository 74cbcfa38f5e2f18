"""The configuration: where it lies, what it holds, and that a mistake in it names the file and what to do."""

import sys
from pathlib import Path

import pytest

from headroom import Settings, config
from headroom.errors import SettingsError


@pytest.fixture
def configured(tmp_path):
    """Writes `config.toml`; gives back the environment that leads there."""

    def write(text, **more):
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / "config.toml").write_bytes(data)
        return {"HEADROOM_HOME": str(tmp_path), **more}

    return write


def test_nothing_configured(tmp_path):
    assert config.settings({"HEADROOM_HOME": str(tmp_path)}) == Settings()
    assert config.settings({"HEADROOM_HOME": str(tmp_path / "not there")}) == Settings()


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "taken").write_text("")
    assert config.settings({"HEADROOM_HOME": str(tmp_path / "taken")}) == Settings()


def test_every_setting_can_be_configured(configured):
    environment = configured(
        'level = "lossless"\nrepeats = false\ndocuments = false\nmin_tokens = 5\nerror_tokens = 6\nmax_chars = 7\n'
        '[tools]\n"mcp__db__*" = "off"\n[kinds]\nlogs = "exact"\n'
    )
    assert config.settings(environment) == Settings(
        level="lossless",
        repeats=False,
        documents=False,
        min_tokens=5,
        error_tokens=6,
        max_chars=7,
        tools={"mcp__db__*": "off"},
        kinds={"logs": "exact"},
    )


def test_the_environment_has_the_last_word(configured):
    assert config.settings(configured('level = "lossless"', HEADROOM_LEVEL="aggressive")).level == "aggressive"
    assert config.settings(configured('level = "lossless"', HEADROOM_LEVEL="")).level == "lossless"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("level = ", "is not TOML"),
        ("level = balanced", "is not TOML"),
        (b"\xff\xfel", "mend it or remove it"),
        (
            'levels = "balanced"',
            "no setting is called 'levels'; there are documents, error_tokens, images, kinds, level",
        ),
        ('level = "fast"', "level='fast' does not exist: use one of lossless, balanced, aggressive"),
        ("min_tokens = 60.0", "min_tokens=60.0 must be a whole number"),
        ("min_tokens = -1", "min_tokens=-1 must be a whole number"),
        ('repeats = "no"', "repeats='no' must be true or false"),
        ("tools = 5", "tools=5 must map names to treatments"),
        ('[kinds]\nlogs = "quiet"', "kinds['logs']='quiet' does not exist"),
        ("[kinds]\nlogs = false", "kinds['logs']=False does not exist"),
        ("[logs]\nlevel = 1", "no setting is called 'logs'"),
    ],
)
def test_a_mistake_names_the_file_and_what_to_do(configured, text, says):
    environment = configured(text)
    with pytest.raises(SettingsError) as raised:
        config.settings(environment)
    assert str(raised.value).startswith(str(Path(environment["HEADROOM_HOME"]) / "config.toml"))
    assert says in str(raised.value)


def test_a_folder_in_the_place_of_the_file(tmp_path):
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        config.settings({"HEADROOM_HOME": str(tmp_path)})


def test_a_mistake_in_the_environment_names_the_variable(configured):
    with pytest.raises(SettingsError, match=r"^HEADROOM_LEVEL: level='fast' does not exist"):
        config.settings(configured('level = "lossless"', HEADROOM_LEVEL="fast"))


def test_home():
    assert config.home({"HEADROOM_HOME": "/srv/headroom"}) == Path("/srv/headroom")
    assert config.home({"HEADROOM_HOME": "~/own"}) == Path.home() / "own"
    assert config.store_path({"HEADROOM_HOME": "/srv/headroom"}) == Path("/srv/headroom/store.sqlite3")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the folders of other systems")
def test_home_by_the_platform():
    assert config.home({"XDG_DATA_HOME": "/data"}) == Path("/data/headroom")
    assert config.home({}) == Path.home() / ".local/share/headroom"
