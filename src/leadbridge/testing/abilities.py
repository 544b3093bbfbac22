"""The laws of what an adapter may be able to do besides: an ability that it does not have is not tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from leadbridge.adapter import Erase, Hints, History, Missing, Record, Ref
from leadbridge.errors import Forbidden
from leadbridge.testing.bench import Associating, Bench, Calling, Webhook
from leadbridge.testing.steps import fetched, last, seeded, settled, walk

__all__ = ["AbilityLaws"]


class AbilityLaws:
    """What ``hints``, ``history``, ``erase`` and lookups owe."""

    def test_a_lookup_is_a_ref_however_it_is_read(self, bench: Bench) -> None:
        """Deals and calls find their lead by the refs that they carry; an id alone does not say of which kind it is.

        If this fails, check that lookups and associations are refs, in the stream and when fetched.
        """
        if not isinstance(bench, Associating):
            pytest.skip("this bench cannot associate records")
        adapter = bench.adapter()
        record, field, person = bench.associated()
        assert adapter.describe().kinds[record.kind].fields[field].type == "ref"
        settled(bench, adapter)
        streamed = last(walk(adapter, bench, fields=[field], kind=record.kind)[0])[record]
        for seen in (fetched(adapter, record, field), streamed):
            value = seen.fields[field]
            assert person in (value if isinstance(value, tuple) else (value,)), "the lookup does not name the record"

    def test_a_webhook_is_believed_only_when_it_is_signed(self, bench: Bench) -> None:
        """Anybody can call an address. If this fails, check that the signature covers the body as it was sent, and that
        it is checked before anything else.
        """
        adapter = bench.adapter()
        if not isinstance(adapter, Hints):
            pytest.skip("this adapter knows no webhooks")
        if not isinstance(bench, Calling):
            pytest.skip("this bench sends no webhooks")
        refs = seeded(bench, 3)
        genuine = bench.webhook([*refs, refs[0]])
        before = bench.log.total if bench.log is not None else 0
        assert sorted(_hints(adapter, genuine)) == sorted(refs), "a webhook names each of its records once"
        assert _hints(adapter, genuine) == _hints(adapter, genuine), "a repeated webhook says the same"
        forged = (
            replace(genuine, body=bench.webhook(refs[:1]).body),
            replace(genuine, body=genuine.body + b" "),
            replace(genuine, headers={"Content-Type": "application/json"}),
            replace(genuine, headers=dict.fromkeys(genuine.headers, "forged")),
        )
        for webhook in forged:
            with pytest.raises(Forbidden):
                _hints(adapter, webhook)
        if bench.log is not None:
            assert bench.log.total == before, "hints asks the CRM nothing: that is for whoever fetches"

    def test_history_is_told_from_the_oldest_value_to_the_present_one(self, bench: Bench) -> None:
        """When a stage was entered decides who was late. If this fails, check the order of values, whose history stands
        where, and the time zone.
        """
        adapter = bench.adapter()
        if not isinstance(adapter, History):
            pytest.skip("this adapter does not remember past values")
        refs = seeded(bench, 3)
        for text in ("first", "second", "third"):
            if bench.clock is not None:
                bench.clock.advance(timedelta(minutes=1))
            bench.crm.edit(refs[1], {bench.text_field: text})
        untouched, told, other = adapter.history(refs, field=bench.text_field)
        assert [value for _, value in told][-3:] == ["first", "second", "third"]
        assert [when for when, _ in told] == sorted(when for when, _ in told)
        assert all(when.utcoffset() == timedelta(0) for when, _ in told)
        assert told[-1][1] == fetched(adapter, refs[1], bench.text_field).fields[bench.text_field]
        assert all(value is None for _, value in (*untouched, *other))

    def test_who_is_erased_is_gone_and_nobody_else_is(self, bench: Bench) -> None:
        """People may demand it. If this fails, check that erasing is more than deleting, and the receipts."""
        adapter = bench.adapter()
        if not isinstance(adapter, Erase):
            pytest.skip("this adapter cannot erase")
        refs = seeded(bench, 4)
        receipts = adapter.erase([refs[2], refs[1]])
        assert [(receipt.outcome, receipt.ref) for receipt in receipts] == [("applied", refs[2]), ("applied", refs[1])]
        answers = adapter.fetch(refs, fields=[bench.text_field])
        assert [isinstance(answer, Missing) for answer in answers] == [False, True, True, False]
        assert all(answer.state == "live" for answer in answers if isinstance(answer, Record))
        if adapter.describe().capabilities.sees_deleted:
            kept = set(adapter.ids(bench.kind, None, archived=True, limit=1000).items)
            assert not kept & set(refs), "what was erased can still be found among the deleted records"
        assert adapter.erase([refs[1]])[0].outcome in ("applied", "unchanged"), "erasing again is no trouble"


def _hints(adapter: Hints, webhook: Webhook) -> list[Ref]:
    return adapter.hints(method=webhook.method, url=webhook.url, headers=webhook.headers, body=webhook.body)
