-- name: handoffs_by_day
-- title: Hand-offs, day by day
-- definition: >-
--   Hand-offs by the day (UTC) on which they were offered, and what had become of them at the instant of the snapshot:
--   accepted, refused (reject, recycle, disqualify or ineligible), expired without an answer, or still undecided. Days without
--   a hand-off have no row. The headline is the share that has an answer.
-- basis: cohort
-- grain: one row for each day on which a hand-off was offered
-- parameters:
--   since_us: hand-offs offered at this instant or later
--   until_us: hand-offs offered before this instant
-- dimensions: {source: l.source, owner: h.owner, to_function: h.to_function, role: l.role, company: l.company}
-- denominators: {offered: hand-offs offered on the day}
-- needs: [offers]
-- headline: answered_share
-- keys: [day_us]
with days as (
  select coalesce({dimension}, '') as dimension, h.offered_us - mod(h.offered_us, 86400000000) as day_us,
    case when h.decision = 'accept' then 1 else 0 end as accepted,
    case when h.decision <> 'accept' then 1 else 0 end as refused,
    case when h.decision is null and h.expired_us is not null then 1 else 0 end as expired
  from handoffs h
  join leads l on l.lead_id = h.lead_id
  where h.offered_us is not null and h.offered_us >= :since_us and h.offered_us < :until_us
)
select dimension, day_us, count(*) as offered, sum(accepted) as accepted, sum(refused) as refused, sum(expired) as expired,
  count(*) - sum(accepted) - sum(refused) - sum(expired) as undecided,
  1.0e0 * (sum(accepted) + sum(refused)) / count(*) as answered_share
from days
group by dimension, day_us
order by dimension, day_us
