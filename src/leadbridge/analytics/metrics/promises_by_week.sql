-- name: promises_by_week
-- title: Promises kept in time, week by week
-- definition: >-
--   Promises that were kept in time, as a share of those that were kept in time, kept late, or broken and still open or ended
--   that way: met / (met + met_late + breached), by the week in which the clock was started. A week begins on Monday, 00:00
--   UTC. Clocks that still run are shown and not counted: the last weeks have more of them. Cancelled clocks, and those that
--   never started, are left out.
-- basis: cohort
-- grain: one row for each week in which a clock was started
-- parameters:
--   since_us: clocks started at this instant or later
--   until_us: clocks started before this instant
-- dimensions: {duty_of: c.duty_of, policy: c.policy, target: c.target, owner: c.owner, source: l.source}
-- denominators: {counted: "clocks of the week that were met, met late or breached"}
-- needs: [clocks, responses]
-- headline: attainment
-- keys: [week_us]
-- intervals: {attainment: "wilson(met, counted)"}
with started as (
  select coalesce({dimension}, '') as dimension, c.state,
    c.started_us - mod(c.started_us - 345600000000, 604800000000) as week_us
  from clocks c
  join leads l on l.lead_id = c.lead_id
  where c.started_us >= :since_us and c.started_us < :until_us and c.state not in ('not_started', 'cancelled')
),
sums as (
  select dimension, week_us,
    sum(case when state = 'met' then 1 else 0 end) as met,
    sum(case when state = 'met_late' then 1 else 0 end) as met_late,
    sum(case when state = 'breached' then 1 else 0 end) as breached,
    sum(case when state in ('running', 'paused') then 1 else 0 end) as running
  from started
  group by dimension, week_us
)
select dimension, week_us, met, met_late, breached, met + met_late + breached as counted,
  case when met + met_late + breached > 0 then 1.0e0 * met / (met + met_late + breached) end as attainment, running
from sums
order by dimension, week_us
