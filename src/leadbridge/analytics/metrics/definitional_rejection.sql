-- name: definitional_rejection
-- title: Refused for not being wanted
-- definition: >-
--   Hand-offs that were rejected or disqualified for a reason of the category target (wrong industry, size, role, ...), as
--   a share of all that were decided, for leads in the target market and out of it. Where both functions share one target
--   market, few leads in it should be refused so. The latest answer counts; refusals without a reason are shown apart.
-- basis: {period: h.decided_us, cohort: h.offered_us}
-- grain: one row for leads in the target market, out of it, and of which nobody knows
-- keys: [target]
-- parameters:
--   since_us: answers given (as a cohort, hand-offs offered) at this instant or later; those without a time count always
--   until_us: answers given (as a cohort, hand-offs offered) before this instant; those without a time count always
-- dimensions: {source: l.source, owner: h.owner, to_function: h.to_function, role: l.role, company: l.company}
-- denominators: {decided: hand-offs that were decided}
-- needs: [decisions, categories, target]
-- headline: rejection_rate
-- intervals: {rejection_rate: "wilson(definitional, decided)"}
with decided as (
  select coalesce({dimension}, '') as dimension,
    case when l.in_target is null then 'unknown' when l.in_target then 'in' else 'out' end as target,
    case when h.decision in ('reject', 'disqualify') then 1 else 0 end as refused,
    case when h.decision in ('reject', 'disqualify') and r.category = 'target' then 1 else 0 end as definitional,
    case when h.decision in ('reject', 'disqualify') and coalesce(h.reason, '') = '' then 1 else 0 end as no_reason
  from handoffs h
  join leads l on l.lead_id = h.lead_id
  left join reasons r on r.code = h.reason
  where h.decision is not null
    and coalesce({when}, :since_us) >= :since_us and coalesce({when}, :until_us - 1) < :until_us
)
select dimension, target, count(*) as decided, sum(refused) as refused, sum(definitional) as definitional,
  1.0e0 * sum(definitional) / count(*) as rejection_rate, sum(no_reason) as no_reason
from decided
group by dimension, target
order by dimension, target
