"""What differs between HubSpot accounts, or is not known for sure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

__all__ = ["Rule", "Switches"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A validation rule of an administrator, which the API keeps since 2026-09.

    Attributes:
        kind: the kind of record.
        needs: the properties that must have a value.
        when: the property that makes them necessary; empty: they are necessary to create a record.
        value: the value of ``when`` that does; empty: any.
    """

    kind: str
    needs: tuple[str, ...]
    when: str = ""
    value: str = ""


@dataclass(slots=True)
class Switches:
    """The switches of an account. May be changed while the simulator runs.

    Attributes:
        ratchet: a lifecycle stage moves forward only; a lower one is answered with 200 and not taken.
        new_contact_stage: the stage of a contact that is created without one; empty for none.
        moves: HubSpot moves stages itself: a deal makes an opportunity, a won one a customer, only ever forward.
        lag: how long the search index needs.
        merge_keeps_primary_id: the beta "Primary ID Preservation"; otherwise a merge makes a new id.
        merged_redirect: an old id answers with the record that it became.
        batches_redirect: it does so in batches too.
        require_name_or_email: a new contact needs an address or a name.
        rules: what an administrator demands; the API keeps them from 2026-09 on.
        shuffled: answers of batches come in any order.
        history: how many earlier values of a property an account keeps.
        enforce_limits: too many calls are answered with 429.
        limits_by_clock: they are counted by the account's clock, otherwise in real time.
        calls, interval: calls that the account has in so many seconds, as its answers say.
        searches: searches that the account has in one second.
        daily: calls that the account has in a day (UTC here).
        longest_url: from how many characters on a path with its query is answered with 414.
        token_lifetime: how long an access token from OAuth opens the account.
    """

    ratchet: bool = True
    new_contact_stage: str = "lead"
    moves: bool = True
    lag: timedelta = timedelta(0)
    merge_keeps_primary_id: bool = False
    merged_redirect: bool = True
    batches_redirect: bool = True
    require_name_or_email: bool = False
    rules: list[Rule] = field(default_factory=list)
    shuffled: bool = True
    history: int = 45
    enforce_limits: bool = False
    limits_by_clock: bool = False
    calls: int = 10_000
    interval: float = 10.0
    searches: int = 5
    daily: int = 650_000
    longest_url: int = 8_192
    token_lifetime: timedelta = timedelta(minutes=30)
