"""The laws of reading."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from leadbridge.adapter import Convert, Missing, Page, Record, Ref
from leadbridge.errors import Unsupported
from leadbridge.testing.bench import Bench
from leadbridge.testing.steps import address_field, fetched, last, page, seeded, settled, unsupported, upserts, walk

__all__ = ["ReadingLaws"]


class ReadingLaws:
    """What ``changes``, ``ids``, ``find`` and ``fetch`` owe."""

    def test_every_record_appears(self, bench: Bench) -> None:
        """What is not seen is never synced. If this fails, check when ``more`` is said, and the very first window."""
        adapter = bench.adapter()
        refs = seeded(bench, 37)
        settled(bench, adapter)
        found, _ = walk(adapter, bench, limit=10)
        assert {record.ref for record in found} >= set(refs)

    def test_reading_can_stop_after_any_page_and_go_on_elsewhere(self, bench: Bench) -> None:
        """Processes are killed; the cursor that was saved is all that is left of them.

        If this fails, check what the adapter remembers itself instead of in the cursor.
        """
        first = bench.adapter()
        refs = set(seeded(bench, 23))
        settled(bench, first)
        start = page(first, bench, None, 5)
        pages: list[Page] = [start]
        while pages[-1].more:
            pages.append(page(first, bench, pages[-1].cursor, 5))
        for stop in range(len(pages)):
            before = [item.ref for done in pages[: stop + 1] for item in done.items if isinstance(item, Record)]
            after, _ = walk(bench.adapter(), bench, pages[stop].cursor, limit=7)
            assert {*before, *(record.ref for record in after)} >= refs, f"records are lost after page {stop + 1}"

    def test_records_of_one_moment_are_all_seen(self, bench: Bench) -> None:
        """Imports give hundreds of records one time stamp, across the borders of pages.

        If this fails, check that a place in the stream is a stamp *and* an id.
        """
        adapter = bench.adapter()
        _, cursor = walk(adapter, bench)
        refs = set(seeded(bench, 500))
        settled(bench, adapter)
        found, _ = walk(adapter, bench, cursor, limit=100)
        missing = refs - {record.ref for record in found}
        assert not missing, f"{len(missing)} of 500 records with one time stamp are lost"

    def test_a_change_that_shows_late_is_not_lost(self, bench: Bench) -> None:
        """Indexes lag and long transactions commit late: a change may appear behind the place that was read.

        If this fails, check that every new window looks back over ``Capabilities.settle``.
        """
        adapter = bench.adapter()
        settle = adapter.describe().capabilities.settle
        if bench.clock is None:
            pytest.skip("this bench has no clock to be late with")
        refs = seeded(bench, 3)
        found: list[Record] = []
        cursor: str | None = None
        for _ in range(6):
            bench.clock.advance(settle / 4 + timedelta(milliseconds=1))
            records, cursor = walk(adapter, bench, cursor)
            found += records
        assert {record.ref for record in found} >= set(refs)

    def test_when_nothing_changed_nothing_is_read(self, bench: Bench) -> None:
        """A quiet round costs one small request, however often it is repeated.

        If this fails, check that the stream is really filtered by the cursor, and that the cursor does not grow.
        """
        adapter = bench.adapter()
        seeded(bench, 12)
        settled(bench, adapter)
        _, cursor = walk(adapter, bench)
        sizes = []
        for turn in range(3):
            settled(bench, adapter)
            found, cursor = walk(adapter, bench, cursor)
            sizes.append(len(cursor))
            assert not found or turn == 0, "records are read again although nothing changed"
        assert sizes[-1] <= sizes[0] + 8, "the cursor grows although nothing changed"

    def test_a_cursor_is_text(self, bench: Bench) -> None:
        """Cursors are kept in a database and in backups. If this fails, check how it is encoded."""
        adapter = bench.adapter()
        seeded(bench, 3)
        settled(bench, adapter)
        cursors: list[object] = [page(adapter, bench, None, limit).cursor for limit in (1, 50)]
        cursors.append(adapter.ids(bench.kind, None, archived=False, limit=1).cursor)
        for cursor in cursors:
            assert isinstance(cursor, str)
            assert json.loads(json.dumps(cursor)) == cursor

    def test_a_page_is_never_longer_than_asked_for(self, bench: Bench) -> None:
        """Pages are stored in one transaction each. If this fails, check how ``limit`` reaches the CRM."""
        adapter = bench.adapter()
        seeded(bench, 9)
        settled(bench, adapter)
        assert all(len(page(adapter, bench, None, limit).items) <= limit for limit in (1, 2, 5))
        assert len(adapter.ids(bench.kind, None, archived=False, limit=4).items) <= 4

    def test_a_record_edited_while_pages_are_walked_appears_as_it_is_now(self, bench: Bench) -> None:
        """Reading takes minutes, and people go on working. If this fails, check that edited records come again."""
        adapter = bench.adapter()
        refs = seeded(bench, 20)
        settled(bench, adapter)
        start = page(adapter, bench, None, 5)
        edited = (refs[0], refs[11], refs[-1])
        for ref in edited:
            bench.crm.edit(ref, {bench.text_field: "edited meanwhile"})
        rest, cursor = walk(adapter, bench, start.cursor, limit=5)
        settled(bench, adapter)
        more, _ = walk(adapter, bench, cursor)
        seen = last([*(item for item in start.items if isinstance(item, Record)), *rest, *more])
        assert {ref: seen[ref].fields[bench.text_field] for ref in edited} == dict.fromkeys(edited, "edited meanwhile")

    def test_only_what_was_asked_for_is_read(self, bench: Bench) -> None:
        """Without fields there are refs only; with fields there is nothing else: what is not needed is not kept.

        If this fails, check how ``fields`` reaches the CRM.
        """
        adapter = bench.adapter()
        (ref,) = seeded(bench, 1)
        bench.crm.edit(ref, {bench.text_field: "some text"})
        settled(bench, adapter)
        assert ref in page(adapter, bench, None, 50, fields=()).items
        for record in (*walk(adapter, bench)[0], fetched(adapter, ref, bench.text_field)):
            assert set(record.fields) <= {bench.text_field}
        assert fetched(adapter, ref, bench.text_field).fields == {bench.text_field: "some text"}

    def test_a_version_changes_when_the_record_does(self, bench: Bench) -> None:
        """Versions tell our own echo from a change by others. If this fails, check where the version comes from."""
        adapter = bench.adapter()
        (ref,) = seeded(bench, 1)
        first = fetched(adapter, ref, bench.text_field)
        again = fetched(adapter, ref, bench.text_field)
        if bench.clock is not None:
            bench.clock.advance(timedelta(seconds=1))
        bench.crm.edit(ref, {bench.text_field: "changed"})
        changed = fetched(adapter, ref, bench.text_field)
        assert first.version == again.version != changed.version
        assert changed.modified_at >= first.modified_at
        assert changed.modified_at.utcoffset() == timedelta(0)

    def test_a_sweep_names_every_live_record_once(self, bench: Bench) -> None:
        """Sweeps find what streams cannot show. If this fails, check how ``ids`` goes on from page to page."""
        refs = set(seeded(bench, 13))
        settled(bench, bench.adapter())
        found: list[Record | Ref] = []
        cursor: str | None = None
        more = True
        while more:
            part = bench.adapter().ids(bench.kind, cursor, archived=False, limit=4)
            found += part.items
            cursor, more = part.cursor, part.more
        assert len(found) == len(set(found))
        assert refs <= set(found) <= refs | {Ref(bench.kind, str(row["id"])) for row in bench.crm.dump(bench.kind)}

    def test_find_is_complete_in_order_and_never_late(self, bench: Bench) -> None:
        """Before anything is created it is looked for; an index that lags would make every lead twice.

        If this fails, check that ``find`` does not use a search index, or hydrates and waits out its lag.
        """
        adapter = bench.adapter()
        field = address_field(bench, adapter)
        refs = seeded(bench, adapter.describe().capabilities.read_batch + 3)
        values = ["o'nobody@acme.example", *(str(bench.row(i)[field]) for i in range(len(refs)))]
        found = adapter.find(bench.kind, field, values, fields=[bench.text_field])
        assert len(found) == len(values)
        assert found[0] == ()
        assert [[record.ref for record in records] for records in found[1:]] == [[ref] for ref in refs]
        if bench.kind in adapter.describe().capabilities.key_kinds:
            own = adapter.describe().kinds[bench.kind].own["id"]
            (write,) = upserts(bench, 1, start=900)
            (made,) = adapter.apply([write])
            (by_key,) = adapter.find(bench.kind, own, [write.target.id], fields=[own])
            assert [(record.ref, record.fields[own]) for record in by_key] == [(made.ref, write.target.id)]

    def test_fetch_answers_for_every_ref_in_order(self, bench: Bench) -> None:
        """Answers are matched by position, for any number of refs and for ids that do not exist.

        If this fails, check how batches are put together again; many vendors answer in their own order.
        """
        adapter = bench.adapter()
        refs = seeded(bench, adapter.describe().capabilities.read_batch + 3)
        (gone,) = seeded(bench, 1, start=5000)
        bench.crm.delete(gone)
        nobody = Ref(bench.kind, _unlike(refs[0].id))
        asked = [nobody, *reversed(refs), refs[0], gone]
        answers = adapter.fetch(asked, fields=[bench.text_field])
        assert [answer.ref for answer in answers] == asked
        assert isinstance(answers[0], Missing)
        assert all(isinstance(answer, Record) and answer.state == "live" for answer in answers[1:-1])
        assert isinstance(answers[-1], Missing) or answers[-1].state == "deleted"

    def test_deleted_records_are_seen_as_declared(self, bench: Bench) -> None:
        """What was deleted in one CRM must not come back from the other.

        If this fails, check how deleted records are asked for, or do not declare ``sees_deleted``.
        """
        adapter = bench.adapter()
        refs = seeded(bench, 4)
        settled(bench, adapter)
        _, cursor = walk(adapter, bench)
        bench.crm.delete(refs[1])
        settled(bench, adapter)
        if not adapter.describe().capabilities.sees_deleted:
            with unsupported(bench, "sees_deleted"):
                adapter.ids(bench.kind, None, archived=True, limit=10)
            return
        found, _ = walk(adapter, bench, cursor)
        assert last(found)[refs[1]].state == "deleted"
        assert refs[1] in adapter.ids(bench.kind, None, archived=True, limit=1000).items
        assert refs[1] not in adapter.ids(bench.kind, None, archived=False, limit=1000).items

    def test_a_merged_record_leads_to_its_successor(self, bench: Bench) -> None:
        """Links outlive merges: an old id answers with the record that it became.

        If this fails, check how the vendor redirects, and that the stream names the successor.
        """
        adapter = bench.adapter()
        winner, loser, _ = seeded(bench, 3)
        settled(bench, adapter)
        _, cursor = walk(adapter, bench)
        try:
            became = bench.crm.merge(winner, loser)
        except Unsupported:
            pytest.skip("this CRM cannot merge records")
        assert fetched(adapter, loser, bench.text_field).ref == became
        settled(bench, adapter)
        found, _ = walk(adapter, bench, cursor)
        assert last(found)[became].state == "live"
        if adapter.describe().capabilities.sees_deleted and loser != became:
            merged = last(found)[loser]
            assert (merged.state, merged.successor) == ("merged", became)

    def test_a_converted_record_leads_to_its_successor_as_declared(self, bench: Bench) -> None:
        """A lead goes on as another record when sales takes it over; its history must not end there.

        If this fails, check how the stream shows converted records, or do not declare ``converts``.
        """
        adapter = bench.adapter()
        ref, _ = seeded(bench, 2)
        settled(bench, adapter)
        _, cursor = walk(adapter, bench)
        if not adapter.describe().capabilities.converts:
            if isinstance(adapter, Convert):
                with unsupported(bench, "converts"):
                    adapter.convert(ref, owner=None)
            return
        became = bench.crm.convert(ref)
        settled(bench, adapter)
        converted = last(walk(adapter, bench, cursor)[0])[ref]
        assert (converted.state, converted.successor) == ("converted", became)
        assert became in (fetched(adapter, ref).ref, fetched(adapter, ref).successor)


def _unlike(id: str) -> str:
    """An id of the same form that no record has. What says the kind (in front) or checks the rest (behind) stays."""
    if id.isdigit():
        return f"9{id}"
    return id[:3] + "".join("9" if sign.isdigit() else sign for sign in id[3:15]) + id[15:]
