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
with lead_offers as (
  select lead_id, handoff_id, passage, from_function, to_function, owner, offered_us, routed_us, assigned_us, decided_us,
    expired_us, first_decision,
    row_number() over (partition by lead_id, passage, to_function order by offered_us, handoff_id) as place,
    sum(coalesce(transfers, 0)) over (partition by lead_id, passage, to_function) as transfers
  from handoffs
  where offered_us is not null
),
lead_firsts as (
  select lead_id, passage, to_function, offered_us, owner,
    lead(offered_us) over (partition by lead_id, to_function order by offered_us, passage) as again_us
  from lead_offers
  where place = 1
),
lead_tries as (
  select f.lead_id, f.passage, f.to_function, f.offered_us, f.owner, i.happened_us as tried_us
  from lead_firsts f
  left join interactions i on i.lead_id = f.lead_id and i.function = f.to_function and i.direction = 'outbound'
    and i.happened_us >= f.offered_us and (f.again_us is null or i.happened_us < f.again_us)
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
