"""Drafts for what-if: an agreement with one promise or calendar changed. The agreement itself stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leadbridge.agreement.governed import Governed
from leadbridge.domain.calendar import BusinessCalendar
from leadbridge.domain.model import did_you_mean
from leadbridge.domain.sla import OnTransfer
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
        changes = {name: _plain(value) for name, value in terms.items() if value is not None}
        document = self.to_dict()
        rule = {"on_transfer": on_transfer} if on_transfer is not None else {}
        for each in document["slas"]:
            if each["id"] == policy:
                each.update(rule)
                each["targets"] = [{**one, **changes} if one["id"] == target else one for one in each["targets"]]
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
        document["calendars"][name] = calendar.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return self._draft(document)

    def _draft(self, document: Mapping[str, Any]) -> Agreement:
        import yaml

        from leadbridge.agreement.load import loads

        drafted = {**document, "version": self.version + 1}
        drafted.pop("signatures", None)
        text = yaml.safe_dump(drafted, allow_unicode=True, sort_keys=False)
        return loads(text, source=f"a draft of {self.name}")


def _plain(value: str | Sequence[str]) -> str | list[str]:
    return value if isinstance(value, str) else list(value)
