"""What a lead is called that no key names: the same wherever its first record is met again."""

from __future__ import annotations

import hashlib

from leadbridge.adapter import Ref

__all__ = ["record_digest"]


def record_digest(account: str, ref: Ref) -> str:
    """The id of a lead that is known by one record of an account; it says nothing about the person."""
    text = f"{account}\x1f{ref.kind}\x1f{ref.id}"
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
