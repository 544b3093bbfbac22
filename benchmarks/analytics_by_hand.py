"""The same numbers as somebody would write them in an hour in DuckDB's own SQL.

Each query gives one row a group with the same numbers as leadbridge, in the columns that are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["DAY", "HOUR", "IN_SQL", "QUESTIONS"]

HOUR = 3_600_000_000
DAY = 24 * HOUR
TRIPS = """select lead_id, passage, to_function, owner, offered_us, first_decision, decided_us, expired_us, handoff_id
    from handoffs qualify row_number() over (partition by lead_id, passage, to_function order by offered_us) = 1"""
TOUCHED = f"""select h.*, (h.touched_us - h.offered_us) as waited_us from (
    select t.*, min(i.happened_us) as touched_us from ({TRIPS}) t
    left join interactions i on i.lead_id = t.lead_id and i.function = t.to_function
      and i.nature = 'person_to_person' and i.happened_us >= t.offered_us
    group by all) h"""

QUESTIONS: Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]] = {
    "funnel": ({"by": "source"}, ("source", "step", "entered", "reached", "converted")),
    "stage_duration": (
        {"by": "source", "from_stage": "marketing_qualified", "to_stage": "sales_accepted", "unit": "hours"},
        ("source", "n", "p50", "p90", "censored"),
    ),
    "speed_to_lead": ({"by": "source", "unit": "hours"}, ("source", "waited", "at_risk", "touched", "still_waiting")),
    "untouched": ({"by": "source"}, ("source", "after", "mature", "untouched")),
    "ignored_rate": ({"by": "source"}, ("source", "mature", "untouched", "ignored")),
    "follow_up_depth": ({"by": "source"}, ("source", "passages", "attempts", "p50", "never_tried")),
    "sla_attainment": ({"by": "owner"}, ("owner", "policy", "target", "met", "counted")),
    "reason_mix": ({"by": "source"}, ("source", "decision", "reason", "n")),
    "acceptance_rate": ({"by": "source"}, ("source", "accepted", "counted", "rate")),
    "coverage": ({"by": "source"}, ("source", "buying_stage", "function", "interactions", "leads", "person_to_person")),
}
"""What leadbridge is asked, and which columns are compared."""

IN_SQL: Mapping[str, str] = {
    "funnel": """
        with firsts as (
          select e.lead_id, passage, step, min(entered_us) as us from entries e join path using (stage) group by all
        ),
        spans as (
          select *, lead(passage, 1, 99) over (partition by lead_id, step order by passage) as again from firsts
        ),
        reached as (
          select distinct on (a.lead_id, a.passage, a.step, b.step) a.lead_id, a.step as from_step, b.step as to_step
          from spans a join firsts b on b.lead_id = a.lead_id and b.passage >= a.passage and b.passage < a.again
            and (b.step = a.step + 1 or (a.step = 0 and b.step > 0))
        ),
        counted as (select source, step, count(*) as entered from spans join leads using (lead_id) group by all),
        moved as (
          select source, to_step as step, count(*) filter (where from_step = 0) as reached,
            count(*) filter (where from_step = to_step - 1) as converted
          from reached join leads using (lead_id) group by all
        )
        select source, step, coalesce(entered, 0), coalesce(reached, 0), coalesce(converted, 0)
        from (select distinct source from counted) cross join path
        left join counted using (source, step) left join moved using (source, step)""",
    "stage_duration": f"""
        with a as (
          select lead_id, passage, min(entered_us) as us,
            lead(passage, 1, 99) over (partition by lead_id order by passage) as again
          from entries where stage = 'marketing_qualified' group by lead_id, passage
        ),
        b as (select lead_id, passage, min(entered_us) as us from entries where stage = 'sales_accepted' group by all),
        spans as (
          select a.lead_id, a.us as from_us, arg_min(b.us, b.passage) as to_us
          from a left join b on b.lead_id = a.lead_id and b.passage >= a.passage and b.passage < a.again
          group by a.lead_id, a.passage, a.us
        ),
        units as (select lead_id, from_us, to_us, (to_us - from_us) // {HOUR} as units from spans)
        select source, count(units) filter (where units >= 0), quantile_cont(units, 0.5), quantile_cont(units, 0.9),
          count(*) filter (where to_us is null)
        from units join leads using (lead_id) group by source""",
    "speed_to_lead": f"""
        with ends as (
          select t.lead_id, t.offered_us, t.touched_us,
            least($now_us, min(a.given_us), any_value(t.expired_us), min(e.entered_us)) as left_us
          from ({TOUCHED}) t
          left join answers a on a.handoff_id = t.handoff_id and a.decision <> 'accept' and a.given_us >= t.offered_us
          left join entries e on e.lead_id = t.lead_id and e.passage = t.passage + 1 and e.entered_us >= t.offered_us
          group by t.lead_id, t.handoff_id, t.offered_us, t.touched_us
        ),
        spans as (
          select source, coalesce(touched_us <= left_us, false) as touched,
            (case when touched_us <= left_us then touched_us else left_us end - offered_us) // {HOUR} as waited
          from ends join leads using (lead_id)
        ),
        times as (
          select source, waited, count(*) filter (where touched) as touched, count(*) as n from spans group by all
        ),
        risks as (select *, sum(n) over (partition by source order by waited desc) as at_risk from times)
        select source, waited, at_risk, touched,
          coalesce(exp(sum(case when touched < at_risk then ln(1 - touched / at_risk) else '-infinity'::double end)
            over (partition by source order by waited)), 0) as still_waiting
        from risks""",
    "untouched": f"""
        select source, after, count(*) filter (where $now_us - offered_us >= us),
          count(*) filter (where $now_us - offered_us >= us and (touched_us is null or waited_us > us))
        from ({TOUCHED}) t join leads using (lead_id)
        cross join (values ('1 hour', {HOUR}), ('4 hours', {4 * HOUR}), ('1 day', {DAY}), ('2 days', {2 * DAY}),
          ('7 days', {7 * DAY})) z(after, us)
        group by all""",
    "ignored_rate": f"""
        select source, count(*), count(*) filter (where waited_us is null or waited_us > {30 * DAY}),
          count(*) filter (where (waited_us is null or waited_us > {30 * DAY}) and
            not coalesce(first_decision in ('reject', 'disqualify', 'ineligible')
              and decided_us <= offered_us + {30 * DAY}, false))
        from ({TOUCHED}) t join leads using (lead_id) where $now_us - offered_us >= {30 * DAY} group by source""",
    "follow_up_depth": f"""
        with trips as (
          select *, lead(offered_us) over (partition by lead_id, to_function order by offered_us) as again_us
          from ({TRIPS}) t
        ),
        tries as (
          select t.lead_id, t.passage, t.to_function, count(i.lead_id) as n from trips t left join interactions i
            on i.lead_id = t.lead_id and i.function = t.to_function and i.direction = 'outbound'
            and i.happened_us between t.offered_us and t.offered_us + {30 * DAY}
            and (again_us is null or i.happened_us < again_us)
          where $now_us - offered_us >= {30 * DAY} group by all
        )
        select source, count(*), sum(n), quantile_cont(n, 0.5), count(*) filter (where n = 0)
        from tries join leads using (lead_id) group by source""",
    "sla_attainment": """
        select owner, policy, target, count(*) filter (where state = 'met'),
          count(*) filter (where state in ('met', 'met_late', 'breached'))
        from clocks join leads using (lead_id) group by all""",
    "reason_mix": """
        select source, decision, reason, count(*) from handoffs join leads using (lead_id)
        where decision is not null and decision <> 'accept' group by all""",
    "acceptance_rate": """
        select source, count(*) filter (where first_decision = 'accept') as accepted, count(*) filter (where
            first_decision in ('accept', 'reject') or (first_decision is null and expired_us is not null)) as counted,
          accepted / counted
        from handoffs join leads using (lead_id) group by source""",
    "coverage": """
        select l.source, i.buying_stage, i.function, count(*), count(distinct i.lead_id),
          count(*) filter (where nature = 'person_to_person')
        from interactions i join leads l using (lead_id) group by all""",
}
