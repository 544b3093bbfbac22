-- name: stage_conversion
-- title: Conversion from one stage to another
-- definition: >-
--   As a cohort, of the passages that entered the first stage in the window, the share that later entered the second one, in
--   the same passage or a later one before the first stage is entered again, within the horizon. As a period, entries into
--   the second stage in the window divided by entries into the first: two groups of leads, so that it can be above one and
--   moves with the inflow. As a snapshot, of the leads that stand in one of the two stages now, the share in the second:
--   this depends on how long leads stay, and is no conversion at all; it is here because dashboards show it.
-- basis: {cohort: "", period: "", snapshot: ""}
-- grain: one row
-- parameters:
--   from_stage: the stage that is left
--   to_stage: the stage that is reached
--   basis: cohort, period or snapshot
--   horizon_us: time allowed to get there, -1 for no limit; entries younger than that are immature and left out
--   now_us: the instant of the snapshot
--   since_us: entries at this instant or later
--   until_us: entries before this instant
-- dimensions: {source: l.source}
-- denominators: {entered: "what the conversion is a share of, by the basis"}
-- needs: [stages]
-- headline: rate
-- intervals: {rate: "wilson(converted, entered)"}
with firsts as (
  select lead_id, passage, stage, min(entered_us) as entered_us, max(case when left_us is null then 1 else 0 end) as is_there
  from entries
  where stage = :from_stage or stage = :to_stage
  group by lead_id, passage, stage
),
starts as (
  select lead_id, passage, entered_us, lead(passage) over (partition by lead_id order by passage) as next_passage
  from firsts
  where stage = :from_stage
),
reached as (
  select a.lead_id, a.passage, min(b.entered_us) as reached_us
  from starts a
  join firsts b on b.lead_id = a.lead_id and b.stage = :to_stage and b.passage >= a.passage
    and (a.next_passage is null or b.passage < a.next_passage)
  group by a.lead_id, a.passage
),
cohort as (
  select a.lead_id, case when :horizon_us < 0 or :now_us - a.entered_us >= :horizon_us then 1 else 0 end as mature,
    case when r.reached_us is not null and (:horizon_us < 0 or r.reached_us - a.entered_us <= :horizon_us)
      then 1 else 0 end as converted
  from starts a
  left join reached r on r.lead_id = a.lead_id and r.passage = a.passage
  where a.entered_us >= :since_us and a.entered_us < :until_us
),
counted as (
  select lead_id, mature as entered, mature * converted as converted, 1 - mature as immature
  from cohort
  where :basis = 'cohort'
  union all
  select lead_id, case when stage = :from_stage then 1 else 0 end, case when stage = :to_stage then 1 else 0 end, 0
  from firsts
  where :basis = 'period' and entered_us >= :since_us and entered_us < :until_us
  union all
  select lead_id, 1, case when stage = :to_stage then 1 else 0 end, 0
  from firsts
  where :basis = 'snapshot' and is_there = 1
),
placed as (
  select coalesce({dimension}, '') as dimension, c.entered, c.converted, c.immature
  from counted c
  join leads l on l.lead_id = c.lead_id
),
sums as (
  select dimension, sum(entered) as entered, sum(converted) as converted, sum(immature) as immature
  from placed
  group by dimension
)
select dimension, entered, converted, case when entered > 0 then 1.0e0 * converted / entered end as rate, immature
from sums
order by dimension
