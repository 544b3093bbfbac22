-- name: untouched
-- title: Leads that nobody had touched after so long
-- definition: >-
--   Passages that were handed over and had no touch (a person-to-person interaction of the receiving function, as for SLA
--   clocks and ignored_rate) within 1 hour, 4 hours, 1 day, 2 days and 7 days of plain time, each as a share of the passages
--   handed over at least as long ago: untouched / mature. The first offer of a passage counts. A lead that was refused
--   without a touch is untouched, and shown apart.
-- basis: cohort
-- grain: one row for each length of time
-- parameters:
--   now_us: the instant of the snapshot
--   since_us: hand-offs offered at this instant or later
--   until_us: hand-offs offered before this instant
-- dimensions: {source: l.source, owner: h.owner, to_function: h.to_function, role: l.role, company: l.company}
-- denominators: {mature: passages that were handed over at least so long ago}
-- needs: [offers, touches]
-- headline: untouched_rate
-- keys: [after]
-- intervals: {untouched_rate: "wilson(untouched, mature)"}
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
horizons as (
  select '1 hour' as after, 3600000000 as horizon_us
  union all select '4 hours', 14400000000
  union all select '1 day', 86400000000
  union all select '2 days', 172800000000
  union all select '7 days', 604800000000
),
offered as (
  select h.offered_us, h.touched_us, coalesce({dimension}, '') as dimension,
    case when h.first_decision in ('reject', 'disqualify', 'ineligible') then h.decided_us end as refused_us
  from lead_handovers h
  join leads l on l.lead_id = h.lead_id
  where h.offered_us >= :since_us and h.offered_us < :until_us
),
judged as (
  select t.dimension, z.after, z.horizon_us, case when :now_us - t.offered_us >= z.horizon_us then 1 else 0 end as mature,
    case when t.touched_us is null or t.touched_us > t.offered_us + z.horizon_us then 1 else 0 end as untouched,
    case when t.refused_us <= t.offered_us + z.horizon_us then 1 else 0 end as refused
  from offered t
  cross join horizons z
),
sums as (
  select dimension, after, horizon_us, sum(mature) as mature, sum(mature * untouched) as untouched,
    sum(mature * untouched * refused) as refused, sum(1 - mature) as immature
  from judged
  group by dimension, after, horizon_us
)
select dimension, after, mature, untouched, refused,
  case when mature > 0 then 1.0e0 * untouched / mature end as untouched_rate, immature
from sums
order by dimension, horizon_us
