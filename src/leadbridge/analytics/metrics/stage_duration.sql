-- name: stage_duration
-- title: Time between two stages
-- definition: >-
--   Time from the first entry into one stage to the first entry into another one, in the same passage or a later one before
--   the first stage is entered again, in whole elapsed units. Only intervals that have ended are in the percentiles: those
--   still open are counted as censored. Left out and counted apart are impossible intervals (the second stage entered first),
--   intervals between entries that were inferred, and, for units under a day, those known by their dates only. Where one of
--   the two is a date, dates are compared.
-- basis: cohort
-- grain: one row
-- parameters:
--   from_stage: the stage that starts the interval
--   to_stage: the stage that ends it
--   unit_us: microseconds in a unit
--   since_us: intervals that start at this instant or later
--   until_us: intervals that start before this instant
-- dimensions: {source: l.source}
-- denominators: {n: intervals that have ended and are possible}
-- needs: [stages]
-- headline: p50
-- intervals: {p50: bootstrap(counted.units)}
with lead_stages as (
  select lead_id, passage, stage, min(entered_us) as entered_us, min(case when inferred then 1 else 0 end) as inferred,
    max(case when precision = 'day' then 1 else 0 end) as is_day
  from entries
  group by lead_id, passage, stage
),
starts as (
  select lead_id, passage, entered_us, inferred, is_day
  from lead_stages
  where stage = :from_stage
),
ends as (
  select lead_id, passage, entered_us, inferred, is_day
  from lead_stages
  where stage = :to_stage
),
begun as (
  select b.lead_id, b.passage, max(a.passage) as from_passage
  from ends b
  join starts a on a.lead_id = b.lead_id and a.passage <= b.passage
  group by b.lead_id, b.passage
),
reached as (
  select lead_id, from_passage, min(passage) as passage
  from begun
  group by lead_id, from_passage
),
spans as (
  select a.lead_id, a.entered_us as from_us, b.entered_us as to_us,
    case when a.inferred = 1 or b.inferred = 1 then 1 else 0 end as inferred,
    case when a.is_day = 1 or b.is_day = 1 then 1 else 0 end as is_day
  from starts a
  left join reached r on r.lead_id = a.lead_id and r.from_passage = a.passage
  left join ends b on b.lead_id = r.lead_id and b.passage = r.passage
  where a.entered_us >= :since_us and a.entered_us < :until_us
),
judged as (
  select coalesce({dimension}, '') as dimension,
    case
      when s.is_day = 1 then (floor(s.to_us / 8.64e10) - floor(s.from_us / 8.64e10)) * 8.64e10
      else 1.0e0 * (s.to_us - s.from_us)
    end as span_us,
    case
      when s.to_us is null then 'censored'
      when s.inferred = 1 then 'inferred'
      when s.is_day = 1 and floor(s.to_us / 8.64e10) < floor(s.from_us / 8.64e10) then 'impossible'
      when s.is_day = 0 and s.to_us < s.from_us then 'impossible'
      when s.is_day = 1 and :unit_us < 86400000000 then 'dates_only'
      else 'ended'
    end as verdict
  from spans s
  join leads l on l.lead_id = s.lead_id
),
counted as (
  select dimension, verdict, case when verdict = 'ended' then floor(span_us / :unit_us) end as units
  from judged
)
select dimension, sum(case when verdict = 'ended' then 1 else 0 end) as n,
  percentile_cont(0.25) within group (order by units) as p25,
  percentile_cont(0.5) within group (order by units) as p50,
  percentile_cont(0.75) within group (order by units) as p75,
  percentile_cont(0.9) within group (order by units) as p90,
  max(units) as longest,
  sum(case when verdict = 'impossible' then 1 else 0 end) as impossible,
  sum(case when verdict = 'censored' then 1 else 0 end) as censored,
  sum(case when verdict = 'inferred' then 1 else 0 end) as inferred,
  sum(case when verdict = 'dates_only' then 1 else 0 end) as dates_only
from counted
group by dimension
order by dimension
