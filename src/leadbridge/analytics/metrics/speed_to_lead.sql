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
with lead_repeats as (
  select h.lead_id, h.handoff_id
  from handoffs h
  join handoffs o on o.lead_id = h.lead_id and o.passage = h.passage and o.to_function = h.to_function
    and (o.offered_us < h.offered_us or (o.offered_us = h.offered_us and o.handoff_id < h.handoff_id))
),
lead_offers as (
  select h.lead_id, h.handoff_id, h.passage, h.from_function, h.to_function, h.owner, h.offered_us, h.routed_us,
    h.assigned_us, h.decided_us, h.expired_us, h.first_decision
  from handoffs h
  where h.offered_us is not null
    and not exists (select 1 from lead_repeats r where r.lead_id = h.lead_id and r.handoff_id = h.handoff_id)
),
lead_touches as (
  select o.lead_id, o.passage, o.to_function, min(i.happened_us) as touched_us
  from lead_offers o
  join interactions i on i.lead_id = o.lead_id and i.function = o.to_function and i.nature = 'person_to_person'
    and i.happened_us >= o.offered_us
  group by o.lead_id, o.passage, o.to_function
),
lead_handovers as (
  select o.lead_id, o.handoff_id, o.passage, o.to_function, o.owner, o.offered_us, o.routed_us, o.assigned_us,
    o.decided_us, o.expired_us, o.first_decision, t.touched_us
  from lead_offers o
  left join lead_touches t on t.lead_id = o.lead_id and t.passage = o.passage and t.to_function = o.to_function
),
lead_refused as (
  select h.lead_id, h.handoff_id, min(a.given_us) as refused_us
  from lead_handovers h
  join answers a on a.lead_id = h.lead_id and a.handoff_id = h.handoff_id and a.decision <> 'accept' and a.given_us >= h.offered_us
  group by h.lead_id, h.handoff_id
),
lead_begun as (
  select lead_id, passage, min(entered_us) as begun_us
  from entries
  group by lead_id, passage
),
lead_waits as (
  select h.lead_id, h.passage, h.to_function, h.owner, h.offered_us, h.touched_us,
    least(coalesce(r.refused_us, 9223372036854775807), coalesce(h.expired_us, 9223372036854775807),
      coalesce(b.begun_us, 9223372036854775807)) as left_us
  from lead_handovers h
  left join lead_refused r on r.lead_id = h.lead_id and r.handoff_id = h.handoff_id
  left join lead_begun b on b.lead_id = h.lead_id and b.passage = h.passage + 1 and b.begun_us >= h.offered_us
),
waits as (
  select coalesce({dimension}, '') as dimension, h.offered_us, h.touched_us, least(:now_us, h.left_us) as left_us
  from lead_waits h
  join leads l on l.lead_id = h.lead_id
  where h.offered_us >= :since_us and h.offered_us < :until_us
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
