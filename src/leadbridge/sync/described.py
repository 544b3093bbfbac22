"""What the CRMs say of themselves now, compiled; and which of them do not answer."""

from __future__ import annotations

from collections.abc import Mapping

from leadbridge.adapter import Adapter
from leadbridge.agreement import Agreement
from leadbridge.agreement.versions import digest
from leadbridge.errors import AdapterError, named
from leadbridge.mapping import ConnectionMapping, compile_mapping
from leadbridge.retry import Retry, call

__all__ = ["Described"]


class Described:
    """The mappings as they were compiled last: again only what a CRM says otherwise now, or another agreement."""

    def __init__(self) -> None:
        self._known: dict[str, ConnectionMapping] = {}
        self._under: dict[str, Agreement] = {}
        self._digest: tuple[Agreement, str] | None = None

    def ask(
        self, adapters: Mapping[str, Adapter], agreement: Agreement, retry: Retry
    ) -> tuple[dict[str, ConnectionMapping], dict[str, AdapterError]]:
        """The mapping of every connection, and the connections that do not answer with the reason.

        Of a connection that does not answer now the last mapping known is among the result.

        Args:
            adapters: the connections by name.
            agreement: the version that decides now.
            retry: how often to try.
        """
        mappings: dict[str, ConnectionMapping] = {}
        down: dict[str, AdapterError] = {}
        for name, adapter in adapters.items():
            known = self._known.get(name)
            try:
                description = call(adapter.describe, policy=retry)
            except AdapterError as error:
                down[name] = named(error, name)
            else:
                if known is None or self._under[name] is not agreement or known.description != description:
                    known = self._known[name] = compile_mapping(name, description, agreement)
                    self._under[name] = agreement
            if known is not None:
                mappings[name] = known
        return mappings, down

    def digest(self, agreement: Agreement) -> str:
        """The digest of an agreement, worked out once for the one that decides."""
        if self._digest is None or self._digest[0] is not agreement:
            self._digest = (agreement, digest(agreement))
        return self._digest[1]
