from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from leadbridge.adapter import (
    OWN_FIELDS,
    Adapter,
    Convert,
    Erase,
    FieldInfo,
    History,
    Missing,
    Option,
    Owner,
    Provision,
    Record,
    Ref,
    Value,
    Write,
)
from leadbridge.clock import ManualClock
from leadbridge.errors import ConfigError, RateLimited, SchemaDrift, Unavailable, Unsupported
from leadbridge.memory import OWNERS, MemoryAdapter, MemoryCrm, default_crosswalk, default_kinds

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def adapter(clock: ManualClock) -> MemoryAdapter:
    return MemoryAdapter("a", clock=clock)


def one(adapter: MemoryAdapter, ref: Ref, *fields: str) -> Record:
    (record,) = adapter.fetch([ref], fields=fields)
    assert isinstance(record, Record)
    return record


def reason(adapter: MemoryAdapter, ref: Ref, field: str, value: Value) -> str:
    (receipt,) = adapter.apply([Write("op", "update", ref, {field: value})])
    assert receipt.outcome == "rejected"
    return receipt.reason


def test_it_is_an_adapter_with_every_optional_ability(adapter: MemoryAdapter) -> None:
    whole: Adapter = adapter
    assert isinstance(whole, Provision)
    assert isinstance(whole, History)
    assert isinstance(whole, Convert)
    assert isinstance(whole, Erase)


def test_the_description_names_everything(adapter: MemoryAdapter) -> None:
    seen = adapter.describe()
    assert (seen.system, seen.account) == ("memory", "a")
    assert set(seen.kinds) == set(seen.crosswalk) == {"person", "deal", "touch"}
    assert set(seen.kinds["person"].own) == {own.purpose for own in OWN_FIELDS}
    assert seen.kinds["deal"].own == {}
    assert seen.capabilities.key_kinds == {"person"}
    assert seen.owners == OWNERS
    assert all("vendor.example" not in repr(owner) for owner in seen.owners)


def test_the_default_crosswalk_names_only_fields_that_are_there() -> None:
    kinds = default_kinds(converts=True)
    for kind, mapping in default_crosswalk(kinds).items():
        assert isinstance(mapping, dict)
        assert set(mapping["fields"].values()) <= set(kinds[kind])
        for field, values in mapping.get("values", {}).items():
            assert {option.value for option in kinds[kind][field].options} == set(values)


def test_without_our_fields_nothing_can_be_made_until_they_are_provisioned(clock: ManualClock) -> None:
    adapter = MemoryAdapter(clock=clock, provisioned=False)
    write = Write("op-1", "upsert", Ref("person", "lead-1"), {"title": "CTO"})
    with pytest.raises(Unsupported):
        adapter.apply([write])
    planned = adapter.provision(["id", "op"], dry_run=True)
    assert [(field.field, field.state) for field in planned] == [
        ("leadbridge_id", "planned"),
        ("leadbridge_op", "planned"),
    ]
    assert adapter.describe().kinds["person"].own == {}
    assert {field.state for field in adapter.provision(["id", "op"], dry_run=False)} == {"created"}
    assert {field.state for field in adapter.provision(["id", "op"], dry_run=False)} == {"exists"}
    assert adapter.describe().kinds["person"].own == {"id": "leadbridge_id", "op": "leadbridge_op"}
    assert adapter.apply([write])[0].outcome == "applied"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("no_such_field", "x", "UNKNOWN_FIELD: no_such_field"),
        ("created_at", "2026-01-01", "READ_ONLY: created_at"),
        ("email", "x" * 255, "TOO_LONG: email"),
        ("stage", "nonsense", "INVALID_OPTION: stage"),
        ("employees", "many", "INVALID_TYPE: employees"),
        ("employees", True, "INVALID_TYPE: employees"),
        ("opted_out", "yes", "INVALID_TYPE: opted_out"),
        ("deal", "d-1", "INVALID_TYPE: deal"),
        ("leadbridge_sla_due", "tomorrow", "INVALID_TYPE: leadbridge_sla_due"),
    ],
)
def test_a_refusal_names_the_field_and_never_the_value(
    adapter: MemoryAdapter, field: str, value: Value, said: str
) -> None:
    (ref,) = adapter.crm.seed("person", [{}])
    assert reason(adapter, ref, field, value) == said
    assert one(adapter, ref).version == "1"


