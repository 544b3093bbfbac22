"""What differs between Salesforce orgs, or goes wrong in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

__all__ = ["Switches"]


@dataclass(slots=True)
class Switches:
    """How the org behaves; change them at any time.

    Attributes:
        page_size: most records of one page of a query.
        short_pages: pages of more than 200 records come a little shorter than asked for, as Salesforce's may.
        late: what people do through the back door is stamped at once and becomes visible only after this time.
        duplicate_rule: leads and contacts with an e-mail address that exists already are refused.
        duplicate_block: not even with ``allowSave=true`` are they taken.
        assignment_owner: who gets a lead that is written without ``Sforce-Auto-Assign: FALSE``.
        locked: so many of the next records to be written through the API are locked by somebody else.
        refuse_setup: the user may not change the org's set-up (Tooling API, permission sets).
        calls_allowed: the allowance of API calls for any 24 hours.
        crowded: so many of the next calls are refused because too many long ones are running at the same time.
        strict_auth: only tokens, clients and secrets of this org sign in; otherwise any do, except the token ``bad``.
        token_life: after this time a token is no longer accepted; ``None``: it is until ``expire_tokens``.
        jwt_tokens: the app issues JWT-format access tokens, which the SOAP API does not take.
        carry_custom: conversion carries custom fields to the contact's field of the same name, as a mapped org does.
        shuffle: composite subrequests that do not depend on each other run in any order, unless told otherwise.
        strip_headers: a proxy on the way removes every ``Sforce-`` header of the answers.
        replicated: most ids that ``updated`` and ``deleted`` answer with.
        deletes_kept: how far back ``deleted`` knows; Salesforce keeps 15 days, and fewer when many are deleted.
        bulk_takes: how long a bulk job works, by the org's clock.
        bulk_page: most rows of one part of a bulk query's results.
        bulk_jobs: bulk jobs of one sort that may be made in 24 hours.
        bulk_upload: most bytes of one upload.
        bulk_fails_after: the next ingest job fails when it has processed so many records; the rest stays unprocessed.
    """

    page_size: int = 2000
    short_pages: bool = True
    late: timedelta = timedelta(0)
    duplicate_rule: bool = False
    duplicate_block: bool = False
    assignment_owner: str | None = None
    locked: int = 0
    refuse_setup: bool = False
    calls_allowed: int = 100_000
    crowded: int = 0
    strict_auth: bool = False
    token_life: timedelta | None = None
    jwt_tokens: bool = False
    carry_custom: bool = True
    shuffle: bool = True
    strip_headers: bool = False
    replicated: int = 600_000
    deletes_kept: timedelta = timedelta(days=15)
    bulk_takes: timedelta = timedelta(0)
    bulk_page: int = 100_000
    bulk_jobs: int = 10_000
    bulk_upload: int = 150_000_000
    bulk_fails_after: int | None = None
