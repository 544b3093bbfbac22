-- name: disagreement_rate
-- title: Disagreement between systems
-- definition: >-
--   Of the leads that two systems both hold, the share that stands in another stage in one than in the other, each translated to
--   the stages of the agreement: the one that each record says last, or of several records of one system the one that was
--   entered last. A lead whose stage one of the two says in words without a meaning is shown as silent, and not counted.
-- basis: snapshot
-- grain: one row for each pair of systems
-- parameters: {}
-- dimensions: {source: l.source, stage: a.stage}
-- denominators: {counted: leads of which both systems say a stage}
-- needs: [systems]
-- headline: disagreement_rate
-- keys: [left_system, right_system]
-- intervals: {disagreement_rate: "wilson(differ, counted)"}
with ordered as (
  select lead_id, connection as system, value as stage,
    row_number() over (partition by lead_id, connection order by coalesce(since_us, -1) desc, record) as place
  from said
  where axis = 'stage' and until_us is null
),
views as (
  select lead_id, system, stage
  from ordered
  where place = 1
),
pairs as (
  select coalesce({dimension}, '') as dimension, a.system as left_system, b.system as right_system,
    case when a.stage is null or b.stage is null then 1 else 0 end as silent,
    case when a.stage <> b.stage then 1 else 0 end as differ
  from views a
  join views b on b.lead_id = a.lead_id and b.system > a.system
  join leads l on l.lead_id = a.lead_id
),
sums as (
  select dimension, left_system, right_system, count(*) as both_hold, sum(silent) as silent, sum(1 - silent) as counted,
    sum(differ) as differ
  from pairs
  group by dimension, left_system, right_system
)
select dimension, left_system, right_system, both_hold, counted, differ,
  case when counted > 0 then 1.0e0 * differ / counted end as disagreement_rate, silent
from sums
order by dimension, left_system, right_system
