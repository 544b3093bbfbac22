"""Salesforce's REST API as this adapter uses it: one method for one resource, each making exactly one request.

Sources: REST API Developer Guide, "Query", "QueryAll", "Composite", "sObject Collections", "Headers".
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import httpx
import orjson

from leadbridge.errors import AdapterError, AuthExpired, Unavailable
from leadbridge.http import HttpClient, Reply, Usage
from leadbridge_salesforce.allowance import Allowance
from leadbridge_salesforce.answers import Answer, Row, answer, inner_answer
from leadbridge_salesforce.errors import classify
from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.settings import Options
from leadbridge_salesforce.signin import TokenSource

__all__ = ["Wire"]

T = TypeVar("T")

_LONG_ADDRESS = 2000
"""Characters of a path and query that every proxy carries; Salesforce itself refuses 16,384 with 414 or 431."""

_NEXT = re.compile(r"/services/data/v\d{2,3}\.\d/query(?:All)?/[\w-]+")
_IDENTITY = re.compile(r"/id/00D\w{12,15}/(005\w{12,15})$")

CLIENT = {"Sforce-Call-Options": "client=leadbridge"}
"""The client's name stands in change events as the origin of our own writes."""


class Wire:
    """The calls, with signing in, the headers that every write needs, and the allowance that the org has left."""

    def __init__(self, http: HttpClient, *, token: TokenSource, options: Options) -> None:
        self.http = http
        self._token = token
        self._options = options
        self._allowance = Allowance(options.daily_share)
        allow = "true" if options.allow_duplicates else "false"
        self.write_headers = {
            # Without it an update can hand the lead to the default owner, even when no assignment rule is active.
            "Sforce-Auto-Assign": "FALSE",
            "Sforce-Duplicate-Rule-Header": f"allowSave={allow}; includeRecordDetails=false; runAsCurrentUser=false",
        }

    @property
    def root(self) -> str:
        return self._options.root

    @property
    def usage(self) -> Usage | None:
        """How much of its daily allowance the org has used, as of the last answer; ``None`` before the first."""
        return self._allowance.usage

    def call(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        params: Mapping[str, str] | None = None,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request; a second one, with the same headers, only after a 401 when the session can be renewed."""

        def send(signed: Mapping[str, str]) -> Reply:
            return self._sent(
                self.http.request(
                    method,
                    path,
                    operation=operation,
                    params=dict(params) if params else None,
                    json=json,
                    content=content,
                    headers={**CLIENT, **(headers or {}), **signed},
                )
            )

        return self.signed(send, operation=operation)

    def signed(self, send: Callable[[Mapping[str, str]], T], *, operation: str) -> T:
        """Does something with the header that signs a request in; again when the session could be renewed.

        Raises:
            RateLimited: our share of the org's daily allowance is used; nothing was sent.
        """
        signed = self._token.header()
        self._allowance.check(operation=operation, connection=self.http.connection)
        try:
            return send(signed)
        except AuthExpired:
            if not self._token.renew(signed):
                raise
        return send(self._token.header())

    def _sent(self, reply: Reply) -> Reply:
        self._allowance.learn(reply.headers.get("Sforce-Limit-Info", ""))
        return reply

    def get(self, path: str, *, operation: str, params: Mapping[str, str] | None = None) -> Any:
        """What a resource says."""
        return self.call("GET", f"{self.root}{path}", operation=operation, params=params).json()

    def user(self, *, operation: str) -> str:
        """The id of the user that we are signed in as; empty when Salesforce does not say."""
        body = self.get("", operation=operation)
        found = _IDENTITY.search(str(body.get("identity"))) if isinstance(body, dict) else None
        return id18(found[1]) if found else ""

    def query(
        self,
        soql: str,
        row: type[Row],
        *,
        operation: str,
        everything: bool = False,
        batch: int = 2000,
        private: bool = False,
    ) -> Answer[Row]:
        """The first page of a query; with ``everything`` also deleted, merged and archived records.

        A long statement travels in the body of a composite request, because addresses are limited; so does a
        ``private`` one, which holds content of records, because addresses are logged on their way.
        """
        path = f"{self.root}/{'queryAll' if everything else 'query'}"
        address = f"{path}?{urlencode({'q': soql})}"
        headers = {"Sforce-Query-Options": f"batchSize={min(2000, max(200, batch))}"}
        started = time.monotonic()
        if len(address) <= _LONG_ADDRESS and not private:
            reply = self.call("GET", path, operation=operation, params={"q": soql}, headers=headers)
            return answer(reply, row, time.monotonic() - started)
        body, reply = self._composite("GET", address, headers=headers, operation=operation)
        return inner_answer(body, reply, row, time.monotonic() - started)

    def more(self, next_url: str, row: type[Row], *, operation: str) -> Answer[Row]:
        """The page behind another one."""
        if not _NEXT.fullmatch(next_url):
            # The address comes from an answer and gets our token: it must be what it claims to be.
            raise Unavailable("Salesforce named a next page that is none of its own", operation=operation)
        return answer(self.call("GET", next_url, operation=operation), row, 0.0)

    def rows(
        self, soql: str, *, operation: str, everything: bool = False, private: bool = False
    ) -> Iterator[dict[str, Any]]:
        """All records of a query, page by page; loops on ``done`` and never on the size of a page."""
        page = self.query(soql, dict, operation=operation, everything=everything, private=private)
        yield from page.rows
        while page.next is not None:
            page = self.more(page.next, dict, operation=operation)
            yield from page.rows

    def retrieve(self, kind: str, ids: Sequence[str], fields: Sequence[str], *, operation: str) -> list[Any]:
        """Up to 2,000 live records by id, in the order asked for; ``None`` where there is none to be seen."""
        reply = self.call(
            "POST",
            f"{self.root}/composite/sobjects/{quote(kind)}",
            operation=operation,
            json={"ids": list(ids), "fields": list(fields)},
        )
        found = reply.json()
        if not isinstance(found, list) or len(found) != len(ids):
            raise Unavailable("Salesforce answered for other records than were asked for", operation=operation)
        return [_stripped(row) if isinstance(row, dict) else None for row in found]

    def upsert(self, kind: str, field: str, records: Sequence[Mapping[str, object]], *, operation: str) -> Any:
        """Creates or updates up to 200 records of one kind by an external id."""
        return self._collection("PATCH", f"/{quote(kind)}/{quote(field)}", records, operation)

    def update(self, records: Sequence[Mapping[str, object]], *, operation: str) -> Any:
        """Updates up to 200 records by id."""
        return self._collection("PATCH", "", records, operation)

    def delete(self, ids: Sequence[str], *, operation: str) -> Any:
        """Puts up to 200 records into the recycle bin."""
        return self.call(
            "DELETE",
            f"{self.root}/composite/sobjects",
            operation=operation,
            params={"ids": ",".join(ids), "allOrNone": "false"},
            headers=self.write_headers,
        ).json()

    def create(self, path: str, body: Mapping[str, object], *, operation: str) -> Any:
        """Creates one thing below a path, such as ``/tooling/sobjects/CustomField``."""
        return self.call("POST", f"{self.root}{path}", operation=operation, json=dict(body)).json()

    def close(self) -> None:
        """Gives connections back."""
        self.http.close()
        self._token.close()

    def _collection(self, method: str, path: str, records: Sequence[Mapping[str, object]], operation: str) -> Any:
        return self.call(
            method,
            f"{self.root}/composite/sobjects{path}",
            operation=operation,
            json={"allOrNone": False, "records": list(records)},
            headers=self.write_headers,
        ).json()

    def _composite(self, method: str, address: str, *, headers: Mapping[str, str], operation: str) -> tuple[Any, Reply]:
        request = {"method": method, "url": address, "referenceId": "only", "httpHeaders": dict(headers)}
        reply = self.call(
            "POST",
            f"{self.root}/composite",
            operation=operation,
            json={"allOrNone": False, "compositeRequest": [request]},
        )
        try:
            inner = reply.json()["compositeResponse"][0]
            status, body = int(inner["httpStatusCode"]), inner["body"]
        except (KeyError, IndexError, TypeError, ValueError):
            raise Unavailable(
                "Salesforce answered a composite request in an unknown way", operation=operation
            ) from None
        if status < 300:
            return body, reply
        raise _inner(status, body, reply.headers, operation, self.http.connection)


def _inner(status: int, body: Any, headers: httpx.Headers, operation: str, connection: str) -> AdapterError:
    reply = Reply(status=status, headers=headers, body=orjson.dumps(body))
    return classify(reply, operation, connection) or Unavailable(
        "Salesforce could not answer: ask again later", operation=operation, connection=connection
    )


def _stripped(row: dict[str, Any]) -> dict[str, Any]:
    row.pop("attributes", None)
    return row
