-- name: lead_velocity
-- title: Lead velocity rate
-- definition: >-
--   Passages that entered a stage (marketing qualified, as a rule) in a month, compared with the month before: (this month - last
--   month) / last month. Months are those of the calendar, in UTC; only months that are over are there, and months without an
--   entry stand with 0. A month that follows one without any has no rate.
-- basis: period
-- grain: one row for each month
-- parameters:
--   stage: the stage whose entries are counted
--   first_month: the first month, as year x 12 + month - 1; entries before it only serve to compare with
--   last_month: the last month, counted the same way
-- dimensions: {source: l.source}
-- denominators: {before: entries in the month before}
-- needs: [stages]
-- headline: growth
-- keys: [month]
-- intervals: {growth: "change(entered, before)"}
with firsts as (
  select e.lead_id, e.passage, min(e.entered_us) as entered_us
  from entries e
  where e.stage = :stage
  group by e.lead_id, e.passage
),
days as (
  select coalesce({dimension}, '') as dimension, floor(1.0e0 * f.entered_us / 8.64e10) + 719468 as day
  from firsts f
  join leads l on l.lead_id = f.lead_id
),
eras as (
  select dimension, floor(day / 146097) as era, day - 146097 * floor(day / 146097) as doe
  from days
),
years as (
  select dimension, era, doe, floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365) as yoe
  from eras
),
months as (
  -- Days since 1970 as a month: years are counted from March, so that the leap day is the last one.
  select dimension, 12 * (400 * era + yoe) + 2 + floor((5 * (doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))) + 2) / 153) as month
  from years
),
sums as (
  select dimension, cast(month as bigint) as month, count(*) as entered
  from months
  group by dimension, cast(month as bigint)
),
digits as (
  select 0 as digit union all select 1 union all select 2 union all select 3 union all select 4
  union all select 5 union all select 6 union all select 7 union all select 8 union all select 9
),
grid as (
  select d.dimension, d.first_month + a.digit + 10 * b.digit + 100 * c.digit as month, d.first_month
  from (select dimension, min(month) as first_month from sums group by dimension) d
  cross join digits a
  cross join digits b
  cross join digits c
  where d.first_month + a.digit + 10 * b.digit + 100 * c.digit <= :last_month
),
filled as (
  select g.dimension, g.month, g.first_month, coalesce(s.entered, 0) as entered
  from grid g
  left join sums s on s.dimension = g.dimension and s.month = g.month
),
pairs as (
  select dimension, month, first_month, entered, lag(entered) over (partition by dimension order by month) as before
  from filled
)
select dimension, 100 * cast(floor(1.0e0 * month / 12) as bigint) + mod(month, 12) + 1 as month, entered, before,
  case when before > 0 then 1.0e0 * (entered - before) / before end as growth
from pairs
where month >= :first_month
order by dimension, month
