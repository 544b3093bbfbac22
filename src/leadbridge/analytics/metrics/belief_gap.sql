-- name: belief_gap
-- title: Does the receiving function believe in the criteria
-- definition: >-
--   Of the decided hand-offs whose lead meets the agreed definition, the share that was rejected or disqualified for a
--   reason of the category target; and of those whose lead fails it, the share that was accepted all the same. Both are
--   near zero where the criteria are believed in. The verdict is by the lead's present fields and its
--   interactions up to the latest offer; the latest decision counts.
-- basis: {period: h.decided_us, cohort: h.offered_us}
-- grain: one row for leads that met the criteria, failed them, and of which nobody knows
-- keys: [criteria]
-- parameters:
--   since_us: answers given (as a cohort, hand-offs offered) at this instant or later; those without a time count always
--   until_us: answers given (as a cohort, hand-offs offered) before this instant; those without a time count always
-- dimensions: {source: l.source, owner: h.owner, to_function: h.to_function, role: l.role, company: l.company}
-- denominators: {decided: hand-offs that were decided}
-- needs: [decisions, categories, readiness]
-- headline: rejection_rate
-- intervals: {rejection_rate: "wilson(definitional, decided)", acceptance_rate: "wilson(accepted, decided)"}
with decided as (
  select coalesce({dimension}, '') as dimension,
    case when l.ready is null then 'unknown' when l.ready then 'met' else 'failed' end as criteria,
    case when h.decision in ('reject', 'disqualify') then 1 else 0 end as refused,
    case when h.decision in ('reject', 'disqualify') and r.category = 'target' then 1 else 0 end as definitional,
    case when h.decision in ('reject', 'disqualify') and coalesce(h.reason, '') = '' then 1 else 0 end as no_reason,
    case when h.decision = 'accept' then 1 else 0 end as accepted
  from handoffs h
  join leads l on l.lead_id = h.lead_id
  left join reasons r on r.code = h.reason
  where h.decision is not null
    and coalesce({when}, :since_us) >= :since_us and coalesce({when}, :until_us - 1) < :until_us
)
select dimension, criteria, count(*) as decided, sum(definitional) as definitional,
  1.0e0 * sum(definitional) / count(*) as rejection_rate, sum(accepted) as accepted,
  1.0e0 * sum(accepted) / count(*) as acceptance_rate, sum(refused) as refused, sum(no_reason) as no_reason
from decided
group by dimension, criteria
order by dimension, criteria
