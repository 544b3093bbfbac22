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
with lead_firsts as (
  select e.lead_id, e.passage, p.step, min(e.entered_us) as entered_us, min(case when e.inferred then 1 else 0 end) as inferred
  from entries e
  join path p on p.stage = e.stage
  group by e.lead_id, e.passage, p.step
),
lead_later as (
  select b.lead_id, b.passage, b.step, b.entered_us, a.step as from_step, max(a.passage) as from_passage
  from lead_firsts b
  join lead_firsts a on a.lead_id = b.lead_id and a.passage <= b.passage
  where (a.step = 0 or a.step = b.step - 1) and a.step < b.step
  group by b.lead_id, b.passage, b.step, b.entered_us, a.step
),
lead_came as (
  select lead_id, from_passage, from_step, step, min(entered_us) as reached_us
  from lead_later
  group by lead_id, from_passage, from_step, step
),
lead_reached as (
  select a.lead_id, a.passage, a.step as from_step, c.step as to_step, a.entered_us, c.reached_us
  from lead_came c
  join lead_firsts a on a.lead_id = c.lead_id and a.passage = c.from_passage and a.step = c.from_step
),
own as (
  select coalesce({dimension}, '') as dimension, s.step, count(*) as entered, sum(s.inferred) as inferred,
    sum(case when :horizon_us < 0 or :now_us - s.entered_us >= :horizon_us then 1 else 0 end) as mature
  from lead_firsts s
  join leads l on l.lead_id = s.lead_id
  where s.entered_us >= :since_us and s.entered_us < :until_us
  group by coalesce({dimension}, ''), s.step
),
steps as (
  select coalesce({dimension}, '') as dimension, r.from_step, r.to_step,
    sum(case when :horizon_us < 0 or (:now_us - r.entered_us >= :horizon_us and r.reached_us - r.entered_us <= :horizon_us)
      then 1 else 0 end) as converted
  from lead_reached r
  join leads l on l.lead_id = r.lead_id
  where r.entered_us >= :since_us and r.entered_us < :until_us
  group by coalesce({dimension}, ''), r.from_step, r.to_step
),
grid as (
  select d.dimension, p.step, p.stage
  from (select distinct dimension from own) d
  cross join path p
)
select g.dimension, g.step, g.stage, coalesce(o.entered, 0) as entered, coalesce(o.inferred, 0) as inferred,
  coalesce(b.mature, 0) as from_mature, coalesce(s.converted, 0) as converted,
  case when b.mature > 0 then 1.0e0 * coalesce(s.converted, 0) / b.mature end as step_rate,
  case when g.step > 0 then coalesce(z.mature, 0) else 0 end as first_mature, coalesce(f.converted, 0) as reached,
  case when g.step > 0 and z.mature > 0 then 1.0e0 * coalesce(f.converted, 0) / z.mature end as total_rate,
  coalesce(b.entered - b.mature, 0) as immature
from grid g
left join own o on o.dimension = g.dimension and o.step = g.step
left join own b on b.dimension = g.dimension and b.step = g.step - 1
left join own z on z.dimension = g.dimension and z.step = 0
left join steps s on s.dimension = g.dimension and s.to_step = g.step and s.from_step = g.step - 1
left join steps f on f.dimension = g.dimension and f.to_step = g.step and f.from_step = 0
order by g.dimension, g.step
