"""A local server that behaves like a Salesforce org, for demos and tests.

It speaks http or https on a free port of this computer, keeps its records in memory, tells the time of the clock that
it was given, and can be made to fail. Clients that nobody here wrote are served as well: ``simple_salesforce``, for
one.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadbridge.clock import Clock
from leadbridge.simulator import Control, FaultQueue, RequestLog, Server, build_app
from leadbridge_salesforce.adapter import Salesforce
from leadbridge_salesforce.simulator.crm import OrgCrm
from leadbridge_salesforce.simulator.demo import furnish, provide
from leadbridge_salesforce.simulator.fields import custom
from leadbridge_salesforce.simulator.org import Org, ValidationRule
from leadbridge_salesforce.simulator.router import handle
from leadbridge_salesforce.simulator.soql_dates import wire_instant
from leadbridge_salesforce.simulator.switches import Switches

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["SalesforceSimulator", "Switches", "start"]


class SalesforceSimulator:
    """A running simulated org; see :class:`leadbridge.simulator.Simulator`.

    Attributes:
        switches: how the org behaves beyond single faults.
        ca_file: what a client has to trust when the server speaks https.
    """

    name = "salesforce"

    def __init__(
        self, clock: Clock, *, port: int, tls: bool, seed: int, provisioned: bool, strict_auth: bool = False
    ) -> None:
        self.clock = clock
        self.faults = FaultQueue(seed=seed)
        self.log = RequestLog()
        self._provisioned = provisioned
        self._org = Org(clock, seed)
        self._org.switches.strict_auth = strict_auth
        self._furnish()
        self.crm = OrgCrm(self._org)
        control = Control(crm=self.crm, reset=self.reset)
        app = build_app(self._routes(), clock=clock, faults=self.faults, log=self.log, control=control)
        self._server = Server(app, port=port, tls=tls).start()
        self.base_url = self._server.base_url

    @property
    def switches(self) -> Switches:
        return self._org.switches

    @property
    def ca_file(self) -> Path | None:
        return self._server.ca_file

    @property
    def token(self) -> str:
        """An access token that the org accepts."""
        return sorted(self._org.tokens)[0]

    @property
    def users(self) -> list[str]:
        """Ids of the active users, the one that leadbridge signs in as first."""
        with self._org.lock:
            return [row["Id"] for row in self._org.tables["User"].rows.values() if row["IsActive"]]

    @property
    def user_name(self) -> str:
        """The name that the user whom leadbridge signs in as has at Salesforce."""
        with self._org.lock:
            return str(self._org.tables["User"].rows[self._org.user]["Username"])

    @property
    def queues(self) -> list[str]:
        """Ids of the queues."""
        with self._org.lock:
            return list(self._org.tables["Group"].rows)

    def connect(self) -> Salesforce:
        """A new adapter, signed in to this org."""
        verify: ssl.SSLContext | bool = True
        if self.ca_file is not None:
            verify = ssl.create_default_context(cafile=str(self.ca_file))
        return Salesforce(access_token=self.token, instance_url=self.base_url, connection=self.name, verify=verify)

    def sdk(self) -> Any:
        """A new ``simple_salesforce.Salesforce``, signed in to this org; close its ``session`` after use."""
        from leadbridge_salesforce.simulator.client import sdk_client

        return sdk_client(self.base_url, self.token, self.ca_file)

    def add_field(
        self,
        kind: str,
        name: str,
        type: str = "string",
        *,
        label: str = "",
        length: int = 255,
        values: Sequence[str] = (),
        unique: bool = False,
        visible: bool = True,
    ) -> None:
        """Adds a custom field, as an administrator does; ``type`` is Salesforce's word, such as ``picklist``."""
        with self._org.lock:
            definition = custom(name, type, label=label, length=length, values=values, unique=unique, visible=visible)
            self._org.add_field(kind, definition)

    def remove_field(self, kind: str, name: str) -> None:
        """Takes a field away: deleted, or hidden by field-level security, which clients cannot tell apart."""
        with self._org.lock:
            self._org.remove_field(kind, name)

    def restrict(self, kind: str, name: str, *, read: bool = True, edit: bool = False) -> None:
        """Field-level security: a field that the user may not change, or not even see."""
        with self._org.lock:
            definition = self._org.kinds[kind].fields[name]
            self._org.kinds[kind].add(replace(definition, visible=read, writable=edit))

    def track(self, kind: str, *names: str) -> None:
        """Chooses the fields of a kind whose history is kept, from now on; until then none is.

        Raises:
            ConfigError: the kind has no field history, these are more than 20 fields, or one does not exist.
        """
        with self._org.lock:
            self._org.track(kind, set(names))

    def add_rule(
        self,
        kind: str,
        broken: Callable[[Mapping[str, Any]], bool],
        message: str,
        *,
        field: str = "",
        code: str = "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    ) -> None:
        """Adds a validation rule; see :class:`leadbridge_salesforce.simulator.org.ValidationRule`."""
        with self._org.lock:
            self._org.rules.append(ValidationRule(kind, broken, message, field, code))

    def archive(self) -> None:
        """Does what Salesforce does by itself with tasks that were closed, and events that were over, a year ago."""
        with self._org.lock:
            before = wire_instant(self.clock.now() - timedelta(days=365))
            for row in self._org.tables["Task"].live():
                row["IsArchived"] = bool(row.get("IsClosed")) and row["CompletedDateTime"] < before
            for row in self._org.tables["Event"].live():
                row["IsArchived"] = bool(row.get("EndDateTime")) and row["EndDateTime"] < before

    def expire_tokens(self) -> None:
        """Ends all sessions; whoever can, must sign in again."""
        with self._org.lock:
            self._org.ended_tokens |= self._org.tokens
            self._org.tokens.clear()
            self._org.issue()

    def trust(self, certificate: str) -> None:
        """Tells the org's app the public key (PEM) that assertions are signed with; until then none is checked."""
        with self._org.lock:
            self._org.app_certificate = certificate

    def reset(self) -> None:
        """An org as freshly started."""
        with self._org.lock:
            self._org.begin()
            self._furnish()

    def stop(self) -> None:
        self._server.stop()

    def __enter__(self) -> SalesforceSimulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _furnish(self) -> None:
        furnish(self._org)
        if self._provisioned:
            provide(self._org)

    def _routes(self) -> list[Any]:
        from starlette.routing import Route

        methods = ["GET", "POST", "PATCH", "DELETE", "PUT"]
        return [Route(f"/{root}/{{path:path}}", self._answer, methods=methods) for root in ("services", "id")]

    async def _answer(self, request: Request) -> Response:
        from starlette.responses import Response

        body = await request.body()
        base_url = str(request.base_url).rstrip("/")
        # As it was sent: a key may hold an encoded slash.
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        with self._org.lock:
            answer = handle(
                self._org,
                request.method,
                path,
                query=dict(request.query_params),
                headers=dict(request.headers),
                body=body,
                base_url=base_url,
            )
            content = answer.content(pretty=request.headers.get("x-prettyprint") == "1")
        return Response(content, answer.status, dict(answer.headers), media_type=answer.media_type)


def start(
    clock: Clock,
    *,
    port: int = 0,
    tls: bool = False,
    seed: int = 0,
    provisioned: bool = True,
    strict_auth: bool = False,
) -> SalesforceSimulator:
    """Starts a simulated org.

    Args:
        clock: the org's time.
        port: where to listen; 0 takes a free one.
        tls: speak https with a certificate made for this server.
        seed: for what is random: lengths of pages, tokens.
        provisioned: whether the org has leadbridge's own fields already.
        strict_auth: only tokens, clients and secrets of this org sign in; see :class:`Switches`.
    """
    return SalesforceSimulator(clock, port=port, tls=tls, seed=seed, provisioned=provisioned, strict_auth=strict_auth)
