"""The agreement of an invented funnel: what its reasons, assets and promises are."""

from __future__ import annotations

from functools import cache

from leadbridge.agreement import Agreement

__all__ = ["AGREED_TOUCHES", "MADE", "OWN", "PROMISED_HOURS", "USED", "funnel_agreement"]

USED = ("guide", "report")
"""Registered assets that sales uses; it never uses the other two."""

MADE = (*USED, "brochure", "film")
OWN = "own-slides"
AGREED_TOUCHES = 3
PROMISED_HOURS = 6

_TEXT = f"""
agreement: Invented funnel
version: 1
effective: 2026-01-01
buying_stages: {{stages: [education, solution, selection]}}
value_propositions: [{{id: faster, text: Faster}}, {{id: cheaper, text: Cheaper}}, {{id: safer, text: Safer}}]
messages:
  - {{id: speed, text: Faster in a week, value_proposition: faster}}
  - {{id: price, text: For half the price, value_proposition: cheaper}}
assets:
  - {{id: guide, type: guide, message: speed}}
  - {{id: report, type: report, message: speed}}
  - {{id: brochure, type: brochure, message: price}}
  - {{id: film, type: film, message: price}}
assumptions: {{hours_per_lead: 2, cost_per_lead: 80, win_rate: 0.1, deal_value: 9000, source: invented}}
reasons: {{override: {{no_response: {{needs_attempts: {AGREED_TOUCHES}}}}}}}
calendars:
  office: {{zone: Europe/Berlin, hours: {{mon-fri: ["09:00-17:00"]}}}}
slas:
  - id: marketing
    duty_of: marketing
    calendar: office
    targets:
      - {{id: listen, starts: raised, stops: acknowledged, within: {PROMISED_HOURS} business hours}}
"""


@cache
def funnel_agreement() -> Agreement:
    """The agreement; the same one every time."""
    return Agreement.loads(_TEXT)
