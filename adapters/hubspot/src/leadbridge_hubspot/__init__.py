"""The HubSpot adapter of leadbridge."""

from __future__ import annotations

from leadbridge_hubspot.adapter import HubSpot

__all__ = ["HubSpot"]
