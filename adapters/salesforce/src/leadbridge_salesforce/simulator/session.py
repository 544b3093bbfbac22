"""Signing in, who am I, limits, versions, and the part of the Tooling API that makes custom fields."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from leadbridge_salesforce.simulator.call import Answer, Call
from leadbridge_salesforce.simulator.fields import custom
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.problems import Refusal
from leadbridge_salesforce.simulator.sobjects import kind_of

__all__ = [
    "CLIENT",
    "PASSWORD",
    "REFRESH",
    "SECRET",
    "authorize",
    "identity",
    "limits",
    "make_field",
    "resources",
    "revoked",
    "token",
    "token_shape",
    "versions",
]

CLIENT = "simulated-client"
SECRET = "simulated-secret"
REFRESH = "simulated-refresh"
PASSWORD = "simulated-password"
"""What the simulated org's app accepts."""

_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_GRANTS = ("authorization_code", "client_credentials", "refresh_token", "password", _JWT)

_TYPES = {
    "Text": "string",
    "DateTime": "datetime",
    "Date": "date",
    "Number": "double",
    "Checkbox": "boolean",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Email": "email",
}


def versions() -> Answer:
    """``GET /services/data``; needs no token."""
    listed = [(f"{number}.0", f"/services/data/v{number}.0") for number in range(31, 69)]
    return Answer(body=[{"label": f"v{number}", "url": url, "version": number} for number, url in listed])


def token(org: Org, headers: Mapping[str, str], body: bytes, base_url: str) -> Answer:
    """``POST /services/oauth2/token``: client credentials, a refresh token, a signed assertion, a code,
    or a password.

    Unless ``strict_auth`` is on, whoever asks is signed in.
    """
    fields = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    basic = _basic(headers.get("authorization", ""))
    grant = fields.get("grant_type", "")
    if grant not in _GRANTS:
        return _no("unsupported_grant_type", "grant type not supported")
    secret = fields.get("client_secret", basic[1])
    problem = _problem(org, grant, fields, fields.get("client_id", basic[0]), secret)
    if problem is not None and (org.switches.strict_auth or problem[0] == "invalid_request"):
        return _no(*problem)
    org.codes.discard(fields.get("code", ""))
    new = org.issue()
    who = f"{base_url}/id/{org.id}/{org.user}"
    issued = str(int(org.clock.now().timestamp() * 1000))
    signature = hmac.new((secret or SECRET).encode(), (who + issued).encode(), hashlib.sha256).digest()
    body_out = {
        "access_token": new,
        "instance_url": base_url,
        "id": who,
        "token_type": "Bearer",
        "issued_at": issued,
        "scope": "api refresh_token",
        "signature": base64.b64encode(signature).decode(),
    }
    return Answer(body={**body_out, "refresh_token": REFRESH} if grant == "authorization_code" else body_out)


def authorize(org: Org, query: Mapping[str, str]) -> Answer:
    """``GET /services/oauth2/authorize``: the person agrees at once and is sent back with a code that is good once."""
    if org.switches.strict_auth and query.get("client_id") != CLIENT:
        return _no("invalid_client_id", "client identifier invalid")
    if query.get("response_type") != "code" or not query.get("redirect_uri"):
        return _no("unsupported_response_type", "response type not supported")
    code = f"aPrx{org.new_token()[-24:]}"
    org.codes.add(code)
    back = {"code": code, **({"state": query["state"]} if "state" in query else {})}
    return Answer(302, headers={"Location": f"{query['redirect_uri']}?{urlencode(back)}"})


def revoked(org: Org, query: Mapping[str, str], body: bytes) -> Answer:
    """``POST /services/oauth2/revoke``: ends one session."""
    token = {**query, **dict(parse_qsl(body.decode("utf-8", "replace")))}.get("token", "")
    if not org.accepts(token):
        return _no("unsupported_token_type", "this token type is not supported")
    org.tokens.discard(token)
    org.ended_tokens.add(token)
    return Answer(200)


def token_shape(token: str) -> str:
    """``jwt`` for a token of three parts in the format of JSON Web Tokens, otherwise ``opaque``."""
    return "jwt" if token.startswith("eyJ") and token.count(".") == 2 else "opaque"


def _basic(header: str) -> tuple[str, str]:
    """Client id and secret of a Basic header; empty when there is none."""
    kind, _, text = header.partition(" ")
    try:
        plain = base64.b64decode(text, validate=True).decode() if kind == "Basic" else ""
    except ValueError:
        plain = ""
    client, _, secret = plain.partition(":")
    return client, secret