def test_values_are_stored_in_one_form(adapter: MemoryAdapter) -> None:
    (ref,) = adapter.crm.seed("person", [{"title": "CTO"}])
    due: dict[str, Value] = {
        "title": "",
        "leadbridge_sla_due": "2026-01-05T12:00:00+02:00",
        "employees": 12.5,
        "opted_out": True,
    }
    adapter.apply([Write("op-1", "update", ref, due)])
    assert one(adapter, ref, *due).fields == {
        "title": None,
        "leadbridge_sla_due": "2026-01-05T10:00:00.000Z",
        "employees": 12.5,
        "opted_out": True,
    }


def test_what_is_so_already_is_left_alone(adapter: MemoryAdapter) -> None:
    (ref,) = adapter.crm.seed("person", [{"title": "CTO"}])
    (receipt,) = adapter.apply([Write("op-1", "update", ref, {"title": "CTO", "phone": None})])
    assert (receipt.outcome, receipt.version) == ("unchanged", "1")


def test_a_forward_only_stage_says_yes_and_stays(clock: ManualClock) -> None:
    adapter = MemoryAdapter(clock=clock, forward_only_stage=True)
    assert adapter.describe().kinds["person"].fields["stage"].forward_only
    (ref,) = adapter.crm.seed("person", [{"stage": "sales_qualified"}])
    (receipt,) = adapter.apply([Write("op-1", "update", ref, {"stage": "engaged", "title": "CTO"})])
    assert receipt.outcome == "applied"
    assert one(adapter, ref, "stage", "title").fields == {"stage": "sales_qualified", "title": "CTO"}
    adapter.apply([Write("op-2", "update", ref, {"stage": None})])
    adapter.apply([Write("op-3", "update", ref, {"stage": "engaged"})])
    assert one(adapter, ref, "stage", "leadbridge_op").fields == {"stage": "engaged", "leadbridge_op": "op-3"}
    adapter.crm.edit(ref, {"stage": "captured"})
    assert one(adapter, ref, "stage").fields == {"stage": "captured"}


def test_a_duplicate_address_is_a_conflict_that_names_the_other(clock: ManualClock) -> None:
    adapter = MemoryAdapter(clock=clock, unique_email=True)
    (there,) = adapter.crm.seed("person", [{"email": "Ada@acme.example"}])
    writes = [
        Write("op-1", "upsert", Ref("person", "lead-1"), {"email": "ada@ACME.example"}),
        Write("op-2", "upsert", Ref("person", "lead-2"), {"email": "bo@acme.example"}),
        Write("op-3", "upsert", Ref("person", "lead-3"), {"email": "bo@acme.example"}),
    ]
    first, second, third = adapter.apply(writes)
    assert (first.outcome, first.ref, first.reason) == ("conflict", there, "DUPLICATE: email")
    assert second.outcome == "applied"
    assert (third.outcome, third.ref) == ("conflict", second.ref)


def test_what_was_succeeded_is_never_made_again(clock: ManualClock) -> None:
    adapter = MemoryAdapter(clock=clock, converts=True)
    one_, two, three = adapter.apply(
        [Write(f"op-{i}", "upsert", Ref("person", f"lead-{i}"), {"title": str(i)}) for i in range(3)]
    )
    assert one_.ref and two.ref and three.ref  # noqa: PT018  # narrows all three
    adapter.crm.merge(one_.ref, two.ref)
    contact = adapter.crm.convert(three.ref)
    again = adapter.apply([Write(f"op-x{i}", "upsert", Ref("person", f"lead-{i}"), {}) for i in (1, 2)])
    assert [(receipt.outcome, receipt.ref) for receipt in again] == [("conflict", one_.ref), ("conflict", contact)]
    updates = adapter.apply([Write("op-y", "update", ref, {"title": "new"}) for ref in (two.ref, three.ref)])
    assert [(receipt.outcome, receipt.reason, receipt.ref) for receipt in updates] == [
        ("conflict", "MERGED", one_.ref),
        ("conflict", "CONVERTED", contact),
    ]
    assert len(adapter.crm.dump("person")) == 1


def test_writes_to_nobody_are_rejected(adapter: MemoryAdapter) -> None:
    (ref,) = adapter.crm.seed("person", [{}])
    adapter.crm.delete(ref)
    receipts = adapter.apply(
        [
            Write("op-1", "update", Ref("person", "nobody"), {}),
            Write("op-2", "update", Ref("unicorn", "x"), {}),
            Write("op-3", "update", ref, {"title": "x"}),
            Write("op-4", "archive", ref),
            Write("op-5", "upsert", Ref("person", "new"), {}, if_version="3"),
        ]
    )
    assert [receipt.reason for receipt in receipts] == ["NOT_FOUND", "UNKNOWN_KIND", "DELETED", "", "NOT_FOUND"]


