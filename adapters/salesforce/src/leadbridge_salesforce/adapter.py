"""The Salesforce adapter: ``leadbridge.adapter.Adapter`` over Salesforce's REST API."""

from __future__ import annotations

import ssl
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import cache, partial
from importlib.resources import files
from typing import Any, ClassVar, Self

import httpx
import yaml

from leadbridge.adapter import (
    Capabilities,
    Description,
    Missing,
    Page,
    Provisioned,
    Receipt,
    Record,
    Ref,
    Write,
)
from leadbridge.errors import ConfigError, Forbidden
from leadbridge.http import HttpClient, TokenStore, Usage
from leadbridge_salesforce.bulk_ingest import BULK_BATCH
from leadbridge_salesforce.convert import Converter
from leadbridge_salesforce.describe import Shapes, owners
from leadbridge_salesforce.erasing import Eraser
from leadbridge_salesforce.errors import classify
from leadbridge_salesforce.history import Past, past_values
from leadbridge_salesforce.mappers import id18
from leadbridge_salesforce.outbound import ACK, OutboundMessages
from leadbridge_salesforce.provision import Provisioner
from leadbridge_salesforce.reading import READ_BATCH, Reader
from leadbridge_salesforce.settings import (
    API_VERSION,
    BULK_READS,
    GIVEN_UP,
    KEY_KINDS,
    SETTINGS,
    Options,
    instance,
    options,
    version,
)
from leadbridge_salesforce.signin import ReadyToken, TokenSource, from_settings
from leadbridge_salesforce.soap import Soap
from leadbridge_salesforce.wire import Wire
from leadbridge_salesforce.writing import WRITE_BATCH, Writer

__all__ = ["Salesforce"]


