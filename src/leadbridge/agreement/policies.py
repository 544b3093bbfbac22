"""Who wins when both CRMs changed a field, how far one sync may go, and which leads may cross."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from pydantic import Field

from leadbridge.domain.lifecycle import Lifecycle
from leadbridge.domain.model import Frozen, Id

__all__ = [
    "Comparison",
    "FieldPolicy",
    "Guard",
    "Guards",
    "Policy",
    "Ruling",
    "SyncRules",
    "default_policy",
    "function_of",
]

Policy: TypeAlias = Literal["latest", "owner", "non_blank", "sticky", "manual"]
Comparison: TypeAlias = Literal["text", "caseless", "digits", "number", "date", "flag", "exact"]


class Ruling(NamedTuple):
    """Which rule settles a field for a lead in some stage, and the function that wins when the rule asks for one.

    With ``latest`` the winner breaks a tie; with ``owner`` it always wins.
    """

    policy: Policy
    winner: str | None


class FieldPolicy(Frozen):
    """What happens when a field changed on both sides.

    ``latest``: the later change; ``owner``: the owning function, always; ``non_blank``: a value over none, else the
    later one; ``sticky``: once true, true for ever (opt-outs); ``manual``: a person decides, the field waits.

    Attributes:
        owner: the function that wins (and, for ``latest``, wins a tie).
        from_stage: stage → the function that wins from that stage on: the right winner flips at conversion.
        clear: whether an emptied value goes over (``propagate``) or the other side's value stays (``keep``).
        compare: when two values are the same: ``text`` without outer space, ``caseless``, ``digits`` of a telephone
            number, ``number`` by value, ``date`` by instant (by day, where a side knows only the day), ``flag`` yes or
            no, ``exact``. Without it, the field's type in the CRMs and its name decide.
    """

    policy: Policy = "latest"
    owner: Id | None = None
    from_stage: dict[str, Id] = Field(default_factory=dict)
    clear: Literal["propagate", "keep"] = "keep"
    compare: Comparison | None = None

    def ruling(self, stage: str | None, lifecycle: Lifecycle) -> Ruling:
        """The rule and the winning function for a lead in a stage; in a detour, as in the stage before it."""
        winner = self.owner
        if not self.from_stage:
            return Ruling(self.policy, winner)
        reached = lifecycle.reached(stage)
        turns = sorted((lifecycle.reached(name), function) for name, function in self.from_stage.items())
        for rank, function in turns:
            if rank <= reached:
                winner = function
        return Ruling(self.policy, winner)


class Guard(Frozen):
    """A limit: the larger of a count and a share of all links; a sync beyond it needs a person's yes."""

    count: int = Field(ge=0)
    share: float = Field(ge=0, le=1)

    def limit(self, links: int) -> int:
        """The largest number that needs no approval."""
        return max(self.count, int(self.share * links))


class Guards(Frozen):
    """How far one sync may go on its own.

    Attributes:
        max_changes: changed records.
        max_clears: emptied fields.
        max_creates: new records in a CRM that has linked ones already.
        max_deletes: records put into a CRM's bin.
        max_opt_ins: opt-outs taken back.
        max_same: records that get the same value in the same field, as after a bad import.
        max_first_match: leads in the first match of two CRMs that both hold some; it is always looked at first.
        max_gone: known records that may be missing from the list of all ids (the share is of those); beyond it, or when
            nothing comes back at all, the sweep takes nothing for deleted.
        max_refused: writes that a CRM refuses in one delivery (the share is of that delivery); then it is left alone.
    """

    max_changes: Guard = Guard(count=200, share=0.2)
    max_clears: Guard = Guard(count=20, share=0.005)
    max_creates: Guard = Guard(count=100, share=0.1)
    max_deletes: Guard = Guard(count=0, share=0)
    max_opt_ins: Guard = Guard(count=0, share=0)
    max_same: Guard = Guard(count=50, share=0.3)
    max_first_match: Guard = Guard(count=0, share=0)
    max_gone: Guard = Guard(count=1, share=0.2)
    max_refused: Guard = Guard(count=50, share=0.02)


class SyncRules(Frozen):
    """Which leads cross, between which systems, and who wins.

    Attributes:
        include: a criterion; a lead crosses when it is surely true. Without one, every lead crosses.
        systems: function → the system that it works in.
        fields: canonical field → policy; see :func:`default_policy` for the rest.
    """

    include: str | None = None
    systems: dict[Id, str] = Field(default_factory=dict)
    fields: dict[str, FieldPolicy] = Field(default_factory=dict)
    guards: Guards = Guards()


_GIVER = ("source", "campaign", "external_id", "captured_at", "score")
_COMPANY = ("company", "website", "industry", "employees")
_TAKER = ("owner", "status", "decision", "reason", "amount", "closed", "won", "closed_at")


def default_policy(field: str, *, giver: str, taker: str, lifecycle: Lifecycle) -> FieldPolicy:
    """The policy of a field on which the agreement is silent.

    Args:
        field: canonical name.
        giver: the function that hands leads over (marketing); it owns where a lead came from.
        taker: the function that receives them (sales); it owns the work on the lead, and the company
            from opportunity on.
    """
    if field == "opted_out":
        return FieldPolicy(policy="sticky")
    if field in _GIVER:
        return FieldPolicy(policy="owner", owner=giver)
    if field in _COMPANY:
        turn = lifecycle.find("opportunity")
        return FieldPolicy(policy="owner", owner=giver, from_stage={turn: taker} if turn else {})
    if field in _TAKER:
        return FieldPolicy(policy="owner", owner=taker)
    return FieldPolicy(policy="latest", owner=taker)


def function_of(systems: Mapping[str, str], system: str) -> str | None:
    """The function that works in a system; ``None`` when none does."""
    return next((function for function, name in systems.items() if name == system), None)
