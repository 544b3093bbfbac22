-- name: stage_moves
-- title: Moves between stages
-- definition: >-
--   Every move of a lead from one lifecycle stage to the next one it entered, over all passages. A move is forward (to a later
--   stage of the success path), off (from the success path to a stage beside it, such as recycled), back (to an earlier stage of
--   the success path, or from beside it back onto it: a recycle loop) or aside (between two stages beside it). The first entry
--   of a lead is new and no move. Steps count along the success path from 0; beside it they are -1. The headline is the share of the moves that lead back.
-- basis: period
-- grain: one row for each pair of stages
-- parameters:
--   since_us: moves at this instant or later
--   until_us: moves before this instant
-- dimensions: {source: l.source, company: l.company, role: l.role}
-- denominators: {left_stage: moves out of the stage that was left}
-- needs: [stages]
-- headline: back_share
-- keys: [from_stage, to_stage]
-- intervals: {move_share: "wilson(moves, left_stage)"}
with placed as (
  select e.lead_id, e.passage, e.stage, e.entered_us, p.step,
    row_number() over (partition by e.lead_id order by e.entered_us, e.passage, coalesce(p.step, 1000), e.stage) as place
  from entries e
  left join path p on p.stage = e.stage
),
moves as (
  select coalesce({dimension}, '') as dimension, b.lead_id, coalesce(a.stage, '(new)') as from_stage, b.stage as to_stage,
    coalesce(a.step, -1) as from_step, coalesce(b.step, -1) as to_step,
    case
      when a.stage is null then 'new'
      when a.step is null and b.step is null then 'aside'
      when a.step is null or b.step < a.step then 'back'
      when b.step is null then 'off'
      else 'forward'
    end as direction
  from placed b
  left join placed a on a.lead_id = b.lead_id and a.place = b.place - 1
  join leads l on l.lead_id = b.lead_id
  where b.entered_us >= :since_us and b.entered_us < :until_us and (a.stage is null or a.stage <> b.stage)
),
sums as (
  select dimension, from_stage, to_stage, from_step, to_step, direction, count(*) as moves, count(distinct lead_id) as leads
  from moves
  group by dimension, from_stage, to_stage, from_step, to_step, direction
)
select dimension, from_stage, to_stage, from_step, to_step, direction, moves, leads,
  sum(moves) over (partition by dimension, from_stage) as left_stage,
  1.0e0 * moves / sum(moves) over (partition by dimension, from_stage) as move_share,
  case when sum(case when direction <> 'new' then moves else 0 end) over (partition by dimension) > 0
    then 1.0e0 * sum(case when direction = 'back' then moves else 0 end) over (partition by dimension)
      / sum(case when direction <> 'new' then moves else 0 end) over (partition by dimension) end as back_share
from sums
order by dimension, from_stage, moves desc, to_stage
