"""Webhooks of the in-memory CRM: a list of records, signed with a secret that both sides know."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence

from leadbridge.adapter import Ref
from leadbridge.errors import BadRequest, Forbidden

__all__ = ["SIGNATURE", "hints", "sign", "webhook"]

SIGNATURE = "x-signature"


def webhook(secret: str, url: str, refs: Sequence[Ref]) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a webhook about these records."""
    body = json.dumps([[ref.kind, ref.id] for ref in refs]).encode()
    return {"Content-Type": "application/json", SIGNATURE: sign(secret, "POST", url, body)}, body


def hints(secret: str, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> list[Ref]:
    """The records that a webhook is about, each once.

    Raises:
        Forbidden: whoever sent it does not know the secret.
        BadRequest: it is no list of records.
    """
    given = {name.lower(): value for name, value in headers.items()}.get(SIGNATURE, "")
    if not hmac.compare_digest(given.encode(errors="replace"), sign(secret, method, url, body).encode()):
        raise Forbidden("the signature of the webhook is wrong: only the CRM itself may call", operation="hints")
    try:
        return list(dict.fromkeys(Ref(str(kind), str(id)) for kind, id in json.loads(body)))
    except (TypeError, ValueError):
        pass
    raise BadRequest("the webhook is no list of records", operation="hints")


def sign(secret: str, method: str, url: str, body: bytes) -> str:
    """The signature of a webhook."""
    return hmac.digest(secret.encode(), f"{method}\n{url}\n".encode() + body, "sha256").hex()
