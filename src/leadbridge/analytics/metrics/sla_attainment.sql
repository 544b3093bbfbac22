-- name: sla_attainment
-- title: SLA attainment
-- definition: >-
--   Promises that were kept in time, as a share of those that were kept in time, kept late, or broken and still open or ended
--   that way: met / (met + met_late + breached). Clocks that still run, wait or have not started, and cancelled ones, are
--   shown and not counted. A clock belongs to the person who held it.
-- basis: {snapshot: c.started_us, period: "coalesce(c.stopped_us, c.due_us)"}
-- grain: one row for each policy and target
-- parameters:
--   since_us: clocks that started (as a period, stopped, or fell due without) at this instant or later; those without a time always
--   until_us: clocks that started (as a period, stopped, or fell due without) before this instant; those without a time always
-- dimensions: {owner: c.owner, duty_of: c.duty_of, source: l.source}
-- denominators: {counted: "clocks that were met, met late or breached"}
-- needs: [clocks, responses]
-- headline: attainment
-- keys: [policy, target]
-- intervals: {attainment: "wilson(met, counted)"}
with states as (
  select c.policy, c.target, c.state, coalesce({dimension}, '') as dimension
  from clocks c
  join leads l on l.lead_id = c.lead_id
  where coalesce({when}, :since_us) >= :since_us and coalesce({when}, :until_us - 1) < :until_us
),
counted as (
  select dimension, policy, target, state, count(*) as n
  from states
  group by dimension, policy, target, state
),
sums as (
  select dimension, policy, target,
    sum(case when state = 'met' then n else 0 end) as met,
    sum(case when state = 'met_late' then n else 0 end) as met_late,
    sum(case when state = 'breached' then n else 0 end) as breached,
    sum(case when state in ('running', 'paused') then n else 0 end) as running,
    sum(case when state = 'not_started' then n else 0 end) as not_started,
    sum(case when state = 'cancelled' then n else 0 end) as cancelled
  from counted
  group by dimension, policy, target
)
select dimension, policy, target, met, met_late, breached, met + met_late + breached as counted,
  case when met + met_late + breached > 0 then 1.0e0 * met / (met + met_late + breached) end as attainment,
  running, not_started, cancelled
from sums
order by dimension, policy, target
