"""Sweep: asks for the ids of all records, to find what no stream of changes tells of.

Records that vanished without a trace (deleted for good, a bin that was emptied, a permission that was lost) do not come
back; records that nobody ever read (a permission that was given, a change that the CRM forgot to tell) are strangers.
Nothing is believed of a list alone: the CRM is asked about each such record, and what it answers is decided about like
everything else. A list that lacks too many of the known records is not believed at all, because losing a permission
looks just like that.

A sweep goes page by page, each page and the place behind it stored together, so that it can be stopped and killed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from leadbridge.adapter import Adapter, Page, Record, Ref
from leadbridge.agreement.policies import Guard
from leadbridge.errors import AdapterError, CursorExpired, StoreConflict, named
from leadbridge.mapping import ConnectionMapping, KindMapping
from leadbridge.retry import Retry, call
from leadbridge.store import Quarantined, Store, SweepPlace, Transaction
from leadbridge.store.codec import fingerprint

__all__ = ["SweepResult", "Sweeper", "Swept"]

PAGE = 2000
"""Most ids asked for at once; an adapter gives what its CRM gives."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found out about one kind of one connection.

    Attributes:
        met: ids that came.
        known: records that were thought to be there.
        unseen: records that nobody had ever read; they are read now.
        missing: known records that did not come.
        gone: those of them that the CRM, asked about each, does not know any more, or has deleted.
        refused: why the list is not believed; empty when it is.
        approval: what a person repeats to have exactly these missing records asked about all the same.
        ended: whether the sweep came to its end; else it goes on another time.
    """

    connection: str
    kind: str
    met: int = 0
    known: int = 0
    unseen: int = 0
    missing: int = 0
    gone: int = 0
    refused: str = ""
    approval: str = ""
    ended: bool = False

    def to_dict(self) -> dict[str, object]:
        """As JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class SweepResult:
    """What a sweep came to. ``failed``: connections that did not work; ``busy``: those that another worker sweeps."""

    swept: list[Swept] = field(default_factory=list)
    failed: dict[str, AdapterError] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)

    @property
    def refused(self) -> list[Swept]:
        """The kinds whose lists are not believed."""
        return [each for each in self.swept if each.refused]

    def summary(self) -> str:
        """One line a kind."""
        lines = [f"{each.connection} {each.kind}: {_words(each)}" for each in self.swept]
        lines += [f"{name} failed: {error}" for name, error in self.failed.items()]
        lines += [f"{name}: another worker is sweeping" for name in sorted(self.busy)]
        return "\n".join(lines or ["nothing to sweep yet"])

    __str__ = summary


def _words(each: Swept) -> str:
    if each.refused:
        return each.refused
    if not each.ended:
        return f"{each.met:,} ids so far"
    return f"{each.met:,} ids, {each.unseen:,} never read before, {each.missing:,} did not come, {each.gone:,} gone"