def _problem(org: Org, grant: str, fields: Mapping[str, str], client: str, secret: str) -> tuple[str, str] | None:
    """Why an org that is strict would not sign this in."""
    if grant == _JWT:
        return _assertion_problem(org, fields.get("assertion", ""))
    if client != CLIENT:
        return "invalid_client_id", "client identifier invalid"
    if grant == "client_credentials" and secret != SECRET:
        return "invalid_client", "invalid client credentials"
    if grant == "refresh_token" and fields.get("refresh_token") != REFRESH:
        return "invalid_grant", "expired access/refresh token"
    if grant == "authorization_code" and fields.get("code") not in org.codes:
        return "invalid_grant", "invalid authorization code"
    if grant == "password":
        return "invalid_grant", "authentication failure"
    return None


def _assertion_problem(org: Org, assertion: str) -> tuple[str, str] | None:
    import jwt

    options: Any = {"verify_signature": org.app_certificate is not None, "verify_exp": False, "verify_aud": False}
    try:
        claims = jwt.decode(assertion, org.app_certificate or "", algorithms=["RS256"], options=options)
    except jwt.InvalidSignatureError:
        return "invalid_grant", "invalid assertion"
    except jwt.PyJWTError:
        return "invalid_request", "assertion is not a JWT"
    if claims.get("iss") != CLIENT:
        return "invalid_client_id", "client identifier invalid"
    if claims.get("aud") not in ("https://login.salesforce.com", "https://test.salesforce.com"):
        return "invalid_grant", "audience is invalid"
    if claims.get("sub") != org.tables["User"].rows[org.user]["Username"]:
        return "invalid_grant", "user hasn't approved this consumer"
    return None


def _no(error: str, description: str) -> Answer:
    return Answer(400, {"error": error, "error_description": description})


def identity(org: Org, base_url: str) -> Answer:
    """``GET /services/oauth2/userinfo`` and ``GET /id/{org}/{user}``."""
    user = org.tables["User"].rows[org.user]
    return Answer(
        body={
            "sub": f"{base_url}/id/{org.id}/{org.user}",
            "user_id": org.user,
            "organization_id": org.id,
            "preferred_username": user["Username"],
            "name": user["Name"],
            "email": user["Email"],
            "username": user["Username"],
            "display_name": user["Name"],
            "active": True,
        }
    )


def resources(org: Org, call: Call) -> Answer:
    """``GET /services/data/v68.0``: where everything is, and who is asking."""
    names = ("composite", "jobs/ingest", "jobs/query", "limits", "query", "queryAll", "sobjects", "tooling")
    who = f"https://login.salesforce.com/id/{org.id}/{org.user}"
    return Answer(body={**{name: f"{call.root}/{name}" for name in names}, "identity": who})


def limits(org: Org) -> Answer:
    """``GET /limits``."""
    allowed = org.switches.calls_allowed
    return Answer(
        body={
            "DailyApiRequests": {"Max": allowed, "Remaining": max(0, allowed - org.calls)},
            "DailyBulkV2QueryJobs": _jobs(org, "query"),
            "DailyBulkV2IngestJobs": _jobs(org, "ingest"),
        }
    )


def _jobs(org: Org, sort: str) -> dict[str, int]:
    made = sum(job.sort == sort for job in org.jobs.values())
    return {"Max": org.switches.bulk_jobs, "Remaining": max(0, org.switches.bulk_jobs - made)}


def make_field(org: Org, call: Call) -> Answer:
    """``POST /tooling/sobjects/CustomField``: the new field stays hidden until a permission set grants it."""
    if org.switches.refuse_setup:
        raise Refusal(403, "INSUFFICIENT_ACCESS", "insufficient access rights on entity")
    body = call.record()
    target, _, name = str(body.get("FullName", "")).partition(".")
    data: Any = body.get("Metadata") or {}
    kind = kind_of(org, target)
    if not name.endswith("__c") or data.get("type") not in _TYPES:
        raise Refusal(400, "FIELD_INTEGRITY_EXCEPTION", "You must specify a custom field name and type", ["FullName"])
    if name in kind.fields:
        raise Refusal(
            400, "DUPLICATE_DEVELOPER_NAME", f"There is already a field named {name} on {kind.name}.", ["DeveloperName"]
        )
    definition = custom(
        name,
        _TYPES[data["type"]],
        label=str(data.get("label", "")),
        length=int(data.get("length", 255)),
        values=[
            str(item["fullName"]) for item in data.get("valueSet", {}).get("valueSetDefinition", {}).get("value", ())
        ],
        unique=bool(data.get("unique")),
        visible=False,
    )
    org.add_field(kind.name, definition)
    return Answer(201, {"id": f"00NHs00000{len(kind.fields):05d}AAA", "success": True, "errors": [], "warnings": []})
