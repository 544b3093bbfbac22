"""A local HTTP server that behaves like HubSpot, for the endpoints that leadbridge and HubSpot's own SDK use.

It is strict where HubSpot is strict and odd where HubSpot is odd: values are texts, batches answer in any order, the
search index lags, a lifecycle stage cannot go back, a merge makes a new id. What differs between accounts, or is not
known for sure, is a switch (:class:`Switches`).
"""

from __future__ import annotations

from leadbridge_hubspot.simulator.crm import BackDoor
from leadbridge_hubspot.simulator.simulator import HubSpotSimulator, start
from leadbridge_hubspot.simulator.switches import Rule, Switches

__all__ = ["BackDoor", "HubSpotSimulator", "Rule", "Switches", "start"]
