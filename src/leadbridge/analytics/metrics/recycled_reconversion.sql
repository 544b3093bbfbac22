-- name: recycled_reconversion
-- title: What becomes of recycled leads
-- definition: >-
--   Of the passages that ended in being recycled, the share that came back within the horizon: that entered a stage of the success
--   path in a later passage, and which one. (any) stands for any stage at all; the row of the last stage is the yield of recycling.
--   A lead that is recycled twice counts twice.
-- basis: cohort
-- grain: one row for coming back at all, and one for each stage of the success path
-- parameters:
--   stage: the stage in which leads are recycled
--   horizon_us: time allowed to come back; passages recycled more recently are immature and left out
--   now_us: the instant of the snapshot
--   since_us: passages recycled at this instant or later
--   until_us: passages recycled before this instant
-- dimensions: {source: l.source, reason: e.reason}
-- denominators: {recycled: passages that were recycled long enough ago}
-- needs: [stages]
-- headline: back_rate
-- keys: [back_to]
-- intervals: {back_rate: "wilson(came_back, recycled)"}
with returned as (
  select e.lead_id, e.passage, min(e.entered_us) as recycled_us, coalesce({dimension}, '') as dimension
  from entries e
  join leads l on l.lead_id = e.lead_id
  where e.stage = :stage and e.entered_us >= :since_us and e.entered_us < :until_us
  group by e.lead_id, e.passage, coalesce({dimension}, '')
),
came as (
  select distinct r.lead_id, r.passage, r.dimension, p.stage as back_to
  from returned r
  join entries e on e.lead_id = r.lead_id and e.passage > r.passage
    and e.entered_us >= r.recycled_us and e.entered_us <= r.recycled_us + :horizon_us
  join path p on p.stage = e.stage
),
either as (
  select lead_id, passage, dimension, back_to from came
  union
  select lead_id, passage, dimension, '(any)' from came
),
ages as (
  select lead_id, passage, dimension, case when :now_us - recycled_us >= :horizon_us then 1 else 0 end as mature
  from returned
),
goals as (
  select -1 as step, '(any)' as back_to
  union all
  select step, stage from path
),
judged as (
  select a.dimension, g.step, g.back_to, a.mature, case when c.lead_id is null then 0 else 1 end as came_back
  from ages a
  cross join goals g
  left join either c on c.lead_id = a.lead_id and c.passage = a.passage and c.dimension = a.dimension and c.back_to = g.back_to
),
sums as (
  select dimension, step, back_to, sum(mature) as recycled, sum(mature * came_back) as came_back, sum(1 - mature) as immature
  from judged
  group by dimension, step, back_to
)
select dimension, back_to, recycled, came_back, case when recycled > 0 then 1.0e0 * came_back / recycled end as back_rate, immature
from sums
order by dimension, step
