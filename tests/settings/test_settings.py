"""Settings: the file, the environment and the caller; and secrets, which nobody sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.pretty import pretty_repr

from leadbridge.errors import ConfigError
from leadbridge.settings import ConnectionSettings, Settings

SECRET = "pat-na1-very-secret"
FILE = """
agreement = "rules/agreement.yaml"
store = "sqlite:///data.db"

[connections.hs]
adapter = "hubspot"
writes = "on"
page_size = 50

[connections.sf-eu]
adapter = "salesforce"

[sync]
grace_seconds = 30
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "leadbridge.toml"
    path.write_text(FILE, encoding="utf-8")
    path.chmod(0o644)
    return path


def write(file: Path, text: str, mode: int = 0o600) -> Path:
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


# -- where settings come from ------------------------------------------------------------------------------------------


def test_everything_has_a_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.load(environment={})
    assert (settings.agreement, settings.store) == ("agreement.yaml", "sqlite:///leadbridge.db")
    assert settings.connections == {}
    assert (settings.sync.grace_seconds, settings.sync.attempts) == (120, 5)


def test_the_file_is_read_and_its_paths_count_from_where_it_is(file: Path) -> None:
    settings = Settings.load(file, environment={})
    assert settings.agreement == str(file.parent / "rules" / "agreement.yaml")
    assert settings.store == f"sqlite:///{file.parent / 'data.db'}"
    assert settings.sync.grace_seconds == 30
    hs = settings.connections["hs"]
    assert (hs.adapter, hs.writes, hs.own()) == ("hubspot", "on", {"page_size": "50"})
    assert settings.connections["sf-eu"].writes == "ask"


@pytest.mark.parametrize(
    "store",
    ["sqlite://", "sqlite:///:memory:", "sqlite:////var/lib/leads.db", "postgresql+psycopg://ada@db.example/leads"],
)
def test_an_address_that_is_no_relative_path_stays_as_it_is(file: Path, store: str) -> None:
    assert Settings.load(write(file, f'store = "{store}"'), environment={}).store == store


def test_an_absolute_path_of_the_agreement_stays_as_it_is(file: Path) -> None:
    assert Settings.load(write(file, 'agreement = "/etc/a.yaml"'), environment={}).agreement == "/etc/a.yaml"


def test_a_file_here_is_found_without_being_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert set(Settings.load(environment={}).connections) == {"hs", "sf-eu"}


def test_the_environment_can_name_the_file(file: Path) -> None:
    assert "hs" in Settings.load(environment={"LEADBRIDGE_CONFIG": str(file)}).connections


def test_the_environment_comes_after_the_file_and_the_caller_after_both(file: Path) -> None:
    environment = {"LEADBRIDGE_STORE": "sqlite:///env.db", "LEADBRIDGE_AGREEMENT": "env.yaml"}
    settings = Settings.load(file, environment=environment, agreement="given.yaml", store=None)
    assert (settings.agreement, settings.store) == ("given.yaml", "sqlite:///env.db")


def test_an_empty_variable_says_nothing(file: Path) -> None:
    settings = Settings.load(file, environment={"LEADBRIDGE_STORE": "", "LEADBRIDGE_CONFIG": ""})
    assert settings.store.endswith("data.db")


def test_a_file_that_begins_with_a_byte_order_mark_is_read(file: Path) -> None:
    file.write_text(FILE, encoding="utf-8-sig")
    assert "hs" in Settings.load(file, environment={}).connections


# -- settings of connections in the environment ------------------------------------------------------------------------


def test_a_variable_sets_a_setting_of_its_connection(file: Path) -> None:
    environment = {"LEADBRIDGE_HS_TOKEN": SECRET, "LEADBRIDGE_HS_WRITES": "off", "LEADBRIDGE_HS_PAGE_SIZE": "10"}
    hs = Settings.load(file, environment=environment).connections["hs"]
    assert hs.writes == "off"
    assert hs.own() == {"page_size": "10", "token": SECRET}


def test_a_dash_in_a_name_is_an_underscore_in_the_environment(file: Path) -> None:
    settings = Settings.load(file, environment={"LEADBRIDGE_SF_EU_CLIENT_SECRET": SECRET})
    assert settings.connections["sf-eu"].own() == {"client_secret": SECRET}


@pytest.mark.parametrize("order", [("hs", "hs-eu"), ("hs-eu", "hs")])
def test_of_two_names_that_fit_the_longer_one_is_meant(file: Path, order: tuple[str, str]) -> None:
    text = "\n".join(f'[connections.{name}]\nadapter = "hubspot"' for name in order)
    environment = {"LEADBRIDGE_HS_EU_TOKEN": "european", "LEADBRIDGE_HS_TOKEN": "plain", "LEADBRIDGE_HSX_TOKEN": "no"}
    settings = Settings.load(write(file, text), environment=environment)
    assert settings.connections["hs-eu"].own() == {"token": "european"}
    assert settings.connections["hs"].own() == {"token": "plain"}


