"""The Salesforce adapter of leadbridge."""

from __future__ import annotations

from leadbridge_salesforce.adapter import Salesforce

__all__ = ["Salesforce"]
