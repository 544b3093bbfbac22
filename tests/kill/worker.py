"""One run of a sync in a process of its own, to be killed at any moment."""

from __future__ import annotations

import sys
from datetime import timedelta

from leadbridge.adapter import Adapter
from leadbridge.agreement import Agreement
from leadbridge.bridge import Bridge
from leadbridge.errors import ApprovalNeeded
from leadbridge_hubspot import HubSpot
from leadbridge_salesforce import Salesforce


def main(database: str, hubspot: str, salesforce: str, hubspot_token: str, salesforce_token: str) -> None:
    """Syncs until nothing is left to do."""
    connections: dict[str, Adapter] = {
        "hs": HubSpot(token=hubspot_token, base_url=hubspot, settle=timedelta(0)),
        "sf": Salesforce(access_token=salesforce_token, instance_url=salesforce),
    }
    with Bridge(Agreement.preset("example"), connections, database, writes="on", grace=timedelta(0)) as bridge:
        print("begun", flush=True)
        try:
            result = bridge.sync(rounds=12)
        except ApprovalNeeded as needed:
            # Both hold people when they meet first; a person has looked at that.
            result = bridge.sync(rounds=12, approve=needed.plan_hash)
        print("quiet" if result.quiet else f"not quiet: {result}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
