"""Every operation of an adapter against everything that can happen to its requests: no cell loses or doubles anything.

A cell is judged by what the caller gets: an error of ours that says what to do, or the right answer; and by what the
CRM holds afterwards: a write that was reported as done is there once, one that was surely not sent is not there, and of
one in doubt the caller is told so. The same request sent again afterwards works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from leadbridge.adapter import Adapter, Receipt, Ref, Write
from leadbridge.clock import ManualClock
from leadbridge.errors import AdapterError, AuthExpired, RateLimited, Unavailable
from leadbridge.registry import start_simulator
from leadbridge.simulator import Fault
from tests.sync.conftest import START

FAULTS: dict[str, Fault] = {
    "refused before it was done": Fault(effect="drop_before"),
    "answer lost": Fault(effect="drop_after"),
    "cut in the middle": Fault(effect="cut"),
    "a web page": Fault(effect="html", status=200),
    "a web page with 503": Fault(effect="html", status=503),
    "nothing with 200": Fault(effect="empty", status=200),
    "nothing with 204": Fault(effect="empty", status=204),
    "half of JSON": Fault(effect="status", status=200, body='{"results": [{"id"'),
    "other JSON": Fault(effect="status", status=200, body={"unexpected": True}),
    "redirected": Fault(effect="status", status=302, headers={"Location": "https://elsewhere.example/"}),
    "300": Fault(effect="status", status=300, body=[]),
    "400": Fault(effect="status", status=400, body={"message": "bad"}),
    "401": Fault(effect="status", status=401, body={"message": "expired"}),
    "403": Fault(effect="status", status=403, body={"message": "no"}),
    "404": Fault(effect="status", status=404, body={"message": "not here"}),
    "409": Fault(effect="status", status=409, body={"message": "conflict"}),
    "412": Fault(effect="status", status=412, body={"message": "changed"}),
    "423": Fault(effect="status", status=423, body={"message": "locked"}),
    "429": Fault(effect="status", status=429, body={"message": "slow"}),
    "429 with Retry-After": Fault(effect="status", status=429, headers={"Retry-After": "3"}, body={}),
    "429 for a year": Fault(effect="status", status=429, headers={"Retry-After": "31536000"}, body={}),
    "500": Fault(effect="status", status=500),
    "502": Fault(effect="status", status=502, body="bad gateway"),
    "503": Fault(effect="status", status=503, body={}),
    "504": Fault(effect="status", status=504, body="too late"),
}
LIES = frozenset({("hubspot", "archive", "nothing with 204"), ("hubspot", "find", "404")})
"""Cells in which the fault is, word for word, the vendor's own answer to something else: nobody could tell."""
SURELY_NOT_DONE = frozenset({"401", "403", "429", "429 with Retry-After", "429 for a year"})
KINDS = {"hubspot": ("contact", "email", "firstname"), "salesforce": ("Lead", "Email", "FirstName")}
OPERATIONS = ("describe", "changes", "ids", "find", "fetch", "create", "update", "archive")