class Salesforce:
    """One Salesforce org.

    Args:
        access_token: a ready OAuth access token.
        instance_url: the org's My Domain address; tokens are sent to hosts of Salesforce over https only, and to this
            computer itself.
        api_version: the version of the REST API.
        connection: the name of the connection, for messages.
        look_back: how far each reading of changes overlaps the one before.
        allow_duplicates: whether our writes pass duplicate rules that allow saving.
        key_kinds: kinds besides Lead and Contact that get a key of ours: ``Account``, ``Opportunity``.
        bulk_reads: how many records one reading of changes takes by REST before a bulk job takes over; 0 means never.
        bulk_writes: from how many writes in one go a bulk job is made of them; 0 means never.
        daily_share: the share of the org's daily allowance of calls, used by whomever, at which we stop.
        webhook_secret: what the address of outbound messages has to end with, as ``?key=``.
        transport: how requests leave, in place of httpx's own way.
        verify: which certificates are trusted.

    Raises:
        ConfigError: something of this cannot be right.
    """

    SETTINGS: ClassVar[Mapping[str, str]] = SETTINGS
    ACKNOWLEDGEMENT: ClassVar[tuple[str, bytes]] = ("text/xml", ACK)

    def __init__(
        self,
        *,
        access_token: str,
        instance_url: str,
        api_version: str = API_VERSION,
        connection: str = "",
        look_back: timedelta = timedelta(minutes=10),
        allow_duplicates: bool = False,
        key_kinds: Collection[str] = (),
        bulk_reads: int = BULK_READS,
        bulk_writes: int = 0,
        daily_share: float = 1.0,
        webhook_secret: str = "",
        transport: httpx.BaseTransport | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        chosen = Options(
            version(api_version),
            look_back,
            allow_duplicates,
            key_kinds=KEY_KINDS | frozenset(key_kinds),
            bulk_reads=bulk_reads,
            bulk_writes=bulk_writes,
            daily_share=daily_share,
            webhook_secret=webhook_secret,
        )
        self._assemble(
            ReadyToken(access_token), instance(instance_url), chosen, connection, transport=transport, verify=verify
        )

    @classmethod
    def from_sdk(
        cls,
        client: Any,
        *,
        api_version: str = API_VERSION,
        connection: str = "",
        look_back: timedelta = timedelta(minutes=10),
        allow_duplicates: bool = False,
        key_kinds: Collection[str] = (),
        bulk_reads: int = BULK_READS,
        bulk_writes: int = 0,
        daily_share: float = 1.0,
        webhook_secret: str = "",
    ) -> Self:
        """The org that a ``simple_salesforce.Salesforce`` is signed in to, over that client's own session.

        Its proxies, certificates and way of signing in are used; its API version is not, because it is years old.
        """
        from leadbridge_salesforce.sdk import SdkToken, SdkTransport, address

        url = instance(address(client))
        chosen = Options(
            version(api_version),
            look_back,
            allow_duplicates,
            key_kinds=KEY_KINDS | frozenset(key_kinds),
            bulk_reads=bulk_reads,
            bulk_writes=bulk_writes,
            daily_share=daily_share,
            webhook_secret=webhook_secret,
        )
        self = cls.__new__(cls)
        token = SdkToken(client, connection)
        self._assemble(token, url, chosen, connection, transport=SdkTransport(client.session), verify=True)
        return self

    @classmethod
    def from_settings(cls, settings: Mapping[str, str], *, tokens: TokenStore | None = None) -> Self:
        """The org that settings describe; see :data:`SETTINGS`.

        Raises:
            ConfigError: a setting is missing, unknown or not understood.
        """
        for name in settings.keys() & GIVEN_UP.keys():
            raise ConfigError(
                f"salesforce: {name} is not supported: {GIVEN_UP[name]}; make an external client app and give "
                "client_id with client_secret (client credentials), or with username and private_key (JWT bearer)"
            )
        strange = sorted(set(settings) - set(SETTINGS) - {"connection"})
        if strange:
            raise ConfigError(f"salesforce: unknown setting {', '.join(strange)}: choose from {', '.join(SETTINGS)}")
        connection = settings.get("connection", "")
        url = instance(settings.get("instance_url", ""))
        token = from_settings(settings, connection=connection, tokens=tokens)
        self = cls.__new__(cls)
        self._assemble(token, url, options(settings), connection, transport=None, verify=True)
        return self

    def _assemble(
        self,
        token: TokenSource,
        url: str,
        chosen: Options,
        connection: str,
        *,
        transport: httpx.BaseTransport | None,
        verify: ssl.SSLContext | bool,
    ) -> None:
        http = HttpClient(
            base_url=url,
            connection=connection,
            transport=transport,
            verify=verify,
            errors=partial(classify, connection=connection),
        )
        self._options = chosen
        self._wire = Wire(http, token=token, options=chosen)
        self._shapes = Shapes(self._wire)
        self._reader = Reader(self._wire, self._shapes, chosen)
        self._writer = Writer(self._wire, self._shapes, self._reader, chosen)
        self._provisioner = Provisioner(self._wire, self._shapes, self._shapes.clear, chosen.key_kinds)
        soap = Soap(self._wire, api_version=chosen.api_version, allow_duplicates=chosen.allow_duplicates)
        self._converter = Converter(self._wire, self._reader, soap)
        self._eraser = Eraser(self._wire, soap)
        self._messages = OutboundMessages(self._organisation, chosen.webhook_secret)

    @property
    def calls(self) -> int:
        """API calls so far."""
        return self._wire.http.calls.total()

    @property
    def usage(self) -> Usage | None:
        """How much of its daily allowance the org has used, as of the last answer; ``None`` before the first."""
        return self._wire.usage

    # -- the contract ----------------------------------------------------------------------------------------------

    def describe(self) -> Description:
        rows = self._wire.rows("SELECT Id, Name, IsSandbox FROM Organization LIMIT 1", operation="describe")
        org = next(iter(rows), None)
        if org is None:
            raise Forbidden("this user cannot see the Organization record: grant API access", operation="describe")
        self._shapes.clear()
        shapes = self._shapes.all(self._options.kinds)
        people = self._wire.rows(
            "SELECT Id, Name, Email, IsActive FROM User WHERE UserType = 'Standard'", operation="describe"
        )
        queues = self._wire.rows("SELECT Id, Name, Email FROM Group WHERE Type = 'Queue'", operation="describe")
        return Description(
            system="salesforce",
            account=id18(str(org["Id"])),
            name=str(org.get("Name") or ""),
            api_version=self._options.api_version,
            kinds={kind: shape.info for kind, shape in shapes.items()},
            capabilities=Capabilities(
                read_batch=READ_BATCH,
                write_batch=BULK_BATCH if self._options.bulk_writes else WRITE_BATCH,
                settle=self._options.look_back,
                conditional_writes=True,
                archives=True,
                sees_deleted=True,
                converts=True,
                key_kinds=frozenset(
                    kind for kind in self._options.key_kinds & shapes.keys() if "id" in shapes[kind].info.own
                ),
            ),
            owners=owners(list(people), list(queues)),
            user=self._wire.user(operation="describe"),
            crosswalk=_crosswalk(),
        )

    def changes(self, kind: str, since: str | None, *, fields: Sequence[str], limit: int) -> Page:
        with self._shapes.forgotten_on_drift():
            return self._reader.changes(kind, since, fields, limit)

    def ids(self, kind: str, cursor: str | None, *, archived: bool, limit: int) -> Page:
        return self._reader.ids(kind, cursor, archived, limit)

    def find(self, kind: str, field: str, values: Sequence[str], *, fields: Sequence[str]) -> list[tuple[Record, ...]]:
        with self._shapes.forgotten_on_drift():
            return self._reader.find(kind, field, values, fields)

    def fetch(self, refs: Sequence[Ref], *, fields: Sequence[str]) -> list[Record | Missing]:
        with self._shapes.forgotten_on_drift():
            return self._reader.fetch(refs, fields)

    def apply(self, writes: Sequence[Write]) -> list[Receipt]:
        with self._shapes.forgotten_on_drift():
            return self._writer.apply(writes)

    def history(self, refs: Sequence[Ref], *, field: str) -> list[Past]:
        """Past values of a field, from when on they are known; see :mod:`leadbridge_salesforce.history`."""
        return past_values(self._wire, self._shapes, refs, field)

    def provision(self, purposes: Sequence[str], *, dry_run: bool) -> list[Provisioned]:
        """Adds our fields to Lead and Contact; see :mod:`leadbridge_salesforce.provision`."""
        return self._provisioner.provision(purposes, dry_run=dry_run)

    def convert(self, ref: Ref, *, owner: str | None, opportunity: str | None = None) -> Record:
        """Converts a lead; see :mod:`leadbridge_salesforce.convert`."""
        return self._converter.convert(ref, owner=owner, opportunity=opportunity)

    def erase(self, refs: Sequence[Ref]) -> list[Receipt]:
        """Deletes records and takes them out of the recycle bin; see :mod:`leadbridge_salesforce.erasing`."""
        return self._eraser.erase(refs)

    def hints(self, *, method: str, url: str, headers: Mapping[str, str], body: bytes) -> list[Ref]:
        """The records of an outbound message; see :mod:`leadbridge_salesforce.outbound`, also for the right answer."""
        return self._messages.hints(url=url, body=body)

    def close(self) -> None:
        self._wire.close()

    def _organisation(self) -> str:
        rows = self._wire.rows("SELECT Id FROM Organization LIMIT 1", operation="hints")
        return next((id18(str(row["Id"])) for row in rows), "")


@cache
def _crosswalk() -> Mapping[str, object]:
    loaded: Mapping[str, object] = yaml.safe_load(
        files("leadbridge_salesforce").joinpath("crosswalk.yaml").read_text(encoding="utf-8")
    )
    return loaded
