"""Owners across CRMs: never a guess."""

from __future__ import annotations

from collections import Counter

from leadbridge.adapter import Owner, Ref, Value

__all__ = ["People"]


class People:
    """Owners of a connection: people are the same across CRMs when their verified addresses are."""

    def __init__(self, owners: tuple[Owner, ...], user: str = "") -> None:
        self.by_id = {owner.id: owner for owner in owners}
        self.user = user
        addresses = [
            (owner.email.strip().lower(), owner.id)
            for owner in owners
            if owner.email and owner.active and owner.kind == "person"
        ]
        self._canonical = {
            owner.id: owner.email.strip().lower()
            for owner in owners
            if owner.email and owner.kind != "queue" and owner.id != user
        }
        # Two people with one address: whichever of them is meant would be a guess.
        shared = {address for address, count in Counter(address for address, _ in addresses).items() if count > 1}
        self._by_email = {address: owner for address, owner in addresses if address not in shared}

    def canonical(self, owner_id: str) -> str | None:
        """How an owner is called between CRMs; ``None`` when nobody vouches for who it is."""
        return self._canonical.get(owner_id)

    def stranger(self, raw: Value) -> bool:
        """Whether a record belongs to somebody of whom we cannot say who it is: not to nobody, a queue, or us."""
        identity = raw.id if isinstance(raw, Ref) else raw
        if not isinstance(identity, str) or not identity or identity == self.user:
            return False
        owner = self.by_id.get(identity)
        return owner is None or (owner.kind == "person" and not owner.email)

    def local(self, canonical: str) -> str | None:
        """The id that an owner has here; never a guess. A queue is nobody elsewhere and goes by its id."""
        owner = self.by_id.get(canonical)
        return canonical if owner is not None and owner.kind == "queue" else self._by_email.get(canonical)

    def wanted(self, owner_id: str) -> str | None:
        """How an owner of this account is asked for in :meth:`local`; ``None`` for nobody whom it knows."""
        owner = self.by_id.get(owner_id)
        return owner_id if owner is not None and owner.kind == "queue" else self.canonical(owner_id)
