-- name: coverage
-- title: Who is with the buyer when
-- definition: >-
--   Interactions with buyers by the buying stage in which they took place and by the function that had them, with the share
--   that was person to person. A function covers a buying stage when it had at least one interaction there. Interactions
--   from before the buyer's stage was known stand under a blank stage.
-- basis: period
-- grain: one row for each buying stage and function
-- keys: [buying_stage, function]
-- parameters:
--   since_us: interactions at this instant or later
--   until_us: interactions before this instant
-- dimensions: {source: l.source, channel: i.channel, company: l.company, lead: l.lead_id, role: l.role}
-- denominators: {interactions: interactions in this buying stage by this function}
-- needs: [interactions]
-- headline: person_share
-- intervals: {person_share: "wilson(person_to_person, interactions)"}
with touches as (
  select coalesce({dimension}, '') as dimension, coalesce(i.buying_stage, '') as buying_stage, i.function, i.lead_id,
    case when i.nature = 'person_to_person' then 1 else 0 end as in_person
  from interactions i
  join leads l on l.lead_id = i.lead_id
  where i.happened_us >= :since_us and i.happened_us < :until_us
),
counted as (
  select dimension, buying_stage, function, count(*) as interactions, count(distinct lead_id) as leads,
    sum(in_person) as person_to_person
  from touches
  group by dimension, buying_stage, function
)
select c.dimension, c.buying_stage, c.function, c.interactions, c.leads, c.person_to_person,
  1.0e0 * c.person_to_person / c.interactions as person_share
from counted c
left join buying_path b on b.buying_stage = c.buying_stage
order by c.dimension, coalesce(b.step, -1), c.buying_stage, c.function
