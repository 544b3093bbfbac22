"""Whatever a value holds, it comes to Salesforce and back as data: 500 hostile texts through every door."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import orjson
import pytest

from leadbridge.adapter import Fields, Missing, Record, Ref, Write
from leadbridge.errors import CursorExpired, LeadbridgeError
from leadbridge_salesforce import Salesforce
from leadbridge_salesforce.simulator import SalesforceSimulator
from leadbridge_salesforce.simulator.soql_ast import Query
from leadbridge_salesforce.simulator.soql_lexer import tokens
from leadbridge_salesforce.simulator.soql_parser import parse

PAYLOADS = (
    "'",
    "''",
    "\\",
    "\\'",
    "\\\\'",
    "' OR Name != '",
    "' OR Id != null OR Name = '",
    "x') OR (Id != null",
    "') OR (Title LIKE '%",
    "' LIMIT 1",
    "\\' OR Id != null --",
    "'; DELETE FROM Lead; --",
    "' AND Id IN (SELECT Id FROM User) --",
    '" OR ""="',
    "%",
    "_%_",
    "\\%",
    "' /* */",
    "\u2019 OR 1=1",
    "\uff07 OR 1=1",
    "a\u2028b",
    "\u202eevil",
    "@{a.id}",
    "../../sobjects/Lead",
    "?q=SELECT+Id+FROM+User",
    "a&columns=true#",
    "%27%20OR%20Id%20!=%20null",
    "=cmd|'/c calc'!A1",
    "#N/A",
    "{{7*7}}${7*7}",
    "<script>alert(1)</script>",
    "</soapenv:Body>",
    "null",
    "true",
    "a\nb\r\nc\td",
    "\x08\x0c\x1b[31m",
    "$(reboot)`id`|;",
    "X-Header: a\r\nSforce-Auto-Assign: TRUE",
    "\U0001f600'\u0301",
    "name = :bound",
)
FRAMES = ("{}", "a{}", "{}b", "a{}b", "'{}", "{}'", "\\{}", "{}\\", "({})", "{0}{0}", "Ada {}", "{} Ada", "%{}%")
HOSTILE = list(dict.fromkeys(frame.format(payload) for frame in FRAMES for payload in PAYLOADS))[:500]
HARMLESS = [f"value {number}" for number in range(len(HOSTILE))]


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that the org was asked, in order."""
    seen: list[str] = []

    def noted(text: str) -> Query:
        seen.append(text)
        return parse(text)

    monkeypatch.setattr("leadbridge_salesforce.simulator.soql_run.parse", noted)
    return seen


def shapes(statements: Sequence[str]) -> set[str]:
    """The statements without their strings: what hostile text must not change."""
    found = set()
    for statement in statements:
        words = [token.text if token.form != "string" else "''" for token in tokens(statement)]
        text = " ".join(words)
        while "'' , ''" in text:
            text = text.replace("'' , ''", "''")
        found.add(text)
    return found


def writes(values: Sequence[str]) -> list[Write]:
    return [
        Write(
            f"op-{number}",
            "upsert",
            Ref("Lead", f"{number}{value}"),
            {"LastName": f"{number} {value}"[:80], "Company": value, "Title": value, "Description": value},
        )
        for number, value in enumerate(values)
    ]


def stored(value: str) -> str:
    """What Salesforce keeps of a text: nothing that is blank at its ends."""
    return value.strip()


def test_there_are_500_of_them_and_none_twice() -> None:
    assert len(HOSTILE) == len(set(HOSTILE)) == 500


def test_what_is_written_comes_back_as_it_was(sim: SalesforceSimulator, sf: Salesforce, statements: list[str]) -> None:
    receipts = [receipt for start in range(0, 500, 200) for receipt in sf.apply(writes(HOSTILE)[start : start + 200])]
    assert {receipt.outcome for receipt in receipts} == {"applied"}
    refs = [receipt.ref for receipt in receipts if receipt.ref is not None]
    assert len(set(refs)) == 500
    fields = ["Title", "Company", "Description", "LeadBridge_Id__c"]
    for record, (number, value) in zip(sf.fetch(refs, fields=fields), enumerate(HOSTILE), strict=True):
        assert isinstance(record, Record)
        whole = {name: stored(value) for name in fields[:3]}
        assert record.fields == {**whole, "LeadBridge_Id__c": stored(f"{number}{value}")}
    read = {item.ref: item for item in walked(sf) if isinstance(item, Record)}
    assert [read[ref].fields["Title"] for ref in refs] == [stored(value) for value in HOSTILE]
    assert len(sim.crm.dump("Lead")) == 500


