"""An invented marketing funnel: who is in HubSpot before the first sync, and what marketing does afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from leadbridge.adapter import Ref, Value
from leadbridge.cli.demo.scene import Scene
from leadbridge.clock import iso

__all__ = ["Population", "fill", "qualify_more", "reach_out"]

_FIRST = (
    "Ada",
    "Björn",
    "Chiara",
    "Deniz",
    "Emeka",
    "Fatima",
    "Goran",
    "Hana",
    "Ines",
    "Jun",
    "Kaja",
    "Léa",
    "Minh",
    "Noor",
)
_LAST = ("Okafor", "Lindgren", "Rossi", "Yılmaz", "Nakamura", "Schäfer", "Novák", "Garcia", "O'Neill", "Dubois", "Tran")
_TITLES = ("CFO", "Head of Operations", "Plant Manager", "Head of Finance", "IT Manager", "Intern")
_INDUSTRIES = ("Manufacturing", "Logistics", "Retail", "Software", "Education")
_COUNTRIES = ("United Kingdom", "Germany", "Italy", "Sweden", "Japan")
_SOURCES = ("ORGANIC_SEARCH", "PAID_SEARCH", "EMAIL_MARKETING", "SOCIAL_MEDIA", "REFERRALS")
_ASSETS = ("trend-report", "change-webinar", "buyers-guide", "roi-calculator")


@dataclass
class Population:
    """Who was put where. ``nurtured`` are leads that marketing can still qualify."""

    contacts: list[Ref]
    nurtured: list[Ref]
    known_to_sales: int


def _contact(number: int, random: Random, stage: str) -> dict[str, Value]:
    company = f"Buyer {number // 2 + 1}"
    row: dict[str, Value] = {
        "email": f"person{number}@buyer{number // 2 + 1}.example",
        "firstname": random.choice(_FIRST),
        "lastname": random.choice(_LAST),
        "company": company,
        "jobtitle": random.choice(_TITLES),
        "industry": random.choice(_INDUSTRIES),
        "numemployees": str(random.choice((20, 80, 200, 900, 4000, 12000))),
        "country": random.choice(_COUNTRIES),
        "hs_analytics_source": random.choice(_SOURCES),
        "lifecyclestage": stage,
    }
    if random.random() < 0.1:
        del row["jobtitle"]
    return row


def fill(scene: Scene, leads: int, random: Random) -> Population:
    """Three days of marketing: subscribers, leads that read things, on the last morning the first qualified ones."""
    stages = [
        "subscriber" if share < 0.3 else "evangelist" if share < 0.31 else "lead"
        for share in (random.random() for _ in range(leads))
    ]
    contacts: list[Ref] = []
    by_day = [range(leads * day // 3, leads * (day + 1) // 3) for day in range(3)]
    for numbers in by_day:
        contacts += scene.hubspot.crm.seed("contact", [_contact(n, random, stages[n]) for n in numbers])
        scene.pass_time(timedelta(hours=24))
    warm = [ref for ref, stage in zip(contacts, stages, strict=True) if stage == "lead"]
    for ref in warm:
        _reads(scene, ref, random)
    scene.pass_time(timedelta(hours=1))
    qualified = random.sample(warm, k=int(len(warm) * 0.7))
    for ref in qualified:
        scene.hubspot.crm.edit(ref, {"lifecyclestage": "marketingqualifiedlead"})
    known = _already_in_sales(scene, qualified[: max(1, leads // 25)])
    chosen = set(qualified)
    return Population(contacts, [ref for ref in warm if ref not in chosen], known)


def _reads(scene: Scene, ref: Ref, random: Random) -> None:
    scene.hubspot.crm.edit(
        ref, {"recent_conversion_date": iso(scene.clock.now()), "recent_conversion_event_name": random.choice(_ASSETS)}
    )


def _already_in_sales(scene: Scene, refs: list[Ref]) -> int:
    """Some people are in Salesforce already: a sync must recognise them, not make them again."""
    rows = {str(row["id"]): row for row in scene.hubspot.crm.dump("contact")}
    known = [rows[ref.id] for ref in refs]
    scene.salesforce.crm.seed(
        "Lead",
        [
            {
                "Email": str(row["email"]).upper(),
                "FirstName": row["firstname"],
                "LastName": row["lastname"],
                "Company": row["company"],
                "Phone": "+44 20 7946 0958",
            }
            for row in known
        ],
    )
    return len(known)


def qualify_more(scene: Scene, population: Population, share: float, random: Random) -> int:
    """Marketing qualifies some of the leads that it has nurtured."""
    count = min(len(population.nurtured), int(len(population.contacts) * share))
    for ref in population.nurtured[:count]:
        _reads(scene, ref, random)
        scene.hubspot.crm.edit(ref, {"lifecyclestage": "marketingqualifiedlead"})
    del population.nurtured[:count]
    return count


def reach_out(scene: Scene, population: Population, share: float, random: Random) -> None:
    """Some contacts read something more."""
    for ref in random.sample(population.contacts, k=int(len(population.contacts) * share)):
        _reads(scene, ref, random)
