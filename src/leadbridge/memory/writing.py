"""How the in-memory CRM answers writes: one receipt for each, whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from leadbridge.adapter import FieldInfo, Fields, Receipt, Ref, Value, Write
from leadbridge.memory.crm import MemoryCrm, Row
from leadbridge.memory.schema import check_type, own_fields

__all__ = ["Writer"]

_OWN = {purpose: info.name for purpose, info in own_fields(("id", "op")).items()}


class _Refused(Exception):
    """A record that the CRM does not take: the reason, and the record that is in the way, if one is."""

    def __init__(self, reason: str, duplicate: Row | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.duplicate = duplicate


class Writer:
    """Applies one request's writes. The CRM's lock is held by the caller."""

    def __init__(self, crm: MemoryCrm) -> None:
        self._crm = crm
        self._taken: dict[tuple[str, str], dict[Value, Row]] = {}
        self._ended: dict[str, dict[Value, Ref | None]] = {}

    def write(self, writes: Sequence[Write]) -> list[Receipt]:
        """One receipt a write, in the same order."""
        return [self._one(write) for write in writes]

    def _one(self, write: Write) -> Receipt:
        try:
            if write.target.kind not in self._crm.schema:
                raise _Refused("UNKNOWN_KIND")
            row = self._target(write)
            if row is None:
                return self._create(write)
            if write.if_version is not None and write.if_version != str(row.version):
                raise _Refused("CHANGED_MEANWHILE", row)
            if write.action == "archive":
                self._crm.change(row, self._marker(write))
                self._crm.retire(row, "deleted")
                return Receipt(write.key, "applied", row.ref, str(row.version))
            return self._update(write, row)
        except _Refused as refused:
            if refused.duplicate is None:
                return Receipt(write.key, "rejected", reason=refused.reason)
            row = refused.duplicate
            return Receipt(write.key, "conflict", row.ref, str(row.version), refused.reason)

    def _target(self, write: Write) -> Row | None:
        """The record to change; ``None`` when it is to be made."""
        if write.action == "upsert":
            row = self._holder(write.target.kind, _OWN["id"], write.target.id)
            if row is None and write.if_version is not None:
                raise _Refused("NOT_FOUND")
            return row
        found = self._crm.row(write.target)
        if found is None:
            raise _Refused("NOT_FOUND")
        if found.state == "deleted" and write.action == "archive":
            return found
        if found.state != "live":
            successor = self._crm.row(found.successor) if found.successor is not None else None
            raise _Refused(found.state.upper(), successor)
        return found

    def _create(self, write: Write) -> Receipt:
        kind = write.target.kind
        gone = self._successor(kind, write.target.id)
        if gone is not None:
            raise _Refused("SUCCEEDED", gone)
        fields = {name: value for name, value in self._checked(kind, write.fields, None).items() if value is not None}
        for name, info in self._crm.schema[kind].items():
            if info.required and fields.get(name) is None:
                raise _Refused(f"REQUIRED: {name}")
        row = self._crm.insert(kind, {**fields, _OWN["id"]: write.target.id, **self._marker(write)})
        self._remember(row)
        return Receipt(write.key, "applied", row.ref, str(row.version))

    def _update(self, write: Write, row: Row) -> Receipt:
        wanted = self._checked(row.ref.kind, write.fields, row)
        if all(row.fields.get(name) == value for name, value in wanted.items()):
            return Receipt(write.key, "unchanged", row.ref, str(row.version))
        kept = {name: value for name, value in wanted.items() if not self._goes_back(row, name, value)}
        self._crm.change(row, {**kept, **self._marker(write)})
        self._remember(row)
        return Receipt(write.key, "applied", row.ref, str(row.version))

    def _marker(self, write: Write) -> dict[str, Value]:
        return {_OWN["op"]: write.key} if self._crm.info(write.target.kind, _OWN["op"]) is not None else {}

    def _goes_back(self, row: Row, name: str, value: Value) -> bool:
        """Whether a forward-only field would be set to a lower option: the CRM says yes and keeps the old one."""
        info = self._crm.info(row.ref.kind, name)
        if info is None or not info.forward_only or value is None:
            return False
        order = [option.value for option in info.options]
        now = row.fields.get(name)
        return now in order and value in order and order.index(str(value)) < order.index(str(now))

    def _checked(self, kind: str, fields: Fields, row: Row | None) -> dict[str, Value]:
        checked: dict[str, Value] = {}
        for name, value in fields.items():
            info = self._crm.info(kind, name)
            if info is None:
                raise _Refused(f"UNKNOWN_FIELD: {name}")
            checked[name] = self._value(kind, info, value, row)
        return checked

    def _value(self, kind: str, info: FieldInfo, value: Value, row: Row | None) -> Value:
        if not info.writable:
            raise _Refused(f"READ_ONLY: {info.name}")
        try:
            value = check_type(info, value)
        except ValueError:
            raise _Refused(f"INVALID_TYPE: {info.name}") from None
        if value is None:
            if info.required:
                raise _Refused(f"REQUIRED: {info.name}")
            return None
        if isinstance(value, str) and info.max_length and len(value) > info.max_length:
            raise _Refused(f"TOO_LONG: {info.name}")
        if info.restricted:
            allowed = {option.value for option in info.options}
            if not allowed.issuperset(value if isinstance(value, tuple) else (value,)):
                raise _Refused(f"INVALID_OPTION: {info.name}")
        if info.unique:
            holder = self._holder(kind, info.name, value)
            if holder is not None and holder is not row:
                raise _Refused(f"DUPLICATE: {info.name}", holder)
        return value

    # -- who has which value: looked up once a request, not once a record
    # ------------------------------------------------

    def _holder(self, kind: str, name: str, value: Value) -> Row | None:
        if (kind, name) not in self._taken:
            live = [row for row in self._crm.rows(kind) if row.state == "live"]
            self._taken[kind, name] = {_folded(row.fields.get(name)): row for row in live}
        row = self._taken[kind, name].get(_folded(value))
        # The table is as old as the request; the record may have changed within it.
        return row if row is not None and _folded(row.fields.get(name)) == _folded(value) else None

    def _remember(self, row: Row) -> None:
        for (kind, name), table in self._taken.items():
            if kind == row.ref.kind:
                table[_folded(row.fields.get(name))] = row

    def _successor(self, kind: str, key: str) -> Row | None:
        """The record that took the place of the one that had our key."""
        if kind not in self._ended:
            ended = [row for row in self._crm.rows(kind) if row.successor is not None]
            self._ended[kind] = {row.fields.get(_OWN["id"]): row.successor for row in reversed(ended)}
        heir = self._ended[kind].get(key)
        return self._crm.row(self._end(heir)) if heir is not None else None

    def _end(self, ref: Ref) -> Ref:
        row = self._crm.row(ref)
        return ref if row is None or row.successor is None else self._end(row.successor)


def _folded(value: Value) -> Value:
    return value.casefold() if isinstance(value, str) else value
