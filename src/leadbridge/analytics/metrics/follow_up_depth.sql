-- name: follow_up_depth
-- title: Attempts to reach a buyer
-- definition: >-
--   Outbound interactions of the receiving function within the horizon after a lead was handed over and before it was handed
--   over again, for each passage handed over at least as long ago: attempts / passages, with the median and the share that
--   nobody tried to reach.
-- basis: cohort
-- grain: one row
-- parameters:
--   horizon_us: time in which attempts count; offers younger than that are immature and left out
--   now_us: the instant of the snapshot
--   since_us: hand-offs offered at this instant or later
--   until_us: hand-offs offered before this instant
-- dimensions: {source: l.source, owner: h.owner, to_function: h.to_function, role: l.role, company: l.company}
-- denominators: {passages: passages that were handed over long enough ago}
-- needs: [offers, touches]
-- headline: attempts_per_passage
-- intervals:
--   attempts_per_passage: around(error, passages)
--   p50: bootstrap(counted.attempts)
--   never_tried_share: wilson(never_tried, passages)
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
lead_next as (
  select o.lead_id, o.passage, o.to_function, min(n.offered_us) as again_us
  from lead_offers o
  join lead_offers n on n.lead_id = o.lead_id and n.to_function = o.to_function
    and (n.offered_us > o.offered_us or (n.offered_us = o.offered_us and n.passage > o.passage))
  group by o.lead_id, o.passage, o.to_function
),
lead_tries as (
  select o.lead_id, o.passage, o.to_function, o.offered_us, o.owner, i.happened_us as tried_us
  from lead_offers o
  left join lead_next n on n.lead_id = o.lead_id and n.passage = o.passage and n.to_function = o.to_function
  left join interactions i on i.lead_id = o.lead_id and i.function = o.to_function and i.direction = 'outbound'
    and i.happened_us >= o.offered_us and (n.again_us is null or i.happened_us < n.again_us)
),
tries as (
  select coalesce({dimension}, '') as dimension, h.lead_id, h.passage, h.to_function,
    case when :now_us - h.offered_us >= :horizon_us then 1 else 0 end as mature,
    sum(case when h.tried_us <= h.offered_us + :horizon_us then 1 else 0 end) as attempts
  from lead_tries h
  join leads l on l.lead_id = h.lead_id
  where h.offered_us >= :since_us and h.offered_us < :until_us
  group by coalesce({dimension}, ''), h.lead_id, h.passage, h.to_function, h.offered_us
),
counted as (
  select dimension, mature, case when mature = 1 then 1.0e0 * attempts end as attempts
  from tries
)
select dimension, sum(mature) as passages, sum(attempts) as attempts,
  case when sum(mature) > 0 then sum(attempts) / sum(mature) end as attempts_per_passage,
  case when sum(mature) > 1 then stddev_samp(attempts) / sqrt(1.0e0 * sum(mature)) end as error,
  percentile_cont(0.5) within group (order by attempts) as p50,
  percentile_cont(0.9) within group (order by attempts) as p90,
  sum(case when attempts = 0 then 1 else 0 end) as never_tried,
  case when sum(mature) > 0 then 1.0e0 * sum(case when attempts = 0 then 1 else 0 end) / sum(mature) end as never_tried_share,
  sum(1 - mature) as immature
from counted
group by dimension
order by dimension
