"""A request and an answer inside the simulator: over HTTP, or a part of a composite request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from leadbridge_salesforce.simulator.problems import Refusal

__all__ = ["Answer", "Call"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``path`` begins behind ``/services/data/v68.0``; names of ``headers`` are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | Mapping[str, Any] = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    version: str = "68.0"

    @property
    def root(self) -> str:
        """What paths of this version begin with."""
        return f"/services/data/v{self.version}"

    def json(self) -> Any:
        """The decoded body.

        Raises:
            Refusal: it is not JSON.
        """
        if not isinstance(self.body, bytes):
            return self.body
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise Refusal(400, "JSON_PARSER_ERROR", "Unexpected character at [line:1, column:1]") from None

    def record(self) -> dict[str, Any]:
        """The body as one record."""
        body = self.json()
        if not isinstance(body, Mapping):
            raise Refusal(400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has none")
        return dict(body)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: JSON, or with a media type the text itself; a body of ``None`` is an empty one."""

    status: int = 200
    body: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json;charset=UTF-8"

    def content(self, *, pretty: bool) -> bytes:
        """The body as it is sent."""
        if self.body is None:
            return b""
        if not self.media_type.startswith("application/json"):
            return str(self.body).encode()
        return orjson.dumps(self.body, option=orjson.OPT_INDENT_2 if pretty else 0)
