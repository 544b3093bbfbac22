-- name: function_coverage
-- title: Buying stages in which each function was there
-- definition: >-
--   Of the buying stages that leads entered, the share in which a function had at least one interaction with the lead while it was
--   in that stage; (every) stands for stages in which every function that ever talks to buyers had one. Content counts like talk.
-- basis: cohort
-- grain: one row for each buying stage and function
-- parameters:
--   since_us: buying stages entered at this instant or later
--   until_us: buying stages entered before this instant
-- dimensions: {source: l.source}
-- denominators: {entered: leads that entered the buying stage}
-- needs: [buying, interactions]
-- headline: covered_share
-- keys: [buying_stage, function]
-- intervals: {covered_share: "wilson(covered, entered)"}
with visits as (
  select b.lead_id, b.buying_stage, coalesce({dimension}, '') as dimension
  from buying b
  join leads l on l.lead_id = b.lead_id
  group by b.lead_id, b.buying_stage, coalesce({dimension}, '')
  having min(b.entered_us) >= :since_us and min(b.entered_us) < :until_us
),
functions as (
  select distinct function from interactions where function is not null
),
met as (
  select distinct lead_id, buying_stage, function
  from interactions
  where buying_stage is not null
),
each_one as (
  select v.lead_id, v.buying_stage, v.dimension, f.function, case when m.lead_id is null then 0 else 1 end as covered
  from visits v
  cross join functions f
  left join met m on m.lead_id = v.lead_id and m.buying_stage = v.buying_stage and m.function = f.function
),
judged as (
  select lead_id, buying_stage, dimension, function, covered from each_one
  union all
  select lead_id, buying_stage, dimension, '(every)', min(covered) from each_one group by lead_id, buying_stage, dimension
),
sums as (
  select dimension, buying_stage, function, count(*) as entered, sum(covered) as covered
  from judged
  group by dimension, buying_stage, function
)
select s.dimension, s.buying_stage, s.function, s.entered, s.covered, 1.0e0 * s.covered / s.entered as covered_share
from sums s
left join buying_path p on p.buying_stage = s.buying_stage
order by s.dimension, coalesce(p.step, 1000), s.buying_stage, s.function
