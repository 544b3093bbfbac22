-- name: delay_split
-- title: Where the time goes before a lead is touched
-- definition: >-
--   The time from the first observed entry into the stage engaged to the first person-to-person interaction of the receiving
--   function, in three parts: system (engaged until routed to a queue, or offered where it was never routed), queue (from then
--   until a person has it) and human (from then until that person's function is in touch; a touch since the offer counts as
--   done at once). In elapsed units, for the first hand-off of a passage to each function. The percentiles are over the parts
--   that have ended; the share is over the passages in which all three are known. Counted apart are parts whose start was not
--   recorded, those still open or without a recorded end, those in the wrong order, and those known by date only.
-- basis: cohort
-- grain: one row for each part
-- parameters:
--   unit_us: microseconds in a unit
--   since_us: hand-offs offered at this instant or later
--   until_us: hand-offs offered before this instant
-- dimensions: {source: l.source, owner: h.owner, to_function: h.to_function, role: l.role, company: l.company}
-- denominators: {n: parts that have ended and are possible, complete: passages in which all three parts are known}
-- needs: [offers, touches]
-- headline: share
-- keys: [part]
-- intervals: {p50: bootstrap(counted.units)}
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
lead_engaged as (
  select lead_id, passage, min(entered_us) as engaged_us, max(case when precision = 'day' then 1 else 0 end) as is_day
  from entries
  where stage = 'engaged' and not inferred
  group by lead_id, passage
),
lead_delays as (
  select h.lead_id, h.passage, h.to_function, h.owner, h.offered_us, coalesce(h.routed_us, h.offered_us) as routed_us,
    h.assigned_us, e.engaged_us, coalesce(e.is_day, 0) as is_day,
    case when h.touched_us < h.assigned_us then h.assigned_us else h.touched_us end as touched_us
  from lead_handovers h
  left join lead_engaged e on e.lead_id = h.lead_id and e.passage = h.passage
),
steps as (
  select coalesce({dimension}, '') as dimension, h.engaged_us, h.routed_us, h.assigned_us, h.touched_us, h.is_day
  from lead_delays h
  join leads l on l.lead_id = h.lead_id
  where h.offered_us >= :since_us and h.offered_us < :until_us
),
parts as (
  select dimension, 1 as step, 'system' as part, engaged_us as start_us, routed_us as end_us, is_day,
    engaged_us, routed_us, assigned_us, touched_us from steps
  union all
  select dimension, 2, 'queue', routed_us, assigned_us, 0, engaged_us, routed_us, assigned_us, touched_us from steps
  union all
  select dimension, 3, 'human', assigned_us, touched_us, 0, engaged_us, routed_us, assigned_us, touched_us from steps
),
spans as (
  select dimension, step, part, start_us, end_us,
    case
      when start_us is null then 'unstarted'
      when end_us is null then 'open'
      when end_us < start_us then 'impossible'
      when is_day = 1 and :unit_us < 86400000000 then 'dates_only'
      else 'ended'
    end as verdict,
    case when engaged_us <= routed_us and routed_us <= assigned_us and assigned_us <= touched_us then 1 else 0 end as complete
  from parts
),
counted as (
  select dimension, step, part, verdict, complete,
    case when verdict = 'ended' then 1.0e0 * (end_us - start_us) / :unit_us end as units,
    case when complete = 1 then 1.0e-6 * (end_us - start_us) else 0.0e0 end as whole
  from spans
),
sums as (
  select dimension, step, part, count(units) as n,
    percentile_cont(0.5) within group (order by units) as p50,
    percentile_cont(0.9) within group (order by units) as p90,
    sum(whole) as whole, sum(complete) as complete,
    sum(case when verdict = 'unstarted' then 1 else 0 end) as unstarted,
    sum(case when verdict = 'open' then 1 else 0 end) as still_open,
    sum(case when verdict = 'impossible' then 1 else 0 end) as impossible,
    sum(case when verdict = 'dates_only' then 1 else 0 end) as dates_only
  from counted
  group by dimension, step, part
)
select dimension, part, n, p50, p90,
  case when sum(whole) over (partition by dimension) > 0 then whole / sum(whole) over (partition by dimension) end as share,
  complete, unstarted, still_open, impossible, dates_only
from sums
order by dimension, step