class Account:
    """A simulated account with one record in it, and an adapter on it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.simulator: Any = start_simulator(name)(ManualClock(START), seed=1)
        self.adapter: Adapter = self.simulator.connect()
        self.kind, self.email, self.first_name = KINDS[name]
        own = self.adapter.describe().kinds[self.kind].own
        self.key_field = own["id"]
        self.count = 0
        self.known = self._seed()

    def _seed(self) -> Ref:
        self.count += 1
        row = {self.email: f"canary{self.count}@buyer.example", self.first_name: "Ada"}
        row |= {"LastName": "Number", "Company": "Buyer"} if self.kind == "Lead" else {}
        (ref,) = self.simulator.crm.seed(self.kind, [row])
        assert isinstance(ref, Ref)
        return ref

    def write(self, action: str) -> Write:
        key = uuid4().hex[:24]
        fields = {self.first_name: f"Grace {key[:6]}"}
        if action == "create":
            fields |= {self.email: f"canary-{key}@buyer.example"}
            fields |= {"LastName": "New", "Company": "Buyer"} if self.kind == "Lead" else {}
            return Write(key, "upsert", Ref(self.kind, uuid4().hex[:24]), fields)
        if action == "archive":
            return Write(key, "archive", self._seed(), {})
        return Write(key, "update", self.known, fields)

    def done(self, action: str, write: Write) -> int:
        """How many records show that a write happened."""
        rows = self.simulator.crm.dump(self.kind)
        if action == "create":
            return sum(row.get(self.key_field) == write.target.id for row in rows)
        here = [row for row in rows if row["id"] == write.target.id]
        return (
            int(not here)
            if action == "archive"
            else sum(row.get(self.first_name) == write.fields[self.first_name] for row in here)
        )

    def read(self, operation: str) -> Callable[[], object]:
        fields = (self.email, self.first_name)
        return {
            "describe": self.adapter.describe,
            "changes": lambda: self.adapter.changes(self.kind, None, fields=fields, limit=100),
            "ids": lambda: self.adapter.ids(self.kind, None, archived=False, limit=100),
            "find": lambda: self.adapter.find(self.kind, self.email, ["canary1@buyer.example"], fields=fields),
            "fetch": lambda: self.adapter.fetch([self.known], fields=fields),
        }[operation]


@pytest.fixture(scope="module", params=sorted(KINDS))
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    made = Account(request.param)
    yield made
    made.adapter.close()
    made.simulator.stop()


def check_read(account: Account, operation: str, fault: Fault) -> None:
    read = account.read(operation)
    right = read()
    account.simulator.faults.add(fault)
    try:
        assert read() == right or operation in ("describe", "changes")
    except AdapterError as error:
        check_error(error, fault)
    finally:
        account.simulator.faults.clear()
    assert read() == right


def check_write(account: Account, action: str, name: str, fault: Fault) -> None:
    write = account.write(action)
    # The first request of a write is the one that writes, or looks before it does.
    account.simulator.faults.add(fault)
    receipt: Receipt | None = None
    failed: AdapterError | None = None
    try:
        (receipt,) = account.adapter.apply([write])
    except AdapterError as error:
        failed = error
    finally:
        account.simulator.faults.clear()
    if failed is not None:
        check_error(failed, fault)
        in_doubt = isinstance(failed, Unavailable) and failed.sent
        assert account.done(action, write) <= int(in_doubt)
    if receipt is not None:
        assert receipt.key == write.key
        if receipt.outcome in ("applied", "unchanged"):
            assert account.done(action, write) == 1
        elif receipt.outcome in ("rejected", "conflict"):
            assert account.done(action, write) == 0
        assert "canary" not in receipt.reason
    if name in SURELY_NOT_DONE:
        assert account.done(action, write) == 0 or (receipt is not None and receipt.outcome == "applied")
    (again,) = account.adapter.apply([write])
    assert again.outcome in ("applied", "unchanged"), again
    assert account.done(action, write) == 1


def check_error(error: AdapterError, fault: Fault) -> None:
    """The error is of the class that tells a caller what to do, and tells nothing about people."""
    assert "canary" not in f"{error} {error!r}"
    if fault.effect == "status" and fault.status == 401:
        assert isinstance(error, AuthExpired), type(error)
    if fault.effect == "status" and fault.status == 429:
        assert isinstance(error, RateLimited), type(error)
    if fault.effect in ("drop_before", "drop_after", "cut") or fault.status >= 500:
        assert isinstance(error, Unavailable), type(error)


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_fault_makes_an_operation_lie(operation: str, name: str, account: Account) -> None:
    fault = FAULTS[name]
    if (account.name, operation, name) in LIES:
        account.simulator.faults.add(fault)
        account.adapter.apply([account.write("archive")]) if operation == "archive" else account.read(operation)()
        assert not account.simulator.faults.pending
        return
    if operation in ("create", "update", "archive"):
        check_write(account, operation, name, fault)
    else:
        check_read(account, operation, fault)
