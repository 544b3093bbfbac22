-- name: feedback_loop
-- title: What becomes of feedback
-- definition: >-
--   Feedback by subject: how much of what was raised was acknowledged, acted on and told back to whoever raised it, and the
--   median hours from raising it to each. Percentiles are of the steps that were taken: what is still open is not in them.
-- basis: cohort
-- grain: one row for each subject
-- keys: [subject]
-- parameters:
--   since_us: feedback raised at this instant or later
--   until_us: feedback raised before this instant
-- dimensions: {channel: f.channel, to_function: f.to_function, source: l.source}
-- denominators: {raised: feedback that was raised}
-- needs: [feedback]
-- headline: told_share
-- intervals:
--   acknowledged_share: wilson(acknowledged, raised)
--   acted_share: wilson(acted, raised)
--   told_share: wilson(told, raised)
with raised as (
  select coalesce({dimension}, '') as dimension, f.subject, f.raised_us, f.acknowledged_us, f.acted_us, f.told_us
  from feedback f
  left join leads l on l.lead_id = f.lead_id
  where f.raised_us >= :since_us and f.raised_us < :until_us
)
select dimension, subject, count(*) as raised, count(acknowledged_us) as acknowledged, count(acted_us) as acted,
  count(told_us) as told, 1.0e0 * count(acknowledged_us) / count(*) as acknowledged_share,
  1.0e0 * count(acted_us) / count(*) as acted_share, 1.0e0 * count(told_us) / count(*) as told_share,
  percentile_cont(0.5) within group (order by (acknowledged_us - raised_us) / 3.6e9) as p50_hours_to_acknowledge,
  percentile_cont(0.5) within group (order by (acted_us - raised_us) / 3.6e9) as p50_hours_to_act,
  percentile_cont(0.5) within group (order by (told_us - raised_us) / 3.6e9) as p50_hours_to_tell
from raised
group by dimension, subject
order by dimension, subject
