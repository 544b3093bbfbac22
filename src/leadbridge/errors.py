"""Every exception of leadbridge, grouped by what the caller does about it.

::

    LeadbridgeError
    ├── ConfigError                 fix what you gave us, then run again
    │   ├── AgreementError          the agreement does not hold together; lists every problem with its line
    │   ├── AdapterMissing          an adapter or an extra is not installed; says the command
    │   └── DataError               a file or table does not have what was asked of it
    ├── IllegalMove                 the agreement does not allow this step
    │   └── IncompletePackage       a hand-off lacks information that marketing promised
    ├── AdapterError                a CRM did not do what was asked
    │   ├── RateLimited             wait, then ask again (carries ``retry_after``)
    │   ├── Unavailable             the CRM is down, slow or unintelligible: ask again later
    │   ├── AuthExpired             a person must reconnect this connection
    │   ├── Forbidden               a person must grant a permission
    │   ├── SchemaDrift             a field or kind that we rely on is gone (carries ``field``)
    │   ├── CursorExpired           re-read from a safe time
    │   ├── BadRequest              the CRM refused the whole request as malformed: a bug, or a limit
    │   └── Unsupported             the adapter never promised this: a bug in the caller
    ├── StoreError                  the database
    │   ├── StoreBusy               somebody else holds it: try again
    │   ├── StoreConflict           somebody else was faster: read again
    │   └── StoreBehind             the database is older than what it has written: leadbridge recover
    └── PlanRefused                 a person must look before anything is written
        ├── StalePlan               the CRMs moved on since the plan was made
        ├── WritesOff               the connection is read-only by configuration
        └── ApprovalNeeded          the plan is larger than the agreed limits

A problem with one record is never an exception: it is a receipt or a row in quarantine. No exception carries the
content of a record, an address or a secret: only names of connections, operations, fields, codes and request ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "AdapterError",
    "AdapterMissing",
    "AgreementError",
    "ApprovalNeeded",
    "AuthExpired",
    "BadRequest",
    "ConfigError",
    "CursorExpired",
    "DataError",
    "Forbidden",
    "IllegalMove",
    "IncompletePackage",
    "LeadbridgeError",
    "PlanRefused",
    "Problem",
    "RateLimited",
    "SchemaDrift",
    "StalePlan",
    "StoreBehind",
    "StoreBusy",
    "StoreConflict",
    "StoreError",
    "Unavailable",
    "Unsupported",
    "WritesOff",
    "named",
]


class LeadbridgeError(Exception):
    """Root of everything that leadbridge raises on purpose."""

    exit_code: ClassVar[int] = 1
    """What the command line exits with when this error ends a command."""

    alert: ClassVar[str] = "error"
    """A coarse, stable word for dashboards and alert rules; it does not change between versions."""


class ConfigError(LeadbridgeError):
    """Something that a person wrote (settings, agreement, arguments) has to be changed first."""

    exit_code = 2
    alert = "config"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a document: where, what, and the way out."""

    message: str
    remedy: str
    path: str = ""
    line: int | None = None

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line is not None else ""
        field = f"{self.path}: " if self.path else ""
        return f"{where}{field}{self.message} → {self.remedy}"


class AgreementError(ConfigError):
    """The agreement does not hold together. ``problems`` lists each finding with its line and remedy."""

    alert = "agreement"

    def __init__(self, problems: Sequence[Problem], source: str = "agreement") -> None:
        self.problems = tuple(problems)
        self.source = source
        count = len(self.problems)
        head = f"{source}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))


class AdapterMissing(ConfigError):
    """An adapter, a simulator or an optional extra is not installed; the message holds the command that installs it."""


class DataError(ConfigError):
    """A file or table does not have the shape that was asked of it."""

    alert = "data"


class IllegalMove(LeadbridgeError):
    """The agreement does not allow this step, for example moving a stage backward without a reason."""

    exit_code = 3
    alert = "illegal_move"


class IncompletePackage(IllegalMove):
    """A hand-off lacks information that the agreement promises to the receiving function.

    ``missing`` names the fields, in the order of the agreement.
    """

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = tuple(missing)
        super().__init__(
            f"the hand-off package lacks {', '.join(self.missing)}: "
            "fill these fields, or change handoff.package in the agreement"
        )