def walked(sf: Salesforce) -> list[Record | Ref]:
    items: list[Record | Ref] = []
    cursor, more = None, True
    while more:
        page = sf.changes("Lead", cursor, fields=["Title"], limit=2000)
        items += page.items
        cursor, more = page.cursor, page.more
    return items


@pytest.mark.parametrize("field", ["Title", "Company", "LeadBridge_Id__c"])
def test_what_is_looked_for_is_found_and_nothing_else(
    sim: SalesforceSimulator, sf: Salesforce, statements: list[str], field: str
) -> None:
    rows: list[Fields] = [{"LastName": "x", "Company": "y", field: value} for value in HOSTILE]
    canary = sim.crm.seed("Lead", [{"LastName": "Canary", "Company": "Canary", "Title": "Canary"}])[0]
    if field != "LeadBridge_Id__c":
        refs = sim.crm.seed("Lead", rows)
    else:
        # External ids are unique without regard to case, and blanks at their ends do not count.
        refs = sim.crm.seed("Lead", [{**row, field: f"{number}{row[field]}"} for number, row in enumerate(rows)])
    wanted = HOSTILE if field != "LeadBridge_Id__c" else [f"{number}{value}" for number, value in enumerate(HOSTILE)]
    known: dict[str, set[Ref]] = {}
    for ref, value in zip(refs, wanted, strict=True):
        known.setdefault(stored(value).casefold(), set()).add(ref)
    found = sf.find("Lead", field, wanted, fields=[field])
    hostile = shapes(statements)
    assert [{record.ref for record in records} for records in found] == [
        known[stored(value).casefold()] for value in wanted
    ]
    assert canary not in {record.ref for records in found for record in records}
    statements.clear()
    assert sf.find("Lead", field, HARMLESS, fields=[field]) == [()] * 500
    assert hostile == shapes(statements)


@pytest.mark.parametrize("field", ["CreatedDate", "NumberOfEmployees", "DoNotCall", "OwnerId", "Id"])
def test_what_does_not_fit_the_type_of_a_field_finds_nothing_or_is_refused(
    sim: SalesforceSimulator, sf: Salesforce, statements: list[str], field: str
) -> None:
    sim.crm.seed("Lead", [{"LastName": "Canary", "Company": "Canary", "NumberOfEmployees": 5}])
    for value in HOSTILE[::5]:
        found = found_or_refused(partial(sf.find, "Lead", field, [value], fields=["LastName"]))
        assert found == [()] if not isinstance(found, LeadbridgeError) else len(value) < 9 or value not in str(found)
    assert all(" or " not in shape.lower() and "select" not in shape[6:].lower() for shape in shapes(statements))


def test_ids_that_are_none_are_missing_and_never_sent(
    sim: SalesforceSimulator, sf: Salesforce, statements: list[str]
) -> None:
    canary = sim.crm.seed("Lead", [{"LastName": "Canary", "Company": "Canary"}])[0]
    sf.describe()
    statements.clear()
    before = sim.log.total
    refs = [Ref("Lead", value) for value in HOSTILE]
    assert sf.fetch(refs, fields=["LastName"]) == [Missing(ref) for ref in refs]
    assert statements == []
    assert sim.log.total == before
    changes = [Write(f"op-{number}", "update", ref, {"LastName": "Gone"}) for number, ref in enumerate(refs)]
    archives = [Write(f"op-{number}", "archive", ref) for number, ref in enumerate(refs)]
    for batch in (changes, archives):
        for start in range(0, 500, 200):
            assert {receipt.outcome for receipt in sf.apply(batch[start : start + 200])} == {"rejected"}
    assert [(row["id"], row["LastName"]) for row in sim.crm.dump("Lead")] == [(canary.id, "Canary")]


