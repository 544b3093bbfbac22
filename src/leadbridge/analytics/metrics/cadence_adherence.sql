-- name: cadence_adherence
-- title: Kept cadences
-- definition: >-
--   Of the passages that were handed over long enough ago, the share that the receiving function tried to reach as often as agreed,
--   and over as many channels, within the horizon: kept / (kept + broken). An attempt is an outbound person-to-person interaction
--   that is no note. Where the buyer answered, or the hand-off was decided, before the cadence was through, it ended early: it is
--   shown and counts for neither. The first offer of a passage counts.
-- basis: cohort
-- grain: one row
-- parameters:
--   touches: attempts that are agreed on
--   channels: channels over which they go; 1 for any
--   horizon_us: time in which they should be made; offers younger than that are immature and left out
--   now_us: the instant of the snapshot
--   since_us: hand-offs offered at this instant or later
--   until_us: hand-offs offered before this instant
-- dimensions: {source: l.source, owner: h.owner, to_function: h.to_function}
-- denominators: {counted: passages whose cadence was kept or broken}
-- needs: [offers, touches]
-- headline: kept_rate
-- intervals: {kept_rate: "wilson(kept, counted)"}
with ordered as (
  select lead_id, passage, to_function, offered_us, decided_us, owner,
    row_number() over (partition by lead_id, passage, to_function order by offered_us, handoff_id) as place
  from handoffs
  where offered_us is not null
),
offered as (
  select h.lead_id, h.passage, h.to_function, h.offered_us, coalesce({dimension}, '') as dimension,
    case when :now_us - h.offered_us >= :horizon_us then 1 else 0 end as mature,
    case when h.decided_us <= h.offered_us + :horizon_us then 1 else 0 end as decided
  from ordered h
  join leads l on l.lead_id = h.lead_id
  where h.place = 1 and h.offered_us >= :since_us and h.offered_us < :until_us
),
tries as (
  select o.lead_id, o.passage, o.to_function,
    sum(case when i.direction = 'outbound' and i.function = o.to_function and coalesce(i.channel, '') <> 'note' then 1 else 0 end) as attempts,
    count(distinct case when i.direction = 'outbound' and i.function = o.to_function and i.channel <> 'note' then i.channel end) as channels,
    max(case when i.direction = 'inbound' then 1 else 0 end) as answered
  from offered o
  join interactions i on i.lead_id = o.lead_id and i.nature = 'person_to_person'
    and i.happened_us >= o.offered_us and i.happened_us <= o.offered_us + :horizon_us
  group by o.lead_id, o.passage, o.to_function
),
judged as (
  select o.dimension, o.mature, o.decided, coalesce(t.answered, 0) as answered,
    case when coalesce(t.attempts, 0) >= :touches and (:channels <= 1 or coalesce(t.channels, 0) >= :channels) then 1 else 0 end as kept
  from offered o
  left join tries t on t.lead_id = o.lead_id and t.passage = o.passage and t.to_function = o.to_function
),
sums as (
  select dimension, sum(mature * kept) as kept,
    sum(case when mature = 1 and kept = 0 and decided = 0 and answered = 0 then 1 else 0 end) as broken,
    sum(case when mature = 1 and kept = 0 and (decided = 1 or answered = 1) then 1 else 0 end) as ended_early,
    sum(1 - mature) as immature
  from judged
  group by dimension
)
select dimension, kept, broken, kept + broken as counted,
  case when kept + broken > 0 then 1.0e0 * kept / (kept + broken) end as kept_rate, ended_early, immature
from sums
order by dimension
