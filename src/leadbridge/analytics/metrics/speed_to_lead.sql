-- name: speed_to_lead
-- title: Speed to lead
-- definition: >-
--   The share of leads that still wait for the first person-to-person interaction of the receiving function, by the time since
--   they were handed over (the first offer of each passage), as a Kaplan-Meier curve: leads that nobody touched are not left
--   out, they count as waiting for as long as they were seen to wait. That ends (censored) when the function refuses the lead
--   or sends it back, when the offer expires, when the next passage begins, or at the instant of the snapshot. Times are in
--   whole elapsed units; who leaves in the same unit in which others are touched was still waiting then. The median is the
--   first time at which half or fewer still wait; where the curve never comes so low, it is not reached.
-- basis: cohort
-- grain: one row for each time at which somebody was touched or left
-- parameters:
--   now_us: the instant of the snapshot
--   unit_us: microseconds in a unit
--   since_us: hand-offs offered at this instant or later
--   until_us: hand-offs offered before this instant
-- dimensions: {source: l.source, owner: h.owner, to_function: h.to_function, role: l.role, company: l.company}
-- denominators: {at_risk: leads that still waited just before this time}
-- needs: [offers, touches]
-- headline: median
-- keys: [waited]
-- intervals: {still_waiting: "greenwood(at_risk, touched)"}
with ordered as (
  select lead_id, handoff_id, passage, to_function, offered_us, expired_us, owner,
    row_number() over (partition by lead_id, passage, to_function order by offered_us, handoff_id) as place
  from handoffs
  where offered_us is not null
),
offered as (
  select h.lead_id, h.handoff_id, h.passage, h.to_function, h.offered_us, h.expired_us, coalesce({dimension}, '') as dimension
  from ordered h
  join leads l on l.lead_id = h.lead_id
  where h.place = 1 and h.offered_us >= :since_us and h.offered_us < :until_us
),
touched as (
  select o.lead_id, o.handoff_id, min(i.happened_us) as touched_us
  from offered o
  join interactions i on i.lead_id = o.lead_id and i.function = o.to_function and i.nature = 'person_to_person'
    and i.happened_us >= o.offered_us
  group by o.lead_id, o.handoff_id
),
refused as (
  select o.lead_id, o.handoff_id, min(a.given_us) as refused_us
  from offered o
  join answers a on a.lead_id = o.lead_id and a.handoff_id = o.handoff_id and a.decision <> 'accept' and a.given_us >= o.offered_us
  group by o.lead_id, o.handoff_id
),
begun as (
  select lead_id, passage, min(entered_us) as begun_us
  from entries
  group by lead_id, passage
),
waits as (
  select o.dimension, o.offered_us, t.touched_us,
    least(:now_us, coalesce(r.refused_us, :now_us), coalesce(o.expired_us, :now_us), coalesce(b.begun_us, :now_us)) as left_us
  from offered o
  left join touched t on t.lead_id = o.lead_id and t.handoff_id = o.handoff_id
  left join refused r on r.lead_id = o.lead_id and r.handoff_id = o.handoff_id
  left join begun b on b.lead_id = o.lead_id and b.passage = o.passage + 1 and b.begun_us >= o.offered_us
),
spans as (
  select dimension, case when touched_us <= left_us then 1 else 0 end as touched,
    floor(1.0e0 * (case when touched_us <= left_us then touched_us else left_us end - offered_us) / :unit_us) as waited
  from waits
),
times as (
  select dimension, waited, sum(touched) as touched, sum(1 - touched) as censored
  from spans
  group by dimension, waited
),
risks as (
  select dimension, waited, touched, censored,
    sum(touched + censored) over (partition by dimension order by waited desc) as at_risk
  from times
),
steps as (
  select dimension, waited, touched, censored, at_risk,
    case when touched = at_risk then 1 else 0 end as ends,
    case when touched = at_risk then 0.0e0 else ln(1.0e0 - 1.0e0 * touched / at_risk) end as step
  from risks
),
curve as (
  select dimension, waited, at_risk, touched, censored,
    case when max(ends) over (partition by dimension order by waited) = 1 then 0.0e0
      else exp(sum(step) over (partition by dimension order by waited)) end as still_waiting
  from steps
)
select dimension, waited, at_risk, touched, censored, still_waiting,
  min(case when still_waiting <= 0.5e0 + 1.0e-9 then waited end) over (partition by dimension) as median
from curve
order by dimension, waited
