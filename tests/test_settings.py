"""One table of settings, read from overrides and environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from personalize_local.emulator import build
from personalize_local.settings import SETTINGS, SettingError, Settings, as_markdown


def test_the_environment_sets_what_no_override_sets() -> None:
    environ = {
        "PERSONALIZE_LOCAL_PORT": "5000",
        "PERSONALIZE_LOCAL_COMPANION": "off",
        "AWS_ENDPOINT_URL_S3": "http://s3",
    }
    settings = Settings.load({"port": 0}, environ)
    assert (settings.port, settings.companion, settings.s3_endpoint) == (0, False, "http://s3")


def test_a_variable_set_to_nothing_is_not_set() -> None:
    assert Settings.load(environ={"PERSONALIZE_LOCAL_DATA": "", "AWS_ENDPOINT_URL_S3": ""}) == Settings()


def test_a_data_folder_has_one_server(tmp_path: Path) -> None:
    first = build(Settings(data=tmp_path))
    with pytest.raises(SettingError, match="is in use by another server"):
        build(Settings(data=tmp_path))
    first.close()
    build(Settings(data=tmp_path)).close()


def test_the_owner_of_a_data_folder_keeps_his_files(tmp_path: Path) -> None:
    kept = tmp_path / "datasets" / "mine" / "file.csv"
    kept.parent.mkdir(parents=True)
    kept.write_text("precious")
    emulator = build(Settings(data=tmp_path))
    emulator.start()
    emulator.reset()
    emulator.close()
    assert kept.read_text() == "precious"


def test_every_setting_has_a_flag_an_environment_variable_and_a_help_text() -> None:
    assert len({setting.flag for setting in SETTINGS}) == len(SETTINGS)
    for setting in SETTINGS:
        assert setting.environment == f"PERSONALIZE_LOCAL_{setting.name.upper()}"
        assert setting.help.endswith(".")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "x"),
        ("port", "-1"),
        ("account", "12"),
        ("executor", "thread"),
        ("companion", "maybe"),
        ("clock", "noon"),
        ("clock", "nan"),
        ("clock", "1e30"),
        ("port", "70000"),
        ("region", "a:b"),
        ("s3_endpoint", "localhost:9000"),
        ("s3_endpoint", "http://"),
    ],
)
def test_a_bad_value_stops_the_start(name: str, text: str) -> None:
    variable = f"PERSONALIZE_LOCAL_{name.upper()}"
    with pytest.raises(SettingError, match=variable):
        Settings.load(environ={variable: text})


def test_unknown_names_are_refused() -> None:
    with pytest.raises(SettingError, match="unknown setting: colour"):
        Settings.load({"colour": "blue"})
    with pytest.raises(SettingError, match="unknown environment variable: PERSONALIZE_LOCAL_COLOUR"):
        Settings.load(environ={"PERSONALIZE_LOCAL_COLOUR": "blue"})


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="cannot be written"):
        build(Settings(data=tmp_path / "file" / "below"))


def test_a_status_mode_that_cannot_be_read_stops_the_start() -> None:
    with pytest.raises(SettingError, match="status"):
        build(Settings(status="someday"))


def test_the_documentation_is_the_table() -> None:
    page = Path(__file__).parents[1] / "docs" / "settings.md"
    assert page.read_text(encoding="utf-8") == as_markdown()
