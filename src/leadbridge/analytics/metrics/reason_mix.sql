-- name: reason_mix
-- title: Reasons for refusing leads
-- definition: >-
--   Share of each reason among the hand-offs whose latest answer was a refusal (reject, recycle, disqualify or ineligible) and
--   carried a reason. Coverage is the share of refusals that carry a reason; a refusal without one is shown, and counted in
--   coverage only. Reasons are never guessed from text.
-- basis: {period: h.decided_us, cohort: h.offered_us}
-- grain: one row for each decision and reason
-- keys: [decision, reason]
-- parameters:
--   since_us: answers given (as a cohort, hand-offs offered) at this instant or later; those without a time count always
--   until_us: answers given (as a cohort, hand-offs offered) before this instant; those without a time count always
-- dimensions:
--   source: l.source
--   owner: h.owner
--   to_function: h.to_function
--   company: l.company
--   role: l.role
--   in_target: "case when l.in_target then 'in the target market' when not l.in_target then 'out of it' end"
-- denominators: {with_reason: refusals with a reason, refusals: refusals}
-- needs: [decisions, refusals, reasons]
-- headline: coverage
-- intervals: {share: "wilson(n, with_reason)", coverage: "wilson(with_reason, refusals)"}
with refused as (
  select coalesce({dimension}, '') as dimension, h.decision, coalesce(h.reason, '') as reason
  from handoffs h
  join leads l on l.lead_id = h.lead_id
  where h.decision is not null and h.decision <> 'accept'
    and ({when} is null or ({when} >= :since_us and {when} < :until_us))
),
totals as (
  select dimension, count(*) as refusals, sum(case when reason <> '' then 1 else 0 end) as with_reason
  from refused
  group by dimension
),
mix as (
  select dimension, decision, reason, count(*) as n
  from refused
  group by dimension, decision, reason
)
select m.dimension, m.decision, m.reason, m.n,
  case when m.reason <> '' then 1.0e0 * m.n / t.with_reason end as share,
  t.with_reason, t.refusals, 1.0e0 * t.with_reason / t.refusals as coverage
from mix m
join totals t on t.dimension = m.dimension
order by m.dimension, m.n desc, m.decision, m.reason
