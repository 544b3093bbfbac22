-- name: funnel
-- title: Funnel conversion
-- definition: >-
--   Of the passages that entered a stage of the success path, the share that entered the next stage later (step_rate), and
--   of those that entered the first stage, the share that ever came this far (total_rate). Entries are counted, not who is
--   in a stage now; inferred entries (stages that were jumped over) count.
-- basis: cohort
-- grain: one row for each stage of the success path
-- parameters:
--   since_us: cohorts enter their stage at this instant or later
--   until_us: cohorts enter their stage before this instant
--   now_us: the instant of the snapshot
--   horizon_us: time allowed for the next entry, -1 for no limit; entries younger than that are immature and left out
-- dimensions: {source: l.source}
-- denominators: {from_mature: passages in the previous stage that are old enough, first_mature: passages in the first stage that are old enough}
-- needs: [stages]
-- headline: total_rate
-- keys: [stage]
-- intervals: {step_rate: "wilson(converted, from_mature)", total_rate: "wilson(reached, first_mature)"}
with firsts as (
  select e.lead_id, e.passage, p.step, min(e.entered_us) as entered_us, min(case when e.inferred then 1 else 0 end) as inferred
  from entries e
  join path p on p.stage = e.stage
  group by e.lead_id, e.passage, p.step
),
starts as (
  select lead_id, passage, step, entered_us, inferred,
    lead(passage) over (partition by lead_id, step order by passage) as next_passage
  from firsts
),
cohort as (
  select s.lead_id, s.passage, s.step, s.entered_us, s.inferred, s.next_passage, coalesce({dimension}, '') as dimension,
    case when :horizon_us < 0 or :now_us - s.entered_us >= :horizon_us then 1 else 0 end as mature
  from starts s
  join leads l on l.lead_id = s.lead_id
  where s.entered_us >= :since_us and s.entered_us < :until_us
),
reached as (
  select a.lead_id, a.passage, a.step as from_step, b.step as to_step, min(b.entered_us) as reached_us
  from cohort a
  join firsts b on b.lead_id = a.lead_id and b.passage >= a.passage
  where (a.next_passage is null or b.passage < a.next_passage) and b.step > a.step and (a.step = 0 or b.step = a.step + 1)
  group by a.lead_id, a.passage, a.step, b.step
),
steps as (
  select a.dimension, a.step as from_step, p.step as to_step, sum(a.mature) as mature, sum(1 - a.mature) as immature,
    sum(case when a.mature = 1 and r.reached_us is not null and (:horizon_us < 0 or r.reached_us - a.entered_us <= :horizon_us)
      then 1 else 0 end) as converted
  from cohort a
  join path p on p.step > a.step and (a.step = 0 or p.step = a.step + 1)
  left join reached r
    on r.lead_id = a.lead_id and r.passage = a.passage and r.from_step = a.step and r.to_step = p.step
  group by a.dimension, a.step, p.step
),
own as (
  select dimension, step, count(*) as entered, sum(inferred) as inferred
  from cohort
  group by dimension, step
),
grid as (
  select d.dimension, p.step, p.stage
  from (select distinct dimension from cohort) d
  cross join path p
)
select g.dimension, g.step, g.stage, coalesce(o.entered, 0) as entered, coalesce(o.inferred, 0) as inferred,
  coalesce(s.mature, 0) as from_mature, coalesce(s.converted, 0) as converted,
  case when s.mature > 0 then 1.0e0 * s.converted / s.mature end as step_rate,
  coalesce(f.mature, 0) as first_mature, coalesce(f.converted, 0) as reached,
  case when f.mature > 0 then 1.0e0 * f.converted / f.mature end as total_rate,
  coalesce(s.immature, 0) as immature
from grid g
left join own o on o.dimension = g.dimension and o.step = g.step
left join steps s on s.dimension = g.dimension and s.to_step = g.step and s.from_step = g.step - 1
left join steps f on f.dimension = g.dimension and f.to_step = g.step and f.from_step = 0
order by g.dimension, g.step
