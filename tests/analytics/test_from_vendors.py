"""Snapshots from HubSpot and Salesforce as they speak on the wire: histories, deletion, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadbridge.adapter import Ref
from leadbridge.agreement import Agreement
from leadbridge.analytics import Result, Snapshot
from leadbridge.clock import ManualClock, to_us
from leadbridge.registry import start_simulator

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Vendors:
    """Both simulators on one clock, without any field of ours, and the example agreement."""

    def __init__(self) -> None:
        self.clock = ManualClock(BEGIN)
        self.hubspot: Any = start_simulator("hubspot")(self.clock, provisioned=False)
        self.salesforce: Any = start_simulator("salesforce")(self.clock, provisioned=False)
        self.agreement = Agreement.preset("example")

    def contact(self, email: str, stage: str) -> Ref:
        (ref,) = self.hubspot.crm.seed("contact", [{"email": email, "lastname": "Secretname", "lifecyclestage": stage}])
        return ref  # type: ignore[no-any-return]  # what the back door gives

    def lead(self, email: str, **more: str) -> Ref:
        row = {"LastName": "Secretname", "Company": "Buyer", "Email": email, **more}
        (ref,) = self.salesforce.crm.seed("Lead", [row])
        return ref  # type: ignore[no-any-return]  # what the back door gives

    def snapshot(self) -> Snapshot:
        adapters = {"hs": self.hubspot.connect(), "sf": self.salesforce.connect()}
        try:
            return Snapshot.from_crm(adapters, agreement=self.agreement, clock=self.clock)
        finally:
            for adapter in adapters.values():
                adapter.close()


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    made = Vendors()
    yield made
    made.hubspot.stop()
    made.salesforce.stop()


def test_a_lead_in_both_crms_has_the_times_of_both(vendors: Vendors) -> None:
    vendors.salesforce.track("Lead", "Status", "OwnerId")
    contact = vendors.contact("ada@buyer.example", "lead")
    vendors.clock.advance(timedelta(days=1))
    vendors.hubspot.crm.edit(contact, {"lifecyclestage": "marketingqualifiedlead"})
    lead = vendors.lead("Ada@Buyer.example")
    vendors.clock.advance(timedelta(hours=6))
    vendors.salesforce.crm.edit(lead, {"Status": "Working - Contacted"})
    vendors.clock.advance(timedelta(days=2))
    with vendors.snapshot() as snapshot:
        assert snapshot.count("leads") == 1
        rows = snapshot.sql("select stage, entered_us from entries where not inferred order by entered_us")
        at = {row["stage"]: row["entered_us"] for row in rows}
        assert at["engaged"] == to_us(BEGIN)
        assert at["marketing_qualified"] == to_us(BEGIN + timedelta(days=1))
        (handoff,) = snapshot.sql("select offered_us from handoffs")
        assert handoff["offered_us"] == at["marketing_qualified"]
        assert {row["connection"] for row in snapshot.sql("select connection from records")} == {"hs", "sf"}
        assert snapshot.sql("select status from statuses order by turn")[-1]["status"]
        assert "Secretname" not in str([snapshot.sql(f"select * from {name}") for name in ("lead_profile", "said")])


def test_an_org_that_tracks_nothing_says_so_and_is_not_written(vendors: Vendors) -> None:
    lead = vendors.lead("ada@buyer.example")
    vendors.clock.advance(timedelta(days=1))
    vendors.salesforce.crm.edit(lead, {"Status": "Working - Contacted"})
    vendors.salesforce.log.clear()
    vendors.hubspot.log.clear()
    with vendors.snapshot() as snapshot:
        said = [str(finding) for finding in snapshot.quality.of("history")]
        assert "sf Lead.Status has no history: of 1 record only the present is known" in said
    assert vendors.salesforce.log.count(method="PATCH") == vendors.salesforce.log.count(method="DELETE") == 0
    assert vendors.hubspot.log.count("/batch/(create|update|upsert|archive)") == 0


def test_two_vendors_count_one_thing_differently_and_the_bridge_says_why(vendors: Vendors) -> None:
    vendors.salesforce.track("Lead", "Status")
    for number in range(4):
        vendors.contact(f"p{number}@buyer.example", "marketingqualifiedlead")
    vendors.clock.advance(timedelta(days=3))
    known, gone = vendors.lead("p0@buyer.example"), vendors.lead("p1@buyer.example")
    vendors.lead("p2@buyer.example", Status="Nonsense")
    vendors.clock.advance(timedelta(days=1))
    vendors.salesforce.crm.edit(known, {"Status": "Working - Contacted"})
    vendors.salesforce.crm.delete(gone)
    vendors.clock.advance(timedelta(days=1))
    with vendors.snapshot() as snapshot:
        found = snapshot.reconcile("marketing_qualified", "hs", "sf", agreement=vendors.agreement)
    assert found.left_count == 4
    assert found.left_count + sum(row.delta for row in found.rows) == found.right_count
    causes = [row.cause for row in found.rows]
    assert causes.count("deleted") == 1
    assert causes.count("not_linked") == 1
    assert causes.count("unmapped") == 1


def test_a_contact_that_marketing_deleted_is_no_stranger_to_sales(vendors: Vendors) -> None:
    vendors.salesforce.track("Lead", "Status")
    contact = vendors.contact("ada@buyer.example", "marketingqualifiedlead")
    vendors.lead("ada@buyer.example", Status="Working - Contacted")
    vendors.clock.advance(timedelta(days=1))
    vendors.hubspot.crm.delete(contact)
    vendors.clock.advance(timedelta(days=1))
    with vendors.snapshot() as snapshot:
        states = {row["connection"]: row["state"] for row in snapshot.sql("select connection, state from records")}
        assert states == {"hs": "deleted", "sf": "live"}


def test_a_lead_belongs_to_the_company_of_its_domain(vendors: Vendors) -> None:
    (company,) = vendors.hubspot.crm.seed("company", [{"name": "Buyer", "domain": "buyer.example"}])
    vendors.contact("ada@buyer.example", "lead")
    vendors.contact("eve@elsewhere.example", "lead")
    with vendors.snapshot() as snapshot:
        rows = snapshot.sql("select company from leads order by company nulls last")
        assert [row["company"] for row in rows] == [f"hs:{company.id}", None]


def test_what_a_bridge_recorded_is_what_the_crms_themselves_remember(tmp_path: Any) -> None:
    """The demo's days of work, told by the ledger that watched them and by the CRMs afterwards."""
    from leadbridge.cli.demo.story import open_scene, play

    with open_scene(7, tmp_path) as scene:
        salesforce: Any = scene.salesforce
        salesforce.track("Lead", "Status", "OwnerId")
        play(scene, Silent(), leads=40, seed=7)
        with scene.bridge.snapshot() as watched:
            told = Snapshot.from_crm(scene.bridge.connections, agreement=scene.bridge.agreement, clock=scene.clock)
            for name in ("acceptance_rate", "reason_mix"):
                one, other = (getattr(each.metrics, name)() for each in (watched, told))
                assert isinstance(one, Result)
                assert isinstance(other, Result)
                assert (one.value, one.n) == (other.value, other.n)
            sql = "select lead_id from leads where lead_id in (select lead_id from handoffs) order by 1"
            assert watched.sql(sql) == told.sql(sql)
            assert watched.count("outcomes") == told.count("outcomes")
            told.close()
        found = scene.bridge.reconcile("disqualified")
        assert {found.left, found.right} == set(scene.bridge.connections)
        assert found.left_count + sum(step.delta for step in found.steps) == found.right_count


class Silent:
    """A stage on which nothing is shown."""

    def heading(self, text: str) -> None:
        """Says nothing."""

    def say(self, *content: object) -> None:
        """Says nothing."""

    def progress(self, step: str, connection: str, amount: int) -> None:
        """Shows nothing."""

    def begin(self, title: str, total: int | None) -> None:
        """Shows nothing."""

    def end(self) -> None:
        """Shows nothing."""
