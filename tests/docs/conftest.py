"""What the examples of the documents find when they start: a folder of their own and two CRMs with a few leads."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadbridge.agreement.presets import agreement_text
from leadbridge.clock import ManualClock
from leadbridge_hubspot.simulator import HubSpotSimulator
from leadbridge_hubspot.simulator import start as start_hubspot
from leadbridge_salesforce.simulator import SalesforceSimulator
from leadbridge_salesforce.simulator import start as start_salesforce

PEOPLE = [
    ("Ada", "Example", "ada@acme.example", "Acme", "Head of Operations", "marketingqualifiedlead"),
    ("Grace", "Example", "grace@bolt.example", "Bolt", "Plant Manager", "marketingqualifiedlead"),
    ("Alan", "Example", "alan@crate.example", "Crate", "CFO", "lead"),
    ("Mary", "Example", "mary@dune.example", "Dune", "Student", "subscriber"),
]

EXPORT = """lead,source,created,qualified,accepted,won,decision,reason
1,organic_search,2026-01-05,2026-01-07,2026-01-08,2026-02-10,accept,
2,paid_search,2026-01-06,2026-01-09,,,reject,wrong_industry
3,organic_search,2026-01-06,2026-01-06,2026-01-12,,accept,
4,,2026-01-08,,,,,
5,unknown,2026-01-09,2026-01-19,2026-01-20,2026-03-02,accept,
6,paid_search,2026-01-12,2026-01-14,,,reject,no_budget
"""


@pytest.fixture
def clock() -> ManualClock:
    """The time in both CRMs; it ends at the present, because the examples ask the computer's clock."""
    return ManualClock(datetime.now(UTC) - timedelta(days=1))  # noqa: TID251  # see above


@pytest.fixture
def hubspot_crm(clock: ManualClock) -> Iterator[HubSpotSimulator]:
    simulator = start_hubspot(clock)
    yield simulator
    simulator.stop()


@pytest.fixture
def salesforce_crm(clock: ManualClock) -> Iterator[SalesforceSimulator]:
    # simple_salesforce speaks https only.
    simulator = start_salesforce(clock, tls=True)
    yield simulator
    simulator.stop()


@pytest.fixture
def hubspot_client(hubspot_crm: HubSpotSimulator) -> Iterator[Any]:
    """A configured ``hubspot.HubSpot``, as a company has one already."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from hubspot import HubSpot

        client = HubSpot(access_token=hubspot_crm.token, host=hubspot_crm.base_url)
        pool = client.crm.contacts.basic_api.api_client.rest_client.pool_manager
    yield client
    pool.clear()


@pytest.fixture
def salesforce_client(salesforce_crm: SalesforceSimulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A configured ``simple_salesforce.Salesforce``, as a company has one already."""
    import requests

    # Where the environment names an authority of its own, requests prefers it to what the session says.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(salesforce_crm.ca_file))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from simple_salesforce.api import Salesforce

    with requests.Session() as session:
        session.verify = str(salesforce_crm.ca_file)
        yield Salesforce(instance_url=salesforce_crm.base_url, session_id=salesforce_crm.token, session=session)


@pytest.fixture
def prepared(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clock: ManualClock,
    hubspot_crm: HubSpotSimulator,
    salesforce_crm: SalesforceSimulator,
    hubspot_client: Any,
    salesforce_client: Any,
) -> dict[str, object]:
    """The names that an example may use without defining them, in a folder with what ``leadbridge init`` writes.

    The environment says where the CRMs are, in the variables that ``leadbridge.settings`` reads for the connections
    ``hubspot`` and ``salesforce``.
    """
    monkeypatch.chdir(tmp_path)
    Path("agreement.yaml").write_text(agreement_text("example"), "utf-8")
    Path("export.csv").write_text(EXPORT, "utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(salesforce_crm.ca_file))
    monkeypatch.setenv("LEADBRIDGE_HUBSPOT_TOKEN", hubspot_crm.token)
    monkeypatch.setenv("LEADBRIDGE_HUBSPOT_BASE_URL", hubspot_crm.base_url)
    monkeypatch.setenv("LEADBRIDGE_SALESFORCE_ACCESS_TOKEN", salesforce_crm.token)
    monkeypatch.setenv("LEADBRIDGE_SALESFORCE_INSTANCE_URL", salesforce_crm.base_url)
    names = ("firstname", "lastname", "email", "company", "jobtitle", "lifecyclestage")
    hubspot_crm.crm.seed("contact", [dict(zip(names, person, strict=True)) for person in PEOPLE])
    clock.advance(timedelta(days=1))
    return {
        "hubspot_client": hubspot_client,
        "hubspot_crm": hubspot_crm.crm,
        "salesforce_client": salesforce_client,
        "salesforce_crm": salesforce_crm.crm,
    }
