"""The agreement between marketing and sales: one document, versioned, dated, signed, and asked for everything.

:mod:`leadbridge.agreement.document` is what stands in it; here is what it comes to and what it answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import IO

from leadbridge.agreement.crosswalk import find_stage
from leadbridge.agreement.policies import FieldPolicy, Ruling, default_policy
from leadbridge.agreement.variants import Variable
from leadbridge.clock import SystemClock
from leadbridge.domain.buying import BuyingStage, StageEntry, infer
from leadbridge.domain.buying.presets import BUYING_PRESETS
from leadbridge.domain.criteria import PROFILE_TYPES, Criterion, FieldType, Rule, Verdict, judge, profile
from leadbridge.domain.criteria.scores import ScoreCard, evaluate
from leadbridge.domain.criteria.vocabulary import Vocabulary
from leadbridge.domain.facts import DECISIONS, Interacted
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.lead import Lead
from leadbridge.domain.lifecycle import Lifecycle
from leadbridge.domain.model import did_you_mean, listing
from leadbridge.domain.package import Package
from leadbridge.domain.reasons import Reason, Reasons
from leadbridge.errors import ConfigError

__all__ = ["Agreement"]


class Agreement(Variable):
    """What marketing and sales agreed on. Build one with :meth:`load` or :meth:`loads`, which check it as a whole."""

    # -- reading -------------------------------------------------------------------------------------------------------

    @classmethod
    def load(cls, source: str | Path | IO[str] | IO[bytes]) -> Agreement:
        """Reads and checks an agreement from a path or an open file.

        Raises:
            AgreementError: with every problem, its line and the way out.
            ConfigError: when the file cannot be opened.
        """
        from leadbridge.agreement.load import load

        return load(source)

    @classmethod
    def loads(cls, text: str, *, source: str = "agreement") -> Agreement:
        """Reads and checks an agreement from YAML text; ``source`` is what error messages call it.

        Raises:
            AgreementError: with every problem, its line and the way out.
        """
        from leadbridge.agreement.load import loads

        return loads(text, source=source)

    @classmethod
    def preset(cls, name: str = "example") -> Agreement:
        """One of the agreements that come with leadbridge: ``example`` or ``funnel``."""
        from leadbridge.agreement.load import loads
        from leadbridge.agreement.presets import agreement_text

        return loads(agreement_text(name), source=f"preset {name}")

    # -- what the sections come to -------------------------------------------------------------------------------------

    @cached_property
    def lifecycle(self) -> Lifecycle:
        """The stages, the success path and the detours."""
        terms = self.lifecycle_terms
        if terms.preset is None:
            return Lifecycle(
                stages=terms.stages, success_path=terms.success_path, detours=terms.detours, entries=terms.entries
            )
        preset = Lifecycle.preset(terms.preset)
        return preset.model_copy(update={"entries": {**preset.entries, **terms.entries}}) if terms.entries else preset

    @cached_property
    def buying_stages(self) -> tuple[BuyingStage, ...]:
        """The buyer's stages with the evidence that marks their entry, and what each function does in them."""
        terms = self.buying_terms
        stages = BUYING_PRESETS[terms.preset] if terms.preset is not None else terms.stages
        return tuple(
            stage.model_copy(
                update={
                    "evidence": (*stage.evidence, *terms.evidence.get(stage.id, ())),
                    "plays": (*stage.plays, *terms.plays.get(stage.id, ())),
                }
            )
            for stage in stages
        )

    @cached_property
    def reasons(self) -> Reasons:
        """Every reason in force, by code."""
        from leadbridge.agreement.presets import reason_preset

        terms = self.reason_terms
        base = reason_preset(terms.preset) if terms.preset is not None else ()
        kept = [reason for reason in (*base, *terms.add) if reason.code not in terms.remove]
        return Reasons(
            terms.override[reason.code].applied_to(reason) if reason.code in terms.override else reason
            for reason in kept
        )

    @cached_property
    def statuses(self) -> tuple[str, ...]:
        """The ids of the lead statuses."""
        return tuple(status.id for status in self.lead_statuses)

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """The functions that take part: those of the hand-off first, then others that work in a system."""
        return tuple(dict.fromkeys((self.handoff.from_, self.handoff.to, *self.sync.systems)))

    @cached_property
    def types(self) -> Mapping[str, FieldType]:
        """The names that criteria may use, and their types."""
        return {**PROFILE_TYPES, **{f"lead.{name}": type_ for name, type_ in self.attributes.items()}}

    @cached_property
    def closed_values(self) -> Mapping[str, frozenset[str]]:
        """The names of criteria that have a closed list of values."""
        return {
            "lead.stage": frozenset(self.lifecycle.ids),
            "lead.status": frozenset(self.statuses),
            "lead.decision": frozenset(DECISIONS),
            "lead.reason": frozenset(self.reasons),
            "lead.buying_stage": frozenset(stage.id for stage in self.buying_stages),
        }

    def reason(self, code: str) -> Reason:
        """The reason of a code.

        Raises:
            IllegalMove: for an unknown code, with the nearest one.
        """
        return self.reasons.find(code)

    def package_for(self, source: str | None = None, to: str | None = None) -> Package:
        """The information that is promised about a lead of a source to a receiving function (the hand-off's own)."""
        return self.handoff.package_for(source, to)

    # -- readiness -----------------------------------------------------------------------------------------------------

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The names that criteria may use: the profile, the target market and the scores."""
        market = self.target_market
        return Vocabulary(self.types, self.closed_values, market.companies, market.roles, self.scores)

    def rule(self, text: str) -> Rule:
        """Compiles a criterion against the fields and values of this agreement.

        Raises:
            CriteriaError: with what is wrong and the way out.
        """
        return self.vocabulary.rule(text)

    @cached_property
    def rules(self) -> Mapping[str, tuple[tuple[Criterion, Rule], ...]]:
        """The criteria of every definition, compiled."""
        return {
            name: tuple((criterion, self.rule(criterion.when)) for criterion in definition.criteria)
            for name, definition in self.definitions.items()
        }

    @cached_property
    def sla_rules(self) -> Mapping[str, Rule]:
        """The conditions of those policies that hold for some leads only, compiled, by policy."""
        return {policy.id: self.rule(policy.when) for policy in self.slas if policy.when is not None}

    @cached_property
    def _wanted(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the profile that each definition needs."""
        return {
            name: tuple(dict.fromkeys(field for _, rule in rules for field in rule.names))
            for name, rules in self.rules.items()
        }

    def readiness(
        self,
        lead: Lead | Mapping[str, object],
        definition: str | None = None,
        interactions: Sequence[Interaction] | None = None,
        *,
        at: datetime | None = None,
    ) -> Verdict:
        """Whether a lead meets a definition, with the evidence for each criterion and what is missing.

        Args:
            lead: a lead, or its flat canonical fields.
            definition: its name; that of the hand-off when not given.
            interactions: of this lead; when not given they are unknown, and so is every criterion that counts them.
            at: the instant that ``last_<n>d`` looks back from; now when not given.

        Raises:
            ConfigError: for a definition that the agreement does not have.
        """
        name = definition or self.handoff.definition or next(iter(self.definitions), None)
        if name is None:
            raise ConfigError("this agreement defines nothing to be ready for: add definitions.sales_ready")
        if name not in self.rules:
            raise ConfigError(f"unknown definition {name}: {did_you_mean(name, self.definitions)}")
        rules, wanted = self.rules[name], self._wanted[name]
        fields = lead.fields() if isinstance(lead, Lead) else lead
        if at is None and interactions is not None:
            at = SystemClock().now()
        return judge(name, rules, profile(fields, interactions, wanted=wanted, types=self.types, at=at))

    def score(
        self,
        lead: Lead | Mapping[str, object],
        name: str | None = None,
        interactions: Sequence[Interaction] | None = None,
        *,
        at: datetime | None = None,
    ) -> ScoreCard:
        """A score of a lead, explained point by point.

        Args:
            lead: a lead, or its flat canonical fields.
            name: of the score; may be left out when there is only one.
            interactions: of this lead; when not given they are unknown, and so is every point that counts them.
            at: the instant that windows and decay look back from; now when not given.

        Raises:
            ConfigError: for a score that the agreement does not have.
        """
        if name is None and len(self.scores) == 1:
            (name,) = self.scores
        if name not in self.scores:
            remedy = did_you_mean(name or "", self.scores) if self.scores else "describe it under scores"
            raise ConfigError(f"unknown score {name}: {remedy}" if name else f"which score? {remedy}")
        compiled = self.vocabulary.score(name)
        fields = lead.fields() if isinstance(lead, Lead) else lead
        if at is None and interactions is not None:
            at = SystemClock().now()
        return evaluate(name, compiled, profile(fields, interactions, wanted=compiled.names, types=self.types, at=at))

    @cached_property
    def include_rule(self) -> Rule | None:
        """Which leads may cross, compiled; ``None`` when all may."""
        return None if self.sync.include is None else self.rule(self.sync.include)

    def includes(
        self,
        fields: Mapping[str, object],
        interactions: Iterable[Interaction] | None = None,
        *,
        at: datetime | None = None,
    ) -> bool:
        """Whether a lead may cross: only when the inclusion rule is surely true for its flat canonical fields."""
        rule = self.include_rule
        if rule is None:
            return True
        return rule.evaluate(profile(fields, interactions, wanted=rule.names, types=self.types, at=at)) is True

    @cached_property
    def evidence_fields(self) -> tuple[str, ...]:
        """The canonical fields whose values are evidence for a buying stage."""
        rules = (rule for stage in self.buying_stages for rule in stage.evidence)
        return tuple(dict.fromkeys(rule.field for rule in rules if rule.field is not None))

    def buying_entries(
        self,
        interactions: Iterable[Interaction | Interacted],
        *,
        fields: Mapping[str, object] | None = None,
        at: datetime | None = None,
    ) -> tuple[StageEntry, ...]:
        """The buying stages that one lead gives evidence for, in order of time.

        Args:
            interactions: of this lead, or the facts of them; any order.
            fields: its flat canonical fields, for evidence that looks at a field; ``at`` is when they were seen.
        """
        if not self.buying_stages:
            return ()
        touches = [touch if isinstance(touch, Interaction) else Interaction.of(touch) for touch in interactions]
        types = {asset.id: asset.type for asset in self.assets}
        return infer(self.buying_stages, touches, asset_types=types, fields=fields, at=at)

    # -- systems, crosswalks, precedence -------------------------------------------------------------------------------

    def function_of(self, *names: str) -> str:
        """The function that works in a system; several names of it (connection, adapter) are tried in order.

        Raises:
            ConfigError: when ``sync.systems`` names none of them.
        """
        for name in names:
            for function, system in self.sync.systems.items():
                if system == name:
                    return function
        raise ConfigError(
            f"no function of the agreement works in {listing(names)}: "
            f"name the system under sync.systems (there now: {listing(self.sync.systems.values())})"
        )

    def system_of(self, function: str) -> str:
        """The system that a function works in.

        Raises:
            ConfigError: when the agreement names none.
        """
        if function not in self.sync.systems:
            raise ConfigError(f"{function} works in no system: {did_you_mean(function, self.sync.systems)}")
        return self.sync.systems[function]

    def means(self, system: str, kind: str, field: str, value: str) -> Mapping[str, str]:
        """What a value of a CRM's field means, axis by axis; empty when the agreement does not map it."""
        crosswalk = self.crosswalks.get(system, {}).get(kind)
        return (crosswalk.meaning(field, value) if crosswalk else None) or {}

    def stage_of(self, system: str, value: str, kind: str | None = None) -> str:
        """The lifecycle stage that a value stands for in a system.

        Args:
            value: compared exactly; a meaning is never guessed.
            kind: the CRM's kind, when the same value means different stages in different kinds.

        Raises:
            ConfigError: when it is not mapped (lists the values that are), or means several stages.
        """
        return find_stage(self.crosswalks, system, value, kind)

    @cached_property
    def _policies(self) -> dict[str, FieldPolicy]:
        return dict(self.sync.fields)

    def field_policy(self, field: str) -> FieldPolicy:
        """The policy of a field: the agreement's own, or the default where it is silent."""
        if field not in self._policies:
            terms, lifecycle = self.handoff, self.lifecycle
            self._policies[field] = default_policy(field, giver=terms.from_, taker=terms.to, lifecycle=lifecycle)
        return self._policies[field]

    def policy_for(self, field: str, stage: str | None) -> Ruling:
        """The rule that settles a field for a lead in a stage, and the function that wins: ``(policy, function)``."""
        return self.field_policy(field).ruling(stage, self.lifecycle)

    # -- showing -------------------------------------------------------------------------------------------------------

    def markdown(self) -> str:
        """The agreement as Markdown that both functions can read and sign."""
        from leadbridge.agreement.render import markdown

        return markdown(self)

    def page(self) -> str:
        """The agreement as a complete HTML page, to be printed and signed."""
        from leadbridge.agreement.render import page

        return page(self)

    def _repr_html_(self) -> str:
        from leadbridge.agreement.render import html

        return html(self)

    def __repr__(self) -> str:
        return f"Agreement({self.name!r}, version={self.version}, effective={self.effective})"

    __str__ = __repr__
