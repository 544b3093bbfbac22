-- name: ping_pong
-- title: Leads that go back and forth
-- definition: >-
--   Of the leads that entered any stage, the share that needed at least so many passages (three, as a rule): trips through the funnel
--   that began again after the lead had come back. Beside it, the share that began again at all.
-- basis: cohort
-- grain: one row
-- parameters:
--   passages: passages from which on it is ping-pong
--   since_us: leads that first entered a stage at this instant or later
--   until_us: leads that first entered a stage before this instant
-- dimensions: {source: l.source}
-- denominators: {leads: leads that entered any stage}
-- needs: [stages]
-- headline: ping_pong_rate
-- intervals: {ping_pong_rate: "wilson(ping_pong, leads)", again_rate: "wilson(again, leads)"}
with trips as (
  select lead_id, count(distinct passage) as passages, min(entered_us) as first_us
  from entries
  group by lead_id
),
judged as (
  select coalesce({dimension}, '') as dimension, t.passages
  from trips t
  join leads l on l.lead_id = t.lead_id
  where t.first_us >= :since_us and t.first_us < :until_us
),
sums as (
  select dimension, count(*) as leads, sum(case when passages > 1 then 1 else 0 end) as again,
    sum(case when passages >= :passages then 1 else 0 end) as ping_pong, sum(passages) as passages, max(passages) as most
  from judged
  group by dimension
)
select dimension, leads, again, 1.0e0 * again / leads as again_rate, ping_pong, 1.0e0 * ping_pong / leads as ping_pong_rate,
  1.0e0 * passages / leads as passages_per_lead, most
from sums
order by dimension
