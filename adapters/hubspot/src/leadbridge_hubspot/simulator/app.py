"""The app that is installed in an account: who it is, and the tokens that it was given."""

from __future__ import annotations

import random

__all__ = ["App"]


class App:
    """The app that is installed in an account; its secret signs webhooks as well.

    Attributes:
        tokens: the access tokens that were given, with the instant at which each ends (epoch milliseconds).
        refresh_tokens: those that are good; without any, the app was taken out of the account.
        code: what an installation gives, good for one refresh token.
    """

    app_id = 3_114_207
    client_id = "7f0a3c52-simulator"
    client_secret = "5b0f9a44-simulator-secret"
    code = "na1-simulator-code"

    def __init__(self) -> None:
        self.tokens: dict[str, int] = {}
        self.refresh_tokens = {"eu1-simulator-refresh"}

    def open(self, chance: random.Random, until: int) -> str:
        """A new access token, of whatever length: HubSpot's are not all as long."""
        given = f"CSim{chance.getrandbits(128):032x}{'x' * chance.randrange(0, 160)}"
        self.tokens[given] = until
        return given

    def new_refresh_token(self, chance: random.Random) -> str:
        """A new refresh token."""
        given = f"eu1-{chance.getrandbits(64):016x}"
        self.refresh_tokens.add(given)
        return given
