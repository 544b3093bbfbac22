"""Random leads and random criteria over them, the same for the same seed: everything that makes engines disagree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from leadbridge.agreement.sections.market import Role
from leadbridge.domain import facts as f
from leadbridge.domain.criteria import PROFILE_TYPES, Criterion, FieldType
from leadbridge.domain.criteria.scores import Point, Score
from leadbridge.domain.criteria.vocabulary import Vocabulary

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TYPES: dict[str, FieldType] = {
    **PROFILE_TYPES,
    "lead.Größe": "number",
    "lead.visited": "instant",
    "lead.partner": "boolean",
    "lead.buying_role": "text",
}
WORDS = (
    *("de", "DE", "De", "it's", 'quo"te', "a\\b", "%", "null", "true", "42", "chef", "CHEF", "boss", "user"),
    *("İstanbul", "istanbul", "IĞDIR", "ığdır", "Straße", "STRASSE", "straẞe", "ΑΣ", "ας", "ασ", "ﬁn", "Ǆ"),
    *("日本", "ﾊ", "😀", "\U0001f468\u200d\U0001f469", "é", "e\u0301", "É", "\uffff", "\U00010400", "a\nb", "ä ", " z"),
)
NUMBERS: tuple[object, ...] = (
    *(0, -0.0, 1, 2, 3, 5, -5, 50, 49.999999999999996, 50.00000000000001, 0.1, 0.2, 0.30000000000000004, 1e-9),
    *(1e6, 123456789.123, 2**53, -(2**53), 2**53 - 1, 2**53 + 2, 1e300, "42", " 7 ", "1e3", "-2.5", "nan", "1e400"),
    *("inf", "about 5", True, float("nan"), float("inf")),
)
LITERALS = (
    "0",
    "1",
    "2",
    "3",
    "5",
    "50",
    "0.1",
    "0.3",
    ".5",
    "2.5",
    "1e6",
    "1e-9",
    "123456789.123",
    "9007199254740992",
)
EDGES = tuple(
    NOW - timedelta(days=days) + timedelta(microseconds=off)
    for days in (0, 7, 10, 20, 30, 60, 100, 300, 9999)
    for off in (-1, 0, 1)
)
INSTANTS = (*EDGES, datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), datetime(1, 1, 1, tzinfo=UTC))
DATES = ("2026-01-31", "2026-03-02T12:00:00Z", "2026-02-23 12:00:00.000001", "1969-12-31T23:59:59+02:00", "0001-01-01")
WINDOWS = tuple(
    f"{how}.{kind}"
    for how in ("last_7d", "last_30d", "last_9999d", "halved_10d", "halved_30d", "ever")
    for kind in ("content", "person_to_person", "inbound", "outbound", "any")
)
VOCABULARY = Vocabulary(
    TYPES,
    {},
    [
        Criterion(id="size", when="company.employees between 2 and 1000000"),
        Criterion(id="place", when="company.country in ('de', 'DE', '日本') or lower(company.industry) < 'k'"),
    ],
    [
        Role(id="boss", titles=("Chef", "İstanbul", "ΑΣ"), when="lead.score > 3"),
        Role(id="user", titles=("it's", "STRASSE")),
        Role(id="other", when="opted_out and lead.country is null"),
    ],
    {
        "fit": Score(
            points=(
                Point(id="company", when="target.company", points=30),
                Point(id="role", when="target.role in ('boss', 'user')", points=-7),
                Point(id="size", when="company.employees * 2 - 1 > lead.score", points=3),
            )
        ),
        "interest": Score(
            at_most=12,
            points=(
                Point(id="read", each="content", points=5, halves_every=timedelta(days=10), at_most=9),
                Point(id="talked", each="person_to_person", points=-3, within=timedelta(days=30), at_most=4),
                Point(id="any", each="any", points=1),
                Point(id="place", when="lead.country <> 'de'", points=2),
            ),
        ),
    },
)
BY_TYPE = {
    type_: [name for name, of in TYPES.items() if of == type_] for type_ in ("text", "number", "boolean", "instant")
}


@dataclass
class Person:
    """A lead: its flat fields and the facts of it."""

    id: str
    fields: dict[str, object]
    facts: list[f.Fact]


def people(random: Random, count: int) -> list[Person]:
    """Random leads with up to six interactions, many of them exactly on an edge."""
    return [_person(random, f"lead {number}") for number in range(count)]


def _person(random: Random, id: str) -> Person:
    fields: dict[str, object] = {}
    flat = {"company.name": "company", "company.domain": "website"}
    for name, type_ in TYPES.items():
        if random.random() < 0.25:
            continue
        value: object
        if type_ == "number":
            value = random.choice(NUMBERS) if random.random() < 0.7 else random.randint(-9, 60)
        elif type_ == "text":
            value = random.choice(WORDS) if random.random() < 0.9 else random.choice(("", " ", 5, "\t"))
        elif type_ == "boolean":
            value = random.choice((True, False, "true", "FALSE", "yes", 1))
        else:
            value = random.choice(INSTANTS)
            value = value.isoformat() if random.random() < 0.5 else random.choice((value, value, "soon"))
        fields[flat.get(name, name.rpartition(".")[2])] = value
    captured = random.choice(EDGES[4:])
    story: list[f.Fact] = [f.LeadCaptured(lead=id, occurred_at=captured, recorded_at=NOW, source="web")]
    for number in range(random.choice((0, 0, 1, 2, 3, 6))):
        when = random.choice(EDGES[1:]) if random.random() < 0.7 else NOW - timedelta(days=random.random() * 400)
        story.append(
            f.Interacted(
                lead=id,
                occurred_at=min(when, NOW),
                recorded_at=NOW,
                interaction=f"{id}-{number}",
                nature=random.choice(("content", "person_to_person")),
                direction=random.choice(("inbound", "outbound")),
            )
        )
    return Person(id, fields, story)


class Grammar:
    """Writes random criteria."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def condition(self, depth: int = 3) -> str:
        """A condition with up to ``depth`` levels of and, or, not."""
        kind = self.random.random()
        if depth and kind < 0.5:
            joined = self.random.choice(("and", "or"))
            return f"({self.condition(depth - 1)}) {joined} ({self.condition(depth - 1)})"
        if depth and kind < 0.6:
            return f"not ({self.condition(depth - 1)})"
        return self.comparison()

    def comparison(self) -> str:
        """One comparison."""
        pick = self.random.choice
        kind = self.random.random()
        if kind < 0.35:
            return f"{self.number()} {self.operator()} {pick((self.literal, self.number))()}"
        if kind < 0.43:
            return f"{self.number()} {pick(('', 'not '))}between {self.literal()} and {self.number()}"
        if kind < 0.5:
            listed = ", ".join(self.literal() for _ in range(self.random.randint(1, 4)))
            return f"{self.number()} {pick(('', 'not '))}in ({listed})"
        if kind < 0.65:
            return f"{self.text()} {self.operator()} {pick((self.word, self.text))()}"
        if kind < 0.72:
            listed = ", ".join(self.word() for _ in range(self.random.randint(1, 4)))
            return f"{self.text()} {pick(('', 'not '))}in ({listed})"
        if kind < 0.76:
            return f"{self.text()} between {self.word()} and {self.text()}"
        if kind < 0.84:
            return f"{pick(BY_TYPE['instant'])} {self.operator()} {pick([*map(quoted, DATES), *BY_TYPE['instant']])}"
        if kind < 0.88:
            return f"{pick(BY_TYPE['instant'])} in ({quoted(pick(DATES))}, {quoted(NOW.isoformat())})"
        if kind < 0.95:
            return f"{pick([*TYPES, *WINDOWS, 'target.role', 'score.fit'])} is {pick(('', 'not '))}null"
        return pick(
            (*BY_TYPE["boolean"], "target.company", "lead.opted_out <> lead.partner", "true", "lead.partner = false")
        )

    def operator(self) -> str:
        return self.random.choice(("=", "<>", "<", "<=", ">", ">=", "!="))

    def literal(self) -> str:
        text = self.random.choice(LITERALS)
        return f"-{text}" if self.random.random() < 0.2 else text

    def number(self, depth: int = 2) -> str:
        kind = self.random.random()
        if depth and kind < 0.3:
            return f"({self.number(depth - 1)} {self.random.choice('+-*')} {self.number(depth - 1)})"
        if depth and kind < 0.35:
            return f"(- {self.number(depth - 1)})"
        if kind < 0.42:
            return self.random.choice(("score.fit", "score.interest"))
        return self.random.choice(WINDOWS if kind < 0.65 else BY_TYPE["number"])

    def text(self) -> str:
        name = self.random.choice([*BY_TYPE["text"], "target.role"])
        return f"lower({name})" if self.random.random() < 0.4 else name

    def word(self) -> str:
        return quoted(self.random.choice(("boss", "user", "other", *WORDS)))


def quoted(text: str) -> str:
    """A text as a literal."""
    return "'" + text.replace("'", "''") + "'"
