"""What judging a definition of twelve criteria costs: one lead in Python, and many leads in SQL beside SQL by hand.

One lead: the median of ``Agreement.readiness`` after compilation, for a lead with twelve interactions. Many leads: the
counts of each criterion over a million leads and three million interactions, made inside DuckDB, by the query that
leadbridge writes and by one that a person wrote for the same criteria, in turns. Both must give the same counts.

Usage: ``python benchmarks/readiness.py [--leads 1000000] [--rounds 5] [--json]``.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter_ns
from typing import Any

from leadbridge.agreement import Agreement
from leadbridge.analytics.engine import connect
from leadbridge.domain.criteria.sql import criterion_columns, judge_sql
from leadbridge.domain.interaction import Interaction
from leadbridge.domain.lead import Lead

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOW_US = int(NOW.timestamp()) * 1_000_000

AGREEMENT = """
agreement: benchmark
version: 1
effective: 2026-01-01
definitions:
  ready:
    criteria:
      - {id: size, when: company.employees between 50 and 5000}
      - {id: industry, when: "company.industry in ('manufacturing', 'logistics', 'chemicals')"}
      - {id: country, when: "lead.country = 'DE' or lead.country = 'AT'"}
      - {id: title, when: "lower(lead.title) <> 'student'"}
      - {id: reachable, when: lead.email is not null or lead.phone is not null}
      - {id: consent, when: not lead.opted_out}
      - {id: score, when: lead.score * 2 + 10 >= 60}
      - {id: fresh, when: "lead.captured_at > '2025-06-01'"}
      - {id: read, when: last_30d.content >= 2}
      - {id: talked, when: last_90d.person_to_person >= 1 or last_7d.inbound > 0}
      - {id: stage, when: "lead.stage in ('engaged', 'marketing_qualified')"}
      - {id: known, when: "lead.source is not null and lead.source <> 'unknown'"}
