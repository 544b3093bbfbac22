-- name: proposition_reach
-- title: Value propositions that reach buyers
-- definition: >-
--   Value propositions of which buyers met at least one asset, as a share of those that have an asset at all: met / offered.
--   An asset carries the value proposition of its message.
-- basis: period
-- grain: one row
-- parameters:
--   since_us: interactions at this instant or later
--   until_us: interactions before this instant
-- dimensions: {}
-- denominators: {offered: value propositions with at least one registered asset}
-- needs: [assets, interactions]
-- headline: reach
with met as (
  select distinct a.value_proposition
  from interactions i
  join assets a on a.asset_id = i.asset
  where i.happened_us >= :since_us and i.happened_us < :until_us
),
offered as (
  select distinct value_proposition from assets where registered and value_proposition is not null
)
select coalesce({dimension}, '') as dimension, count(*) as offered, count(m.value_proposition) as met,
  case when count(*) > 0 then 1.0e0 * count(m.value_proposition) / count(*) end as reach
from offered o
left join met m on m.value_proposition = o.value_proposition
