"""How a connection proves who it is: by a ready token, as a service key, a private app or an OAuth flow gives it."""

from __future__ import annotations

from collections.abc import Mapping

from leadbridge.errors import ConfigError

__all__ = ["ReadyToken"]


class ReadyToken:
    """Signs requests with a token that somebody else made and renews. Its ``repr`` does not show it.

    Raises:
        ConfigError: when the token is blank or holds characters that no header can carry.
    """

    def __init__(self, token: str) -> None:
        token = token.strip()
        if not token or not token.isascii() or any(letter.isspace() for letter in token):
            raise ConfigError(
                "the HubSpot token is blank or broken: copy it again from HubSpot, without quotes or spaces"
            )
        self._headers = {"Authorization": f"Bearer {token}"}

    def __call__(self) -> Mapping[str, str]:
        return self._headers

    def __repr__(self) -> str:
        return "ReadyToken(***)"
