"""The HubSpot adapter: leadbridge's contract, spoken over HubSpot's CRM API."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock
from typing import ClassVar, Self

import httpx

from leadbridge.adapter import (
    Capabilities,
    Description,
    FieldInfo,
    KindInfo,
    Missing,
    Page,
    Provisioned,
    Receipt,
    Record,
    Ref,
    Value,
    Write,
)
from leadbridge.clock import Clock, SystemClock
from leadbridge.errors import ConfigError, SchemaDrift, Unsupported
from leadbridge.http import HttpClient, MemoryTokenStore, RateBudget, TokenStore, Usage
from leadbridge_hubspot.associations import linked_kind
from leadbridge_hubspot.consent import apply_with_consent
from leadbridge_hubspot.describe import describe, read_properties
from leadbridge_hubspot.erasure import erase
from leadbridge_hubspot.errors import classify
from leadbridge_hubspot.history import past_values
from leadbridge_hubspot.mappers import kind_info
from leadbridge_hubspot.paths import DEFAULT_VERSION, KINDS, object_type, paths_of
from leadbridge_hubspot.provision import provision
from leadbridge_hubspot.reads import Reads
from leadbridge_hubspot.sdk import SdkClient, SdkTransport
from leadbridge_hubspot.search import ChangeStream
from leadbridge_hubspot.settings import (
    BASE_URL,
    DEFAULT_KEY_KINDS,
    DEFAULT_KINDS,
    SETTINGS,
    Settings,
    checked_base_url,
    checked_key_kinds,
    checked_kinds,
)
from leadbridge_hubspot.signin import OAuthApp, OAuthToken, ReadyToken
from leadbridge_hubspot.webhooks import Webhooks
from leadbridge_hubspot.wire import LIST_LIMIT, READ_BATCH, WRITE_BATCH, Wire, listing
from leadbridge_hubspot.writes import Writes, check

__all__ = ["HubSpot"]

_SETTLE = timedelta(minutes=10)
_RATE = (100, 10.0)
_SEARCH_RATE = (5, 1.0)
_SEARCH_MARGIN = 0.05
"""More than usual: a second is short beside the moods of a network, and no answer tells how many searches are left."""


class HubSpot:
    """A HubSpot account.

    Reading changes goes through search for *which* records, and through the live store for their values; finding and
    fetching never touch search. HubSpot knows no conditional write: a write with ``if_version`` is ``Unsupported``.
    Moving a lifecycle stage backward is answered with success and not done: read it back.

    Args:
        token: an access token: a service key or the token of a private app.
        app: an app that was installed by OAuth, in place of a token.
        tokens: keeps what the app gets when it signs in; by default this process does.
        base_url: HubSpot's own hosts, or a simulator on this computer.
        api_version: ``2026-09``, ``2026-03`` or ``v3``.
        connection: the connection's name, for error messages.
        transport: sends the requests, in place of the network.
        settle: how far reading looks back, because the search index lags; no upper limit is promised by HubSpot.
        rate: (calls, seconds) to begin with, until HubSpot's answers say what the account may.
        search_rate: (searches, seconds) that the account may.
        kinds: which kinds ``describe`` asks for; others may still be read.
        key_kinds: which of them can be created by our key: contacts, and where it is wanted companies and deals.
        verify: the certificates to trust.
        webhook_secret: the client secret of the app whose webhooks are verified; that of ``app`` unless given.
        webhook_v1: also accept webhooks with the first form of signature, which knows no time.
        clock: how old a webhook is.

    Raises:
        ConfigError: when an argument is wrong.
    """

    SETTINGS: ClassVar[Mapping[str, str]] = SETTINGS

    def __init__(
        self,
        *,
        token: str = "",
        app: OAuthApp | None = None,
        tokens: TokenStore | None = None,
        base_url: str = BASE_URL,
        api_version: str = DEFAULT_VERSION,
        connection: str = "",
        transport: httpx.BaseTransport | None = None,
        settle: timedelta = _SETTLE,
        rate: tuple[int, float] = _RATE,
        search_rate: tuple[int, float] = _SEARCH_RATE,
        kinds: Iterable[str] = DEFAULT_KINDS,
        key_kinds: Iterable[str] = DEFAULT_KEY_KINDS,
        verify: ssl.SSLContext | bool = True,
        webhook_secret: str = "",
        webhook_v1: bool = False,
        clock: Clock | None = None,
    ) -> None:
        if settle < timedelta(0):
            raise ConfigError("settle is how far reading looks back: it cannot be negative")
        budget = RateBudget(rate)
        base_url, paths, clock = checked_base_url(base_url), paths_of(api_version), clock or SystemClock()
        auth: Callable[[], Mapping[str, str]]
        if app is not None:
            auth = OAuthToken(
                app,
                base_url=base_url,
                path=paths.token,
                tokens=tokens or MemoryTokenStore(),
                clock=clock,
                transport=transport,
                verify=verify,
            )
        else:
            auth = transport.auth if isinstance(transport, SdkTransport) and not token else ReadyToken(token)
        self._http = HttpClient(
            base_url=base_url,
            connection=connection,
            auth=auth,
            transport=transport,
            budget=budget,
            verify=verify,
            errors=classify,
        )
        search_budget = RateBudget(search_rate, margin=_SEARCH_MARGIN)
        self._wire = Wire(self._http, paths, budget=budget, search_budget=search_budget)
        self._reads = Reads(self._wire)
        secret = webhook_secret or (app.client_secret if app is not None else "")
        self._webhooks = Webhooks(secret, clock, accept_v1=webhook_v1)
        self._settle = settle
        self._kinds = checked_kinds(tuple(dict.fromkeys(kinds)))
        self._key_kinds = tuple(kind for kind in checked_key_kinds(tuple(key_kinds)) if kind in self._kinds)
        self._known: dict[str, KindInfo] = {}
        self._lock = Lock()

    @classmethod
    def from_sdk(
        cls,
        client: SdkClient,
        *,
        api_version: str = DEFAULT_VERSION,
        connection: str = "",
        settle: timedelta = _SETTLE,
        rate: tuple[int, float] = _RATE,
        search_rate: tuple[int, float] = _SEARCH_RATE,
        kinds: Iterable[str] = DEFAULT_KINDS,
        key_kinds: Iterable[str] = DEFAULT_KEY_KINDS,
        webhook_secret: str = "",
        clock: Clock | None = None,
    ) -> Self:
        """A HubSpot account, reached the way that a configured ``hubspot.HubSpot`` client reaches it.

        The client's token, proxy, certificates and connections are used; its retries are not, and neither is its
        version of the API, which is v3.

        Raises:
            ConfigError: when the client cannot be used.
        """
        transport = SdkTransport(client)
        return cls(
            base_url=transport.base_url,
            api_version=api_version,
            connection=connection,
            transport=transport,
            settle=settle,
            rate=rate,
            search_rate=search_rate,
            kinds=kinds,
            key_kinds=key_kinds,
            webhook_secret=webhook_secret,
            clock=clock,
        )

    @classmethod
    def from_settings(cls, settings: Mapping[str, str], *, tokens: TokenStore | None = None) -> Self:
        """A HubSpot account from the settings file; ``tokens`` keeps what an app gets when it signs in.

        Raises:
            ConfigError: names the setting that is unknown, missing or wrong.
        """
        read = Settings.read(settings)
        return cls(
            token=read.token,
            app=read.app,
            tokens=tokens,
            base_url=read.base_url,
            api_version=read.api_version,
            settle=read.settle,
            rate=(read.rate, _RATE[1]),
            kinds=read.kinds,
            key_kinds=read.key_kinds,
            webhook_secret=read.webhook_secret,
            webhook_v1=read.webhook_v1,
        )

    def __repr__(self) -> str:
        return f"HubSpot(connection={self.connection!r}, api_version={self._wire.paths.version!r})"

    @property
    def connection(self) -> str:
        """The connection's name, for error messages; may be set later."""
        return self._http.connection

    @connection.setter
    def connection(self, name: str) -> None:
        self._http.connection = name

    @property
    def calls(self) -> int:
        """How many API calls were made so far."""
        return self._wire.calls

    @property
    def usage(self) -> Usage | None:
        """How much of its daily allowance the account has used, as of the last answer; ``None`` when none said so."""
        return self._wire.usage

    # -- the contract ----------------------------------------------------------------------------------------------

    def describe(self) -> Description:
        """Who we talk to: a call for the account, one or two for each kind, two for the owners."""
        description, found = describe(self._wire, self._kinds, self._capabilities())
        with self._lock:
            self._known.update(found)
        return description

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        """What changed; see :mod:`leadbridge_hubspot.search` for how nothing gets lost."""
        object_type(kind, "changes")
        known = self._fields(kind, "changes", fields)
        stream = ChangeStream(self._wire, self._reads, kind, known=known, fields=fields, settle=self._settle)
        return stream.page(since, limit)

    def ids(self, kind: str, cursor: str | None, *, archived: bool, limit: int) -> Page:
        """The ids of a kind through the list endpoint, which reads the live store."""
        params: dict[str, str | list[str]] = {"limit": str(min(limit, LIST_LIMIT)), "properties": "hs_object_id"}
        params["archived"] = "true" if archived else "false"
        if cursor:
            params["after"] = cursor
        part = listing(self._wire.get(self._wire.objects(kind, "ids"), "ids", params), dict)
        refs = tuple(Ref(kind, str(raw["id"])) for raw in part.rows)
        return Page(refs, part.after, more=bool(part.after))

    def find(self, kind: str, field: str, values: Sequence[str], *, fields: Sequence[str]) -> list[tuple[Record, ...]]:
        """Records by a unique property: ``email`` of contacts, our own key, ``hs_object_id``, or one of the account's.

        Raises:
            Unsupported: for every other property, because HubSpot would look it up in its search index, which lags.
        """
        object_type(kind, "find")
        known = self._fields(kind, "find", (field, *fields))
        return self._reads.find(kind, field, values, known=known, fields=fields)

    def fetch(self, refs: Sequence[Ref], *, fields: Sequence[str]) -> list[Record | Missing]:
        """What records are now. An archived one is ``deleted``; the old id of a merged one gives the survivor."""
        for ref in refs:
            object_type(ref.kind, "fetch")
        found: dict[Ref, Record | Missing] = {}
        for kind in dict.fromkeys(ref.kind for ref in refs):
            known = self._fields(kind, "fetch", fields)
            ids = [ref.id for ref in refs if ref.kind == kind]
            records = self._reads.fetch(kind, ids, known=known, fields=fields)
            found.update((Ref(kind, id), record) for id, record in records.items())
        return [found[ref] for ref in refs]

    def history(self, refs: Sequence[Ref], *, field: str) -> list[tuple[tuple[datetime, Value], ...]]:
        """When a property of each record got which value, oldest first; see :mod:`leadbridge_hubspot.history`.

        Raises:
            Unsupported: for associations, whose past HubSpot does not tell.
        """
        if linked_kind(field) is not None:
            raise Unsupported("the past of associations", operation="history")
        known = {kind: self._fields(kind, "history", (field,)) for kind in dict.fromkeys(ref.kind for ref in refs)}
        return past_values(self._reads, refs, field, known)

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        """Makes changes in batches of 100; see :mod:`leadbridge_hubspot.writes`."""
        check(writes, frozenset(self._key_kinds), frozenset(kind for kind, each in KINDS.items() if each.writable))
        needs = {(write.target.kind, write.action) for write in writes if write.action != "archive"}
        own = {kind: self._own(kind, by_key=action == "upsert") for kind, action in sorted(needs)}
        return apply_with_consent(self._wire, self._reads, writes, lambda rest: Writes(self._wire, own).apply(rest))

    def provision(self, purposes: Sequence[str], *, dry_run: bool) -> list[Provisioned]:
        """Creates our own properties; what the token may not do is answered with instructions."""
        done = provision(
            self._wire,
            lambda kind: read_properties(self._wire, kind, "provision"),
            self._key_kinds,
            purposes,
            dry_run=dry_run,
        )
        with self._lock:
            self._known.clear()
        return done

    def hints(self, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> list[Ref]:
        """The records that a webhook is about, if HubSpot sent it; see :mod:`leadbridge_hubspot.webhooks`."""
        return self._webhooks.hints(method=method, url=url, headers=headers, body=body)

    def erase(self, refs: Sequence[Ref]) -> list[Receipt]:
        """Removes contacts for good; other kinds can only be archived, and are rejected."""
        return erase(self._wire, refs)

    def close(self) -> None:
        """Gives connections back; a client that was given to ``from_sdk`` stays open."""
        self._wire.close()

    # -- what the account has --------------------------------------------------------------------------------------

    def _kind(self, kind: str, operation: str) -> KindInfo:
        """The kind as it was last described; asked for once when nobody described it yet."""
        with self._lock:
            known = self._known.get(kind)
        if known is None:
            known = kind_info(kind, read_properties(self._wire, kind, operation))
            with self._lock:
                self._known[kind] = known
        return known

    def _fields(self, kind: str, operation: str, asked: Sequence[str]) -> Mapping[str, FieldInfo]:
        """What the account has of a kind. HubSpot leaves unknown properties out without a word; we do not.

        Raises:
            SchemaDrift: names the first field that the account does not have, or hides from this token.
        """
        if not asked:
            return {}
        known = self._kind(kind, operation).fields
        if any(name not in known for name in asked):
            self._forget(kind)
            known = self._kind(kind, operation).fields
        for name in asked:
            if name not in known:
                raise SchemaDrift(
                    "this HubSpot account has no such property, or hides it from this token: create it, or take it out",
                    field=f"{kind}.{name}",
                    connection=self.connection,
                    operation=operation,
                )
        return known

    def _forget(self, kind: str) -> None:
        with self._lock:
            self._known.pop(kind, None)

    def _own(self, kind: str, *, by_key: bool) -> Mapping[str, str]:
        """Our own properties of a kind; asked for again when the key is missing, because it may have come meanwhile."""
        known = self._kind(kind, "apply")
        if by_key and "id" not in known.own:
            self._forget(kind)
            known = self._kind(kind, "apply")
        return known.own

    def _capabilities(self) -> Capabilities:
        return Capabilities(
            read_batch=READ_BATCH,
            write_batch=WRITE_BATCH,
            settle=self._settle,
            conditional_writes=False,
            archives=True,
            sees_deleted=True,
            converts=False,
            key_kinds=frozenset(self._key_kinds),
        )
