-- name: interaction_mix
-- title: Reading and talking
-- definition: >-
--   Person-to-person interactions as a share of all interactions with buyers, by the buying stage in which they took place:
--   person_to_person / (person_to_person + content). Both kinds can occur in any stage, and the mix differs by company and
--   by lead. Interactions from before the buyer's stage was known stand under a blank stage.
-- basis: period
-- grain: one row for each buying stage
-- keys: [buying_stage]
-- parameters:
--   since_us: interactions at this instant or later
--   until_us: interactions before this instant
-- dimensions: {source: l.source, company: l.company, lead: l.lead_id, role: l.role, channel: i.channel, function: i.function}
-- denominators: {interactions: interactions in this buying stage}
-- needs: [interactions]
-- headline: person_share
-- intervals: {person_share: "wilson(person_to_person, interactions)"}
with touches as (
  select coalesce({dimension}, '') as dimension, coalesce(i.buying_stage, '') as buying_stage, i.lead_id,
    case when i.nature = 'person_to_person' then 1 else 0 end as in_person
  from interactions i
  join leads l on l.lead_id = i.lead_id
  where i.happened_us >= :since_us and i.happened_us < :until_us
)
select t.dimension, t.buying_stage, count(*) as interactions, count(distinct t.lead_id) as leads,
  count(*) - sum(t.in_person) as content, sum(t.in_person) as person_to_person,
  1.0e0 * sum(t.in_person) / count(*) as person_share
from touches t
left join buying_path p on p.buying_stage = t.buying_stage
group by t.dimension, t.buying_stage, p.step
order by t.dimension, coalesce(p.step, -1), t.buying_stage
