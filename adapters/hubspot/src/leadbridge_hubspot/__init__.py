"""The HubSpot adapter of leadbridge."""

from __future__ import annotations

from leadbridge_hubspot.adapter import HubSpot
from leadbridge_hubspot.signin import OAuthApp

__all__ = ["HubSpot", "OAuthApp"]
