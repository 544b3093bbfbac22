"""Settings and addresses: tokens go to Salesforce only."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest

from leadbridge.errors import ConfigError
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.settings import instance, options, version


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.my.salesforce.com",
        "https://ACME.my.salesforce.com/",
        "http://127.0.0.1:8080",
        "https://localhost:1",
    ],
)
def test_hosts_of_salesforce_and_this_computer_are_taken(url: str) -> None:
    assert not instance(url).endswith("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme.my.salesforce.com",
        "http://acme.my.salesforce.com",
        "https://acme.my.salesforce.com.evil.example",
        "https://evilsalesforce.com",
        "https://user:pw@acme.my.salesforce.com",
        "https://acme.my.salesforce.com:8443",
        "https://acme.my.salesforce.com/x?y",
        "https://10.0.0.1",
        "ftp://127.0.0.1",
        "https://acme.my.salesforce.com:port",
    ],
)
def test_no_other_host_gets_a_token(url: str) -> None:
    with pytest.raises(ConfigError):
        instance(url)


def test_versions_are_written_in_many_ways() -> None:
    assert {version(text) for text in ("68", "68.0", "v68.0", " v68.0 ")} == {"v68.0"}
    with pytest.raises(ConfigError):
        version("latest")


def test_options_are_read_and_checked() -> None:
    chosen = options({"look_back": "2.5", "allow_duplicates": "Yes", "kinds": "Lead, Contact"})
    assert (chosen.look_back, chosen.allow_duplicates, chosen.kinds) == (
        timedelta(minutes=2.5),
        True,
        ("Lead", "Contact"),
    )
    for wrong in (
        {"look_back": "soon"},
        {"look_back": "-1"},
        {"allow_duplicates": "perhaps"},
        {"daily_share": "half"},
        {"daily_share": "0"},
        {"daily_share": "1.5"},
        {"daily_share": "nan"},
        {"bulk_writes": "-1"},
        {"bulk_writes": "many"},
        {"key_kinds": "Task"},
    ):
        with pytest.raises(ConfigError):
            options(wrong)


def test_unknown_settings_and_missing_credentials_are_named() -> None:
    with pytest.raises(ConfigError, match="acces_token"):
        Salesforce.from_settings({"acces_token": "x"})
    with pytest.raises(ConfigError, match="access_token"):
        Salesforce.from_settings({"instance_url": "https://acme.my.salesforce.com"})


def test_secret_settings_can_be_told_by_their_names() -> None:
    secret = {name for name in Salesforce.SETTINGS if any(word in name for word in ("token", "secret", "key"))}
    assert secret - {"key_kinds"} == {
        "access_token",
        "client_secret",
        "refresh_token",
        "private_key",
        "webhook_secret",
    }


@pytest.mark.parametrize(
    ("short", "long"),
    [("a0BA0000000L2ZC", "a0BA0000000L2ZCMA0"), ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555")],
)
def test_ids_get_their_18_characters(short: str, long: str) -> None:
    assert id18(short) == long
    assert id18(long) == long


def test_importing_the_adapter_loads_no_sdk_and_no_server() -> None:
    heavy = "{'requests', 'simple_salesforce', 'starlette', 'uvicorn', 'sqlalchemy', 'pydantic'}"
    program = f"import sys, leadbridge_salesforce; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"
