-- name: ignored_rate
-- title: Leads that nobody followed up
-- definition: >-
--   Passages that were handed over and had neither a touch (a person-to-person interaction of the receiving function, as for
--   SLA clocks: sent content is none) nor a refusal by it within the horizon, as a share of the passages handed over at least
--   as long ago: ignored / mature. The first offer of a passage counts. A lead that was refused without a touch is answered,
--   not ignored, and is shown under untouched; untouched / mature is the rate that is commonly published.
-- basis: cohort
-- grain: one row
-- parameters:
--   horizon_us: time in which a lead should have been followed up; offers younger than that are immature and left out
--   now_us: the instant of the snapshot
--   since_us: hand-offs offered at this instant or later
--   until_us: hand-offs offered before this instant
-- dimensions: {source: l.source, owner: h.owner, to_function: h.to_function, role: l.role, company: l.company}
-- denominators: {mature: passages that were handed over long enough ago}
-- needs: [offers, touches]
-- headline: ignored_rate
-- intervals: {ignored_rate: "wilson(ignored, mature)", untouched_rate: "wilson(untouched, mature)"}
with lead_repeats as (
  select h.lead_id, h.handoff_id
  from handoffs h
  join handoffs o on o.lead_id = h.lead_id and o.passage = h.passage and o.to_function = h.to_function
    and (o.offered_us < h.offered_us or (o.offered_us = h.offered_us and o.handoff_id < h.handoff_id))
),
lead_offers as (
  select h.lead_id, h.handoff_id, h.passage, h.from_function, h.to_function, h.owner, h.offered_us, h.routed_us,
    h.assigned_us, h.decided_us, h.expired_us, h.first_decision
  from handoffs h
  where h.offered_us is not null
    and not exists (select 1 from lead_repeats r where r.lead_id = h.lead_id and r.handoff_id = h.handoff_id)
),
lead_touches as (
  select o.lead_id, o.passage, o.to_function, min(i.happened_us) as touched_us
  from lead_offers o
  join interactions i on i.lead_id = o.lead_id and i.function = o.to_function and i.nature = 'person_to_person'
    and i.happened_us >= o.offered_us
  group by o.lead_id, o.passage, o.to_function
),
lead_handovers as (
  select o.lead_id, o.handoff_id, o.passage, o.to_function, o.owner, o.offered_us, o.routed_us, o.assigned_us,
    o.decided_us, o.expired_us, o.first_decision, t.touched_us
  from lead_offers o
  left join lead_touches t on t.lead_id = o.lead_id and t.passage = o.passage and t.to_function = o.to_function
),
judged as (
  select coalesce({dimension}, '') as dimension,
    case when :now_us - h.offered_us >= :horizon_us then 1 else 0 end as mature,
    case when h.first_decision in ('reject', 'disqualify', 'ineligible') and h.decided_us <= h.offered_us + :horizon_us
      then 1 else 0 end as refused,
    case when h.touched_us <= h.offered_us + :horizon_us then 0 else 1 end as untouched
  from lead_handovers h
  join leads l on l.lead_id = h.lead_id
  where h.offered_us >= :since_us and h.offered_us < :until_us
),
sums as (
  select dimension, sum(mature) as mature, sum(mature * untouched) as untouched,
    sum(mature * untouched * (1 - refused)) as ignored, sum(1 - mature) as immature
  from judged
  group by dimension
)
select dimension, mature, untouched, ignored,
  case when mature > 0 then 1.0e0 * ignored / mature end as ignored_rate,
  case when mature > 0 then 1.0e0 * untouched / mature end as untouched_rate, immature
from sums
order by dimension
