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
    and coalesce({when}, :since_us) >= :since_us and coalesce({when}, :until_us - 1) < :until_us
),
mix as (
  select dimension, decision, reason, count(*) as n
  from refused
  group by dimension, decision, reason
),
totals as (
  select dimension, decision, reason, n, sum(n) over (partition by dimension) as refusals,
    sum(case when reason <> '' then n else 0 end) over (partition by dimension) as with_reason
  from mix
)
select dimension, decision, reason, n, case when reason <> '' then 1.0e0 * n / with_reason end as share,
  with_reason, refusals, 1.0e0 * with_reason / refusals as coverage
from totals
order by dimension, n desc, decision, reason