def test_cursors_that_are_none_are_refused(sim: SalesforceSimulator, sf: Salesforce) -> None:
    for value in HOSTILE:
        with pytest.raises(CursorExpired):
            sf.changes("Lead", value, fields=["Title"], limit=10)
        with pytest.raises(CursorExpired):
            sf.ids("Lead", value, archived=False, limit=10)


def test_what_a_cursor_holds_cannot_become_a_part_of_a_statement(
    sim: SalesforceSimulator, sf: Salesforce, statements: list[str]
) -> None:
    sim.crm.seed("Lead", [{"LastName": f"P{number}", "Company": "Acme"} for number in range(30)])
    page = sf.changes("Lead", None, fields=["Title"], limit=10).cursor
    sweep = sf.ids("Lead", None, archived=False, limit=10).cursor
    assert page is not None
    assert sweep is not None
    job = orjson.dumps({**orjson.loads(page), "job": ["750Hs0000000001MAA", "locator", 0]}).decode()
    statements.clear()
    sf.changes("Lead", page, fields=["Title"], limit=10)
    sf.ids("Lead", sweep, archived=False, limit=10)
    expected = {without_instants(shape) for shape in shapes(statements)}
    statements.clear()
    sim.log.clear()
    for number, value in enumerate(HOSTILE):
        for read in (
            partial(sf.changes, "Lead", forged(page, value, number), fields=["Title"], limit=10),
            partial(sf.changes, "Lead", forged(job, value, number), fields=["Title"], limit=10),
            partial(sf.ids, "Lead", forged(sweep, value, number), archived=False, limit=10),
        ):
            found = found_or_refused(read)
            assert not isinstance(found, LeadbridgeError) or len(value) < 9 or value not in str(found)
    assert {without_instants(shape) for shape in shapes(statements)} <= expected
    assert all("/jobs/" not in entry.path or "/750Hs0000000001MAA" in entry.path for entry in sim.log.entries)


def found_or_refused(call: Callable[[], object]) -> object:
    """What a call answers, or how it fails; any other failure is a mistake."""
    try:
        return call()
    except LeadbridgeError as error:
        return error


def without_instants(shape: str) -> str:
    return " ".join("T" if word[:1].isdigit() and ":" in word else word for word in shape.split(" "))


def forged(cursor: str, value: str, number: int) -> str:
    """The cursor with one of its texts exchanged, another one for each number."""
    forgeries = list(exchanged(orjson.loads(cursor), value))
    return orjson.dumps(forgeries[number % len(forgeries)]).decode()


def exchanged(part: object, value: str) -> Iterator[object]:
    if isinstance(part, str):
        yield value
    elif isinstance(part, dict):
        for key, inner in part.items():
            yield from ({**part, key: other} for other in exchanged(inner, value))
    elif isinstance(part, list):
        for place, inner in enumerate(part):
            yield from ([*part[:place], other, *part[place + 1 :]] for other in exchanged(inner, value))


def test_names_that_are_none_are_never_sent(sf: Salesforce, statements: list[str]) -> None:
    def ask(name: str) -> None:
        found_or_refused(partial(sf.find, "Lead", "Title", ["x"], fields=[name]))
        found_or_refused(partial(sf.fetch, [Ref("Lead", "00QHs0000000001MAA")], fields=[name]))
        found_or_refused(partial(sf.changes, "Lead", None, fields=[name], limit=10))

    ask("Unheard_Of__c")
    expected = shapes(statements)
    statements.clear()
    for value in HOSTILE[::5]:
        ask(value)
        with pytest.raises(LeadbridgeError):
            sf.find("Lead", value, ["x"], fields=[])
    assert shapes(statements) <= expected


def test_a_kind_that_is_none_is_refused(sf: Salesforce, statements: list[str]) -> None:
    for value in HOSTILE[::5]:
        with pytest.raises(LeadbridgeError):
            sf.changes(value, None, fields=["Title"], limit=10)
        assert sf.fetch([Ref(value, "x")], fields=[]) == [Missing(Ref(value, "x"))]
    assert statements == []
