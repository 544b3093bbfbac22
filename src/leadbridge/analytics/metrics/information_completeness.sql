-- name: information_completeness
-- title: Completeness of the information
-- definition: >-
--   Pieces of information that came with hand-offs, as a share of those that the agreement of that day promised: present /
--   promised. A piece is a required field, or a group of which one field is enough; optional fields do not count. Hand-offs
--   with everything are complete. Hand-offs for which nothing was promised, or whose promise nobody counted, are shown and
--   not counted.
-- basis: cohort
-- grain: one row
-- parameters:
--   since_us: hand-offs offered at this instant or later; those without a time count always
--   until_us: hand-offs offered before this instant; those without a time count always
-- dimensions: {source: l.source, from_function: h.from_function, to_function: h.to_function}
-- denominators: {promised: pieces of information that were due, counted: hand-offs with a promise}
-- needs: [promises]
-- headline: share
-- intervals: {complete_share: "wilson(complete, counted)", share: "around(error, promised)"}
with offers as (
  select coalesce({dimension}, '') as dimension, h.promised, h.present,
    case when h.promised > 0 then 1 else 0 end as is_counted,
    case when h.promised > 0 and h.present = h.promised then 1 else 0 end as is_complete
  from handoffs h
  join leads l on l.lead_id = h.lead_id
  where h.offered_us is null or (h.offered_us >= :since_us and h.offered_us < :until_us)
),
sums as (
  select dimension,
    sum(case when is_counted = 1 then promised else 0 end) as promised,
    sum(case when is_counted = 1 then present else 0 end) as present,
    sum(1.0e0 * is_counted * present * present) as present_squares,
    sum(1.0e0 * is_counted * present * promised) as products,
    sum(1.0e0 * is_counted * promised * promised) as promised_squares,
    sum(is_counted) as counted, sum(is_complete) as complete, sum(1 - is_counted) as without_promise
  from offers
  group by dimension
)
select dimension, promised, present, counted, complete,
  case when counted > 0 then 1.0e0 * complete / counted end as complete_share,
  case when promised > 0 then 1.0e0 * present / promised end as share,
  case when counted > 1 then sqrt(abs(present_squares - 2.0e0 * present / promised * products
    + 1.0e0 * present / promised * present / promised * promised_squares) * counted / (counted - 1)) / promised end as error,
  without_promise
from sums
order by dimension
