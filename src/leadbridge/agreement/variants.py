"""Drafts for what-if: an agreement with another promise, policy, calendar, roster or rule. It itself stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from leadbridge.agreement.governed import Governed
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.handoff.routing import Engagement, Member, Queue, RouteRule
from leadbridge.domain.model import Frozen, did_you_mean
from leadbridge.domain.sla import Cadence, OnTransfer, Person
from leadbridge.errors import ConfigError

if TYPE_CHECKING:
    from leadbridge.agreement.schema import Agreement

__all__ = ["Variable"]


class Variable(Governed):
    """The document with its variants: each is the next version, which nobody has signed."""

    def with_target(
        self,
        promise: str,
        *,
        within: str | None = None,
        starts: str | None = None,
        stops: str | Sequence[str] | None = None,
        calendar: str | None = None,
        paused_while: str | Sequence[str] | None = None,
        grace: str | None = None,
        cancels: str | Sequence[str] | None = None,
        resets: str | Sequence[str] | None = None,
        cadence: Cadence | Mapping[str, object] | None = None,
        on_transfer: OnTransfer | None = None,
    ) -> Agreement:
        """A draft in which one promise says something else; what is not given stays.

        Args:
            promise: its name, as ``policy.target``.
            within: the time, such as ``2 business hours``.
            starts: the event that starts the clock.
            stops: the event that keeps it, or several.
            calendar: the name of a calendar of the agreement.
            paused_while: statuses in which the clock stands still.
            grace: time after it was due in which nobody counts it as broken.
            cancels: events that end it unkept.
            resets: events that give the whole time again.
            cadence: attempts that keep it.
            on_transfer: what a change of owner does, for all promises of the policy.

        Raises:
            ConfigError: there is no such promise.
            AgreementError: the draft does not hold together.
        """
        policy, _, target = promise.partition(".")
        known = [f"{each.id}.{one.id}" for each in self.slas for one in each.targets]
        if promise not in known:
            raise ConfigError(f"no promise is called {promise!r}: {did_you_mean(promise, known)}")
        terms = {"within": within, "starts": starts, "stops": stops, "calendar": calendar, "paused_while": paused_while}
        more = {"grace": grace, "cancels": cancels, "resets": resets, "cadence": cadence}
        changes = _given(terms) | _given(more)
        document = self.to_dict()
        for each in document["slas"]:
            if each["id"] == policy:
                each.update(_given({"on_transfer": on_transfer}))
                each["targets"] = [{**one, **changes} if one["id"] == target else one for one in each["targets"]]
        return self._draft(document)

    def with_policy(
        self,
        policy: str,
        *,
        on_transfer: OnTransfer | None = None,
        zone_of: Literal["team", "assignee"] | None = None,
        calendar: str | None = None,
        when: str | None = None,
    ) -> Agreement:
        """A draft in which a policy has another rule for all of its promises; what is not given stays.

        Args:
            policy: its id, as it stands under ``slas``.
            on_transfer: what a change of owner does to a running clock.
            zone_of: in whose time zone the hours of the calendar are.
            calendar: the name of a calendar of the agreement.
            when: for which leads it holds, as a condition on their fields.

        Raises:
            ConfigError: there is no such policy.
            AgreementError: the draft does not hold together.
        """
        known = [each.id for each in self.slas]
        if policy not in known:
            raise ConfigError(f"no policy is called {policy!r}: {did_you_mean(policy, known)}")
        changes = _given({"on_transfer": on_transfer, "zone_of": zone_of, "calendar": calendar, "when": when})
        document = self.to_dict()
        for each in document["slas"]:
            each.update(changes if each["id"] == policy else {})
        return self._draft(document)

    def with_calendar(self, name: str, calendar: BusinessCalendar) -> Agreement:
        """A draft in which a calendar has other hours, holidays or another zone.

        Raises:
            ConfigError: there is no such calendar.
            AgreementError: the draft does not hold together.
        """
        if name not in self.calendars:
            raise ConfigError(f"no calendar is called {name!r}: {did_you_mean(name, list(self.calendars))}")
        document = self.to_dict()
        document["calendars"][name] = _plain(calendar)
        return self._draft(document)

    def with_roster(
        self,
        queues: Mapping[str, Sequence[str | Member | Mapping[str, object]]] | None = None,
        *,
        people: Mapping[str, Person | Mapping[str, object]] | None = None,
    ) -> Agreement:
        """A draft with other people: who takes leads from which queue, and where they are and when they are away.

        Queues and people that are not named stay as they are.

        Args:
            queues: the members of a queue, in place of those it had: ids, or ids with a weight
                (``{"id": "ann", "weight": 2}``).
            people: zone, days off and manager of an owner, in place of what the agreement says.

        Raises:
            ConfigError: there is no such queue.
            AgreementError: the draft does not hold together.
        """
        members = dict(queues or {})
        known = [queue.id for queue in self.routing.queues]
        for name in members:
            if name not in known:
                raise ConfigError(f"no queue is called {name!r}: {did_you_mean(name, known)}")
        document = self.to_dict()
        for queue in document["routing"]["queues"] if members else ():
            if queue["id"] in members:
                queue["members"] = [_plain(member) for member in members[queue["id"]]]
        if people:
            document["people"] = {
                **document.get("people", {}),
                **{owner: _plain(person) for owner, person in people.items()},
            }
        return self._draft(document)

    def with_routing(
        self,
        *,
        rules: Sequence[RouteRule | Mapping[str, object]] | None = None,
        queues: Sequence[str | Queue | Mapping[str, object]] | None = None,
        engagement: Engagement | Mapping[str, object] | None = None,
    ) -> Agreement:
        """A draft with other rules of routing; what is not given stays.

        Args:
            rules: all of them, in their order.
            queues: all of them, each with its members and its way to deal.
            engagement: the rules of engagement (same company, same owner).

        Raises:
            AgreementError: the draft does not hold together.
        """
        document = self.to_dict()
        document["routing"] = {
            **document.get("routing", {}),
            **_given({"queues": queues, "rules": rules, "engagement": engagement}),
        }
        return self._draft(document)

    def _draft(self, document: Mapping[str, Any]) -> Agreement:
        import yaml

        from leadbridge.agreement.load import loads

        drafted = {**document, "version": self.version + 1}
        drafted.pop("signatures", None)
        text = yaml.safe_dump(drafted, allow_unicode=True, sort_keys=False)
        return loads(text, source=f"a draft of {self.name}")


def _given(terms: Mapping[str, object]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in terms.items() if value is not None}


def _plain(value: object) -> Any:
    """A term as it would stand in the document."""
    if isinstance(value, Frozen):
        return value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value
