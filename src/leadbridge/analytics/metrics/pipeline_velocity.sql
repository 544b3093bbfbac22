-- name: pipeline_velocity
-- title: Pipeline velocity
-- definition: >-
--   What the open pipeline can be expected to bring a day: opportunities x win rate x average deal / cycle days. Opportunities are
--   those open at the instant of the snapshot; the win rate is won / (won + lost) of those closed in the window, the average deal
--   the mean amount of those won in it with an amount, and the cycle the mean days from opening to winning them. An opportunity
--   of several leads counts once, for the lead that was captured first. Each factor stands beside the product.
-- basis: snapshot
-- grain: one row
-- parameters:
--   since_us: opportunities closed at this instant or later
--   until_us: opportunities closed before this instant
-- dimensions: {source: l.source}
-- denominators: {closed: opportunities won or lost in the window}
-- needs: [outcomes]
-- headline: per_day
-- intervals: {win_rate: "wilson(won, closed)"}
with placed as (
  select o.opportunity_id, o.lead_id, o.outcome, o.amount, o.opened_us, o.closed_us,
    row_number() over (partition by o.opportunity_id order by coalesce(l.captured_us, 9223372036854775807), o.lead_id) as place
  from outcomes o
  join leads l on l.lead_id = o.lead_id
),
deals as (
  select coalesce({dimension}, '') as dimension, p.amount, p.opened_us, p.closed_us,
    case when p.outcome not in ('won', 'lost') then 1 else 0 end as is_open,
    case when p.outcome = 'won' and p.closed_us >= :since_us and p.closed_us < :until_us then 1 else 0 end as won,
    case when p.outcome = 'lost' and p.closed_us >= :since_us and p.closed_us < :until_us then 1 else 0 end as lost
  from placed p
  join leads l on l.lead_id = p.lead_id
  where p.place = 1
),
sums as (
  select dimension, sum(is_open) as opportunities, sum(won) as won, sum(won) + sum(lost) as closed,
    avg(case when won = 1 then amount end) as deal,
    avg(case when won = 1 and closed_us >= opened_us then (closed_us - opened_us) / 8.64e10 end) as cycle_days
  from deals
  group by dimension
),
factors as (
  select dimension, opportunities, closed, won, case when closed > 0 then 1.0e0 * won / closed end as win_rate, deal, cycle_days
  from sums
)
select dimension, opportunities, closed, won, win_rate, deal, cycle_days,
  case when cycle_days > 0 then opportunities * win_rate * deal / cycle_days end as per_day
from factors
order by dimension
