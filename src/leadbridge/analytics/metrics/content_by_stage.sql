-- name: content_by_stage
-- title: Content in the buyer's stages
-- definition: >-
--   Interactions in which an asset was named, by the asset and by the buying stage in which they took place, with how many leads
--   met it there. Agreed assets that nobody met, and buying stages without any content, stand with 0. Interactions from before
--   the buyer's stage was known stand under a blank stage. The headline is the share of the buying stages in which buyers met at
--   least one asset.
-- basis: period
-- grain: one row for each asset and buying stage
-- parameters:
--   since_us: interactions at this instant or later
--   until_us: interactions before this instant
-- dimensions: {source: l.source, function: i.function, channel: i.channel, role: l.role}
-- denominators: {stages: agreed buying stages}
-- needs: [interactions]
-- headline: covered_share
-- keys: [asset, buying_stage]
with met as (
  select coalesce({dimension}, '') as dimension, i.asset, coalesce(i.buying_stage, '') as buying_stage, i.lead_id
  from interactions i
  join leads l on l.lead_id = i.lead_id
  where i.asset is not null and i.happened_us >= :since_us and i.happened_us < :until_us
),
known as (
  select asset_id as asset from assets where registered
  union
  select asset from met
),
stages as (
  select buying_stage from buying_path
  union
  select buying_stage from met
),
grid as (
  select d.dimension, k.asset, s.buying_stage
  from (select distinct dimension from met) d
  cross join known k
  cross join stages s
),
cells as (
  select g.dimension, g.asset, g.buying_stage, count(m.lead_id) as interactions, count(distinct m.lead_id) as leads,
    coalesce(max(b.step), -1) as step
  from grid g
  left join met m on m.dimension = g.dimension and m.asset = g.asset and m.buying_stage = g.buying_stage
  left join buying_path b on b.buying_stage = g.buying_stage
  group by g.dimension, g.asset, g.buying_stage
),
used as (
  select dimension, buying_stage, max(case when interactions > 0 then 1 else 0 end) as covered
  from cells
  where step >= 0
  group by dimension, buying_stage
),
shares as (
  select dimension, sum(covered) as covered, count(*) as stages
  from used
  group by dimension
)
select c.dimension, c.asset, c.buying_stage, c.step, c.interactions, c.leads, s.covered, s.stages,
  1.0e0 * s.covered / s.stages as covered_share
from cells c
left join shares s on s.dimension = c.dimension
order by c.dimension, c.asset, c.step, c.buying_stage
