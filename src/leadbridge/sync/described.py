"""What the CRMs say of themselves now, compiled; and which of them do not answer."""

from __future__ import annotations

from collections.abc import Mapping

from leadbridge.adapter import Adapter
from leadbridge.agreement import Agreement
from leadbridge.errors import AdapterError, named
from leadbridge.mapping import ConnectionMapping, compile_mapping
from leadbridge.retry import Retry, call

__all__ = ["described"]


def described(
    adapters: Mapping[str, Adapter], agreement: Agreement, known: Mapping[str, ConnectionMapping], retry: Retry
) -> tuple[dict[str, ConnectionMapping], dict[str, AdapterError]]:
    """The mapping of every connection, and the connections that do not answer with the reason.

    Args:
        adapters: the connections by name.
        agreement: the version that decides now.
        known: mappings of earlier times, that of a connection which does not answer now among the result.
        retry: how often to try.
    """
    mappings: dict[str, ConnectionMapping] = {}
    down: dict[str, AdapterError] = {}
    for name, adapter in adapters.items():
        try:
            description = call(adapter.describe, policy=retry)
        except AdapterError as error:
            down[name] = named(error, name)
            if name in known:
                mappings[name] = known[name]
        else:
            mappings[name] = compile_mapping(name, description, agreement)
    return mappings, down
