-- name: sourced_by
-- title: What each function brought
-- definition: >-
--   Leads by the function that brought them, with the opportunities that came of them and how many were won. An opportunity
--   of several leads belongs to the function of the lead that was captured first. Apart from that, influenced_won counts
--   won opportunities that a function touched between the lookback before they were opened and their end. Brought and
--   influenced are two views of the same sales: they are never added.
-- basis: cohort
-- grain: one row for each function
-- keys: [function]
-- parameters:
--   lookback_us: how long before an opportunity was opened a touch still influences it
--   since_us: leads captured at this instant or later; those without a time count always
--   until_us: leads captured before this instant; those without a time count always
-- dimensions: {source: l.source, company: l.company, role: l.role}
-- denominators: {leads: leads that this function brought}
-- needs: [sources, outcomes]
-- headline: won
with cohort as (
  select l.lead_id, coalesce(l.sourced_by, '') as function, coalesce({dimension}, '') as dimension,
    coalesce(l.captured_us, 9223372036854775807) as captured_us
  from leads l
  where l.captured_us is null or (l.captured_us >= :since_us and l.captured_us < :until_us)
),
placed as (
  select o.opportunity_id, o.lead_id, o.outcome, o.amount, o.opened_us,
    case when o.precision = 'day' then o.closed_us + 86400000000 else o.closed_us end as ended_us,
    row_number() over (partition by o.opportunity_id order by coalesce(l.captured_us, 9223372036854775807), o.lead_id) as place
  from outcomes o
  join leads l on l.lead_id = o.lead_id
),
deals as (
  select c.dimension, c.function, p.opportunity_id, p.amount, p.opened_us, p.ended_us,
    case when p.outcome = 'won' then 1 else 0 end as won
  from placed p
  join cohort c on c.lead_id = p.lead_id
  where p.place = 1
),
brought as (
  select dimension, function, count(*) as leads
  from cohort
  group by dimension, function
),
closed as (
  select dimension, function, count(*) as opportunities, sum(won) as won, sum(case when won = 1 then amount end) as amount
  from deals
  group by dimension, function
),
influenced as (
  select d.dimension, i.function, count(distinct d.opportunity_id) as influenced_won
  from deals d
  join outcomes o on o.opportunity_id = d.opportunity_id
  join interactions i on i.lead_id = o.lead_id
    and i.happened_us >= coalesce(d.opened_us, d.ended_us) - :lookback_us and i.happened_us <= d.ended_us
  where d.won = 1
  group by d.dimension, i.function
),
names as (
  select dimension, function from brought
  union
  select dimension, function from influenced
)
select n.dimension, n.function, coalesce(b.leads, 0) as leads, coalesce(c.opportunities, 0) as opportunities,
  coalesce(c.won, 0) as won, case when b.leads > 0 then 1.0e0 * coalesce(c.won, 0) / b.leads end as won_rate,
  c.amount, coalesce(f.influenced_won, 0) as influenced_won
from names n
left join brought b on b.dimension = n.dimension and b.function = n.function
left join closed c on c.dimension = n.dimension and c.function = n.function
left join influenced f on f.dimension = n.dimension and f.function = n.function
order by n.dimension, n.function
