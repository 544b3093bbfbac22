-- name: request_fill_rate
-- title: Content that was asked for and made
-- definition: >-
--   Of the requests for content that were raised long enough ago, the share that led to an asset within the horizon: filled /
--   mature. A request that was acted on without an asset is answered, and not filled.
-- basis: cohort
-- grain: one row
-- parameters:
--   horizon_us: time allowed to fill a request; requests younger than that are immature and left out
--   now_us: the instant of the snapshot
--   since_us: requests raised at this instant or later
--   until_us: requests raised before this instant
-- dimensions: {to_function: f.to_function, raised_by: f.raised_by, channel: f.channel}
-- denominators: {mature: requests that were raised long enough ago}
-- needs: [requests]
-- headline: fill_rate
-- intervals: {fill_rate: "wilson(filled, mature)", p50_days: bootstrap(judged.filled_days)}
with judged as (
  select coalesce({dimension}, '') as dimension, case when :now_us - f.raised_us >= :horizon_us then 1 else 0 end as mature,
    case when f.acted_us <= f.raised_us + :horizon_us then 1 else 0 end as acted,
    case when f.asset is not null and f.acted_us <= f.raised_us + :horizon_us then 1 else 0 end as filled,
    case when :now_us - f.raised_us >= :horizon_us and f.asset is not null and f.acted_us <= f.raised_us + :horizon_us
      then (f.acted_us - f.raised_us) / 8.64e10 end as filled_days
  from feedback f
  left join leads l on l.lead_id = f.lead_id
  where f.subject = 'content_request' and f.raised_us >= :since_us and f.raised_us < :until_us
),
sums as (
  select dimension, count(*) as raised, sum(mature) as mature, sum(mature * filled) as filled,
    sum(mature * acted * (1 - filled)) as answered_only, sum(1 - mature) as immature,
    percentile_cont(0.5) within group (order by filled_days) as p50_days
  from judged
  group by dimension
)
select dimension, raised, mature, filled, case when mature > 0 then 1.0e0 * filled / mature end as fill_rate, p50_days,
  answered_only, immature
from sums
order by dimension
