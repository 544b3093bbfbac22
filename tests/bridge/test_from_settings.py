"""A bridge from a file of settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadbridge import Bridge
from leadbridge.errors import ConfigError
from tests.sync.conftest import AGREEMENT


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    (tmp_path / "agreement.yaml").write_text(AGREEMENT, encoding="utf-8")
    file = tmp_path / "leadbridge.toml"
    file.write_text(
        '[connections.left]\nadapter = "memory"\naccount = "one"\n'
        '[connections.right]\nadapter = "memory"\naccount = "two"\nwrites = "off"\n',
        encoding="utf-8",
    )
    return file


def test_a_bridge_opens_from_its_settings(settings: Path) -> None:
    with Bridge.open(settings) as bridge:
        assert set(bridge.connections) == {"left", "right"}
        assert bridge.connections["left"].describe().account == "one"
        assert bridge.plan().off == {"right"}
    assert (settings.parent / "leadbridge.db").is_file()


def test_a_bridge_can_be_opened_with_one_of_its_connections(settings: Path) -> None:
    with Bridge.open(settings, only="left") as bridge:
        assert list(bridge.connections) == ["left"]
    with pytest.raises(ConfigError, match=r"no connection middle in the settings \(there are: left, right\)"):
        Bridge.open(settings, only="middle")


def test_settings_without_a_connection_say_what_to_add(settings: Path) -> None:
    settings.write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"add \[connections\.hs\]"):
        Bridge.open(settings)