class Sweeper:
    """The sweeps over the connections of a bridge.

    Args:
        store: where they stand.
        mappings: by connection.
        adapters: likewise.
        limit: how many known records may be missing from a list that is believed.
        ask: has a connection asked about the records of its hints, unless another worker is just reading it.
        retry: how patient calls are.
        now: asked for the time.
    """

    def __init__(
        self,
        store: Store,
        mappings: Mapping[str, ConnectionMapping],
        adapters: Mapping[str, Adapter],
        *,
        limit: Guard,
        ask: Callable[[str], None],
        retry: Retry,
        now: Callable[[], datetime],
    ) -> None:
        self.store, self.mappings, self.adapters = store, mappings, adapters
        self.limit, self.ask, self.retry, self.now = limit, ask, retry, now

    def due(self, name: str, every: timedelta | None) -> list[KindMapping]:
        """The kinds of a connection to sweep now: those that are under way or have not been swept for so long.

        Args:
            every: ``None`` means all.
        """
        found = []
        for kind in self.mappings[name].pulled:
            with self.store.transaction() as tx:
                place = tx.sweeping.place(name, kind.kind)
            last = place.begun_at if place is not None and place.state == "refused" else None
            last = last or (place.finished_at if place is not None else None)
            under_way = place is not None and place.state == "open"
            if every is None or under_way or last is None or self.now() - last >= every:
                found.append(kind)
        return found

    def run(
        self,
        name: str,
        kinds: list[KindMapping],
        result: SweepResult,
        *,
        pages: int | None = None,
        approve: str | None = None,
        beat: Callable[[Transaction], None],
        progress: Callable[[str, str, int], None],
    ) -> None:
        """Sweeps kinds of one connection; what it found is added to the result.

        Args:
            pages: at most so many of each kind; the next time goes on behind them.
            approve: the approval of a list that was refused.
            beat: called in each transaction that stores a page.
        """
        try:
            for kind in kinds:
                result.swept.append(self._sweep(name, kind, pages, approve, beat, progress))
        except AdapterError as error:
            result.failed[name] = named(error, name)
        except StoreConflict:
            result.busy.add(name)

    def _sweep(
        self,
        name: str,
        kind: KindMapping,
        pages: int | None,
        approve: str | None,
        beat: Callable[[Transaction], None],
        progress: Callable[[str, str, int], None],
    ) -> Swept:
        with self.store.transaction() as tx:
            place = tx.sweeping.place(name, kind.kind)
        if approve is not None and place is not None and place.state == "refused":
            return self._end(name, kind, place, approve)
        if place is None or place.state != "open":
            number, last = (place.number, place.finished_at) if place is not None else (0, None)
            place = SweepPlace(number + 1, self.now(), finished_at=last)
        taken = 0
        while pages is None or taken < pages:
            page, place = self._read(name, kind, place)
            place = self._met(name, kind, place, page, beat)
            taken += 1
            progress("sweep", name, len(page.items))
            if not page.more:
                return self._end(name, kind, place, approve)
        return Swept(name, kind.kind, place.met, unseen=place.unseen)

    def _read(self, name: str, kind: KindMapping, place: SweepPlace) -> tuple[Page, SweepPlace]:
        ids = partial(self.adapters[name].ids, kind.kind, archived=False, limit=PAGE)
        try:
            return call(partial(ids, place.cursor), policy=self.retry), place
        except CursorExpired:
            # The CRM no longer knows the place: this sweep begins again.
            place = replace(place, cursor=None, met=0, unseen=0, begun_at=self.now())
            return call(partial(ids, None), policy=self.retry), place

    def _met(
        self, name: str, kind: KindMapping, place: SweepPlace, page: Page, beat: Callable[[Transaction], None]
    ) -> SweepPlace:
        ids = list(dict.fromkeys(item.ref.id if isinstance(item, Record) else item.id for item in page.items))
        suppression = self.store.suppression()
        with self.store.transaction() as tx:
            beat(tx)
            unseen, back = tx.sweeping.meet(name, kind.kind, place.number, ids)
            of_lead = kind.stands_for == "lead"
            unseen = [one for one in unseen if suppression.keeps_ref(name, Ref(kind.kind, one), of_lead=of_lead)]
            tx.hint(name, [Ref(kind.kind, one) for one in (*unseen, *back)], self.now())
            place = replace(place, cursor=page.cursor, met=place.met + len(ids), unseen=place.unseen + len(unseen))
            tx.sweeping.save(name, kind.kind, place)
        return place

    def _end(self, name: str, kind: KindMapping, place: SweepPlace, approve: str | None) -> Swept:
        note = fingerprint("sweep", name, kind.kind)
        with self.store.transaction() as tx:
            known = tx.sweeping.known(name, kind.kind, place.begun_at)
            missing = tx.sweeping.missing(name, kind.kind, place.number, place.begun_at)
            said = Swept(name, kind.kind, place.met, known, place.unseen, len(missing), ended=True)
            approval = fingerprint(name, kind.kind, *missing)[:12]
            too_many = len(missing) > self.limit.limit(known) or (missing and not place.met)
            if too_many and approve != approval:
                refused = _refused(name, kind.kind, said, approval)
                tx.sweeping.save(name, kind.kind, replace(place, state="refused"))
                tx.quarantine([replace(refused, fingerprint=note)], self.now())
                return replace(said, refused=f"{refused.reason}: {refused.remedy}", approval=approval)
            refs = [Ref(kind.kind, one) for one in missing]
            tx.hint(name, refs, self.now())
            tx.sweeping.save(name, kind.kind, replace(place, state="done", finished_at=self.now()))
            tx.resolve([note], self.now())
        # Whatever happens from here on: the next pull asks about them as well.
        self.ask(name)
        gone = sum(o.record.state != "live" for o in self.store.seen((name, ref) for ref in refs))
        return replace(said, gone=gone)


def _refused(connection: str, kind: str, said: Swept, approval: str) -> Quarantined:
    """What is left to a person when too many records did not come back."""
    return Quarantined(
        "",
        connection,
        Ref(kind, ""),
        None,
        "sweep",
        f"only {said.known - said.missing:,} of {said.known:,} known records came back: a permission may be lost, "
        "and nothing is taken for deleted",
        f"check what the user of {connection} may see, then: leadbridge sweep; if the records really were deleted: "
        f"leadbridge sweep --yes-really={approval}",
        "identity",
    )
