"""What must hold of any two CRMs that are synced, whatever people did and whatever went wrong: I1 to I18 as code.

Each invariant is a pure function over what people did, what the CRMs hold and what was written; none asks the engine
or reads its tables. It yields a :class:`Breach` for each place where the promise is broken, so that nothing yielded
means kept. A simulation, a crash sweep and a test against real accounts all judge by the same functions.

Source: the invariants of file synchronisers (B. Pierce's "Unison", Dropbox's "Nucleus"), turned to CRMs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal, TypeAlias, TypeVar

from leadbridge.adapter import Ref, Value

__all__ = [
    "Breach",
    "Held",
    "Place",
    "Sent",
    "Settled",
    "clears_come_from_people",
    "consent_only_grows",
    "edits_survive",
    "intended_before_sent",
    "nobody_comes_back",
    "nobody_waits_for_another",
    "nothing_beyond_the_limits",
    "nothing_by_the_replaced",
    "nothing_invented",
    "nothing_missed",
    "nothing_personal",
    "one_record_each",
    "same_after_a_crash",
    "same_history",
    "stages_fall_with_a_reason",
    "still",
    "the_same_on_both_sides",
    "writes_follow_edits",
]

Place: TypeAlias = tuple[str, Ref]
"""A record: the connection and its address there."""

T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Breach:
    """A promise that was broken. ``about`` is a key, an address or a field; never what a record holds."""

    invariant: str
    about: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.about}: {self.what}"


@dataclass(frozen=True, slots=True)
class Held:
    """A record as its CRM holds it.

    Attributes:
        person: who it stands for, mostly our external key; ``None`` when it bears none.
        state: live, or how it ended.
        fields: what it holds, by canonical field.
        by_people: whether a person made it; otherwise the sync did.
    """

    place: Place
    person: str | None
    state: Literal["live", "deleted", "merged", "converted"]
    fields: Mapping[str, Value] = field(repr=False)
    by_people: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """A write on its way to a CRM.

    Attributes:
        key: its op marker.
        durable: whether the intent was stored, as sent, when the request left.
        remembered: whether what the fields held before was stored with it.
    """

    key: str
    durable: bool
    remembered: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """A result that was stored: under which fence it was claimed, and which was the newest claim by then."""

    key: str
    fence: int
    newest: int


def _by_person(records: Iterable[Held]) -> dict[tuple[str, str], list[Held]]:
    groups: dict[tuple[str, str], list[Held]] = defaultdict(list)
    for record in records:
        if record.person is not None:
            groups[record.person, record.place[0]].append(record)
    return groups


def one_record_each(records: Iterable[Held]) -> Iterator[Breach]:
    """I1: a person has at most one live record in a CRM, and the sync has made at most one there, ever."""
    for (person, connection), found in sorted(_by_person(records).items()):
        if sum(record.state == "live" for record in found) > 1:
            yield Breach("I1", person, f"more than one live record in {connection}")
        made = Counter(record.place[1].kind for record in found if not record.by_people)
        if max(made.values(), default=0) > 1:
            yield Breach("I1", person, f"made more than once in {connection}")


def nothing_missed(versions: Mapping[Place, T], shown: Mapping[Place, Collection[T]]) -> Iterator[Breach]:
    """I2: the newest version of every record that can be seen by now has reached the sync.

    Args:
        versions: the version of each record in its CRM.
        shown: the versions that were handed to the sync, by whatever request.
    """
    for (connection, ref), version in versions.items():
        if version not in shown.get((connection, ref), ()):
            yield Breach("I2", f"{connection} {ref.kind} {ref.id}", "its last change was never read")


def the_same_on_both_sides(
    pairs: Iterable[tuple[Held, Held]],
    fields: Iterable[str],
    same: Callable[[str, Value, Value], bool],
    excused: Callable[[str, str], bool] = lambda person, field: False,
) -> Iterator[Breach]:
    """I3: after a sync in peace, two records of a person say the same.

    Args:
        fields: the canonical fields that are synced.
        same: whether two values of a field are the same, each as its CRM can hold it.
        excused: whether a field of a person waits for a human decision.
    """
    names = list(fields)
    for one, other in pairs:
        for name in names:
            if excused(one.person or "", name):
                continue
            if not same(name, one.fields.get(name), other.fields.get(name)):
                yield Breach("I3", one.person or "", f"{name} differs between {one.place[0]} and {other.place[0]}")


def still(writes: Mapping[str, int], rounds: int, *, most_rounds: int = 1) -> Iterator[Breach]:
    """I4: a sync with nothing to do writes nothing, and knows it after so many rounds."""
    for connection, number in sorted(writes.items()):
        if number:
            yield Breach("I4", connection, f"{number} writes although nobody had edited anything")
    if rounds > most_rounds:
        yield Breach("I4", "rounds", f"{rounds} rounds where {most_rounds} are enough")


def writes_follow_edits(writes: int, edits: int, *, each: float, beyond: int = 0) -> Iterator[Breach]:
    """I5: no echo. Writes stay below a multiple of what people did.

    Args:
        each: most writes for one edit; a new record is one edit.
        beyond: writes that no edit explains, such as the state of an SLA that time changes.
    """
    if writes > each * edits + beyond:
        yield Breach("I5", "writes", f"{writes} writes for {edits} edits")


def edits_survive(
    wanted: Mapping[tuple[str, str], Collection[Value]],
    held: Mapping[tuple[str, str], Value],
    same: Callable[[str, Value, Value], bool],
) -> Iterator[Breach]:
    """I6: no lost update. What one side alone said stands, of two edits one wins, and what nobody edited stays.

    Args:
        wanted: what may stand, by (person, field).
        held: what stands.
    """
    for (person, name), values in wanted.items():
        if (person, name) not in held:
            continue
        if not any(same(name, held[person, name], value) for value in values):
            yield Breach("I6", person, f"an edit of {name} is lost")


def nothing_invented(
    records: Iterable[Held],
    typed: Mapping[tuple[str, str], Collection[Value]],
    normal: Callable[[str, Value], Value] = lambda name, value: value,
) -> Iterator[Breach]:
    """I7: what a record holds was typed by somebody, or is what a normaliser makes of that.

    Args:
        typed: what people typed about a person, anywhere, by (person, field), normalised.
        normal: the normaliser, by field.
    """
    for record in records:
        for name, value in record.fields.items():
            said = typed.get((record.person or "", name))
            if said is None or value is None:
                continue
            if normal(name, value) not in said:
                yield Breach("I7", record.person or "", f"{name} in {record.place[0]} holds what nobody typed")


def consent_only_grows(
    records: Iterable[Held], opted_out: Collection[str], name: str = "opted_out"
) -> Iterator[Breach]:
    """I8: whoever opted out anywhere is opted out everywhere, for good.

    Args:
        opted_out: persons who ever said so, on any side, under any address they were merged with.
        name: the canonical field.
    """
    for record in records:
        if record.state == "live" and record.person in opted_out and record.fields.get(name) is not True:
            yield Breach("I8", record.person or "", f"an opt-out is lost in {record.place[0]}")


def stages_fall_with_a_reason(moves: Iterable[tuple[str, int | None, int | None, bool]]) -> Iterator[Breach]:
    """I9: a stage never falls without an event that says why.

    Args:
        moves: person, rank before, rank after, and whether somebody decided or gave a reason.
    """
    for person, before, after, reason in moves:
        if before is not None and after is not None and after < before and not reason:
            yield Breach("I9", person, f"the stage fell from rank {before} to {after} without a reason")


def nobody_comes_back(records: Iterable[Held], erased: Collection[str] = ()) -> Iterator[Breach]:
    """I10: no resurrection. Whose record somebody deleted gets no other there; whoever was erased is nowhere.

    Args:
        erased: persons who are to be forgotten.
    """
    for (person, connection), found in sorted(_by_person(records).items()):
        if person in erased:
            yield Breach("I10", person, f"was erased and has a record in {connection}")
        ended = any(record.state == "deleted" for record in found)
        if ended and any(record.state == "live" for record in found):
            yield Breach("I10", person, f"what was deleted in {connection} is there again")


def clears_come_from_people(
    records: Iterable[Held], before: Mapping[tuple[str, str], Value], cleared: Collection[tuple[str, str]]
) -> Iterator[Breach]:
    """I11: a value goes only when a person took it out, here or on the other side.

    Args:
        before: what stood at the last quiet moment, by (person, field).
        cleared: what somebody emptied since, by (person, field).
    """
    for record in records:
        for (person, name), value in ((key, value) for key, value in before.items() if key[0] == record.person):
            gone = record.fields.get(name) in (None, "") and value not in (None, "")
            if record.state == "live" and name in record.fields and gone and (person, name) not in cleared:
                yield Breach("I11", person, f"{name} in {record.place[0]} was emptied by nobody")


def intended_before_sent(sent: Iterable[Sent]) -> Iterator[Breach]:
    """I12: every write was stored as intended, with what it replaces, before its request left."""
    for write in sent:
        if not write.durable:
            yield Breach("I12", write.key, "was sent before it was stored that it would be")
        elif not write.remembered:
            yield Breach("I12", write.key, "replaces values that nobody remembers")


def same_after_a_crash(crashed: Iterable[object], undisturbed: Iterable[object], where: str) -> Iterator[Breach]:
    """I13: whoever is killed anywhere and starts again ends where an undisturbed run ends.

    Args:
        crashed: what the CRMs hold in the end, in a fixed order, without ids and times.
        undisturbed: the same of a run that nobody killed.
        where: the crash point.
    """
    for number, (one, other) in enumerate(zip_longest(crashed, undisturbed)):
        if one != other:
            yield Breach("I13", where, f"record {number} is not what it would have been")
            return


def same_history(one: Sequence[object], other: Sequence[object]) -> Iterator[Breach]:
    """I14: the same seed lives the same history, step by step."""
    for step, (first, second) in enumerate(zip_longest(one, other)):
        if first != second:
            yield Breach("I14", f"step {step}", "the same seed lived another history")
            return


def nobody_waits_for_another(delays: Mapping[str, float], alone: Mapping[str, float]) -> Iterator[Breach]:
    """I15: one poisoned record delays nobody else.

    Args:
        delays: rounds or seconds until each healthy person was synced, beside the poisoned one.
        alone: the same without it; a tenth more is allowed.
    """
    for person, delay in sorted(delays.items()):
        if person in alone and delay > alone[person] * 1.1:
            yield Breach("I15", person, "waited for the poisoned record")


def nothing_beyond_the_limits(written: int, limit: int, *, approved: bool) -> Iterator[Breach]:
    """I16: no plan above the agreed limits runs unless a person approved exactly that plan."""
    if written > limit and not approved:
        yield Breach("I16", "plan", f"{written} writes where {limit} were agreed, and nobody approved them")


def nothing_by_the_replaced(settled: Iterable[Settled]) -> Iterator[Breach]:
    """I17: whoever was away for so long that another took over stores nothing more."""
    for result in settled:
        if result.fence < result.newest:
            yield Breach("I17", result.key, "was settled by a worker that had been replaced")


def nothing_personal(texts: Iterable[tuple[str, str]], canaries: Collection[str]) -> Iterator[Breach]:
    """I18: secrets and what identifies people appear in no log, exception, representation, metric or plan.

    Args:
        texts: where a text was found, and the text.
        canaries: values that exist nowhere else; the breach does not repeat them.
    """
    for where, text in texts:
        if any(canary and canary in text for canary in canaries):
            yield Breach("I18", where, "repeats what identifies a person, or a secret")
