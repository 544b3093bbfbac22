-- name: continuity
-- title: Does the journey go on
-- definition: >-
--   Time from the last interaction of the function that hands a lead over to the first one of the function that receives it,
--   at or after the offer, in whole elapsed units; and the share of these passages in which the lead changed its owner after
--   it was first assigned. Passages without either interaction are counted apart.
-- basis: cohort
-- grain: one row
-- parameters:
--   unit_us: microseconds in a unit
--   since_us: hand-offs offered at this instant or later
--   until_us: hand-offs offered before this instant
-- dimensions: {source: l.source, owner: h.owner, to_function: h.to_function, role: l.role, company: l.company}
-- denominators: {n: passages in which both functions were in touch with the buyer}
-- needs: [offers, touches]
-- headline: p50
-- intervals: {p50: bootstrap(counted.units), owner_changed_share: "wilson(owner_changed, n)"}
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
lead_received as (
  select o.lead_id, o.passage, o.to_function, o.from_function, min(i.happened_us) as first_us
  from lead_offers o
  join interactions i on i.lead_id = o.lead_id and i.function = o.to_function and i.happened_us >= o.offered_us
  group by o.lead_id, o.passage, o.to_function, o.from_function
),
lead_before as (
  select r.lead_id, r.passage, r.to_function, max(i.happened_us) as last_us
  from lead_received r
  join interactions i on i.lead_id = r.lead_id and i.function = r.from_function and i.happened_us <= r.first_us
  group by r.lead_id, r.passage, r.to_function
),
lead_transfers as (
  select lead_id, passage, to_function, sum(coalesce(transfers, 0)) as transfers
  from handoffs
  where offered_us is not null
  group by lead_id, passage, to_function
),
lead_gaps as (
  select o.lead_id, o.passage, o.to_function, o.owner, o.offered_us, t.transfers, r.first_us, b.last_us
  from lead_offers o
  join lead_transfers t on t.lead_id = o.lead_id and t.passage = o.passage and t.to_function = o.to_function
  left join lead_received r on r.lead_id = o.lead_id and r.passage = o.passage and r.to_function = o.to_function
  left join lead_before b on b.lead_id = o.lead_id and b.passage = o.passage and b.to_function = o.to_function
),
counted as (
  select coalesce({dimension}, '') as dimension, case when h.first_us is null then 1 else 0 end as not_received,
    case when h.first_us is not null and h.last_us is null then 1 else 0 end as not_begun,
    case when h.last_us is not null and h.transfers > 0 then 1 else 0 end as changed,
    floor(1.0e0 * (h.first_us - h.last_us) / :unit_us) as units
  from lead_gaps h
  join leads l on l.lead_id = h.lead_id
  where h.offered_us >= :since_us and h.offered_us < :until_us
)
select dimension, count(units) as n,
  percentile_cont(0.25) within group (order by units) as p25,
  percentile_cont(0.5) within group (order by units) as p50,
  percentile_cont(0.75) within group (order by units) as p75,
  percentile_cont(0.9) within group (order by units) as p90,
  max(units) as longest, sum(changed) as owner_changed,
  case when count(units) > 0 then 1.0e0 * sum(changed) / count(units) end as owner_changed_share,
  sum(not_received) as not_received, sum(not_begun) as not_begun
from counted
group by dimension
order by dimension
