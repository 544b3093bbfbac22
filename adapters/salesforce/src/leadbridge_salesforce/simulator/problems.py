"""What a simulated org says no with: one record's problem, or a refusal of the whole request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Problem", "Refusal"]


class Problem(Exception):
    """One record cannot be written."""

    def __init__(
        self, code: str, message: str, fields: Sequence[str] = (), *, more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.fields = list(fields)
        self.more = dict(more or {})

    def in_collection(self) -> dict[str, Any]:
        """The error inside the result of a collection."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields, **self.more}

    def alone(self) -> Refusal:
        """The same as the answer to a request for one record."""
        status = 404 if self.code in {"ENTITY_IS_DELETED", "NOT_FOUND"} else 400
        return Refusal(status, self.code, self.message, self.fields, more=self.more)


class Refusal(Exception):
    """A whole request is refused."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        fields: Sequence[str] = (),
        *,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.fields = list(fields)
        self.more = dict(more or {})

    def body(self) -> list[dict[str, Any]]:
        """The answer's body."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            error["fields"] = self.fields
        return [{**error, **self.more}]
