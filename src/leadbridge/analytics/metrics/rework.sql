-- name: rework
-- title: Stages that are entered again
-- definition: >-
--   Of the leads that entered a stage, the share that entered it more than once, in one passage or in several: work that is done
--   twice. (any) stands for any stage at all: leads that entered at least one of them again. Inferred entries do not count.
-- basis: cohort
-- grain: one row for any stage, and one for each
-- parameters:
--   since_us: leads that first entered the stage at this instant or later
--   until_us: leads that first entered the stage before this instant
-- dimensions: {source: l.source}
-- denominators: {leads: leads that entered the stage}
-- needs: [stages]
-- headline: again_rate
-- keys: [stage]
-- intervals: {again_rate: "wilson(again, leads)"}
with visits as (
  select lead_id, stage, count(*) as times, min(entered_us) as first_us
  from entries
  where not inferred
  group by lead_id, stage
),
either as (
  select lead_id, stage, times, first_us from visits
  union all
  select lead_id, '(any)', max(times), min(first_us) from visits group by lead_id
),
judged as (
  select coalesce({dimension}, '') as dimension, e.stage, e.times
  from either e
  join leads l on l.lead_id = e.lead_id
  where e.first_us >= :since_us and e.first_us < :until_us
),
sums as (
  select dimension, stage, count(*) as leads, sum(case when times > 1 then 1 else 0 end) as again, sum(times) as times, max(times) as most
  from judged
  group by dimension, stage
)
select s.dimension, s.stage, s.leads, s.again, 1.0e0 * s.again / s.leads as again_rate, 1.0e0 * s.times / s.leads as times_per_lead, s.most
from sums s
left join path p on p.stage = s.stage
order by s.dimension, case when s.stage = '(any)' then -1 else coalesce(p.step, 1000) end, s.stage