def test_a_required_field_has_to_be_given_and_cannot_be_cleared(clock: ManualClock) -> None:
    kinds = default_kinds()
    kinds["person"]["last_name"] = FieldInfo("last_name", "Last name", "string", required=True)
    kinds["person"]["tags"] = FieldInfo(
        "tags", "Tags", "options", options=(Option("a", "A"), Option("b", "B")), restricted=True
    )
    adapter = MemoryAdapter(clock=clock, kinds=kinds)
    bare, made = adapter.apply(
        [
            Write("op-1", "upsert", Ref("person", "lead-1"), {}),
            Write("op-2", "upsert", Ref("person", "lead-2"), {"last_name": "Ode", "tags": ("a", "b")}),
        ]
    )
    assert (bare.outcome, bare.reason) == ("rejected", "REQUIRED: last_name")
    assert made.ref is not None
    assert reason(adapter, made.ref, "last_name", None) == "REQUIRED: last_name"
    assert reason(adapter, made.ref, "tags", ("a", "c")) == "INVALID_OPTION: tags"


def test_lost_answers_and_failures_between_batches_are_unknown(clock: ManualClock) -> None:
    adapter = MemoryAdapter(clock=clock, write_batch=2)
    writes = [Write(f"op-{i}", "upsert", Ref("person", f"lead-{i}"), {}) for i in range(6)]
    adapter.crm.fail(Unavailable("cut"), operation="apply", when="after", skip=1)
    assert [receipt.outcome for receipt in adapter.apply(writes)] == ["applied"] * 2 + ["unknown"] * 4
    assert len(adapter.crm.dump("person")) == 4
    adapter.crm.fail(RateLimited("slow"), operation="apply")
    with pytest.raises(RateLimited):
        adapter.apply(writes)
    adapter.crm.fail(Unavailable("down", sent=False), operation="apply")
    with pytest.raises(Unavailable):
        adapter.apply(writes)
    adapter.crm.fail(Unavailable("cut"), operation="apply", when="after")
    assert {receipt.outcome for receipt in adapter.apply(writes)} == {"unknown"}
    adapter.crm.fail(RateLimited("slow"), operation="apply", skip=2)
    assert [receipt.outcome for receipt in adapter.apply(writes)] == ["unchanged"] * 4 + ["unknown"] * 2
    adapter.crm.fail(KeyboardInterrupt(), operation="apply")
    with pytest.raises(KeyboardInterrupt):
        adapter.apply(writes)
    assert len(adapter.crm.dump("person")) == 4


def test_trouble_can_be_called_off(adapter: MemoryAdapter) -> None:
    adapter.crm.fail(Unavailable("down"), times=5)
    with pytest.raises(Unavailable):
        adapter.describe()
    assert adapter.crm.troubles == 4
    adapter.crm.recover()
    adapter.describe()


def test_calls_are_counted(clock: ManualClock) -> None:
    adapter = MemoryAdapter(clock=clock, read_batch=2, write_batch=2)
    refs = adapter.crm.seed("person", [{}] * 5)
    adapter.fetch(refs, fields=["title"])
    adapter.find("person", "email", ["a", "b", "c"], fields=[])
    adapter.apply([Write(f"op-{ref.id}", "update", ref, {"title": "x"}) for ref in refs])
    assert adapter.calls_by == {"fetch": 3, "find": 2, "apply": 3}
    assert adapter.calls == 8 == MemoryAdapter(crm=adapter.crm).crm.requests.total()


def test_unknown_kinds_and_fields_are_drift(adapter: MemoryAdapter) -> None:
    with pytest.raises(SchemaDrift) as kind:
        adapter.changes("unicorn", None, fields=["title"], limit=1)
    with pytest.raises(SchemaDrift) as field:
        adapter.find("person", "horn", ["x"], fields=[])
    assert (kind.value.field, field.value.field) == ("unicorn", "person.horn")
    assert adapter.calls == 0


