-- name: acceptance_rate
-- title: Acceptance rate
-- definition: >-
--   Hand-offs whose first answer was accept, as a share of those accepted, rejected, or expired without an answer:
--   accepted / (accepted + rejected + expired). Undecided hand-offs, and those first answered with recycle, disqualify or
--   ineligible, are shown and not counted.
-- basis: {cohort: h.offered_us, period: "coalesce(h.decided_us, h.expired_us)"}
-- grain: one row
-- parameters:
--   since_us: hand-offs offered (as a period, answered or expired) at this instant or later; those without a time count always
--   until_us: hand-offs offered (as a period, answered or expired) before this instant; those without a time count always
-- dimensions:
--   source: l.source
--   owner: h.owner
--   to_function: h.to_function
--   company: l.company
--   role: l.role
--   in_target: "case when l.in_target then 'in the target market' when not l.in_target then 'out of it' end"
-- denominators: {counted: "hand-offs accepted, rejected or expired"}
-- needs: [decisions]
-- headline: rate
-- intervals: {rate: "wilson(accepted, counted)"}
with answers as (
  select coalesce({dimension}, '') as dimension,
    case
      when h.first_decision is not null then h.first_decision
      when h.expired_us is not null then 'expired'
      else 'undecided'
    end as answer
  from handoffs h
  join leads l on l.lead_id = h.lead_id
  where coalesce({when}, :since_us) >= :since_us and coalesce({when}, :until_us - 1) < :until_us
),
counted as (
  select dimension, answer, count(*) as n
  from answers
  group by dimension, answer
),
sums as (
  select dimension,
    sum(case when answer = 'accept' then n else 0 end) as accepted,
    sum(case when answer = 'reject' then n else 0 end) as rejected,
    sum(case when answer = 'expired' then n else 0 end) as expired,
    sum(case when answer in ('recycle', 'disqualify', 'ineligible') then n else 0 end) as other_answers,
    sum(case when answer = 'undecided' then n else 0 end) as undecided
  from counted
  group by dimension
)
select dimension, accepted, rejected, expired, accepted + rejected + expired as counted,
  case when accepted + rejected + expired > 0 then 1.0e0 * accepted / (accepted + rejected + expired) end as rate,
  other_answers, undecided
from sums
order by dimension
