"""Steps that several laws take."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest

from leadbridge.adapter import Adapter, FieldInfo, Missing, Page, Receipt, Record, Ref, Value, Write
from leadbridge.errors import Unsupported
from leadbridge.simulator.faults import FaultQueue
from leadbridge.simulator.requests import RequestLog
from leadbridge.testing.bench import Bench

_MOST_PAGES = 2000
_DAY = "2020-01-01"


def seeded(bench: Bench, count: int, start: int = 0) -> list[Ref]:
    """New records in the CRM, all made at one moment."""
    return bench.crm.seed(bench.kind, [bench.row(i) for i in range(start, start + count)])


def settled(bench: Bench, adapter: Adapter) -> None:
    """Lets so much of the CRM's time pass that every change so far has to show."""
    settle = adapter.describe().capabilities.settle
    if bench.clock is not None:
        bench.clock.advance(settle + timedelta(seconds=1))
    elif settle:
        pytest.skip("this bench has no clock to let changes settle with")


def page(
    adapter: Adapter,
    bench: Bench,
    cursor: str | None,
    limit: int,
    fields: Sequence[str] | None = None,
    kind: str | None = None,
) -> Page:
    """One page of the bench's kind, or of another one."""
    asked = [bench.text_field] if fields is None else fields
    return adapter.changes(kind or bench.kind, cursor, fields=asked, limit=limit)


def walk(
    adapter: Adapter,
    bench: Bench,
    cursor: str | None = None,
    *,
    limit: int = 50,
    fields: Sequence[str] | None = None,
    kind: str | None = None,
) -> tuple[list[Record], str]:
    """Reads until there is no more; the cursor goes through JSON at every step, as it does in a database."""
    found: list[Record] = []
    for _ in range(_MOST_PAGES):
        answer = page(adapter, bench, cursor, limit, fields, kind)
        found += [item for item in answer.items if isinstance(item, Record)]
        cursor = str(json.loads(json.dumps(answer.cursor)))
        if not answer.more:
            return found, cursor
    raise AssertionError(f"there was still more after {_MOST_PAGES} pages")


def last(records: Sequence[Record]) -> dict[Ref, Record]:
    """The records as they were seen last."""
    return {record.ref: record for record in records}


def fetched(adapter: Adapter, ref: Ref, *fields: str) -> Record:
    """One record as it is now."""
    (answer,) = adapter.fetch([ref], fields=fields)
    assert not isinstance(answer, Missing), "fetch says that a record is missing which is there"
    return answer


def stored(bench: Bench, ref: Ref) -> dict[str, Value]:
    """One record as the CRM has it, past the adapter."""
    return next(row for row in bench.crm.dump(bench.kind) if row["id"] == ref.id)


def address_field(bench: Bench, adapter: Adapter) -> str:
    """The field that holds the address of a person: what records are looked for by."""
    crosswalk = adapter.describe().crosswalk.get(bench.kind)
    fields = crosswalk.get("fields") if isinstance(crosswalk, Mapping) else None
    name = fields.get("email") if isinstance(fields, Mapping) else None
    assert isinstance(name, str), "the adapter's default crosswalk does not say which field holds the email address"
    return name


def upserts(bench: Bench, count: int, start: int = 0) -> list[Write]:
    """Writes that make new records."""
    return [
        Write(f"op-{i:05d}", "upsert", Ref(bench.kind, f"lead-{i:05d}"), bench.row(i))
        for i in range(start, start + count)
    ]


def keyed(bench: Bench, adapter: Adapter) -> None:
    """Skips a law about our external key where the account has no field for it: another law is about that."""
    if bench.kind not in adapter.describe().capabilities.key_kinds:
        pytest.skip("this account has no field for our external key")


def outcomes(receipts: Sequence[Receipt]) -> list[str]:
    """What became of writes."""
    return [receipt.outcome for receipt in receipts]


def troublesome(bench: Bench) -> tuple[FaultQueue, RequestLog]:
    """The bench's faults and log, or a skip."""
    if bench.faults is None or bench.log is None:
        pytest.skip("this bench has no faults, or no log of requests")
    return bench.faults, bench.log


def bad_value(bench: Bench, adapter: Adapter) -> tuple[str, Value]:
    """A field and a value for it that the CRM refuses for one record."""
    fields = adapter.describe().kinds[bench.kind].fields

    def refuses(info: FieldInfo) -> bool:
        return info.writable and info.type == "option" and info.restricted and bool(info.options)

    choice = next((name for name, info in sorted(fields.items()) if refuses(info)), None)
    if choice is not None:
        return choice, "no such option"
    if fields[bench.text_field].max_length:
        return bench.text_field, "x" * (fields[bench.text_field].max_length + 1)
    pytest.skip("nothing is known that this CRM would refuse for one record")


def steps(bench: Bench, adapter: Adapter) -> list[FieldInfo]:
    """The fields whose options are steps, with two of them: what goes forward only, and what the crosswalk takes for
    stages, as far as it may be written and be blank.
    """
    seen = adapter.describe()
    crosswalk = seen.crosswalk.get(bench.kind)
    values = crosswalk.get("values") if isinstance(crosswalk, Mapping) else None
    stages = set(values) if isinstance(values, Mapping) else set()
    found = []
    for name, info in sorted(seen.kinds[bench.kind].fields.items()):
        options = tuple(option for option in info.options if option.active)[:2]
        free = info.type == "option" and info.writable and not info.required and len(options) == 2
        if free and (info.forward_only or name in stages):
            found.append(replace(info, options=options))
    if not found:
        pytest.skip("no stage of this kind can be chosen freely")
    return found


def read_only(bench: Bench, adapter: Adapter) -> tuple[str, Value]:
    """A field that may not be written, and a value that would fit it."""
    fits: dict[str, Value] = {
        "string": "x",
        "number": 1,
        "bool": True,
        "date": _DAY,
        "datetime": f"{_DAY}T00:00:00.000Z",
    }
    for name, info in sorted(adapter.describe().kinds[bench.kind].fields.items()):
        if not info.writable and info.type in fits:
            return name, fits[info.type]
    pytest.skip("every field of this kind can be written")


@contextmanager
def unsupported(bench: Bench, capability: str) -> Iterator[None]:
    """What happens inside has to raise ``Unsupported`` before any request is made."""
    before = bench.log.total if bench.log is not None else 0
    with pytest.raises(Unsupported):
        yield
    if bench.log is not None:
        assert bench.log.total == before, f"{capability} is not declared, and yet a request was sent"


@contextmanager
def no_sleeping() -> Iterator[None]:
    """Nobody may wait inside; threads that were there before and have nothing to do with it go on as they are."""
    really = time.sleep  # noqa: TID251  # for the others, who do not wait in an adapter
    me = threading.get_ident()
    others = {thread.ident for thread in threading.enumerate()} - {me}

    def sleep(seconds: float) -> None:
        if threading.get_ident() in others:
            really(seconds)
            return
        raise AssertionError(f"the adapter sleeps for {seconds} s: waiting is the engine's business")

    with patch.object(time, "sleep", sleep):
        yield


class Overheard(logging.Handler):
    """Everything that is logged while it is listening, on all levels."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name} {record.getMessage()} {record.exc_info}")

    @contextmanager
    def listening(self) -> Iterator[list[str]]:
        """Listens to the root logger."""
        root = logging.getLogger()
        level = root.level
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        try:
            yield self.lines
        finally:
            root.removeHandler(self)
            root.setLevel(level)
