"""How answers to statements look: parents, children, results of groups, pages, columns; and what they cost the org."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from leadbridge.adapter import Fields, Ref
from leadbridge.clock import ManualClock
from leadbridge_salesforce.simulator import SalesforceSimulator
from leadbridge_salesforce.simulator.org import Org
from leadbridge_salesforce.simulator.soql_dates import wire_instant
from leadbridge_salesforce.simulator.soql_run import run

API = "/services/data/v68.0"


def ask(http: httpx.Client, statement: str, *, resource: str = "query", **more: str) -> Any:
    answer = http.get(f"{API}/{resource}", params={"q": statement, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def acme(sim: SalesforceSimulator) -> Ref:
    account = sim.crm.seed("Account", [{"Name": "Acme"}])[0]
    sim.crm.seed("Account", [{"Name": "Best"}])
    sim.crm.seed("Contact", [{"LastName": name, "AccountId": account} for name in ("Ada", "Bob", "Cy")])
    deal: Fields = {"AccountId": account, "StageName": "Qualification", "CloseDate": "2026-03-05"}
    sim.crm.seed("Opportunity", [{**deal, "Name": "Small", "Amount": 5.0}, {**deal, "Name": "Large", "Amount": 50.0}])
    return account


def test_names_come_back_as_they_are_spelled_by_the_org(http: httpx.Client, acme: Ref) -> None:
    record = ask(http, "select NAME, owner.NAME, id from ACCOUNT where nAmE = 'ACME'")["records"][0]
    assert list(record) == ["attributes", "Name", "Owner", "Id"]
    assert record["attributes"] == {"type": "Account", "url": f"{API}/sobjects/Account/{acme.id}"}
    assert record["Owner"]["attributes"]["type"] == "User"
    assert record["Owner"]["Name"] == "Integration User"


def test_a_parent_of_several_kinds_is_shown_as_a_name(http: httpx.Client, sim: SalesforceSimulator) -> None:
    lead = sim.crm.seed("Lead", [{"LastName": "Ada", "Company": "Acme"}])[0]
    sim.crm.assign(lead, sim.queues[0])
    sim.crm.seed("Task", [{"Subject": "Call", "WhoId": lead}, {"Subject": "Idle"}])
    owner = ask(http, "SELECT Owner.Name, Owner.Type, OwnerId FROM Lead")["records"][0]["Owner"]
    assert owner["attributes"] == {"type": "Name", "url": f"{API}/sobjects/Group/{sim.queues[0]}"}
    assert (owner["Name"], owner["Type"]) == ("Inbound Leads", "Group")
    tasks = ask(http, "SELECT Subject, Who.Name FROM Task ORDER BY Subject")["records"]
    assert [task["Who"] and task["Who"]["Name"] for task in tasks] == ["Ada", None]
    by_parent = ask(http, "SELECT Subject FROM Task WHERE Who.Type = 'Lead' AND Who.Name LIKE 'a%'")["records"]
    assert [task["Subject"] for task in by_parent] == ["Call"]


def test_parents_of_parents_are_objects_within_objects(http: httpx.Client, acme: Ref) -> None:
    found = ask(http, "SELECT LastName, Account.Name, Account.Owner.Email FROM Contact ORDER BY LastName LIMIT 1")
    account = found["records"][0]["Account"]
    assert (account["Name"], account["Owner"]["Email"]) == ("Acme", "integration@vendor.example")


def test_children_are_results_of_their_own_or_nothing(http: httpx.Client, acme: Ref) -> None:
    inner = "(SELECT LastName FROM Contacts WHERE LastName != 'Bob' ORDER BY LastName DESC)"
    first, second = ask(http, f"SELECT Name, {inner} FROM Account ORDER BY Name")["records"]
    assert [child["LastName"] for child in first["Contacts"]["records"]] == ["Cy", "Ada"]
    assert (first["Contacts"]["totalSize"], first["Contacts"]["done"]) == (2, True)
    assert second["Contacts"] is None


def test_semi_joins_find_the_parents_and_those_without_children(http: httpx.Client, acme: Ref) -> None:
    inner = "(SELECT AccountId FROM Opportunity WHERE Amount > 10)"
    assert [each["Name"] for each in ask(http, f"SELECT Name FROM Account WHERE Id IN {inner}")["records"]] == ["Acme"]
    without = ask(http, f"SELECT Name FROM Account WHERE Id NOT IN {inner}")["records"]
    assert [each["Name"] for each in without] == ["Best"]


def test_results_of_groups_have_names(http: httpx.Client, acme: Ref) -> None:
    statement = (
        "SELECT Account.Name, SUM(Amount) total, COUNT(Id), AVG(Amount), COUNT_DISTINCT(StageName) FROM Opportunity "
        "GROUP BY Account.Name"
    )
    answer = ask(http, statement)
    assert answer["totalSize"] == 1
    assert answer["records"] == [
        {
            "attributes": {"type": "AggregateResult"},
            "Name": "Acme",
            "total": 55.0,
            "expr0": 2,
            "expr1": 27.5,
            "expr2": 1,
        }
    ]
    empty = ask(http, "SELECT COUNT(Id), SUM(Amount), MAX(CloseDate) FROM Opportunity WHERE Amount > 99")["records"]
    assert empty == [{"attributes": {"type": "AggregateResult"}, "expr0": 0, "expr1": None, "expr2": None}]
    months = "SELECT CALENDAR_MONTH(CloseDate) m, COUNT(Id) n FROM Opportunity GROUP BY CALENDAR_MONTH(CloseDate)"
    assert [(each["m"], each["n"]) for each in ask(http, months)["records"]] == [(3, 2)]
    assert ask(http, f"{months} HAVING COUNT(Id) > 2")["records"] == []


def test_count_answers_with_a_number_and_no_records(http: httpx.Client, acme: Ref) -> None:
    assert ask(http, "SELECT COUNT() FROM Contact") == {"totalSize": 3, "done": True, "records": []}
    assert ask(http, "SELECT COUNT() FROM Contact LIMIT 2")["totalSize"] == 2


def test_groups_do_not_come_in_pages(http: httpx.Client, sim: SalesforceSimulator) -> None:
    sim.crm.seed("Lead", [{"LastName": f"P{n}", "Company": "Acme"} for n in range(2001)])
    answer = http.get(f"{API}/query", params={"q": "SELECT LastName, COUNT(Id) FROM Lead GROUP BY LastName"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")
    assert ask(http, "SELECT LastName, COUNT(Id) FROM Lead GROUP BY LastName LIMIT 2000")["totalSize"] == 2000


def test_fields_stands_for_all_that_the_user_may_see(http: httpx.Client, sim: SalesforceSimulator) -> None:
    sim.add_field("Lead", "Secret__c", visible=False)
    sim.crm.seed("Lead", [{"LastName": "Ada", "Company": "Acme"}])
    described = {each["name"] for each in http.get(f"{API}/sobjects/Lead/describe").json()["fields"]}
    everything = set(ask(http, "SELECT FIELDS(ALL) FROM Lead LIMIT 200")["records"][0])
    custom = set(ask(http, "SELECT FIELDS(CUSTOM) FROM Lead LIMIT 200")["records"][0])
    standard = set(ask(http, "SELECT FIELDS(STANDARD) FROM Lead")["records"][0])
    assert everything - {"attributes"} == described
    assert "Secret__c" not in everything
    assert custom & standard == {"attributes"}
    assert custom | standard == everything


def test_columns_tell_what_a_statement_would_answer_with(http: httpx.Client, acme: Ref) -> None:
    statement = "SELECT Id, Name, Owner.Name, (SELECT Id FROM Contacts) FROM Account"
    told = ask(http, statement, columns="true")
    assert (told["entityName"], told["keyPrefix"], told["idSelected"], told["groupBy"]) == (
        "Account",
        "001",
        True,
        False,
    )
    assert [(each["columnName"], each["aggregate"]) for each in told["columnMetadata"]] == [
        ("Id", False),
        ("Name", False),
        ("Owner", False),
        ("Contacts", True),
    ]
    assert [each["columnName"] for each in told["columnMetadata"][2]["joinColumns"]] == ["Name"]
    assert [each["columnName"] for each in told["columnMetadata"][3]["joinColumns"]] == ["Id"]
    grouped = ask(http, "SELECT Industry, COUNT(Id) n FROM Account GROUP BY Industry", columns="true")
    assert grouped["groupBy"] is True
    assert [(each["columnName"], each["aggregate"]) for each in grouped["columnMetadata"]] == [
        ("Industry", False),
        ("n", True),
    ]


def test_what_is_deleted_or_archived_is_found_by_query_all_only(http: httpx.Client, sim: SalesforceSimulator) -> None:
    kept, gone = sim.crm.seed("Lead", [{"LastName": name, "Company": "Acme"} for name in ("Ada", "Bob")])
    sim.crm.delete(gone)
    sim.crm.seed("Task", [{"Subject": "Old", "IsArchived": True}, {"Subject": "New"}])
    assert [each["Id"] for each in ask(http, "SELECT Id FROM Lead")["records"]] == [kept.id]
    found = ask(http, "SELECT Id, IsDeleted FROM Lead ORDER BY Id", resource="queryAll")["records"]
    assert [each["IsDeleted"] for each in found] == [False, True]
    assert ask(http, "SELECT COUNT() FROM Lead", resource="queryAll")["totalSize"] == 2
    assert [each["Subject"] for each in ask(http, "SELECT Subject FROM Task")["records"]] == ["New"]
    assert ask(http, "SELECT COUNT() FROM Task WHERE IsArchived = true", resource="queryAll")["totalSize"] == 1


def test_pages_follow_each_other_to_the_end(http: httpx.Client, sim: SalesforceSimulator) -> None:
    sim.crm.seed("Lead", [{"LastName": f"P{n}", "Company": "Acme"} for n in range(900)])
    page = http.get(
        f"{API}/queryAll",
        params={"q": "SELECT Id, Owner.Name FROM Lead ORDER BY Id"},
        headers={"Sforce-Query-Options": "batchSize=300"},
    ).json()
    found = page["records"]
    sizes = [len(found)]
    while not page["done"]:
        page = http.get(page["nextRecordsUrl"], headers={"Sforce-Query-Options": "batchSize=300"}).json()
        found += page["records"]
        sizes.append(len(page["records"]))
    assert len({each["Id"] for each in found}) == len(found) == 900
    assert page["totalSize"] == 900
    assert max(sizes) <= 300
    assert len(sizes) > 3 or sizes == [300, 300, 300]


def test_a_statement_must_be_given(http: httpx.Client) -> None:
    for params in ({}, {"q": ""}):
        answer = http.get(f"{API}/query", params=params)
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "MALFORMED_QUERY")


class Counted(dict[str, dict[str, Any]]):
    """Rows that count how often one of them is fetched."""

    fetched = 0

    def __getitem__(self, key: str) -> dict[str, Any]:
        self.fetched += 1
        return super().__getitem__(key)


def test_what_a_page_of_changes_costs_does_not_grow_with_the_table(clock: ManualClock) -> None:
    org = Org(clock)
    keys = []
    for _ in range(40):
        clock.advance(timedelta(seconds=1))
        keys += [org.insert("Lead", {"LastName": "x", "Company": "y"})["Id"] for _ in range(100)]
    stamp, key = wire_instant(clock.now() - timedelta(seconds=3)), keys[-350]
    behind = f"((SystemModstamp = {stamp} AND Id > '{key}') OR SystemModstamp > {stamp})"
    until = f"SystemModstamp < {wire_instant(clock.now() + timedelta(seconds=1))}"
    statements = {
        f"SELECT Id FROM Lead WHERE {behind} AND {until} ORDER BY SystemModstamp, Id LIMIT 200": keys[-349:-149],
        f"SELECT Id FROM Lead WHERE Id > '{key}' ORDER BY Id LIMIT 200": keys[-349:-149],
        f"SELECT Id FROM Lead WHERE Id IN ('{keys[5]}', '{keys[7]}')": [keys[5], keys[7]],
    }
    for statement, expected in statements.items():
        run(org, statement, everything=True, root=API)
        rows = org.tables["Lead"].rows = Counted(org.tables["Lead"].rows)
        found = run(org, statement, everything=True, root=API).records
        assert [record["Id"] for record in found] == expected
        assert rows.fetched <= 310


def test_late_commits_do_not_disturb_the_order_of_ids(
    sim: SalesforceSimulator, clock: ManualClock, http: httpx.Client
) -> None:
    sim.switches.late = timedelta(minutes=5)
    late = sim.crm.seed("Lead", [{"LastName": "Late", "Company": "Acme"}])[0]
    sim.switches.late = timedelta(0)
    early = sim.crm.seed("Lead", [{"LastName": "Early", "Company": "Acme"}])[0]
    clock.advance(timedelta(minutes=6))
    found = [each["Id"] for each in ask(http, "SELECT Id FROM Lead ORDER BY Id")["records"]]
    assert found == [late.id, early.id]
    found = [each["Id"] for each in ask(http, "SELECT Id FROM Lead ORDER BY Id DESC")["records"]]
    assert found == [early.id, late.id]
