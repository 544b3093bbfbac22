"""Tokens of signed-in connections, shared by all processes of a database: encrypted, renewed by one at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from leadbridge.clock import Clock, SystemClock
from leadbridge.errors import ConfigError, StoreBusy
from leadbridge.http import MemoryTokenStore
from leadbridge.retry import Retry, call
from leadbridge.store.leases import Lease
from leadbridge.store.store import Store
from leadbridge.store.worker import Worker

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

__all__ = ["DatabaseTokens", "encrypts"]

_LASTING = timedelta(seconds=90)
"""Longer than any request that renews a token."""
_PATIENCE = Retry(attempts=600, total_seconds=120.0, first=0.05, longest=0.5)
_MAKE = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'


class DatabaseTokens:
    """A :class:`~leadbridge.http.TokenStore` in the database.

    Without a key nothing secret is ever stored: every process signs in for itself, and only takes turns.

    Args:
        store: the database.
        keys: Fernet keys separated by commas; the first encrypts, all decrypt, so that a key can be replaced.
        clock: what the leases count by.
        patience: how long one waits for another that renews the same token.

    Raises:
        ConfigError: a key is broken, or the package that encrypts is not installed.
    """

    def __init__(
        self, store: Store, keys: str = "", *, clock: Clock | None = None, patience: Retry = _PATIENCE
    ) -> None:
        self._store, self._clock, self._patience = store, clock or SystemClock(), patience
        self._worker = Worker()
        self._cipher = _cipher(keys)
        # What was read last; who holds the lock reads afresh, because another process may have renewed it.
        self._seen = MemoryTokenStore()
        self._mine = threading.local()

    def __repr__(self) -> str:
        return f"DatabaseTokens({self._store!r})"

    def load(self, key: str) -> str | None:
        seen = self._seen.load(key)
        if self._cipher is None or (seen is not None and getattr(self._mine, "key", None) != key):
            return seen
        with self._store.transaction() as tx:
            kept = tx.read.secret(key)
        value = _decrypted(self._cipher, kept) if kept is not None else None
        if value is not None:
            self._seen.save(key, value)
        return value

    def save(self, key: str, value: str) -> None:
        self._seen.save(key, value)
        if self._cipher is not None:
            with self._store.transaction() as tx:
                tx.keep_secret(key, self._cipher.encrypt(value.encode()).decode())

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Holds a key while its token is renewed; others wait, here and in other processes.

        Raises:
            StoreBusy: another process holds it for longer than anybody should.
        """
        with self._seen.lock(key):
            lease = call(lambda: self._take(key), policy=self._patience)
            self._mine.key = key
            try:
                yield
            finally:
                self._mine.key = None
                with self._store.transaction() as tx:
                    tx.leases.give(lease)

    def _take(self, key: str) -> Lease:
        now = self._clock.now()
        with self._store.transaction() as tx:
            lease = tx.leases.take(f"token {key}", self._worker, now, now + _LASTING)
        if lease is None:
            raise StoreBusy("another process is signing in to the same account: wait for it, then run again")
        return lease


def encrypts(keys: str) -> bool:
    """Whether tokens are kept, encrypted with these keys.

    Raises:
        ConfigError: a key is broken, or the package that encrypts is not installed.
    """
    return _cipher(keys) is not None


def _cipher(keys: str) -> MultiFernet | None:
    given = [key.strip() for key in keys.split(",") if key.strip()]
    if not given:
        return None
    try:
        from cryptography.fernet import Fernet, MultiFernet
    except ImportError:
        raise ConfigError(
            'token_key is set, and the package that encrypts is missing: pip install "leadbridge[tokens]"'
        ) from None
    try:
        return MultiFernet([Fernet(key) for key in given])
    except ValueError:
        # Without its cause, which may quote the key.
        raise ConfigError(f"token_key is no Fernet key: make one with: {_MAKE}") from None


def _decrypted(cipher: MultiFernet, kept: str) -> str | None:
    """The secret; ``None`` when it was encrypted with a key that we no longer have: then we sign in anew."""
    from cryptography.fernet import InvalidToken

    try:
        return cipher.decrypt(kept.encode()).decode()
    except InvalidToken:
        return None
