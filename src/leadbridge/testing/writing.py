"""The laws of writing."""

from __future__ import annotations

from dataclasses import replace

from leadbridge.adapter import Adapter, Write
from leadbridge.errors import Unavailable
from leadbridge.simulator.faults import Fault
from leadbridge.testing.bench import Bench
from leadbridge.testing.steps import (
    bad_value,
    fetched,
    keyed,
    last,
    outcomes,
    read_only,
    seeded,
    settled,
    steps,
    stored,
    troublesome,
    unsupported,
    upserts,
    walk,
)

__all__ = ["WritingLaws"]

TEXTS = (
    "Zoë Ångström-Łukasiewicz",
    "Zoe\u0301 in two characters",
    "日本語テキスト",
    "نص من اليمين",
    "😀 beyond the basic plane",
    "quotes ' and \" and \\ and %_*",
    "semi;colon, comma | pipe & <b>tag</b>",
    "NULL",
    "0012",
    "true",
    "x" * 100,
)
"""What people really type, and what breaks carelessly built queries."""


class WritingLaws:
    """What ``apply`` owes."""

    def test_fields_that_are_not_mentioned_stay(self, bench: Bench) -> None:
        """Two CRMs share a few fields only. If this fails, check that updates are patches and not replacements."""
        adapter = bench.adapter()
        (ref,) = seeded(bench, 1)
        before = stored(bench, ref)
        receipts = adapter.apply([Write("op-1", "update", ref, {bench.text_field: "new"})])
        after = stored(bench, ref)
        assert outcomes(receipts) == ["applied"]
        assert after[bench.text_field] == "new"
        assert {name: after.get(name) for name in bench.row(0)} == {name: before.get(name) for name in bench.row(0)}

    def test_none_clears_and_absence_does_not(self, bench: Bench) -> None:
        """A blank is a value. If this fails, check what the vendor takes for blank: null, or an empty text."""
        adapter = bench.adapter()
        (ref,) = seeded(bench, 1)
        bench.crm.edit(ref, {bench.text_field: "to be cleared"})
        adapter.apply([Write("op-1", "update", ref, {})])
        assert fetched(adapter, ref, bench.text_field).fields == {bench.text_field: "to be cleared"}
        receipts = adapter.apply([Write("op-2", "update", ref, {bench.text_field: None})])
        assert outcomes(receipts) == ["applied"]
        assert fetched(adapter, ref, bench.text_field).fields == {bench.text_field: None}

    def test_an_upsert_done_twice_makes_one_record(self, bench: Bench) -> None:
        """Whatever is repeated, nobody is made twice. If this fails, check that creating goes through our key."""
        adapter = bench.adapter()
        keyed(bench, adapter)
        before = len(bench.crm.dump(bench.kind))
        (write,) = upserts(bench, 1)
        first, second = adapter.apply([write]), bench.adapter().apply([write])
        third = adapter.apply([replace(write, key="op-other", fields={**write.fields, bench.text_field: "again"})])
        assert first[0].outcome == "applied"
        assert second[0].outcome in ("applied", "unchanged")
        assert third[0].outcome == "applied"
        assert {receipt.ref for receipt in (*first, *second, *third)} == {first[0].ref}
        assert len(bench.crm.dump(bench.kind)) == before + 1

    def test_one_bad_record_does_not_spoil_the_others(self, bench: Bench) -> None:
        """A bad record is a receipt, never an exception, and its reason names no content.

        If this fails, check what happens to a batch that the vendor refuses as a whole.
        """
        adapter = bench.adapter()
        refs = seeded(bench, 10)
        field, value = bad_value(bench, adapter)
        writes = [Write(f"op-{i}", "update", ref, {bench.text_field: f"text {i}"}) for i, ref in enumerate(refs)]
        writes[6] = replace(writes[6], fields={field: value})
        receipts = adapter.apply(writes)
        assert [receipt.key for receipt in receipts] == [write.key for write in writes]
        assert outcomes(receipts) == [*["applied"] * 6, "rejected", *["applied"] * 3]
        assert receipts[6].reason
        assert str(value) not in receipts[6].reason
        texts = {row["id"]: row.get(bench.text_field) for row in bench.crm.dump(bench.kind)}
        assert [texts[ref.id] for i, ref in enumerate(refs) if i != 6] == [f"text {i}" for i in range(10) if i != 6]
        assert texts[refs[6].id] is None

    def test_what_is_described_as_read_only_is_refused(self, bench: Bench) -> None:
        """A value that silently does not arrive looks like a person's change the next time it is read.

        If this fails, check where ``FieldInfo.writable`` comes from, and that refused fields are not just left out.
        """
        adapter = bench.adapter()
        (ref,) = seeded(bench, 1)
        field, value = read_only(bench, adapter)
        before = stored(bench, ref)
        (receipt,) = adapter.apply([Write("op-1", "update", ref, {bench.text_field: "ours", field: value})])
        assert receipt.outcome == "rejected"
        assert stored(bench, ref).get(bench.text_field) == before.get(bench.text_field)

    def test_receipts_come_in_order_for_any_number_of_writes(self, bench: Bench) -> None:
        """Receipts are matched by position. If this fails, check how batches are cut and put together again."""
        adapter = bench.adapter()
        refs = seeded(bench, adapter.describe().capabilities.write_batch + 5)
        writes = [
            Write(f"op-{i}", "update", ref, {bench.text_field: f"text {i}"}) for i, ref in enumerate(reversed(refs))
        ]
        receipts = adapter.apply(writes)
        assert [(r.key, r.outcome, r.ref) for r in receipts] == [(w.key, "applied", w.target) for w in writes]
        texts = {row["id"]: row.get(bench.text_field) for row in bench.crm.dump(bench.kind)}
        assert all(texts[write.target.id] == write.fields[bench.text_field] for write in writes)

    def test_a_stale_version_is_a_conflict_as_declared(self, bench: Bench) -> None:
        """With a condition, nothing that somebody else wrote meanwhile is lost.

        If this fails, check that the condition reaches the CRM, or do not declare ``conditional_writes``.
        """
        adapter = bench.adapter()
        (ref,) = seeded(bench, 1)
        known = fetched(adapter, ref, bench.text_field)
        settled(bench, adapter)
        bench.crm.edit(ref, {bench.text_field: "somebody was faster"})
        stale = Write("op-1", "update", ref, {bench.text_field: "ours"}, if_version=known.version)
        if not adapter.describe().capabilities.conditional_writes:
            with unsupported(bench, "conditional_writes"):
                adapter.apply([stale])
        else:
            assert outcomes(adapter.apply([stale])) == ["conflict"]
        now = fetched(adapter, ref, bench.text_field)
        assert now.fields == {bench.text_field: "somebody was faster"}
        if adapter.describe().capabilities.conditional_writes:
            assert outcomes(adapter.apply([replace(stale, key="op-2", if_version=now.version)])) == ["applied"]

    def test_what_was_applied_is_there_with_its_marker(self, bench: Bench) -> None:
        """The op marker is stored by the same request; it proves after a lost answer that a write landed.

        If this fails, check that ``Write.key`` goes into the account's ``op`` field with every write.
        """
        adapter = bench.adapter()
        own = adapter.describe().kinds[bench.kind].own
        (ref,) = seeded(bench, 1)
        (updated,) = adapter.apply([Write("op-77", "update", ref, {bench.text_field: "applied"})])
        fields = (bench.text_field, *(own[purpose] for purpose in ("op", "id") if purpose in own))
        record = fetched(adapter, ref, *fields)
        assert (updated.outcome, updated.ref) == ("applied", ref)
        assert record.fields[bench.text_field] == "applied"
        if "op" in own:
            assert record.fields[own["op"]] == "op-77"
        if bench.kind in adapter.describe().capabilities.key_kinds:
            (write,) = upserts(bench, 1, start=900)
            (made,) = adapter.apply([write])
            assert made.ref is not None
            new = fetched(adapter, made.ref, *fields)
            assert (new.fields[own["id"]], new.fields[own["op"]]) == (write.target.id, write.key)

    def test_our_own_write_comes_back_recognisably(self, bench: Bench) -> None:
        """An echo that is not recognised goes round for ever. If this fails, check that the stream has the marker."""
        adapter = bench.adapter()
        own = adapter.describe().kinds[bench.kind].own
        (ref,) = seeded(bench, 1)
        settled(bench, adapter)
        fields = [bench.text_field, *(own[purpose] for purpose in ("op",) if purpose in own)]
        _, cursor = walk(adapter, bench, fields=fields)
        adapter.apply([Write("op-88", "update", ref, {bench.text_field: "from us"})])
        settled(bench, adapter)
        found, _ = walk(adapter, bench, cursor, fields=fields)
        echo = last(found)[ref]
        assert echo.fields[bench.text_field] == "from us"
        if "op" in own:
            assert echo.fields[own["op"]] == "op-88"

    def test_a_lost_answer_can_be_repeated(self, bench: Bench) -> None:
        """The CRM did it and the answer was lost: that is *unknown*, never *rejected*, and repeating it makes no twin.

        If this fails, check what becomes of a connection that is cut after the request was sent.
        """
        adapter = bench.adapter()
        keyed(bench, adapter)
        faults, _ = troublesome(bench)
        before = len(bench.crm.dump(bench.kind))
        (write,) = upserts(bench, 1)
        faults.add(Fault(effect="drop_after"))
        told = _told(adapter, write)
        assert told in ("unknown", "sent"), f"an answer that was lost is told as: {told}"
        (again,) = bench.adapter().apply([write])
        assert again.outcome in ("applied", "unchanged")
        assert len(bench.crm.dump(bench.kind)) == before + 1

    def test_any_text_comes_back_as_it_was_written(self, bench: Bench) -> None:
        """Names are written in every script. If this fails, check encodings, escaping in queries, and normalisation."""
        adapter = bench.adapter()
        refs = seeded(bench, len(TEXTS))
        adapter.apply([Write(f"op-{i}", "update", ref, {bench.text_field: TEXTS[i]}) for i, ref in enumerate(refs)])
        answers = [fetched(adapter, ref, bench.text_field).fields[bench.text_field] for ref in refs]
        assert answers == list(TEXTS)

    def test_archiving_works_as_declared(self, bench: Bench) -> None:
        """If this fails, check what archiving means at the vendor, or do not declare ``archives``."""
        adapter = bench.adapter()
        refs = seeded(bench, 2)
        write = Write("op-1", "archive", refs[0])
        if not adapter.describe().capabilities.archives:
            with unsupported(bench, "archives"):
                adapter.apply([write])
            return
        assert outcomes(adapter.apply([write])) == ["applied"]
        assert refs[1].id in {row["id"] for row in bench.crm.dump(bench.kind)}
        assert refs[0].id not in {row["id"] for row in bench.crm.dump(bench.kind)}

    def test_a_stage_goes_back_as_declared(self, bench: Bench) -> None:
        """Some CRMs keep a later stage and say nothing: then it has to be cleared in a request of its own first.

        If this fails, check ``FieldInfo.forward_only``, the order of the options, and what clearing does.
        """
        adapter = bench.adapter()
        for stage in steps(bench, adapter):
            low, high = (option.value for option in stage.options)
            (ref,) = seeded(bench, 1, start=len(bench.crm.dump(bench.kind)))
            told = []
            for number, value in enumerate((high, low, None, low)):
                adapter.apply([Write(f"op-{number}", "update", ref, {stage.name: value})])
                told.append(fetched(adapter, ref, stage.name).fields[stage.name])
            assert told == [high, high if stage.forward_only else low, None, low], f"{stage.name} went {told}"

    def test_creating_by_key_works_as_declared(self, bench: Bench) -> None:
        """Without our key nothing can be created safely, so nothing is.

        If this fails, check ``key_kinds``: only kinds whose account has the ``id`` field may stand there.
        """
        adapter = bench.adapter()
        seen = adapter.describe()
        before = len(bench.crm.dump(bench.kind))
        (write,) = upserts(bench, 1)
        if bench.kind in seen.capabilities.key_kinds:
            assert "id" in seen.kinds[bench.kind].own
            assert outcomes(adapter.apply([write])) == ["applied"]
            assert len(bench.crm.dump(bench.kind)) == before + 1
        else:
            with unsupported(bench, "key_kinds"):
                adapter.apply([write])
            assert len(bench.crm.dump(bench.kind)) == before


def _told(adapter: Adapter, write: Write) -> str:
    """How an adapter tells what became of one write."""
    try:
        return adapter.apply([write])[0].outcome
    except Unavailable as error:
        return "sent" if error.sent else "never sent"