def test_merging_fills_blanks_and_moves_what_referred_to_the_loser(adapter: MemoryAdapter) -> None:
    winner, loser = adapter.crm.seed("person", [{"title": "CTO"}, {"title": "CFO", "phone": "1"}])
    (deal,) = adapter.crm.seed("deal", [{"person": loser}])
    assert adapter.crm.merge(winner, loser) == winner
    assert one(adapter, loser, "title", "phone").fields == {"title": "CTO", "phone": "1"}
    assert one(adapter, deal, "person").fields == {"person": winner}


def test_converting_carries_everything_over(clock: ManualClock) -> None:
    adapter = MemoryAdapter(clock=clock, converts=True)
    (made,) = adapter.apply([Write("op-1", "upsert", Ref("person", "lead-1"), {"title": "CTO", "status": "new"})])
    assert made.ref is not None
    record = adapter.convert(made.ref, owner="u-dana")
    assert record.state == "converted"
    assert record.successor is not None
    contact = one(adapter, record.successor, "title", "leadbridge_id", "leadbridge_op", "owner")
    assert contact.fields == {
        "title": "CTO",
        "leadbridge_id": "lead-1",
        "leadbridge_op": "op-1",
        "owner": "u-dana",
    }
    assert one(adapter, made.ref).successor == record.successor


def test_a_crm_that_does_not_convert_says_so(adapter: MemoryAdapter) -> None:
    (ref,) = adapter.crm.seed("person", [{}])
    with pytest.raises(Unsupported):
        adapter.convert(ref, owner=None)
    with pytest.raises(Unsupported):
        adapter.crm.convert(ref)
    assert adapter.calls == 0


def test_winning_closes_the_deal_or_makes_one(adapter: MemoryAdapter) -> None:
    first, second = adapter.crm.seed("person", [{}, {}])
    adapter.crm.seed("deal", [{"name": "Big", "person": first, "won": False, "amount": 5}])
    adapter.crm.win(first, on=date(2026, 3, 4))
    adapter.crm.win(second, amount=7.5)
    deals = [(deal["name"], deal["won"], deal["closed_at"], deal["amount"]) for deal in adapter.crm.dump("deal")]
    assert deals == [("Big", True, "2026-03-04", 5), ("Deal", True, "2026-01-05", 7.5)]


def test_the_past_of_a_field_is_remembered(adapter: MemoryAdapter, clock: ManualClock) -> None:
    (ref,) = adapter.crm.seed("person", [{"stage": "captured"}])
    clock.advance(timedelta(hours=1))
    adapter.crm.edit(ref, {"stage": "engaged"})
    (past, nobody) = adapter.history([ref, Ref("person", "nobody")], field="stage")
    assert past == ((START, "captured"), (START + timedelta(hours=1), "engaged"))
    assert nobody == ()


def test_the_erased_were_never_there(adapter: MemoryAdapter) -> None:
    (ref,) = adapter.crm.seed("person", [{}])
    assert [receipt.outcome for receipt in adapter.erase([ref, ref])] == ["applied", "unchanged"]
    assert adapter.fetch([ref], fields=[]) == [Missing(ref)]
    assert adapter.changes("person", None, fields=["title"], limit=9).items == ()


def test_the_back_door_refuses_what_is_not_there() -> None:
    crm = MemoryCrm()
    (ref,) = crm.seed("person", [{}])
    crm.assign(ref, "u-kofi")
    assert crm.dump("person")[0]["owner"] == "u-kofi"
    crm.delete(ref)
    for wrong in (
        lambda: crm.edit(ref, {"title": "x"}),
        lambda: crm.delete(Ref("person", "nobody")),
        lambda: crm.seed("unicorn", [{}]),
        lambda: crm.seed("person", [{"horn": 1}]),
        lambda: crm.seed("person", [{"employees": "canary"}]),
    ):
        with pytest.raises(ConfigError) as caught:
            wrong()
        assert "canary" not in str(caught.value)


def test_two_crms_never_share_an_id() -> None:
    one_, other = MemoryAdapter("one"), MemoryAdapter("other", owners=[Owner("me", "person")])
    assert set(one_.crm.seed("person", [{}] * 3)).isdisjoint(other.crm.seed("person", [{}] * 3))
    assert MemoryAdapter.from_settings({"account": "third"}).describe().account == "third"
    assert MemoryAdapter.from_settings({}).describe().account == "memory"


def test_the_registry_knows_it() -> None:
    from leadbridge.registry import connect

    made = connect("memory", {"account": "by name"})
    assert isinstance(made, MemoryAdapter)
    assert made.describe().account == "by name"
