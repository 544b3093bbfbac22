from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Self

import pytest

from leadbridge import registry
from leadbridge.errors import AdapterMissing, ConfigError
from leadbridge.http import MemoryTokenStore, TokenStore

Install = Callable[[str, str, str], None]


class Toy:
    """An adapter for these tests; only its making matters."""

    SETTINGS: ClassVar[Mapping[str, str]] = {"token": "a token", "region": "where the account is"}

    def __init__(self, settings: Mapping[str, str], tokens: TokenStore | None) -> None:
        self.settings = settings
        self.tokens = tokens

    @classmethod
    def from_settings(cls, settings: Mapping[str, str], *, tokens: TokenStore | None = None) -> Self:
        return cls(settings, tokens)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package with one entry point on the path: (package, group, ``name = target``)."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "toy_crm_for_registry.py").write_text(
        "loaded = True\n\n\ndef start(clock, *, port=0, tls=False, seed=0):\n    return 'started'\n"
    )

    def put(package: str, group: str, line: str) -> None:
        folder = tmp_path / f"{package.replace('-', '_')}-1.2.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        (folder / "entry_points.txt").write_text(f"[{group}]\n{line}\n")

    yield put
    sys.modules.pop("toy_crm_for_registry", None)


def test_installed_adapters_are_listed_without_importing_them(install: Install) -> None:
    install("leadbridge-toy", registry.ADAPTERS, "toy = toy_crm_for_registry:Toy")
    assert registry.Installed("toy", "leadbridge-toy", "1.2") in registry.installed()
    assert "toy_crm_for_registry" not in sys.modules


def test_an_adapter_is_made_from_settings_and_a_token_store(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("leadbridge-toy", registry.ADAPTERS, "toy = toy_crm_for_registry:Toy")
    import toy_crm_for_registry as module  # type: ignore[import-not-found]  # written by the fixture

    monkeypatch.setattr(module, "Toy", Toy, raising=False)
    tokens = MemoryTokenStore()
    adapter = registry.connect("toy", {"token": "t"}, tokens)
    assert isinstance(adapter, Toy)
    assert (adapter.settings, adapter.tokens) == ({"token": "t"}, tokens)


def test_an_unknown_setting_is_refused_by_name_only(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("leadbridge-toy", registry.ADAPTERS, "toy = toy_crm_for_registry:Toy")
    import toy_crm_for_registry as module  # type: ignore[import-not-found, unused-ignore]  # written by the fixture

    monkeypatch.setattr(module, "Toy", Toy, raising=False)
    with pytest.raises(ConfigError, match="no setting tokken: it knows region, token") as caught:
        registry.connect("toy", {"tokken": "canary-value"})
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("hubspot", 'pip install "leadbridge[hubspot]"'),
        ("salesforce", 'pip install "leadbridge[salesforce]"'),
        ("pipedrive", "pip install leadbridge-pipedrive"),
    ],
)
def test_a_missing_adapter_is_a_sentence_with_the_command(
    name: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(**_: str) -> tuple[()]:
        return ()

    monkeypatch.setattr(registry, "entry_points", nothing)
    with pytest.raises(AdapterMissing, match="is not installed") as caught:
        registry.adapter_class(name)
    assert str(caught.value).endswith(command)


def test_two_packages_with_one_name_are_refused_and_both_named(install: Install) -> None:
    install("leadbridge-toy", registry.ADAPTERS, "toy = toy_crm_for_registry:Toy")
    install("another-toy", registry.ADAPTERS, "toy = toy_crm_for_registry:Toy")
    with pytest.raises(ConfigError, match="another-toy and leadbridge-toy"):
        registry.adapter_class("toy")


@pytest.mark.parametrize("target", ["no_such_module_for_registry:Toy", "toy_crm_for_registry:NoSuchName"])
def test_a_package_that_does_not_load_says_so(install: Install, target: str) -> None:
    install("leadbridge-toy", registry.ADAPTERS, f"toy = {target}")
    with pytest.raises(AdapterMissing, match=r"leadbridge-toy 1\.2 does not load"):
        registry.adapter_class("toy")


def test_simulators_have_their_own_group(install: Install) -> None:
    install("leadbridge-toy", registry.SIMULATORS, "toy = toy_crm_for_registry:start")
    assert registry.start_simulator("toy")(None) == "started"
    with pytest.raises(AdapterMissing, match="adapter toy is not installed"):
        registry.adapter_class("toy")


@pytest.mark.parametrize("setting", ["token", "client_secret", "private_key", "Password"])
def test_secrets_are_known_by_their_name(setting: str) -> None:
    assert registry.is_secret(setting)
    assert not registry.is_secret("base_url")
