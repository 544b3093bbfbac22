-- name: handoff_times
-- title: How long each step of a hand-off takes
-- definition: >-
--   Elapsed time from the offer of a hand-off to when it was routed to a queue, assigned to a person, tried (the first outbound
--   person-to-person interaction of the receiving function), connected (the first inbound one with it), answered, and accepted, in
--   units. The percentiles are over the steps that were taken; what has not been taken yet is shown. Steps recorded before the
--   offer are impossible, and left out.
-- basis: cohort
-- grain: one row for each step
-- parameters:
--   unit_us: microseconds in a unit
--   since_us: hand-offs offered at this instant or later
--   until_us: hand-offs offered before this instant
-- dimensions: {source: l.source, owner: h.owner, to_function: h.to_function}
-- denominators: {n: hand-offs in which the step was taken}
-- needs: [offers]
-- headline: p50
-- keys: [step]
-- intervals: {p50: bootstrap(counted.units), taken_share: "wilson(n, offered)"}
with offered as (
  select h.lead_id, h.handoff_id, h.to_function, h.offered_us, h.routed_us, h.assigned_us, h.decided_us, h.first_decision,
    coalesce({dimension}, '') as dimension
  from handoffs h
  join leads l on l.lead_id = h.lead_id
  where h.offered_us is not null and h.offered_us >= :since_us and h.offered_us < :until_us
),
talks as (
  select o.handoff_id, min(case when i.direction = 'outbound' then i.happened_us end) as tried_us,
    min(case when i.direction = 'inbound' then i.happened_us end) as connected_us
  from offered o
  join interactions i on i.lead_id = o.lead_id and i.function = o.to_function and i.nature = 'person_to_person'
    and i.happened_us >= o.offered_us
  group by o.handoff_id
),
steps as (
  select dimension, handoff_id, 1 as place, 'routed' as step, offered_us, routed_us as taken_us from offered
  union all
  select dimension, handoff_id, 2, 'assigned', offered_us, assigned_us from offered
  union all
  select o.dimension, o.handoff_id, 3, 'tried', o.offered_us, t.tried_us
  from offered o left join talks t on t.handoff_id = o.handoff_id
  union all
  select o.dimension, o.handoff_id, 4, 'connected', o.offered_us, t.connected_us
  from offered o left join talks t on t.handoff_id = o.handoff_id
  union all
  select dimension, handoff_id, 5, 'answered', offered_us, decided_us from offered
  union all
  select dimension, handoff_id, 6, 'accepted', offered_us, case when first_decision = 'accept' then decided_us end from offered
),
counted as (
  select dimension, place, step, case when taken_us < offered_us then 1 else 0 end as impossible,
    case when taken_us >= offered_us then 1.0e0 * (taken_us - offered_us) / :unit_us end as units
  from steps
),
sums as (
  select dimension, place, step, count(*) as offered, count(units) as n, sum(impossible) as impossible,
    percentile_cont(0.5) within group (order by units) as p50,
    percentile_cont(0.9) within group (order by units) as p90
  from counted
  group by dimension, place, step
)
select dimension, step, offered, n, 1.0e0 * n / offered as taken_share, p50, p90, offered - n - impossible as not_taken, impossible
from sums
order by dimension, place