"""

LEADS = """
create table lead_profile as select
  'lead ' || i as lead_id,
  case when i % 11 > 0 then '(given)' end as lead_email,
  case when i % 3 > 0 then '(given)' end as lead_phone,
  case when i % 13 > 0 then (array['Operations', 'Student', 'Plant Manager', 'CFO'])[1 + i % 4] end as lead_title,
  case when i % 17 > 0 then (array['DE', 'AT', 'FR', 'IT', 'DE'])[1 + i % 5] end as lead_country,
  (array['web', 'fair', 'unknown', null])[1 + i % 4] as lead_source,
  i % 19 = 0 as lead_opted_out,
  case when i % 7 > 0 then (i * 7919 % 100)::double end as lead_score,
  1735689600000000 + (i * 104729 % 400) * 86400000000 as lead_captured_at_us,
  (array['engaged', 'marketing_qualified', 'captured'])[1 + i % 3] as lead_stage,
  case when i % 5 > 0 then (i * 15485863 % 9000)::double end as company_employees,
  (array['manufacturing', 'logistics', 'software', null])[1 + i // 4 % 4] as company_industry
from range($leads) t(i)
"""

INTERACTIONS = """
create table interactions as select
  'lead ' || (i * 7919 % $leads) as lead_id,
  $now - (i * 104729 % 200) * 86400000000 - i % 1000 as happened_us,
  case when i % 3 > 0 then 'content' else 'person_to_person' end as nature,
  case when i % 5 > 0 then 'inbound' else 'outbound' end as direction
from range(3 * $leads) t(i)
"""

BY_HAND = """
with touches as (
  select lead_id,
    count(*) filter (where nature = 'content' and happened_us > $now_us - 2592000000000) as content_30,
    count(*) filter (where nature = 'person_to_person') as person_90,
    count(*) filter (where direction = 'inbound' and happened_us > $now_us - 604800000000) as inbound_7
  from interactions
  where happened_us > $now_us - 7776000000000 and happened_us <= $now_us
  group by lead_id
)
select p.lead_id,
  company_employees between 50 and 5000 as size,
  company_industry in ('manufacturing', 'logistics', 'chemicals') as industry,
  lead_country = 'DE' or lead_country = 'AT' as country,
  lower(lead_title) <> 'student' as title,
  lead_email is not null or lead_phone is not null as reachable,
  not lead_opted_out as consent,
  lead_score * 2 + 10 >= 60 as score,
  lead_captured_at_us > 1748736000000000 as fresh,
  coalesce(content_30, 0) >= 2 as "read",
  coalesce(person_90, 0) >= 1 or coalesce(inbound_7, 0) > 0 as talked,
  lead_stage in ('engaged', 'marketing_qualified') as stage,
  lead_source is not null and lead_source <> 'unknown' as known,
  size and industry and country and title and reachable and consent and score and fresh and "read" and talked
    and stage and known as ok
from lead_profile p left join touches t on t.lead_id = p.lead_id
"""


def counted(query: str, columns: list[str]) -> str:
    """How often each column of a query is true and false."""
    parts = ", ".join(f'count(*) filter (where "{one}"), count(*) filter (where not "{one}")' for one in columns)
    return f"select {parts} from ({query}) judged"


def one_lead(agreement: Agreement, calls: int) -> dict[str, float]:
    """Microseconds of judging one lead: median, and that of its interactions alone left out."""
    lead = Lead.from_fields(
        "a",
        {
            "email": "a@acme.example",
            "phone": "+49 1",
            "title": "CFO",
            "country": "DE",
            "source": "web",
            "company": "Acme",
            "employees": 250,
            "industry": "logistics",
            "opted_out": False,
            "score": 40,
            "stage": "engaged",
            "captured_at": NOW - timedelta(days=40),
        },
    )
    touches = [
        Interaction(at=NOW - timedelta(days=8 * k), nature="person_to_person" if k % 3 == 0 else "content")
        for k in range(12)
    ]
    found: dict[str, float] = {}
    for name, subject, given in (
        ("a lead with 12 interactions", lead, touches),
        ("flat fields with 12 interactions", lead.fields(), touches),
        ("flat fields, no interactions known", lead.fields(), None),
    ):
        times = []
        for _ in range(calls):
            start = perf_counter_ns()
            agreement.readiness(subject, "ready", given, at=NOW)
            times.append(perf_counter_ns() - start)
        found[name] = median(times) / 1000
    return found


def many_leads(agreement: Agreement, leads: int, rounds: int) -> dict[str, Any]:
    """Seconds of both queries, in turns, and the median of their ratios."""
    criteria = agreement.rules["ready"]
    columns = [*criterion_columns(criteria), "ok"]
    queries = {"leadbridge": counted(judge_sql(criteria), columns), "by hand": counted(BY_HAND, columns)}
    times: dict[str, list[float]] = {name: [] for name in queries}
    with connect() as connection:
        connection.execute(LEADS, {"leads": leads})
        connection.execute(INTERACTIONS, {"leads": leads, "now": NOW_US})
        answers = {}
        for turn in range(rounds + 1):
            for name in sorted(queries, reverse=turn % 2 == 1):
                start = perf_counter_ns()
                answers[name] = connection.execute(queries[name], {"now_us": NOW_US}).fetchall()
                if turn:
                    times[name].append((perf_counter_ns() - start) / 1e9)
    if answers["leadbridge"] != answers["by hand"]:
        raise SystemExit("the two queries disagree")
    ratios = [ours / theirs for ours, theirs in zip(times["leadbridge"], times["by hand"], strict=True)]
    return {name: median(taken) for name, taken in times.items()} | {"ratio": median(ratios)}


def main() -> None:
    """Measures and prints."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--leads", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--calls", type=int, default=5000)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    agreement = Agreement.loads(AGREEMENT)
    single = one_lead(agreement, given.calls)
    many = many_leads(agreement, given.leads, given.rounds)
    if given.json:
        print(json.dumps({"one_lead_us": single, "leads": given.leads, "rounds": given.rounds, "many_leads": many}))
        return
    print(f"one lead, 12 criteria, median of {given.calls:,}:")
    for name, taken in single.items():
        print(f"  {name:<38}{taken:8.1f} µs")
    print(f"{given.leads:,} leads and {3 * given.leads:,} interactions, median of {given.rounds} rounds in turns:")
    print(f"  {'the query that leadbridge writes':<38}{many['leadbridge']:8.2f} s")
    print(f"  {'a query by hand':<38}{many['by hand']:8.2f} s")
    print(f"  {'ratio':<38}{many['ratio']:8.2f}")


if __name__ == "__main__":
    main()
