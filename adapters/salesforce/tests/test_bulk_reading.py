"""The rest of a long scan through the Bulk API: the same records, resumable by anybody, and never the only way."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import chain, islice
from typing import Any, Literal

import orjson
import pytest

from leadbridge.adapter import Record, Ref, Value
from leadbridge.clock import ManualClock
from leadbridge.errors import SchemaDrift, Unavailable
from leadbridge.http import RateBudget
from leadbridge.simulator import Fault
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.bulk import Results, query_results
from leadbridge_salesforce.simulator import SalesforceSimulator

FIELDS = ("LastName", "Email", "NumberOfEmployees", "AnnualRevenue", "HasOptedOutOfEmail", "CreatedDate", "OwnerId")


def rows(count: int) -> list[dict[str, Value]]:
    return [
        {
            "LastName": f'Person "{n}", the\n{n}th',
            "Company": "Acme",
            "Email": f"p{n}@acme.example" if n % 3 else None,
            "NumberOfEmployees": n,
            "AnnualRevenue": n * 1.5,
            "HasOptedOutOfEmail": n % 2 == 0,
        }
        for n in range(count)
    ]


def adapter(sim: SalesforceSimulator, bulk_reads: int = 200) -> closing[Salesforce]:
    return closing(Salesforce(access_token=sim.token, instance_url=sim.base_url, bulk_reads=bulk_reads))


def walk(
    sf: Salesforce, cursor: str | None = None, *, fields: Sequence[str] = FIELDS, limit: int = 200
) -> tuple[list[Record | Ref], str]:
    items: list[Record | Ref] = []
    for _ in range(500):
        page = sf.changes("Lead", cursor, fields=fields, limit=limit)
        assert len(page.items) <= limit
        items.extend(page.items)
        cursor = page.cursor
        if not page.more:
            assert page.covered_until is not None
            return items, cursor
    raise AssertionError("the stream does not end")


def by_ref(items: Sequence[Record | Ref]) -> dict[Ref, Record]:
    return {item.ref: item for item in items if isinstance(item, Record)}


def jobs(sim: SalesforceSimulator) -> int:
    return sum(entry.method == "POST" and entry.path.endswith("/jobs/query") for entry in sim.log.entries)


def test_a_record_is_the_same_whichever_way_it_is_read(sim: SalesforceSimulator) -> None:
    refs = sim.crm.seed("Lead", rows(1000))
    sim.crm.delete(refs[500])
    sim.crm.merge(refs[501], refs[502])
    sim.crm.convert(refs[503])
    with adapter(sim, 0) as rest, adapter(sim) as bulk:
        by_rest, _ = walk(rest)
        assert jobs(sim) == 0
        by_bulk, _ = walk(bulk)
    assert jobs(sim) == 1
    assert by_ref(by_bulk) == by_ref(by_rest)
    assert len(by_bulk) == len(by_rest) == 1000


def test_what_a_job_has_shown_is_not_shown_again_by_the_next_scan(sim: SalesforceSimulator, clock: ManualClock) -> None:
    sim.crm.seed("Lead", rows(700))
    with adapter(sim) as sf:
        _, cursor = walk(sf)
        clock.advance(timedelta(minutes=1))
        assert walk(sf, cursor, limit=2000)[0] == []


def test_refs_come_through_a_job_as_well(sim: SalesforceSimulator) -> None:
    refs = sim.crm.seed("Lead", rows(500))
    with adapter(sim) as sf:
        assert set(walk(sf, fields=())[0]) == set(refs)


@pytest.mark.parametrize("part", [70, 199, 200, 201, 100_000])
def test_any_page_can_be_resumed_by_another_process(sim: SalesforceSimulator, part: int) -> None:
    sim.switches.bulk_page = part
    refs = sim.crm.seed("Lead", rows(900))
    seen: list[Ref] = []
    cursor: str | None = None
    more = True
    while more:
        with adapter(sim) as sf:
            page = sf.changes("Lead", cursor, fields=FIELDS, limit=150)
        cursor = orjson.loads(orjson.dumps(page.cursor))
        seen += [item.ref for item in page.items if isinstance(item, Record)]
        more = page.more
    assert sorted(seen) == sorted(refs)
    assert jobs(sim) == 1


def test_a_page_that_is_asked_for_again_is_the_same(sim: SalesforceSimulator) -> None:
    sim.crm.seed("Lead", rows(900))
    with adapter(sim) as sf:
        cursor = sf.changes("Lead", None, fields=FIELDS, limit=200).cursor
        cursor = sf.changes("Lead", cursor, fields=FIELDS, limit=200).cursor
        first = sf.changes("Lead", cursor, fields=FIELDS, limit=200)
        sf.changes("Lead", first.cursor, fields=FIELDS, limit=200)
        assert sf.changes("Lead", cursor, fields=FIELDS, limit=200) == first


def test_pages_are_empty_until_the_job_is_done_and_asking_waits_for_a_budget(
    sim: SalesforceSimulator, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        clock.advance(timedelta(seconds=seconds))

    class Budget(RateBudget):
        def __init__(self, *windows: tuple[int, float]) -> None:
            super().__init__(*windows, monotonic=lambda: clock.now().timestamp(), sleep=wait)

    monkeypatch.setattr("leadbridge_salesforce.bulk_reading.RateBudget", Budget)
    sim.switches.bulk_takes = timedelta(minutes=10)
    refs = sim.crm.seed("Lead", rows(600))
    with adapter(sim) as sf:
        items, _ = walk(sf)
    assert set(by_ref(items)) == set(refs)
    asked = sum(entry.path.endswith("AAA") or "/jobs/query/750" in entry.path for entry in sim.log.entries)
    assert 80 < asked < 120
    assert sum(waited) > 590


def test_a_record_that_changes_meanwhile_comes_with_the_next_scan(sim: SalesforceSimulator, clock: ManualClock) -> None:
    sim.switches.bulk_takes = timedelta(seconds=30)
    refs = sim.crm.seed("Lead", rows(600))
    clock.advance(timedelta(hours=1))
    with adapter(sim) as sf:
        page = sf.changes("Lead", None, fields=FIELDS, limit=200)
        page = sf.changes("Lead", page.cursor, fields=FIELDS, limit=200)
        assert (page.items, page.more, page.covered_until) == ((), True, None)
        clock.advance(timedelta(minutes=1))
        sim.crm.edit(refs[400], {"LastName": "New"})
        _, cursor = walk(sf, page.cursor)
        late, _ = walk(sf, cursor)
    assert [record.fields["LastName"] for record in by_ref(late).values()] == ["New"]


def test_without_its_job_the_scan_goes_on_by_rest_and_loses_nothing(
    sim: SalesforceSimulator, clock: ManualClock
) -> None:
    refs = sim.crm.seed("Lead", rows(1000))
    with adapter(sim) as sf:
        page = sf.changes("Lead", None, fields=FIELDS, limit=200)
        page = sf.changes("Lead", page.cursor, fields=FIELDS, limit=200)
        some = sf.changes("Lead", page.cursor, fields=FIELDS, limit=200)
    clock.advance(timedelta(days=8))
    with adapter(sim) as sf:
        rest, _ = walk(sf, some.cursor)
    assert len(rest) == 800
    assert len(some.items) == 200
    assert set(by_ref([*rest, *page.items])) | {item.ref for item in some.items if isinstance(item, Record)} <= set(
        refs
    )
    assert jobs(sim) == 1


def test_a_user_who_may_make_no_jobs_reads_by_rest(sim: SalesforceSimulator) -> None:
    sim.switches.bulk_jobs = 0
    refs = sim.crm.seed("Lead", rows(800))
    with adapter(sim) as sf:
        items, _ = walk(sf)
    assert sorted(by_ref(items)) == sorted(refs)
    assert len(items) == 800
    assert jobs(sim) == 1, "it asks again and again"


def test_a_proxy_that_takes_the_locators_away_cannot_cut_a_result_short(sim: SalesforceSimulator) -> None:
    sim.switches.strip_headers = True
    sim.switches.bulk_page = 300
    refs = sim.crm.seed("Lead", rows(1000))
    with adapter(sim) as sf:
        items, _ = walk(sf)
    assert sorted(by_ref(items)) == sorted(refs)


@pytest.mark.parametrize("effect", ["html", "empty"])
def test_results_that_are_no_table_are_read_by_rest(sim: SalesforceSimulator, effect: Literal["html", "empty"]) -> None:
    refs = sim.crm.seed("Lead", rows(500))
    with adapter(sim) as sf:
        page = sf.changes("Lead", None, fields=FIELDS, limit=200)
        job = sf.changes("Lead", page.cursor, fields=FIELDS, limit=200)
        sim.faults.add(Fault(effect=effect, status=200, after=1))
        rest, _ = walk(sf, job.cursor)
    assert sorted(by_ref([*page.items, *rest])) == sorted(refs)


@pytest.mark.parametrize("line", [["one value"], ["x"] * 99])
def test_a_broken_line_is_read_by_rest(
    sim: SalesforceSimulator, monkeypatch: pytest.MonkeyPatch, line: list[str]
) -> None:
    refs = sim.crm.seed("Lead", rows(500))

    def broken(*args: Any, **named: Any) -> Results:
        found = query_results(*args, **named)
        return replace(found, rows=chain(islice(found.rows, 20), [line], found.rows))

    monkeypatch.setattr("leadbridge_salesforce.bulk_reading.query_results", broken)
    with adapter(sim) as sf:
        items, _ = walk(sf)
    assert sorted(by_ref(items)) == sorted(refs)


def test_a_field_that_is_gone_is_named_by_a_job_as_well(sim: SalesforceSimulator) -> None:
    sim.crm.seed("Lead", rows(500))
    with adapter(sim) as sf:
        page = sf.changes("Lead", None, fields=("LastName", "MQL_Id__c"), limit=200)
        sim.remove_field("Lead", "MQL_Id__c")
        with pytest.raises(SchemaDrift) as caught:
            sf.changes("Lead", page.cursor, fields=("LastName", "MQL_Id__c"), limit=200)
    assert caught.value.field == "Lead.MQL_Id__c"


def test_an_answer_that_is_lost_is_asked_for_again(sim: SalesforceSimulator) -> None:
    refs = sim.crm.seed("Lead", rows(600))
    with adapter(sim) as sf:
        page = sf.changes("Lead", None, fields=FIELDS, limit=200)
        job = sf.changes("Lead", page.cursor, fields=FIELDS, limit=200)
        sim.faults.add(Fault(effect="status", status=503))
        with pytest.raises(Unavailable):
            sf.changes("Lead", job.cursor, fields=FIELDS, limit=200)
        rest, _ = walk(sf, job.cursor)
    assert set(by_ref([*page.items, *rest])) == set(refs)


def test_a_first_load_by_jobs_costs_few_calls(sim: SalesforceSimulator) -> None:
    sim.crm.seed("Lead", rows(6000))
    with adapter(sim, 2000) as sf:
        before = sf.calls
        walk(sf, limit=2000)
        assert sf.calls - before <= 6  # describe, the first page, the job, its state, its results
