-- name: no_response_validity
-- title: Reasons given after the agreed number of attempts
-- definition: >-
--   Of the hand-offs whose latest answer carries a reason that takes a number of attempts to reach the buyer (no_response, as
--   a rule), the share with at least as many as were agreed on. Attempts are those that the decision names; where it names
--   none, the outbound person-to-person interactions of the receiving function from the offer to the answer. Answers for
--   which neither is recorded are not counted as too few: they are left out, and shown.
-- basis: {period: h.decided_us, cohort: h.offered_us}
-- grain: one row for each reason
-- keys: [reason]
-- parameters:
--   since_us: answers given (as a cohort, hand-offs offered) at this instant or later; those without a time count always
--   until_us: answers given (as a cohort, hand-offs offered) before this instant; those without a time count always
-- dimensions: {source: l.source, owner: h.owner, to_function: h.to_function}
-- denominators: {counted: answers whose attempts are known, answers: answers with this reason}
-- needs: [decisions, attempts]
-- headline: valid_share
-- intervals: {valid_share: "wilson(valid, counted)"}
with answers as (
  select h.handoff_id, h.lead_id, coalesce({dimension}, '') as dimension, h.reason, h.attempts, r.needs_attempts,
    h.to_function, h.offered_us, h.decided_us
  from handoffs h
  join leads l on l.lead_id = h.lead_id
  join reasons r on r.code = h.reason
  where h.decision is not null and r.needs_attempts > 0
    and coalesce({when}, :since_us) >= :since_us and coalesce({when}, :until_us - 1) < :until_us
),
seen as (
  select a.handoff_id, count(i.happened_us) as tries
  from answers a
  left join interactions i
    on i.lead_id = a.lead_id and i.nature = 'person_to_person' and i.direction = 'outbound' and i.function = a.to_function
    and i.happened_us <= a.decided_us and (a.offered_us is null or i.happened_us >= a.offered_us)
  group by a.handoff_id
),
judged as (
  select a.dimension, a.reason, a.needs_attempts, coalesce(a.attempts, case when s.tries > 0 then s.tries end) as tries
  from answers a
  join seen s on s.handoff_id = a.handoff_id
)
select dimension, reason, max(needs_attempts) as needs_attempts, count(*) as answers, count(tries) as counted,
  sum(case when tries >= needs_attempts then 1 else 0 end) as valid,
  case when count(tries) > 0 then 1.0e0 * sum(case when tries >= needs_attempts then 1 else 0 end) / count(tries) end as valid_share
from judged
group by dimension, reason
order by dimension, reason
