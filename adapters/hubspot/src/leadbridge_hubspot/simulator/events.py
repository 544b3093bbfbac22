"""What happens in an account, as the events that its webhooks carry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from leadbridge_hubspot.simulator.history import Source
from leadbridge_hubspot.simulator.table import Entry, Table

__all__ = ["Events"]

_LEGACY = frozenset({"contact", "company", "deal"})
"""The kinds that have event names of their own; all others are ``object.…`` with their type id."""

Event = dict[str, Any]


class Events:
    """Says what happened to whoever listens; nothing is kept when nobody does."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Hands every event over from now on: without the ids that a subscription adds."""
        self._listeners.append(listener)

    def created(self, table: Table, entry: Entry, source: Source) -> None:
        """A new record."""
        self._say(table, "creation", entry.stamp, source, objectId=entry.number, changeFlag="CREATED")

    def changed(self, table: Table, entry: Entry, source: Source) -> None:
        """The properties that the last version of a record changed."""
        if not self._listeners:
            return
        for name, value in entry.versions[-1].values.items():
            self._say(
                table,
                "propertyChange",
                entry.stamp,
                source,
                objectId=entry.number,
                propertyName=name,
                propertyValue=value,
                isSensitive=False,
            )

    def deleted(self, table: Table, entry: Entry, at: int, source: Source) -> None:
        """A record went into the recycle bin, or for good."""
        self._say(table, "deletion", at, source, objectId=entry.number, changeFlag="DELETED")

    def restored(self, table: Table, entry: Entry, at: int, source: Source) -> None:
        """A record came back from the recycle bin."""
        self._say(table, "restore", at, source, objectId=entry.number, changeFlag="RESTORED")

    def erased(self, table: Table, entry: Entry, at: int, source: Source) -> None:
        """A person was removed for good; the deletion is told as well, in any order."""
        self._say(table, "privacyDeletion", at, source, objectId=entry.number)

    def merged(
        self, table: Table, primary: Entry, others: list[Entry], survivor: Entry, at: int, source: Source
    ) -> None:
        """Two records became one."""
        self._say(
            table,
            "merge",
            at,
            source,
            objectId=survivor.number,
            primaryObjectId=primary.number,
            mergedObjectIds=[entry.number for entry in others],
            newObjectId=survivor.number,
            numberOfPropertiesMoved=len(survivor.props),
        )

    def associated(
        self, here: Table, one: Entry, there: Table, other: Entry, *, removed: bool, primary: bool, at: int
    ) -> None:
        """An association came or went; both sides are told."""
        for table, entry, to, end in ((here, one, there, other), (there, other, here, one)):
            self._say(
                table,
                "associationChange",
                at,
                None,
                fromObjectId=entry.number,
                toObjectId=end.number,
                associationType=f"{table.kind.kind}_to_{to.kind.kind}".upper(),
                associationRemoved=removed,
                isPrimaryAssociation=primary,
            )

    def _say(self, table: Table, what: str, at: int, source: Source | None, **more: object) -> None:
        if not self._listeners:
            return
        kind = table.kind.kind
        event: Event = {
            "occurredAt": at,
            "subscriptionType": f"{kind if kind in _LEGACY else 'object'}.{what}",
            "changeSource": source.type if source is not None else "ASSOCIATIONS",
            **({} if kind in _LEGACY else {"objectTypeId": table.kind.type_id}),
            **more,
        }
        for listener in self._listeners:
            listener(event)
