"""Tokens in the database: encrypted or not at all, shared by processes, renewed by one at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.fernet import Fernet

from leadbridge.errors import ConfigError, StoreBusy
from leadbridge.retry import Retry
from leadbridge.store import DatabaseTokens, Store

KEY, OLD = Fernet.generate_key().decode(), Fernet.generate_key().decode()
SECRET = "ya29.canary-token"


def test_what_one_process_saves_another_loads(path: Path) -> None:
    with_key = [DatabaseTokens(Store(f"sqlite:///{path}"), KEY) for _ in range(2)]
    with_key[0].save("salesforce", SECRET)
    assert with_key[1].load("salesforce") == SECRET
    assert with_key[1].load("hubspot") is None


def test_a_stored_token_is_not_readable_in_the_file(path: Path) -> None:
    store = Store(f"sqlite:///{path}")
    DatabaseTokens(store, KEY).save("salesforce", SECRET)
    store.close()
    assert all(SECRET.encode() not in file.read_bytes() for file in path.parent.iterdir())


def test_without_a_key_a_token_is_kept_in_this_process_only(store: Store) -> None:
    tokens = DatabaseTokens(store)
    tokens.save("salesforce", SECRET)
    assert tokens.load("salesforce") == SECRET
    assert store.count("secret") == 0
    assert DatabaseTokens(store).load("salesforce") is None


def test_a_key_can_be_replaced_and_what_no_key_opens_is_as_if_it_were_not_there(store: Store) -> None:
    DatabaseTokens(store, OLD).save("salesforce", SECRET)
    assert DatabaseTokens(store, f"{KEY}, {OLD}").load("salesforce") == SECRET
    assert DatabaseTokens(store, KEY).load("salesforce") is None


def test_whoever_holds_the_lock_sees_what_another_process_has_renewed(path: Path) -> None:
    first, second = (DatabaseTokens(Store(f"sqlite:///{path}"), KEY) for _ in range(2))
    first.save("salesforce", "old")
    assert second.load("salesforce") == "old"
    first.save("salesforce", "new")
    with second.lock("salesforce"):
        assert second.load("salesforce") == "new"
    assert second.load("salesforce") == "new"


def test_of_several_processes_that_need_a_token_one_signs_in(path: Path) -> None:
    together, asked = 4, []
    ready = Barrier(together)

    def sign_in(tokens: DatabaseTokens) -> str | None:
        ready.wait()
        with tokens.lock("salesforce"):
            if tokens.load("salesforce") is None:
                asked.append(1)
                tokens.save("salesforce", f"token {len(asked)}")
        return tokens.load("salesforce")

    with ThreadPoolExecutor(together) as pool:
        many = [DatabaseTokens(Store(f"sqlite:///{path}"), KEY) for _ in range(together)]
        assert list(pool.map(sign_in, many)) == ["token 1"] * together
    assert asked == [1]


def test_a_lock_that_somebody_keeps_for_too_long_is_busy(path: Path) -> None:
    patience = Retry(attempts=2).without_waiting()
    first, second = (DatabaseTokens(Store(f"sqlite:///{path}"), KEY, patience=patience) for _ in range(2))
    with (
        first.lock("salesforce"),
        pytest.raises(StoreBusy, match="another process is signing in"),
        second.lock("salesforce"),
    ):
        pytest.fail("two hold it")
    with second.lock("salesforce"):
        assert second.load("salesforce") is None


def test_a_broken_key_is_refused_without_being_repeated(store: Store) -> None:
    with pytest.raises(ConfigError, match="Fernet") as caught:
        DatabaseTokens(store, "no-key-at-all")
    assert "no-key-at-all" not in str(caught.value)
    assert SECRET not in repr(DatabaseTokens(store, KEY))
