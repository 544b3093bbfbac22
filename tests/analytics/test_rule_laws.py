"""Both ways agree: random criteria for random leads come to the same, judged one by one and as SQL on a snapshot.

And what is refused as impossible is true for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from unittest.mock import patch

import pytest

from leadbridge.agreement import Agreement
from leadbridge.analytics import Snapshot
from leadbridge.domain.criteria import CriteriaError, Criterion, Rule, profile
from leadbridge.domain.criteria.profile import standing_fields
from leadbridge.domain.criteria.sql import judge_sql
from leadbridge.domain.facts import Interacted
from leadbridge.domain.history import LeadHistory
from leadbridge.domain.interaction import Interaction
from tests.analytics.random_rules import NOW, TYPES, VOCABULARY, WINDOWS, Grammar, Person, people

ATTRIBUTES = {name.removeprefix("lead."): type_ for name, type_ in list(TYPES.items())[-4:]}
CHUNK = 60


def snapshot_of(leads: list[Person]) -> Snapshot:
    terms = {"agreement": "laws", "version": 1, "effective": "2026-01-01", "attributes": ATTRIBUTES}
    agreement = Agreement.model_validate(terms)
    facts = (fact for lead in leads for fact in lead.facts)
    profiles = {lead.id: lead.fields for lead in leads}
    return Snapshot.from_facts(facts, agreement=agreement, profiles=profiles, personal=True, now=NOW)


def values_of(lead: Person, *, touched: bool = True) -> dict[str, object]:
    touches = [Interaction.of(fact) for fact in lead.facts if isinstance(fact, Interacted)] if touched else None
    fields = standing_fields([lead.fields], LeadHistory.fold(lead.facts))
    return profile(fields, touches, wanted=[*TYPES, *WINDOWS], types=TYPES, at=NOW)


def random_rules(grammar: Grammar, count: int) -> Iterator[Rule]:
    found = 0
    while found < count:
        try:
            rule = VOCABULARY.rule(grammar.condition())
        except CriteriaError:
            continue
        found += 1
        yield rule


def disagreements(snapshot: Snapshot, leads: list[Person], rules: list[Rule], *, touched: bool = True) -> list[str]:
    values = {lead.id: values_of(lead, touched=touched) for lead in leads}
    found: list[str] = []
    for start in range(0, len(rules), CHUNK):
        some = rules[start : start + CHUNK]
        criteria = [(Criterion(id=f"c{number}", when=rule.text), rule) for number, rule in enumerate(some)]
        names = {name for rule in some for name in rule.names}
        parameters = {"now_us": snapshot.meta.now_us} if names & set(WINDOWS) else {}
        judged = snapshot._open().execute(judge_sql(criteria), parameters).fetchall()
        assert len(judged) == len(leads)
        for lead, *answers, ok in judged:
            row = values[lead]
            expected = [rule.evaluate(row) for rule in some]
            if expected != answers:
                found += [
                    f"{rule.text}: {one} here, {other} in SQL, for {rule.seen(row)}"
                    for rule, one, other in zip(some, expected, answers, strict=True)
                    if one is not other
                ]
            assert ok is (False if False in expected else None if None in expected else True)
    return found


@pytest.mark.slow
def test_judging_one_by_one_and_as_sql_agree() -> None:
    random = Random(20260302)
    leads = people(random, 10_000)
    rules = list(random_rules(Grammar(random), 300))
    with snapshot_of(leads) as snapshot:
        assert disagreements(snapshot, leads, rules)[:5] == []


def test_without_any_interaction_windows_are_unknown_in_both() -> None:
    random = Random(7)
    leads = people(random, 200)
    for lead in leads:
        del lead.facts[1:]
    rules = [VOCABULARY.rule(f"{window} >= 0") for window in WINDOWS] + list(random_rules(Grammar(random), 50))
    with snapshot_of(leads) as snapshot:
        assert disagreements(snapshot, leads, rules, touched=False)[:5] == []


def test_what_is_refused_as_impossible_is_true_for_nobody() -> None:
    random = Random(11)
    grammar = Grammar(random)
    rows = [values_of(lead) for lead in people(random, 150)]
    names = ["company.employees", "last_30d.any", "halved_10d.content", "country", "lower(country)", "captured_at"]
    refused = 0
    for _ in range(1500):
        name = random.choice([*names, "opted_out"])
        parts = [_about(grammar, random, name) for _ in range(random.randint(1, 3))]
        text = random.choice((" and ", " and ", ") or (")).join(parts)
        text = f"not ({text})" if random.random() < 0.2 and " or " not in text else f"({text})"
        try:
            VOCABULARY.rule(text)
        except CriteriaError as error:
            part = error.message.removesuffix(" can never be true")
            if part == error.message:
                continue
            with patch("leadbridge.domain.criteria.rules.refuse_impossible"):
                try:
                    rule = VOCABULARY.rule(part)
                except CriteriaError:
                    continue  # refused while it is read, such as between 9 and 1
            refused += 1
            assert [row for row in rows if rule.evaluate(row) is True] == [], part
    assert refused > 100


def _about(grammar: Grammar, random: Random, name: str) -> str:
    """A comparison of one name, so that several of them contradict each other often."""
    if name == "opted_out":
        return random.choice(("opted_out", "not opted_out", "opted_out is null", "opted_out = true"))
    if name == "captured_at":
        value = random.choice(("'2026-01-31'", "'2026-02-01T12:00:00Z'", "'2026-02-20'"))
    elif "country" in name:
        value = random.choice(("'de'", "'日本'", "'42'", "'ασ'"))
    else:
        value = random.choice(("0", "1", "2", "3", "-1", "2.5", "50"))
    kind = random.random()
    if kind < 0.1:
        return f"{name} is {random.choice(('', 'not '))}null"
    if kind < 0.25:
        return f"{name} {random.choice(('', 'not '))}in ({value}, {value})"
    if kind < 0.4:
        return f"not ({name} {grammar.operator()} {value})"
    return f"{name} {grammar.operator()} {value}"
