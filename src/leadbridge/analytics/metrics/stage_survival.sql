-- name: stage_survival
-- title: How long leads stay in a stage
-- definition: >-
--   The share that is still in a stage, by the time since it was entered, as a Kaplan-Meier curve; or, where a second stage is
--   named, the share that has not come there yet, each passage from its first entry. Those that have not ended are not left
--   out: they count as staying for as long as they were seen (censored), until the instant of the snapshot, or until the first
--   stage was entered again. Leads that went elsewhere count as not there yet, so that one minus the curve is the share that
--   ever came. Times are in whole elapsed units; inferred entries, impossible intervals (the second stage entered first) and,
--   for units under a day, those known by date only are left out. The median is the first time at which half or fewer are left.
-- basis: cohort
-- grain: one row for each time at which somebody left or was seen last
-- parameters:
--   from_stage: the stage that is entered
--   to_stage: the stage that ends it, or an empty text for any
--   unit_us: microseconds in a unit
--   now_us: the instant of the snapshot
--   since_us: entries at this instant or later
--   until_us: entries before this instant
-- dimensions: {source: l.source}
-- denominators: {at_risk: passages that were still there just before this time}
-- needs: [stages]
-- headline: median
-- keys: [waited]
-- intervals: {still_waiting: "greenwood(at_risk, ended)"}
with named as (
  select lead_id, passage, stage, entered_us, left_us, case when inferred then 1 else 0 end as inferred,
    case when precision = 'day' then 1 else 0 end as is_day,
    row_number() over (partition by lead_id, passage, stage order by entered_us) as place
  from entries
  where stage = :from_stage or stage = :to_stage
),
firsts as (
  select lead_id, passage, stage, entered_us, inferred, is_day,
    lead(passage) over (partition by lead_id, stage order by passage) as next_passage,
    lead(entered_us) over (partition by lead_id, stage order by passage) as again_us
  from named
  where place = 1
),
reached as (
  select a.lead_id, a.passage, a.entered_us, a.inferred, a.is_day, a.again_us, b.entered_us as ended_us,
    coalesce(b.inferred, 0) as end_inferred, coalesce(b.is_day, 0) as end_is_day,
    row_number() over (partition by a.lead_id, a.passage order by b.passage) as place
  from firsts a
  left join firsts b on b.lead_id = a.lead_id and b.stage = :to_stage and b.passage >= a.passage
    and (a.next_passage is null or b.passage < a.next_passage)
  where a.stage = :from_stage and :to_stage <> ''
),
stays as (
  select lead_id, entered_us, ended_us, again_us, inferred, end_inferred, is_day, end_is_day
  from reached
  where place = 1
  union all
  select lead_id, entered_us, left_us, cast(null as bigint), inferred, 0, is_day, is_day
  from named
  where :to_stage = ''
),
spans as (
  select coalesce({dimension}, '') as dimension, case when s.ended_us is null then 0 else 1 end as ended,
    case when s.is_day = 1 or s.end_is_day = 1 then s.entered_us - mod(s.entered_us, 86400000000) else s.entered_us end as from_us,
    coalesce(s.ended_us, least(:now_us, coalesce(s.again_us, :now_us))) as until_us
  from stays s
  join leads l on l.lead_id = s.lead_id
  where s.inferred = 0 and s.end_inferred = 0 and s.entered_us >= :since_us and s.entered_us < :until_us
    and s.entered_us <= :now_us and (:unit_us >= 86400000000 or (s.is_day = 0 and s.end_is_day = 0))
),
times as (
  select dimension, floor(1.0e0 * (until_us - from_us) / :unit_us) as waited, sum(ended) as ended, sum(1 - ended) as censored
  from spans
  where until_us >= from_us
  group by dimension, floor(1.0e0 * (until_us - from_us) / :unit_us)
),
risks as (
  select dimension, waited, ended, censored, sum(ended + censored) over (partition by dimension order by waited desc) as at_risk
  from times
),
steps as (
  select dimension, waited, ended, censored, at_risk, case when ended = at_risk then 1 else 0 end as ends,
    case when ended = at_risk then 0.0e0 else ln(1.0e0 - 1.0e0 * ended / at_risk) end as step
  from risks
),
curve as (
  select dimension, waited, at_risk, ended, censored,
    case when max(ends) over (partition by dimension order by waited) = 1 then 0.0e0
      else exp(sum(step) over (partition by dimension order by waited)) end as still_waiting
  from steps
)
select dimension, waited, at_risk, ended, censored, still_waiting,
  min(case when still_waiting <= 0.5e0 + 1.0e-9 then waited end) over (partition by dimension) as median
from curve
order by dimension, waited