class AdapterError(LeadbridgeError):
    """A CRM did not do what was asked.

    Args:
        message: what happened and what to do, without any content of a record.
        connection: the name of the connection, when known.
        operation: the step of the contract, such as ``changes`` or ``apply``.
        code: the vendor's error code.
        request_id: the vendor's id of the request, for its support desk.
    """

    exit_code = 4
    alert = "adapter"

    def __init__(
        self,
        message: str,
        *,
        connection: str = "",
        operation: str = "",
        code: str = "",
        request_id: str = "",
    ) -> None:
        self.message = message
        self.connection = connection
        self.operation = operation
        self.code = code
        self.request_id = request_id
        super().__init__(message)

    def __str__(self) -> str:
        where = ".".join(part for part in (self.connection, self.operation) if part)
        details = ", ".join(
            f"{name} {value}" for name, value in (("code", self.code), ("request", self.request_id)) if value
        )
        return f"{where + ': ' if where else ''}{self.message}{f' ({details})' if details else ''}"


def named(error: AdapterError, connection: str) -> AdapterError:
    """The error, with the name of the connection, which an adapter by itself does not know."""
    error.connection = error.connection or connection
    return error


class RateLimited(AdapterError):
    """The CRM asks us to slow down. ``retry_after`` is in seconds, or ``None`` when the CRM did not say."""

    exit_code = 5
    alert = "rate_limited"

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        connection: str = "",
        operation: str = "",
        code: str = "",
        request_id: str = "",
    ) -> None:
        self.retry_after = retry_after
        super().__init__(message, connection=connection, operation=operation, code=code, request_id=request_id)


class Unavailable(AdapterError):
    """The CRM is down, too slow, or answers with something that is not its API (an HTML page, an empty body).

    ``sent`` is False when the request surely never left us; only then is a write known not to have happened.
    """

    exit_code = 5
    alert = "provider_down"

    def __init__(
        self,
        message: str,
        *,
        sent: bool = True,
        connection: str = "",
        operation: str = "",
        code: str = "",
        request_id: str = "",
    ) -> None:
        self.sent = sent
        super().__init__(message, connection=connection, operation=operation, code=code, request_id=request_id)


class AuthExpired(AdapterError):
    """The credentials no longer work: a person must reconnect this connection."""

    alert = "reconnect"


class Forbidden(AdapterError):
    """The credentials work, but lack a permission or scope: a person must grant it."""

    alert = "permission"


class SchemaDrift(AdapterError):
    """A field or kind that we rely on is gone or hidden. ``field`` names it as ``Kind.field``."""

    alert = "schema_drift"

    def __init__(
        self,
        message: str,
        *,
        field: str,
        connection: str = "",
        operation: str = "",
        code: str = "",
        request_id: str = "",
    ) -> None:
        self.field = field
        super().__init__(message, connection=connection, operation=operation, code=code, request_id=request_id)


class CursorExpired(AdapterError):
    """The place in the stream of changes is no longer known to the CRM: read again from a safe time."""

    alert = "cursor_expired"


class BudgetSpent(AdapterError):
    """leadbridge's share of the account's calls for a day is used up; what is left to write waits for the next one."""

    exit_code = 5
    alert = "budget_spent"


class TooManyRefused(AdapterError):
    """The CRM refuses so many writes that something is wrong with all of them; the rest waits."""

    alert = "too_many_refused"


class BadRequest(AdapterError):
    """The CRM refused a whole request as malformed; repeating it will not help."""

    alert = "bad_request"


class Unsupported(AdapterError):
    """The adapter never promised this ability: a bug in the caller. Nothing was sent."""

    alert = "bug"

    def __init__(self, capability: str, *, connection: str = "", operation: str = "") -> None:
        self.capability = capability
        super().__init__(f"this adapter does not support {capability}", connection=connection, operation=operation)


class StoreError(LeadbridgeError):
    """The database refused."""

    exit_code = 6
    alert = "store"


class StoreBusy(StoreError):
    """Another process holds the database: try again when it has finished."""

    alert = "contention"


class StoreConflict(StoreError):
    """What we were about to change was changed by somebody else: read it again."""

    alert = "contention"


class StoreBehind(StoreError):
    """The database is older than what leadbridge has written into the CRMs since: it was restored, or is a copy."""

    alert = "store_behind"


class PlanRefused(LeadbridgeError):
    """Nothing was written, because a person must look first."""

    exit_code = 7
    alert = "plan_refused"


class StalePlan(PlanRefused):
    """The CRMs moved on since the plan was made: make a new plan."""


class WritesOff(PlanRefused):
    """The connection is configured with ``writes = off``, or with ``ask`` and nobody said yes."""


class ApprovalNeeded(PlanRefused):
    """The plan is larger than the limits of the agreement (``sync.guards``).

    ``plan_hash`` is what a person has to repeat to approve exactly this plan.
    """

    def __init__(self, message: str, *, plan_hash: str) -> None:
        self.plan_hash = plan_hash
        super().__init__(f"{message}: to go on with exactly this plan, approve {plan_hash} (--yes-really={plan_hash})")
