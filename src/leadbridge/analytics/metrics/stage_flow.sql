-- name: stage_flow
-- title: Who stands where, who came and who went
-- definition: >-
--   For each stage, how many leads stood in it when the window began (opening), entered it and left it in the window, and stood in
--   it when the window ended (closing): closing = opening + entered - left_it. Stages beside the success path are there, too. A
--   lead that entered a stage again is counted again. Without a window, everything is counted from the first entry to the last.
-- basis: period
-- grain: one row for each stage
-- parameters:
--   since_us: the instant at which the window begins
--   until_us: the instant at which it ends
-- dimensions: {source: l.source}
-- denominators: {closing: leads in the stage when the window ends}
-- needs: [stages]
-- headline: closing
-- keys: [stage]
with stays as (
  select coalesce({dimension}, '') as dimension, e.stage, e.entered_us, greatest(e.left_us, e.entered_us) as left_us, e.left_us as gone_us
  from entries e
  join leads l on l.lead_id = e.lead_id
),
judged as (
  select dimension, stage,
    case when entered_us < :since_us and (gone_us is null or left_us >= :since_us) then 1 else 0 end as opening,
    case when entered_us >= :since_us and entered_us < :until_us then 1 else 0 end as entered,
    case when gone_us is not null and left_us >= :since_us and left_us < :until_us then 1 else 0 end as left_it,
    case when entered_us < :until_us and (gone_us is null or left_us >= :until_us) then 1 else 0 end as closing
  from stays
),
sums as (
  select dimension, stage, sum(opening) as opening, sum(entered) as entered, sum(left_it) as left_it, sum(closing) as closing
  from judged
  group by dimension, stage
)
select s.dimension, s.stage, s.opening, s.entered, s.left_it, s.closing, s.closing - s.opening as net
from sums s
left join path p on p.stage = s.stage
where s.opening + s.entered + s.left_it + s.closing > 0
order by s.dimension, coalesce(p.step, 1000), s.stage
