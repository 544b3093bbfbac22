"""An installed app: tokens that expire, and the endpoint that renews them."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from leadbridge_hubspot.simulator.answers import Refused, correlation_id, reply
from leadbridge_hubspot.simulator.portal import Portal
from leadbridge_hubspot.simulator.web import Call

__all__ = ["introspect", "revoke", "token"]


def token(call: Call) -> Response:
    """Signs an app in, by its refresh token, by the code of an installation, or by itself."""
    form, app = call.form(), call.portal.app
    # The oldest version takes everything from the query as well.
    given = {name: form.get(name) or call.text(name) for name in _FIELDS}
    if given["client_id"] != app.client_id:
        raise _refused("BAD_CLIENT_ID", "missing or invalid client id", "invalid_client")
    if given["client_secret"] != app.client_secret:
        raise _refused("BAD_CLIENT_SECRET", "missing or invalid client secret", "invalid_client")
    match given["grant_type"]:
        case "refresh_token" if given["refresh_token"] in app.refresh_tokens:
            refresh = given["refresh_token"]
        case "refresh_token":
            raise _refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token", "invalid_grant")
        case "authorization_code" if given["code"] == app.code:
            refresh = next(iter(app.refresh_tokens), "") or app.new_refresh_token(call.portal.random)
        case "authorization_code":
            raise _refused("BAD_AUTH_CODE", "missing or unknown auth code", "invalid_grant")
        case "client_credentials":
            refresh = ""
        case _:
            raise _refused("BAD_GRANT_TYPE", "missing or unknown grant type", "unsupported_grant_type")
    return reply(_opened(call.portal, refresh))


def introspect(call: Call) -> Response:
    """What a token is: its account, its app, and for how many seconds it still opens it."""
    given = call.params.get("token") or call.form().get("token", "")
    until = call.portal.app.tokens.get(given)
    left = 0 if until is None else (until - call.portal.now()) // 1000
    if left <= 0:
        raise Refused(404, "invalid access token", "INVALID_TOKEN")
    return reply(
        {
            "active": True,
            "token": given,
            "token_type": "access",
            "hub_id": call.portal.portal_id,
            "app_id": call.portal.app.app_id,
            "client_id": call.portal.app.client_id,
            "expires_in": left,
            "scopes": ["oauth"],
        }
    )


def revoke(call: Call) -> Response:
    """Takes a refresh token away; the app is no longer installed."""
    given = call.params.get("token") or call.form().get("token", "")
    call.portal.app.refresh_tokens.discard(given)
    return reply(None, 204)


_FIELDS = ("grant_type", "client_id", "client_secret", "refresh_token", "code")


def _opened(portal: Portal, refresh: str) -> dict[str, Any]:
    given = portal.app.open(portal.random, portal.now() + int(portal.switches.token_lifetime.total_seconds() * 1000))
    body: dict[str, Any] = {
        "access_token": given,
        "expires_in": int(portal.switches.token_lifetime.total_seconds()),
        "token_type": "bearer",
        "token_use": "access",
        "hub_id": portal.portal_id,
        "scopes": ["oauth"],
    }
    if refresh:
        body["refresh_token"] = refresh
    return body


def _refused(status: str, message: str, error: str) -> Refused:
    refused = Refused(400, message)
    refused.body = {
        "status": status,
        "message": message,
        "correlationId": correlation_id(),
        "error": error,
        "error_description": message,
    }
    return refused
