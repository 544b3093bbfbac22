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
with steps as (
  select 1 as passage, b.lead_id, p.step, p.buying_stage as stage, b.entered_us
  from buying b
  join buying_path p on p.buying_stage = b.buying_stage
  where :axis = 'buying_stage'
  union all
  select e.passage, e.lead_id, p.step, p.stage, e.entered_us
  from entries e
  join path p on p.stage = e.stage
  where :axis = 'stage'
),
firsts as (
  select lead_id, passage, step, stage, min(entered_us) as entered_us
  from steps
  group by lead_id, passage, step, stage
),
nexts as (
  select a.lead_id, a.passage, a.step, a.stage, a.entered_us, min(b.entered_us) as next_us
  from firsts a
  left join firsts b on b.lead_id = a.lead_id and b.passage = a.passage and b.step > a.step and b.entered_us >= a.entered_us
  group by a.lead_id, a.passage, a.step, a.stage, a.entered_us
),
spells as (
  select n.lead_id, n.passage, n.step, n.stage, n.entered_us, coalesce({dimension}, '') as dimension,
    case when :now_us - n.entered_us >= :horizon_us then 1 else 0 end as mature,
    case when n.next_us <= n.entered_us + :horizon_us then 1 else 0 end as moved,
    case when n.next_us <= n.entered_us + :horizon_us then n.next_us else n.entered_us + :horizon_us end as ends_us
  from nexts n
  join leads l on l.lead_id = n.lead_id
  where n.entered_us >= :since_us and n.entered_us < :until_us
    and (n.next_us is null or n.next_us > n.entered_us)
    and n.step < (case when :axis = 'stage' then (select max(step) from path) else (select max(step) from buying_path) end)
),
met as (
  select s.lead_id, s.passage, s.step,
    case when :subject = 'message' then coalesce(i.message, a.message) else i.asset end as item
  from spells s
  join interactions i on i.lead_id = s.lead_id and i.happened_us >= s.entered_us and i.happened_us < s.ends_us
  left join assets a on a.asset_id = i.asset
),
shown as (
  select lead_id, passage, step, item from met where item is not null
  union
  select lead_id, passage, step, '(any)' as item from met where item is not null
),
grid as (
  select distinct s.dimension, s.step, w.item
  from spells s
  join shown w on w.lead_id = s.lead_id and w.passage = s.passage and w.step = s.step
),
sums as (
  select g.dimension, g.item, s.stage, s.step,
    sum(case when w.item is not null then s.mature else 0 end) as with_n,
    sum(case when w.item is not null then s.mature * s.moved else 0 end) as with_moved,
    sum(case when w.item is null then s.mature else 0 end) as without_n,
    sum(case when w.item is null then s.mature * s.moved else 0 end) as without_moved,
    sum(1 - s.mature) as immature
  from grid g
  join spells s on s.dimension = g.dimension and s.step = g.step
  left join shown w on w.lead_id = s.lead_id and w.passage = s.passage and w.step = s.step and w.item = g.item
  group by g.dimension, g.item, s.stage, s.step
)
select dimension, item, stage, with_n, with_moved,
  case when with_n > 0 then 1.0e0 * with_moved / with_n end as with_rate,
  without_n, without_moved, case when without_n > 0 then 1.0e0 * without_moved / without_n end as without_rate,
  immature
from sums
order by dimension, item, step
