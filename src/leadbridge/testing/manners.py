"""The laws of good manners: describing, failing, keeping secrets, sharing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from leadbridge.adapter import OWN_FIELDS, Record, Write
from leadbridge.errors import AdapterError, AuthExpired, Forbidden, RateLimited, Unavailable
from leadbridge.simulator.faults import Fault
from leadbridge.testing.bench import Bench
from leadbridge.testing.steps import (
    Overheard,
    address_field,
    fetched,
    no_sleeping,
    page,
    seeded,
    settled,
    troublesome,
    walk,
)

__all__ = ["MannersLaws"]

CANARY = "Canary-7f3a"

FAULTS: tuple[tuple[Fault, type[AdapterError]], ...] = (
    (Fault(effect="status", status=429, headers={"Retry-After": "7"}), RateLimited),
    (Fault(effect="status", status=500), Unavailable),
    (Fault(effect="status", status=503), Unavailable),
    (Fault(effect="html", status=502), Unavailable),
    (Fault(effect="html", status=200), Unavailable),
    (Fault(effect="empty", status=200), Unavailable),
    (Fault(effect="timeout"), Unavailable),
    (Fault(effect="drop_before"), Unavailable),
    (Fault(effect="drop_after"), Unavailable),
    (Fault(effect="cut"), Unavailable),
    (Fault(effect="status", status=401), AuthExpired),
    (Fault(effect="status", status=403), Forbidden),
)


class MannersLaws:
    """What every method owes."""

    def test_the_description_is_true_of_itself(self, bench: Bench) -> None:
        """Everything else is planned from it. If this fails, check ``describe``: names, own fields, batches."""
        seen = bench.adapter().describe()
        kind = seen.kinds[bench.kind]
        promised = seen.capabilities
        assert seen.system
        assert seen.account
        assert all(name == info.name for name, info in seen.kinds.items())
        assert all(name == info.name for name, info in kind.fields.items())
        assert kind.fields[bench.text_field].writable
        assert set(kind.own) <= {own.purpose for own in OWN_FIELDS}
        assert set(kind.own.values()) <= set(kind.fields), "own fields have to be fields of the kind"
        assert promised.read_batch >= 1
        assert promised.write_batch >= 1
        assert promised.key_kinds <= set(seen.kinds)
        assert bench.adapter().describe().account == seen.account

    def test_every_trouble_has_its_class_and_is_passed_on_at_once(self, bench: Bench) -> None:
        """Adapters neither retry nor wait: the engine does both, and counts. Exactly one request is made.

        If this fails, check the vendor's own client for hidden retries, and how answers become errors.
        """
        faults, log = troublesome(bench)
        adapter = bench.adapter()
        seeded(bench, 3)
        settled(bench, adapter)
        walk(adapter, bench)
        for fault, kind in FAULTS:
            name = f"{fault.effect} {fault.status}"
            faults.add(fault)
            before = log.total
            with no_sleeping(), pytest.raises(AdapterError) as caught:
                page(adapter, bench, None, 10)
            assert type(caught.value) is kind, f"{name} became {type(caught.value).__name__}"
            assert log.total == before + 1, f"{name}: {log.total - before} requests were made, not one"
            assert faults.pending == 0
            if isinstance(caught.value, RateLimited):
                assert caught.value.retry_after == 7.0, "the vendor's waiting time is not carried over"
        assert page(bench.adapter(), bench, None, 10).items

    def test_no_content_is_told_to_anybody(self, bench: Bench) -> None:
        """Errors and logs are read by many and kept for long: no name, address or text of a record belongs there.

        If this fails, check messages, ``repr``, chained exceptions, and what is logged at level DEBUG.
        """
        adapter = bench.adapter()
        (ref,) = seeded(bench, 1)
        bench.crm.edit(ref, {bench.text_field: CANARY})
        write = Write("op-1", "update", ref, {bench.text_field: f"{CANARY} again"})
        body = {"message": f"{CANARY} is wrong", "status": "error", "category": "VALIDATION_ERROR"}
        troubles = [Fault(effect="status", status=status, body=body) for status in (400, 404, 409, 429, 500)]
        field, address = address_field(bench, adapter), f"{CANARY}@acme.example"
        troubles += [Fault(effect=effect) for effect in ("html", "empty", "drop_after", "cut")]
        told: list[str] = []
        with Overheard().listening() as heard:
            told += [repr(write), repr(adapter), repr(fetched(adapter, ref, bench.text_field))]
            told += [repr(receipt) for receipt in adapter.apply([write])]
            for trouble in troubles if bench.faults is not None else ():
                for ask in (
                    lambda: adapter.find(bench.kind, field, [address], fields=[bench.text_field]),
                    lambda: adapter.apply([write]),
                ):
                    if bench.faults is not None:
                        bench.faults.add(trouble)
                    try:
                        told.append(repr(ask()))
                    except AdapterError as error:
                        told += _everything(error)
            if bench.faults is not None:
                bench.faults.clear()
        leaks = [text for text in (*told, *heard) if CANARY in text]
        assert not leaks, f"content of a record is told: {leaks[0].replace(CANARY, '<content>')}"

    def test_closing_twice_is_fine(self, bench: Bench) -> None:
        """Cleaning up must not fail. If this fails, check ``close``."""
        adapter = bench.adapter()
        adapter.describe()
        adapter.close()
        adapter.close()

    def test_adapters_do_not_disturb_each_other(self, bench: Bench) -> None:
        """Two connections live in one process. If this fails, check for state on the class or the module."""
        one, other = bench.adapter(), bench.adapter()
        seeded(bench, 12)
        settled(bench, one)
        first = page(one, bench, None, 5)
        walk(other, bench)
        other.close()
        rest, _ = walk(one, bench, first.cursor, limit=5)
        seen = {item.ref for item in first.items if isinstance(item, Record)} | {record.ref for record in rest}
        assert len(seen) >= 12

    def test_threads_can_share_an_adapter(self, bench: Bench) -> None:
        """Kinds are read and batches delivered in parallel. If this fails, check what a call keeps on the instance."""
        adapter = bench.adapter()
        refs = seeded(bench, 8)
        for i, ref in enumerate(refs):
            bench.crm.edit(ref, {bench.text_field: f"text {i}"})

        def read(i: int) -> object:
            return [fetched(adapter, refs[i], bench.text_field).fields[bench.text_field] for _ in range(3)]

        with ThreadPoolExecutor(max_workers=4) as pool:
            answers = list(pool.map(read, range(len(refs))))
        assert answers == [[f"text {i}"] * 3 for i in range(len(refs))]


def _everything(error: BaseException) -> list[str]:
    """All that an exception tells, with everything that is chained to it, shown or hidden."""
    told: list[str] = []
    chain: BaseException | None = error
    while chain is not None:
        told += [str(chain), repr(chain), repr(vars(chain))]
        chain = chain.__cause__ or chain.__context__
    return told