def test_a_variable_of_a_connection_that_is_not_in_the_file_is_nobodys(file: Path) -> None:
    settings = Settings.load(file, environment={"LEADBRIDGE_OTHER_TOKEN": SECRET})
    assert set(settings.connections) == {"hs", "sf-eu"}


def test_what_was_read_from_one_environment_does_not_stay_for_the_next(file: Path) -> None:
    Settings.load(file, environment={"LEADBRIDGE_HS_TOKEN": SECRET})
    assert "token" not in Settings.load(file, environment={}).connections["hs"].own()


# -- secrets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f'[connections.hs]\nadapter = "hubspot"\ntoken = "{SECRET}"', "connections.hs.token"),
        (f'[connections.hs]\nadapter = "hubspot"\nClient_Secret = "{SECRET}"', "connections.hs.Client_Secret"),
        (f'store = "postgresql://ada:{SECRET}@db.example/leads"', "store"),
    ],
)
def test_a_secret_in_a_file_that_others_can_read_is_refused(file: Path, text: str, named: str, mode: int) -> None:
    with pytest.raises(ConfigError, match=f"holds {named} and others can read it: chmod 600") as caught:
        Settings.load(write(file, text, mode), environment={})
    assert SECRET not in str(caught.value)


def test_a_secret_in_a_file_of_ones_own_is_read(file: Path) -> None:
    text = f'[connections.hs]\nadapter = "hubspot"\ntoken = "{SECRET}"'
    assert Settings.load(write(file, text), environment={}).connections["hs"].own() == {"token": SECRET}


def test_settings_never_show_a_secret() -> None:
    settings = Settings.model_validate(
        {
            "store": f"postgresql://ada:{SECRET}@db.example/leads",
            "connections": {"hs": {"adapter": "hubspot", "token": SECRET}},
        }
    )
    hs = settings.connections["hs"]
    for shown in (repr(settings), str(settings), pretty_repr(settings), repr(hs), str(hs), f"{hs}", pretty_repr(hs)):
        assert SECRET not in shown
    assert repr(hs) == "ConnectionSettings(adapter='hubspot', writes='ask')"


@pytest.mark.parametrize(
    "text",
    [
        f'[connections.hs]\nadapter = "hubspot"\nwrites = "{SECRET}"',
        f'[connections.hs]\ntoken = "{SECRET}"',
        f'[connections]\nhs = "{SECRET}"',
        f'[sync]\nattempts = "{SECRET}"',
        f'nonsense = "{SECRET}"',
        f"token = {SECRET}",
        f'token = "{SECRET}',
    ],
)
def test_no_error_repeats_what_the_file_says(file: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.load(write(file, text), environment={})
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


# -- what is wrong, and where ------------------------------------------------------------------------------------------


def test_a_file_that_was_named_and_is_not_there_is_an_error(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    with pytest.raises(ConfigError, match="leadbridge init"):
        Settings.load(missing, environment={})
    with pytest.raises(ConfigError, match="leadbridge init"):
        Settings.load(environment={"LEADBRIDGE_CONFIG": str(missing)})
    with pytest.raises(ConfigError, match="there is no settings file"):
        Settings.load(tmp_path, environment={})


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("stores = 'x'", "stores"),
        ("[sync]\ngrace = 3", "sync.grace"),
        ("[sync]\nattempts = 0", "sync.attempts"),
        ("[connections.hs]\nwrites = 'on'", "connections.hs.adapter"),
        ("[connections.hs]\nadapter = 'hubspot'\nwrites = 'maybe'", "connections.hs.writes"),
        ("[connections]\nhs = 'hubspot'", "connections.hs"),
        ("connections = 'hs'", "connections"),
        ("[[connections]]\nadapter = 'hubspot'", "connections"),
        ("agreement = 3", "agreement"),
    ],
)
def test_what_is_no_setting_is_refused_with_its_place(file: Path, text: str, where: str) -> None:
    environment = {"LEADBRIDGE_HS_TOKEN": SECRET}
    with pytest.raises(ConfigError, match=f"{file.name}:\n  {where}: "):
        Settings.load(write(file, text), environment=environment)


def test_several_mistakes_are_told_at_once(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.load(write(file, "one = 1\ntwo = 2"), environment={})
    assert str(caught.value).count("→") == 2


def test_what_is_not_toml_is_refused_with_the_line(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"is not TOML: .*line 2"):
        Settings.load(write(file, 'store = "x"\nstore: y'), environment={})


def test_a_file_that_is_not_text_is_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        Settings.load(file, environment={})


def test_settings_do_not_change() -> None:
    connection = ConnectionSettings(adapter="hubspot")
    with pytest.raises(ValueError, match="frozen"):
        connection.adapter = "salesforce"  # type: ignore[misc]  # that it cannot be set is the point
