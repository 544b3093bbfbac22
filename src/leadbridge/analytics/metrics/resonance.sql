-- name: resonance
-- title: How content resonates
-- definition: >-
--   Of the leads that entered a stage, the share that went on to a later one within the horizon: those who met an asset (or
--   a message) while they were in the stage beside those who did not, in stages in which anybody met it. What marks the
--   entry into the next stage does not count for the stage before. (any) stands for any asset or message at all. This is
--   an association only: who reads more may have been keener before. Stages that were passed at once are left out.
-- basis: cohort
-- grain: one row for each asset or message and stage
-- parameters:
--   axis: buying_stage or stage (of the lifecycle)
--   subject: asset or message
--   horizon_us: time allowed to go on; entries younger than that are immature and left out
--   now_us: the instant of the snapshot
--   since_us: stages entered at this instant or later
--   until_us: stages entered before this instant
-- dimensions: {source: l.source, role: l.role, company: l.company}
-- denominators:
--   with_n: entries into the stage that are old enough, of leads that met it there
--   without_n: entries into the stage that are old enough, of leads that did not
-- needs: [interactions]
-- headline: with_rate
-- keys: [item, stage]
-- intervals: {with_rate: "wilson(with_moved, with_n)", without_rate: "wilson(without_moved, without_n)"}
with lead_steps as (
  select lead_id, 1 as passage, 'buying_stage' as axis, p.step, p.buying_stage as stage, b.entered_us
  from buying b
  join buying_path p on p.buying_stage = b.buying_stage
  union all
  select lead_id, e.passage, 'stage', p.step, p.stage, e.entered_us
  from entries e
  join path p on p.stage = e.stage
),
lead_entered as (
  select lead_id, axis, passage, step, stage, min(entered_us) as entered_us
  from lead_steps
  group by lead_id, axis, passage, step, stage
),
lead_spells as (
  select a.lead_id, a.axis, a.passage, a.step, a.stage, a.entered_us, min(b.entered_us) as next_us
  from lead_entered a
  left join lead_entered b on b.lead_id = a.lead_id and b.axis = a.axis and b.passage = a.passage and b.step > a.step
    and b.entered_us >= a.entered_us
  group by a.lead_id, a.axis, a.passage, a.step, a.stage, a.entered_us
),
lead_met as (
  select distinct s.lead_id, s.axis, s.passage, s.step, i.happened_us, i.asset, i.message
  from lead_spells s
  join interactions i on i.lead_id = s.lead_id and i.happened_us >= s.entered_us
    and (s.next_us is null or i.happened_us < s.next_us)
  where i.asset is not null or i.message is not null
),
spells as (
  select n.lead_id, n.passage, n.step, n.stage, n.entered_us, coalesce({dimension}, '') as dimension,
    case when :now_us - n.entered_us >= :horizon_us then 1 else 0 end as mature,
    case when n.next_us <= n.entered_us + :horizon_us then 1 else 0 end as moved
  from lead_spells n
  join leads l on l.lead_id = n.lead_id
  where n.axis = :axis and n.entered_us >= :since_us and n.entered_us < :until_us
    and (n.next_us is null or n.next_us > n.entered_us)
    and n.step < (case when :axis = 'stage' then (select max(step) from path) else (select max(step) from buying_path) end)
),
met as (
  select s.lead_id, s.passage, s.step, case when :subject = 'message' then coalesce(i.message, a.message) else i.asset end as item
  from spells s
  join lead_met i on i.lead_id = s.lead_id and i.axis = :axis and i.passage = s.passage and i.step = s.step
    and i.happened_us < s.entered_us + :horizon_us
  left join assets a on a.asset_id = i.asset
),
shown as (
  select lead_id, passage, step, item from met where item is not null
  union
  select lead_id, passage, step, '(any)' as item from met where item is not null
),
everybody as (
  select dimension, step, stage, sum(mature) as n, sum(mature * moved) as moved, sum(1 - mature) as immature
  from spells
  group by dimension, step, stage
),
sums as (
  select s.dimension, s.step, w.item, sum(s.mature) as with_n, sum(s.mature * s.moved) as with_moved
  from shown w
  join spells s on s.lead_id = w.lead_id and s.passage = w.passage and s.step = w.step
  group by s.dimension, s.step, w.item
)
select s.dimension, s.item, e.stage, s.with_n, s.with_moved,
  case when s.with_n > 0 then 1.0e0 * s.with_moved / s.with_n end as with_rate,
  e.n - s.with_n as without_n, e.moved - s.with_moved as without_moved,
  case when e.n - s.with_n > 0 then 1.0e0 * (e.moved - s.with_moved) / (e.n - s.with_n) end as without_rate, e.immature
from sums s
join everybody e on e.dimension = s.dimension and e.step = s.step
order by s.dimension, s.item, s.step
