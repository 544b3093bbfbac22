-- name: content_usage
-- title: Use of content
-- definition: >-
--   Registered assets that a function used with buyers at least once, as a share of those available in the window: used /
--   available. Material that the function made for itself, registered so or not registered at all, stands apart; so do
--   assets that were used outside the days on which they are available.
-- basis: period
-- grain: one row for each type of asset; material that is not registered has a blank type
-- keys: [type]
-- parameters:
--   function: the function whose use is counted
--   since_us: interactions at this instant or later, assets still available then
--   until_us: interactions before this instant, assets already available then
-- dimensions: {owner: a.owner, message: a.message, value_proposition: a.value_proposition}
-- denominators: {available: registered assets of others that were available in the window}
-- needs: [assets, interactions]
-- headline: usage_rate
with touches as (
  select i.asset as asset_id, count(*) as n
  from interactions i
  where i.function = :function and i.asset is not null and i.happened_us >= :since_us and i.happened_us < :until_us
  group by i.asset
),
material as (
  select coalesce({dimension}, '') as dimension, coalesce(a.type, '') as type,
    case when a.registered and a.made_by <> :function then 1 else 0 end as agreed,
    case when (a.available_from_us is null or a.available_from_us < :until_us)
      and (a.available_until_us is null or a.available_until_us > :since_us) then 1 else 0 end as available,
    coalesce(t.n, 0) as n
  from assets a
  left join touches t on t.asset_id = a.asset_id
),
sums as (
  select dimension, type, sum(agreed * available) as available,
    sum(case when agreed * available = 1 and n > 0 then 1 else 0 end) as used,
    sum(case when agreed = 1 and available = 0 and n > 0 then 1 else 0 end) as used_outside,
    sum(agreed * n) as touches,
    sum(case when agreed = 0 and n > 0 then 1 else 0 end) as own_used,
    sum((1 - agreed) * n) as own_touches
  from material
  group by dimension, type
)
select dimension, type, available, used,
  case when available > 0 then 1.0e0 * used / available end as usage_rate,
  touches, used_outside, own_used, own_touches
from sums
where available > 0 or touches > 0 or own_used > 0
order by dimension, type
