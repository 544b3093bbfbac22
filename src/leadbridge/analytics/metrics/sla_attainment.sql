-- name: sla_attainment
-- title: SLA attainment
-- definition: >-
--   Promises that were kept in time, as a share of those that were kept in time, kept late, or broken and still open or ended
--   that way: met / (met + met_late + breached). Clocks that still run, wait or have not started, and cancelled ones, are
--   shown and not counted. A clock belongs to the person who held it.
-- basis: snapshot
-- grain: one row for each policy and target
-- keys: [policy, target]
-- parameters: {}
-- dimensions: {owner: c.owner, duty_of: c.duty_of, source: l.source}
-- denominators: {counted: "clocks that were met, met late or breached"}
-- needs: [clocks, responses]
-- headline: attainment
with states as (
  select c.policy, c.target, c.state, coalesce({dimension}, '') as dimension
  from clocks c
  join leads l on l.lead_id = c.lead_id
),
sums as (
  select dimension, policy, target,
    sum(case when state = 'met' then 1 else 0 end) as met,
    sum(case when state = 'met_late' then 1 else 0 end) as met_late,
    sum(case when state = 'breached' then 1 else 0 end) as breached,
    sum(case when state in ('running', 'paused') then 1 else 0 end) as running,
    sum(case when state = 'not_started' then 1 else 0 end) as not_started,
    sum(case when state = 'cancelled' then 1 else 0 end) as cancelled
  from states
  group by dimension, policy, target
)
select dimension, policy, target, met, met_late, breached, met + met_late + breached as counted,
  case when met + met_late + breached > 0 then 1.0e0 * met / (met + met_late + breached) end as attainment,
  running, not_started, cancelled
from sums
order by dimension, policy, target
